"""How one cell climbs: its environment is built, its packages are imported, its drills are run; each where the rung before was reached."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from stackaudit.audit import Progress
from stackaudit.checks.trials import RULES
from stackaudit.lab import keeping
from stackaudit.lab.bench import Lab
from stackaudit.lab.drill import Drill, Tier, drills
from stackaudit.lab.drilling import Session, run_drills, witnesses
from stackaudit.lab.installing import absent, blind, install
from stackaudit.lab.interruptions import Interruptions
from stackaudit.lab.machine import Machine
from stackaudit.lab.media import path_with
from stackaudit.lab.proving import Tried, holds
from stackaudit.lab.pythons import Found
from stackaudit.lab.room import MAKE_ROOM, Room, open_room
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.published import RowResolution
from stackaudit.model.matrix import Proof, Rung
from stackaudit.model.snapshot import Evidence
from stackaudit.model.values import dataclass

POOL = "prefork"
"""The pool of the workers: Celery's own default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """How far cells are tried: up to the rung `asked`, each drill `repeat` times, the slow ones only with `slow`.

    `proved` are proofs that stand for a cell where they show that rung of the very packages that an installer takes now. `fresh` says that
    nothing counts which an earlier run saw. `jobs` is how many drills of one cell run side by side, `logs` the folder for the logs of those
    that did not hold.
    """

    asked: Rung
    proved: tuple[Proof, ...] = ()
    repeat: int = 1
    slow: bool = False
    fresh: bool = False
    jobs: int = 1
    logs: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one cell climbs: the Python that it is for, None where there is none, and what else of the machine is drilled on."""

    python: Found | None
    machine: Machine


def climb(tried: Tried, how: Climb, place: Place, deadline: Deadline, progress: Progress) -> Tried:
    """`tried`, of which an installer's answer was seen, with what was seen above; nothing where that answer was no."""
    resolution = tried.resolution
    if how.asked is Rung.RESOLVED or resolution is None or resolution.refused is not None:
        return tried
    standing = _standing(tried, resolution, how)
    if standing is not None:
        return replace(tried, asked=Rung.RESOLVED, note=f"unchanged since it was proved {standing.told()}")
    if place.python is None:
        return replace(tried, looks=(*tried.looks, absent(tried.cell)))
    chosen = chosen_drills(how, frozenset(name for name, _ in resolution.packages))
    tried = replace(tried, drilled=frozenset(each.kind for each in chosen))
    key = keeping.key_of(
        resolution,
        (place.python.told, *place.machine.told, POOL, how.asked, f"{how.repeat} times"),
        [f"{each.name}: {each.sentence}" for each in chosen],
    )
    kept = None if how.fresh else keeping.kept(key)
    if kept is not None:
        return replace(tried, looks=(*tried.looks, *kept.looks), kept=kept.at)
    climbed = _run(tried, how, place, chosen, deadline, progress)
    if holds(climbed):
        keeping.keep(key, climbed.looks[1:])
    return climbed


def chosen_drills(how: Climb, installed: frozenset[str]) -> tuple[Drill, ...]:
    """The drills for what is installed that show anything of the rungs up to the one that is asked for."""
    rungs = {kind: each.rung for each in RULES for kind in each.reads}
    return tuple(
        each
        for each in drills()
        if (rung := rungs[each.kind]) is not None
        and rung.rank <= how.asked.rank
        and each.needs in installed
        and POOL in each.pools
        and (how.slow or each.tier is Tier.QUICK)
    )


def _run(
    tried: Tried, how: Climb, place: Place, chosen: Sequence[Drill], deadline: Deadline, progress: Progress
) -> Tried:
    if place.python is None or tried.resolution is None:
        raise AssertionError("a cell climbs from what was resolved, on a Python")
    # Signals come to the main thread, which ends the deadline: this thread then takes its room down by itself.
    room = open_room(Interruptions())
    try:
        progress(f"{tried.cell.id} install", "running")
        look, interpreter = install(
            tried.cell, tried.resolution.packages, place.python, room.folder, deadline, lasting=bool(chosen)
        )
        lost = room.trouble()
        if lost is not None:
            look, interpreter = blind(tried.cell, place.python, f"the copy was lost: {lost}", MAKE_ROOM), None
        progress(f"{tried.cell.id} install", "unseen" if look.unseen else "done")
        climbed = replace(tried, looks=(*tried.looks, look))
        if interpreter is None or not chosen or not holds(replace(climbed, asked=Rung.IMPORTED)):
            return climbed
        python = Evidence(tool=place.python.implementation, tool_version=place.python.version)
        session = Session(
            lab=_lab(room, interpreter, place.machine),
            cell=tried.cell.id,
            evidence=witnesses(python, place.machine),
            deadline=deadline,
            progress=lambda drill, state: progress(f"{tried.cell.id} {drill}", state),
            repeat=how.repeat,
            jobs=how.jobs,
            keep=how.logs,
        )
        return replace(climbed, looks=(*climbed.looks, *run_drills(session, chosen)))
    finally:
        room.close()


def _lab(room: Room, interpreter: Path, machine: Machine) -> Lab:
    ffmpeg = machine.ffmpeg[0] if machine.ffmpeg is not None else None
    path = path_with(ffmpeg, room.folder / "bin", os.environ.get("PATH", os.defpath))
    return Lab(room=room, python=interpreter, path=path, pool=POOL)


def _standing(tried: Tried, resolution: RowResolution, how: Climb) -> Proof | None:
    """The proof that stands for the cell: of the rung that is asked for, of the very packages, on this platform."""
    same = (
        each
        for each in how.proved
        if each.python == tried.cell.python
        and each.packages == resolution.packages
        and each.platform == resolution.platform
        and each.rung.rank >= how.asked.rank
    )
    return next(same, None)
