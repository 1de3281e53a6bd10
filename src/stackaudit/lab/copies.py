"""Drills a throwaway copy of a stack: an environment from its pins, and on it the drills that are asked for, pool by pool."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from packaging.utils import canonicalize_name

from stackaudit.audit import Progress, gather, silent
from stackaudit.lab import environments
from stackaudit.lab.bench import Lab
from stackaudit.lab.drill import Drill, Tier, drills
from stackaudit.lab.drilling import JOBS, Session, run_drills, witnesses
from stackaudit.lab.machine import Machine, this_machine
from stackaudit.lab.media import path_with
from stackaudit.lab.room import Room, passing_room
from stackaudit.model.deadline import Deadline
from stackaudit.model.errors import UnfitError, UsageError
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.facts.trials import DrilledStack, LeftOut
from stackaudit.model.manifest import Interpreter, Manifest
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.values import dataclass
from stackaudit.model.versions import parse_requirement
from stackaudit.probes.interpreter import PROBE


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be drilled: `pins` (requirement lines) on `python` (a path, a version, or None for the Python that runs this).

    `names` are the drills; none means all of the quick ones, and with `slow` the slow ones too. Each is run in every one of `pools`,
    `repeat` times, on as many benches side by side as `jobs` says. `keep` is the folder for the logs of those that did not hold.
    """

    pins: tuple[str, ...]
    python: str | None = None
    names: tuple[str, ...] = ()
    slow: bool = False
    pools: tuple[str, ...] = ("prefork",)
    repeat: int = 1
    jobs: int = JOBS
    offline: bool = False
    keep: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What an environment holds, and the look that showed it."""

    look: Look
    interpreter: InterpreterFact
    packages: tuple[Distribution, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Copy:
    """A copy that stands: its room, its interpreter, what it holds, and the programs of this machine that it is drilled with."""

    room: Room
    python: Path
    installed: Installed
    machine: Machine


def refuse_unfit(names: Sequence[str], pools: Sequence[str]) -> None:
    """Raise UsageError where one of `names` is no drill, or is for workers of none of `pools`."""
    known = {each.name: each for each in drills()}
    for name in names:
        if name not in known:
            raise UsageError(f"there is no drill {name}", hint=f"the drills are {', '.join(known)}")
        own = known[name].pools
        if not {*own} & {*pools}:
            raise UsageError(
                f"the drill {name} is not for workers of the pool {', '.join(pools)}",
                hint=f"leave it out, or name its pool: --pool {', '.join(own)}",
            )


def chosen_drills(wanted: Wanted, pool: str, installed: frozenset[str]) -> tuple[Drill, ...]:
    """The drills that `wanted` asks for and that are for workers of `pool` and packages that are `installed` (normalized names)."""
    return tuple(each for each in drills() if _why_left_out(each, wanted, pool, installed) is None)


def _why_left_out(drill: Drill, wanted: Wanted, pool: str, installed: frozenset[str]) -> str | None:
    if wanted.names and drill.name not in wanted.names:
        return "not asked for"
    if pool not in drill.pools:
        return f"not for workers of the pool {pool}"
    if drill.needs not in installed:
        return f"{drill.needs} is not installed"
    if drill.tier is Tier.SLOW and not (wanted.slow or wanted.names):
        return "slow, and --slow was not given"
    return None


def installed_in(python: str, deadline: Deadline) -> Installed | Unseen:
    """What the environment of the interpreter at `python` holds, or why that can't be read."""
    manifest = Manifest(interpreter=Interpreter(path=python, where=Place(path=python)))
    snapshot = gather(manifest, [PROBE], deadline, datetime.now(UTC))
    interpreter = next(iter(snapshot.facts(InterpreterFact)), None)
    if interpreter is None:
        return next(look.unseen for look in snapshot.looks if look.unseen is not None)
    return Installed(look=snapshot.looks[0], interpreter=interpreter, packages=snapshot.facts(Distribution))


def drill_copy(wanted: Wanted, deadline: Deadline, progress: Progress = silent) -> tuple[Look, ...]:
    """Build the copy, run its drills, take it down: the look at what it holds, then those of the drills, cell by cell.

    To be called in the main thread.

    Raises:
        SandboxError: the copy can't be built.
        UsageError: none of the drills is for what is installed, or one that is named is not.
    """
    with passing_room() as room:
        try:
            progress("environment", "running")
            began = time.monotonic()
            python = environments.build(room.folder, wanted.pins, wanted.python, deadline, offline=wanted.offline)
            copy = _made(room, python, wanted.pins, deadline)
            held = copy.installed.look
            held = replace(held, measured=(*held.measured, ("environment", time.monotonic() - began)))
            progress("environment", "done")
            _refuse_not_installed(wanted.names, copy)
            return (
                held,
                *(look for pool in wanted.pools for look in _in_pool(wanted, pool, copy, deadline, progress)),
            )
        except BaseException:
            deadline.cancel()
            raise


def _made(room: Room, python: Path, pins: Sequence[str], deadline: Deadline) -> _Copy:
    installed = installed_in(str(python), deadline)
    if isinstance(installed, Unseen):
        cause = installed.cause.replace(str(python), "its interpreter")
        raise UnfitError(f"what is installed in the sandbox could not be read: {cause}", hint="run it again")
    own = tuple(_of_the_stack(installed.packages, pins))
    facts = tuple(each for each in installed.look.facts if not isinstance(each, Distribution) or each in own)
    installed = replace(installed, look=replace(installed.look, facts=facts), packages=own)
    return _Copy(room=room, python=python, installed=installed, machine=this_machine(deadline))


def _refuse_not_installed(names: Sequence[str], copy: _Copy) -> None:
    """Raise UsageError where a drill that is named is about a package that the copy does not hold: it must not pass by its absence."""
    there = {each.name for each in copy.installed.packages}
    for each in drills():
        if each.name in names and each.needs not in there:
            raise UsageError(
                f"the drill {each.name} is about {each.needs}, and these pins do not install it",
                hint="leave it out, or name other pins with -r FILE",
            )


def _of_the_stack(packages: Sequence[Distribution], pins: Sequence[str]) -> Iterator[Distribution]:
    """All but what the environment came with, unless that is pinned or another package needs it."""
    found = map(parse_requirement, [*pins, *(line for each in packages for line in each.requires)])
    needed = {canonicalize_name(each.name) for each in found if each is not None and "extra" not in str(each.marker)}
    return (each for each in packages if each.name not in environments.VENVS_OWN - needed)


def _in_pool(wanted: Wanted, pool: str, copy: _Copy, deadline: Deadline, progress: Progress) -> tuple[Look, ...]:
    interpreter, machine = copy.installed.interpreter, copy.machine
    names = frozenset(each.name for each in copy.installed.packages)
    chosen = chosen_drills(wanted, pool, names)
    if not chosen:
        raise UsageError(
            f"none of the drills is for workers of the pool {pool} and what these pins install",
            hint="name other pins with -r FILE, or leave --drill out",
        )
    cell = f"{'.'.join(interpreter.version.split('.')[:2])}:{pool}"
    left = tuple(
        LeftOut(cell=cell, drill=each.name, sentence=each.sentence, reason=reason)
        for each in drills()
        if (reason := _why_left_out(each, wanted, pool, names)) is not None
    )
    about = Look(
        probe="drill",
        asked="which drills are run, and which are left out",
        evidence=Evidence(tool="stackaudit"),
        facts=(DrilledStack(cell=cell, pool=pool), *left),
        yields=(DrilledStack.__name__, LeftOut.__name__),
        id=f"drill.{cell}",
    )
    folder = copy.room.folder / f"programs-{pool}"
    lab = Lab(
        room=copy.room,
        python=copy.python,
        path=path_with(machine.ffmpeg[0] if machine.ffmpeg else None, folder, os.environ.get("PATH", os.defpath)),
        pool=pool,
    )
    session = Session(
        lab=lab,
        cell=cell,
        evidence=witnesses(Evidence(tool=interpreter.implementation, tool_version=interpreter.version), machine),
        deadline=deadline,
        progress=progress,
        repeat=wanted.repeat,
        jobs=wanted.jobs,
        keep=wanted.keep,
    )
    return (about, *run_drills(session, chosen))
