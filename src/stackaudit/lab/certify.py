"""Tries the cells of a matrix, side by side, as far up the rungs as was asked."""

import os
import sysconfig
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace

from stackaudit.audit import Progress, silent
from stackaudit.lab.answers import look_of
from stackaudit.lab.cells import Cell
from stackaudit.lab.installing import absent, install
from stackaudit.lab.interruptions import Interruptions
from stackaudit.lab.proving import Tried
from stackaudit.lab.pythons import Found, find_python
from stackaudit.lab.room import open_room, sweep
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.published import RowResolution
from stackaudit.model.matrix import Proof, Rung
from stackaudit.outside.resolving import Question, resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """How far the cells are tried: up to the rung `asked`.

    `proved` are proofs that stand for a cell where they show that rung of the very packages that an installer takes now.
    """

    asked: Rung
    proved: tuple[Proof, ...] = ()


def try_cells(
    chosen: Sequence[Cell], climb: Climb, deadline: Deadline, progress: Progress = silent
) -> tuple[Tried, ...]:
    """Try each of `chosen`, as many side by side as this machine has processors, none past the deadline.

    They come in the order of the cells, whatever order they ended in. On an interruption all that runs is taken down. To be called in the
    main thread.
    """
    sweep()
    tried: dict[str, Tried] = {}
    with Interruptions() as interruptions:
        pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="cell")
        try:
            pythons = _pythons(chosen, climb, deadline)
            running = [pool.submit(_try, cell, pythons.get(cell.python), climb, deadline, progress) for cell in chosen]
            for future in as_completed(running):
                done = future.result()
                tried[done.cell.id] = done
        except BaseException:
            deadline.cancel()
            raise
        finally:
            with interruptions.held():
                pool.shutdown(wait=True, cancel_futures=True)
    return tuple(tried[each.id] for each in chosen)


def _pythons(chosen: Sequence[Cell], climb: Climb, deadline: Deadline) -> Mapping[str, Found]:
    """The Pythons of the cells that are on this machine, by their minor version."""
    if climb.asked is Rung.RESOLVED:
        return {}
    found = {minor: find_python(minor, deadline) for minor in dict.fromkeys(each.python for each in chosen)}
    return {minor: each for minor, each in found.items() if each is not None}


def _try(cell: Cell, python: Found | None, climb: Climb, deadline: Deadline, progress: Progress) -> Tried:
    progress(cell.id, "running")
    began = time.monotonic()
    answer = resolve(Question(lines=cell.row, python=cell.python), deadline)
    first = replace(look_of(cell, answer, sysconfig.get_platform()), measured=(("seconds", time.monotonic() - began),))
    tried = _climbed(Tried(cell=cell, looks=(first,), asked=climb.asked), python, climb, deadline)
    progress(cell.id, "unseen" if any(look.unseen for look in tried.looks) else "done")
    return tried


def _climbed(tried: Tried, python: Found | None, climb: Climb, deadline: Deadline) -> Tried:
    resolution = tried.resolution
    if climb.asked is Rung.RESOLVED or resolution is None or resolution.refused is not None:
        return tried
    standing = _standing(tried.cell, resolution, climb)
    if standing is not None:
        return replace(tried, asked=Rung.RESOLVED, note=f"unchanged since it was proved {standing.told()}")
    if python is None:
        return replace(tried, looks=(*tried.looks, absent(tried.cell)))
    # Signals come to the main thread, which ends the deadline: this thread then takes its room down by itself.
    room = open_room(Interruptions())
    try:
        lasting = climb.asked is not Rung.IMPORTED
        look, _ = install(tried.cell, resolution.packages, python, room.folder, deadline, lasting=lasting)
        return replace(tried, looks=(*tried.looks, look))
    finally:
        room.close()


def _standing(cell: Cell, resolution: RowResolution, climb: Climb) -> Proof | None:
    """The proof that stands for `cell`: of the rung that is asked for, of the very packages, on this platform."""
    same = (
        each
        for each in climb.proved
        if each.python == cell.python
        and each.packages == resolution.packages
        and each.platform == resolution.platform
        and each.rung.rank >= climb.asked.rank
    )
    return next(same, None)
