"""What an installer's answer shows of a row of a matrix, or why it shows nothing."""

from dataclasses import replace

from stackaudit.lab.cells import Cell
from stackaudit.model.facts.published import RowResolution
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.versions import parse_requirement
from stackaudit.outside.installers import Cause, Refusal
from stackaudit.outside.process import Ending
from stackaudit.outside.resolving import Answer


def look_of(cell: Cell, answer: Answer, platform: str) -> Look:
    """What an installer's answer shows of `cell`, or why it shows nothing."""
    look = Look(
        probe="certify",
        asked=f"what an installer takes for {', '.join(cell.row)} on Python {cell.python}",
        evidence=Evidence(
            tool=answer.tool or "installer",
            tool_version=answer.version,
            command=answer.command,
            exit_status=answer.exit_status,
            sha256=answer.sha256,
        ),
        yields=(RowResolution.__name__,),
        id=f"certify.{cell.id}",
    )
    unseen = _unseen(cell, answer)
    if unseen is not None:
        return replace(look, unseen=unseen)
    fact = RowResolution(
        cell=cell.id,
        python=cell.python,
        platform=platform,
        row=cell.row,
        packages=answer.packages,
        refused=answer.refusal.reason if answer.refusal is not None else None,
    )
    return replace(look, facts=(fact,))


def _unseen(cell: Cell, answer: Answer) -> Unseen | None:
    """Why the answer is none; None where the installer said yes or no."""
    refusal = answer.refusal
    if answer.ending is Ending.NOT_FOUND and not answer.tool:
        cause, remedy = f"neither uv nor a pip that runs on Python {cell.python} is here to ask", "install uv"
    elif answer.ending is Ending.TIMED_OUT:
        cause, remedy = f"{answer.tool} was not done when the time was up", "give it more time with --timeout SECONDS"
    elif answer.ending is not Ending.EXITED:
        cause, remedy = f"{answer.tool} could not be run: {answer.ending}", "install uv"
    elif refusal is not None and (unlisted := _unlisted(cell, refusal)) is not None:
        cause = f"the index that was asked lists no {unlisted}"
        remedy = "see whether it answers as it should; where the release is gone for good, derive the matrix again"
    elif refusal is None or refusal.cause is Cause.UNSOLVABLE:
        return None
    elif refusal.cause is Cause.UNREACHABLE:
        cause, remedy = "the package index did not answer as it should", "check the network, and pip's index settings"
    elif refusal.cause is Cause.NO_WHEEL:
        # Nothing is built here, so nobody can tell from here.
        return _blind(
            cell,
            f"it needs a package that has no wheel: {refusal.reason}",
            "prove it where it is built",
            knowable=False,
        )
    else:
        cause, remedy = f"{answer.tool} gave up: {refusal.reason}", "run it again"
    return _blind(cell, cause, remedy)


def _unlisted(cell: Cell, refusal: Refusal) -> str | None:
    """What the index is said to have nothing of, where the matrix says that it was released: a login page lists nothing, too."""
    line = parse_requirement(refusal.unlisted[0]) if refusal.unlisted else None
    return str(line) if line is not None and (not line.specifier or str(line) in cell.row) else None


def _blind(cell: Cell, cause: str, remedy: str, *, knowable: bool = True) -> Unseen:
    return Unseen(subject=cell.id, yields=(RowResolution.__name__,), cause=cause, remedy=remedy, knowable=knowable)
