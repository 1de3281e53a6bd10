"""Tries the cells of a matrix, side by side, as far up the rungs as was asked."""

import os
import sysconfig
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace

from stackaudit.audit import Progress, silent
from stackaudit.lab.answers import look_of
from stackaudit.lab.cells import Cell
from stackaudit.lab.climbing import Climb, Place, climb
from stackaudit.lab.interruptions import Interruptions
from stackaudit.lab.machine import Machine, this_machine
from stackaudit.lab.proving import Tried
from stackaudit.lab.pythons import find_python
from stackaudit.lab.room import sweep
from stackaudit.model.deadline import Deadline
from stackaudit.model.matrix import Rung
from stackaudit.outside.resolving import Question, resolve


def try_cells(chosen: Sequence[Cell], how: Climb, deadline: Deadline, progress: Progress = silent) -> tuple[Tried, ...]:
    """Try each of `chosen`, as many side by side as this machine has processors, none past the deadline.

    They come in the order of the cells, whatever order they ended in. On an interruption all that runs is taken down. To be called in the
    main thread.
    """
    sweep()
    tried: dict[str, Tried] = {}
    with Interruptions() as interruptions:
        pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="cell")
        try:
            places = _places(chosen, how, deadline)
            running = [pool.submit(_try, cell, how, places[cell.python], deadline, progress) for cell in chosen]
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


def _places(chosen: Sequence[Cell], how: Climb, deadline: Deadline) -> Mapping[str, Place]:
    """Where the cells climb, by their Python; nothing is looked for that is not needed."""
    pythons = dict.fromkeys(each.python for each in chosen)
    if how.asked is Rung.RESOLVED:
        return {minor: Place(python=None, machine=Machine(server=None, ffmpeg=None)) for minor in pythons}
    machine = this_machine(deadline) if how.asked is not Rung.IMPORTED else Machine(server=None, ffmpeg=None)
    return {minor: Place(python=find_python(minor, deadline), machine=machine) for minor in pythons}


def _try(cell: Cell, how: Climb, place: Place, deadline: Deadline, progress: Progress) -> Tried:
    progress(cell.id, "running")
    began = time.monotonic()
    answer = resolve(Question(lines=cell.row, python=cell.python), deadline)
    first = look_of(cell, answer, sysconfig.get_platform())
    first = replace(first, measured=(("seconds", time.monotonic() - began),))
    tried = climb(Tried(cell=cell, looks=(first,), asked=how.asked), how, place, deadline, progress)
    progress(cell.id, "unseen" if any(look.unseen for look in tried.looks) else "done")
    return tried
