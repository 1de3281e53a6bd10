"""Runs drills side by side in one environment, and keeps the logs of those that did not hold."""

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from pathlib import Path

from stackaudit.audit import Progress, silent
from stackaudit.lab.bench import Bench, Lab, NotSetUp, OutOfTime
from stackaudit.lab.drill import Drill, Tier, Witness
from stackaudit.lab.machine import Machine
from stackaudit.lab.room import MAKE_ROOM
from stackaudit.model.deadline import Deadline
from stackaudit.model.errors import SandboxError
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.values import dataclass

SECONDS = {Tier.QUICK: 90.0, Tier.SLOW: 400.0}
"""The most that one drill of each tier may take: a healthy stack on an idle machine needs a tenth of it."""

JOBS = 2 * (os.cpu_count() or 1)
"""How many benches are used side by side: most of their time they wait."""

_RETRY = "run it again while the machine does nothing else; `stackaudit drill --jobs 1` runs one drill at a time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """How drills are run: on which cell (`3.11:prefork`), how many times each, how many side by side, and where logs are kept.

    `keep` is a folder that need not be there yet; None keeps nothing. `evidence` names who can be asked.
    """

    lab: Lab
    cell: str
    evidence: Mapping[Witness, Evidence]
    deadline: Deadline
    progress: Progress = silent
    repeat: int = 1
    jobs: int = JOBS
    keep: Path | None = None


def witnesses(python: Evidence, machine: Machine) -> Mapping[Witness, Evidence]:
    """Who can be asked in an environment of that Python, on that machine."""
    found = {Witness.PYTHON: python}
    if machine.server is not None:
        found[Witness.SERVER] = Evidence(tool=machine.server[0], tool_version=machine.server[1])
    if machine.ffmpeg is not None:
        found[Witness.FFMPEG] = Evidence(tool="ffmpeg", tool_version=machine.ffmpeg[1])
    return found


def run_drills(session: Session, chosen: Sequence[Drill]) -> tuple[Look, ...]:
    """One look a run of each of `chosen`, by name; what can't be set up is unseen.

    The calm ones share a bench. Where its worker does not start, nothing is tried that needs one. On an interruption nothing is waited for
    any more; it is for the room to end what runs.
    """
    runs = range(1, session.repeat + 1)
    calm = [each for each in chosen if each.calm]
    others = [each for each in chosen if not each.calm]
    pool = ThreadPoolExecutor(max_workers=max(1, session.jobs), thread_name_prefix="drill")
    try:
        trouble: NotSetUp | None = None
        bench: Bench | None = None
        looks: list[Look] = []
        if calm:
            try:
                bench = Bench(session.lab, "calm", session.deadline)
            except OSError:
                lost = _lost(session)
                looks = [_look(session, each, run, lost) for run in runs for each in calm]
        if bench is not None and any(each.needs_worker for each in chosen):
            trouble = pool.submit(_trouble_with, bench).result()
        units = [pool.submit(_alone, session, drill, run, trouble) for drill in others for run in runs]
        if bench is not None:
            units.insert(0, pool.submit(_in_turn, session, bench, [(each, run) for run in runs for each in calm]))
        wait(units)
        looks += [look for unit in units for look in unit.result()]
    except BaseException:
        session.deadline.cancel()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return tuple(sorted(looks, key=lambda look: look.id))


def _trouble_with(bench: Bench) -> NotSetUp | None:
    """Why no worker starts on `bench`; None where one does, or where that was not seen."""
    try:
        bench.ready()
    except NotSetUp as trouble:
        return trouble
    except (OutOfTime, SandboxError, OSError):
        return None
    return None


def _in_turn(session: Session, bench: Bench, turns: Sequence[tuple[Drill, int]]) -> list[Look]:
    with closing(bench):
        return [_tried(session, bench, drill, run) for drill, run in turns]


def _alone(session: Session, drill: Drill, run: int, trouble: NotSetUp | None) -> list[Look]:
    if trouble is not None and drill.needs_worker:
        return [_look(session, drill, run, trouble)]
    name = drill.name if session.repeat == 1 else f"{drill.name}-{run}"
    deadline = session.deadline.within(SECONDS[drill.tier])
    try:
        bench = Bench(session.lab, name, deadline)
    except OSError:
        return [_look(session, drill, run, _lost(session))]
    with closing(bench):
        return [_tried(session, bench, drill, run)]


def _tried(session: Session, bench: Bench, drill: Drill, run: int) -> Look:
    """The look of one run: the wall that catches what a drill raises."""
    told = f"{drill.name} {run}" if session.repeat > 1 else drill.name
    session.progress(told, "running")
    began = time.monotonic()
    found: tuple[str, ...] | NotSetUp
    try:
        found = tuple(drill.run(bench))
    except NotSetUp as trouble:
        found = trouble
    except (OutOfTime, SandboxError):
        found = NotSetUp("it was not done when its time was up", _RETRY)
    except Exception as error:  # noqa: BLE001 - a bug in one drill must not hide what the others saw, nor pass for green
        what = f"the drill {drill.name} broke ({type(error).__name__}): this is a bug of stackaudit"
        found = NotSetUp(what, "report it, with the command that you ran")
    if found and session.lab.room.trouble() is not None:
        # Whatever did not hold then is no fault of the stack's.
        found = _lost(session)
    if found:
        _keep(session, bench, told.replace(" ", "-"))
    session.progress(told, "unseen" if isinstance(found, NotSetUp) else "done")
    return _look(session, drill, run, found, time.monotonic() - began)


def _lost(session: Session) -> NotSetUp:
    """What is told of a drill where the folder of the copy is not what it was."""
    return NotSetUp(f"the copy was lost: {session.lab.room.trouble() or 'its folder took no file'}", MAKE_ROOM)


def _look(
    session: Session, drill: Drill, run: int, found: tuple[str, ...] | NotSetUp, seconds: float | None = None
) -> Look:
    unseen = None
    if isinstance(found, NotSetUp):
        unseen = Unseen(subject=drill.name, yields=(drill.kind.__name__,), cause=found.cause, remedy=found.remedy)
    fact = drill.kind(
        cell=session.cell,
        drill=drill.name,
        sentence=drill.sentence,
        run=run,
        problems=found if isinstance(found, tuple) else (),
        source=drill.source,
    )
    return Look(
        probe="drill",
        asked=drill.sentence,
        evidence=session.evidence.get(drill.witness, Evidence(tool="stackaudit")),
        facts=() if unseen else (fact,),
        unseen=unseen,
        yields=(drill.kind.__name__,),
        measured=(("seconds", seconds),) if seconds is not None else (),
        id=f"drill.{session.cell}.{drill.name}.{run}",
    )


def _keep(session: Session, bench: Bench, name: str) -> None:
    """Copy the logs of what ran; where they can't be kept, what was found is told without them."""
    if session.keep is None:
        return
    folder = session.keep / session.cell.replace(":", "-") / name
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        for log in bench.logs():
            shutil.copyfile(log, folder / log.name)
