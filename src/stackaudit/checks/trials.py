"""Judges what became of a stack that was drilled: what was tried must have held, in every run of it."""

from collections.abc import Callable, Iterator

from stackaudit.model.audit import Case
from stackaudit.model.facts.trials import (
    ControlTrial,
    CustodyTrial,
    ExerciseTrial,
    FfmpegFaultTrial,
    FfmpegTrial,
    RecoveryTrial,
    Trial,
    WarningTrial,
)
from stackaudit.model.findings import Finding
from stackaudit.model.matrix import Rung
from stackaudit.model.parts import Rule, rule

_OTHER_ROW = "take a row that survived it: `stackaudit matrix show` draws which did"


def _broken(kind: type[Trial]) -> Callable[[Rule, Case], Iterator[Finding]]:
    """The judge of all trials of `kind`: a drill that did not hold in one run of many did not hold."""

    def judge(rule: Rule, case: Case) -> Iterator[Finding]:
        trials = case.facts(kind)
        for drill in dict.fromkeys(each.drill for each in trials):
            runs = [each for each in trials if each.drill == drill]
            bad = [each for each in runs if each.problems]
            if bad:
                problems = "; ".join(dict.fromkeys(problem for each in bad for problem in each.problems))
                often = f" ({len(bad)} of {len(runs)} runs)" if len(runs) > 1 else ""
                yield rule.fails(drill, f"{problems}{often}", source=bad[0].source)

    return judge


EXERCISES = rule(
    "DR201",
    "The stack does its everyday work",
    severity="high",
    reads=[ExerciseTrial],
    why="what a throwaway copy of these pins can't do with nobody disturbing it, production can't do either",
    fix=_OTHER_ROW,
    rung=Rung.EXERCISED,
)(_broken(ExerciseTrial))

WARNINGS = rule(
    "DR202",
    "The packages warn of nothing that goes away when they are imported",
    severity="low",
    reads=[WarningTrial],
    why="what is deprecated is gone in one of the next releases of Python or of a package, and then the import fails",
    fix="take newer versions of the packages that warn before a newer Python or a newer version of what they warn of",
    rung=Rung.EXERCISED,
)(_broken(WarningTrial))

CONTROL = rule(
    "DR203",
    "Workers answer those who ask after them",
    severity="medium",
    reads=[ControlTrial],
    why="a worker that runs tasks and answers no question is dead to every health check, monitor and audit",
    fix=_OTHER_ROW,
    rung=Rung.EXERCISED,
)(_broken(ControlTrial))

RECOVERY = rule(
    "DR204",
    "A task that is sent after a fault of the broker or the result backend comes back",
    severity="high",
    reads=[RecoveryTrial],
    why="a worker that stays deaf after the broker's next restart looks alive, and runs nothing until somebody notices",
    fix=_OTHER_ROW,
    rung=Rung.SURVIVED,
)(_broken(RecoveryTrial))

CUSTODY = rule(
    "DR205",
    "No task is lost, and none is run twice unless the settings say so",
    severity="high",
    reads=[CustodyTrial],
    why="what was accepted is somebody's order, mail or payment: lost it is missing, run twice it is there twice",
    fix=_OTHER_ROW,
    rung=Rung.SURVIVED,
)(_broken(CustodyTrial))

FFMPEG = rule(
    "DR206",
    "ffmpeg does its everyday work through ffmpeg-python",
    severity="high",
    reads=[FfmpegTrial],
    why="what these two can't do with a clip of their own making, they can't do with a user's either",
    fix="take another ffmpeg, or a Python that this ffmpeg-python runs on",
    rung=Rung.EXERCISED,
)(_broken(FfmpegTrial))

FFMPEG_FAULTS = rule(
    "DR207",
    "ffmpeg makes nothing of a bad input that looks like something, and ends when it is told to",
    severity="medium",
    reads=[FfmpegFaultTrial],
    why="a broken picture that passes for one is stored and served, and an ffmpeg that never ends holds its worker for ever",
    fix="look at the file that was made and not at the exit status, and give every call of ffmpeg a time limit",
    rung=Rung.SURVIVED,
)(_broken(FfmpegFaultTrial))

RULES = (EXERCISES, WARNINGS, CONTROL, RECOVERY, CUSTODY, FFMPEG, FFMPEG_FAULTS)
