"""Proves the rows of a matrix, as far as an installer can: which rows there are, what it made of them, and what that proves."""

import os
import sysconfig
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from stackaudit.audit import Progress, apply, silent
from stackaudit.checks.drills import resolves
from stackaudit.lab.rows import newest_row, series_of
from stackaudit.model.audit import Case, Judgment
from stackaudit.model.deadline import Deadline
from stackaudit.model.errors import UsageError
from stackaudit.model.facts.published import RowResolution
from stackaudit.model.findings import Finding, Outcome, Verdict
from stackaudit.model.matrix import Matrix, Proof, Rung
from stackaudit.model.snapshot import Evidence, Look, Snapshot, Unseen
from stackaudit.outside.installers import Cause
from stackaudit.outside.process import Ending
from stackaudit.outside.resolving import Answer, Question, resolve
from stackaudit.reports.record import digest_of

LONG_AGO = timedelta(days=2 * 365)
"""A Python whose support ended longer ago is proved only where it is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One row of a matrix on one Python: `row` are its requirement lines, `series` that of the stack's first package (`5.4`)."""

    python: str
    series: str
    row: tuple[str, ...]

    @property
    def id(self) -> str:
        """`3.11:5.4`."""
        return f"{self.python}:{self.series}"


def cells(matrix: Matrix, today: date, *, every: bool = False) -> tuple[Cell, ...]:
    """The newest row of each series on each Python that has one; a Python that ended long before `today` only with `every`."""
    pythons = [
        each.name
        for each in matrix.pythons
        if every or each.end_of_life is None or today - each.end_of_life <= LONG_AGO
    ]
    found = (
        Cell(python=python, series=series, row=newest_row(matrix, python, series))
        for python in pythons
        for series in series_of(matrix)
    )
    return tuple(each for each in found if each.row)


def named_cells(matrix: Matrix, names: Sequence[str], today: date) -> tuple[Cell, ...]:
    """The cells that `names` say, each `PYTHON` or `PYTHON:SERIES`.

    Raises:
        UsageError: one names no cell of the matrix.
    """
    known = cells(matrix, today, every=True)
    chosen: dict[str, Cell] = {}
    for name in names:
        meant = [each for each in known if name in {each.python, each.id}]
        if not meant:
            python, _, series = name.partition(":")
            on = f"Python {python}" + (f" with {matrix.packages[0].name} {series}" if series else "")
            there = ", ".join(each.id for each in known) or "none"
            raise UsageError(f"matrix {matrix.name} has no row for {on}", hint=f"its cells are {there}")
        chosen |= {each.id: each for each in meant}
    return tuple(each for each in known if each.id in chosen)


def try_rows(chosen: Sequence[Cell], deadline: Deadline, progress: Progress = silent) -> tuple[Look, ...]:
    """Ask an installer about each of `chosen`, as many side by side as this machine has processors, none past the deadline.

    The looks come in the order of the cells. On an interruption all that runs is killed.
    """
    looks: dict[str, Look] = {}
    pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="cell")
    try:
        running = {pool.submit(_try, cell, deadline, progress): cell for cell in chosen}
        for future in as_completed(running):
            looks[running[future].id] = future.result()
    except BaseException:
        deadline.cancel()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return tuple(looks[each.id] for each in chosen)


def _try(cell: Cell, deadline: Deadline, progress: Progress) -> Look:
    progress(cell.id, "running")
    began = time.monotonic()
    answer = resolve(Question(lines=cell.row, python=cell.python), deadline)
    look = look_of(cell, answer, sysconfig.get_platform())
    progress(cell.id, "unseen" if look.unseen else "done")
    return replace(look, measured=(("seconds", time.monotonic() - began),))


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


def _blind(cell: Cell, cause: str, remedy: str, *, knowable: bool = True) -> Unseen:
    return Unseen(subject=cell.id, yields=(RowResolution.__name__,), cause=cause, remedy=remedy, knowable=knowable)


def judge_cells(case: Case) -> tuple[Judgment, ...]:
    """One judgment a cell that was looked at in `case`; its pass carries the rung that it proves. The gate decides the verdicts."""
    return tuple(_judgment(case, look) for look in case.snapshot.looks)


def _judgment(case: Case, look: Look) -> Judgment:
    alone = replace(case, snapshot=Snapshot(taken_at=case.snapshot.taken_at, host="", looks=(look,)))
    findings = tuple(_with_rung(each) for each in apply(resolves, alone))
    cell = look.id.removeprefix("certify.")
    return Judgment(
        check=cell,
        title=f"Row {cell}",
        verdict=Verdict.UNKNOWN,
        summary=_summary(look, findings),
        evidence=(look.id,),
        findings=findings,
    )


def _with_rung(finding: Finding) -> Finding:
    return replace(finding, rung=Rung.RESOLVED.value) if finding.outcome is Outcome.PASS else finding


def _summary(look: Look, findings: Sequence[Finding]) -> str:
    if look.unseen is not None:
        return look.unseen.cause
    row = ", ".join(line for fact in look.facts if isinstance(fact, RowResolution) for line in fact.row)
    passed = all(each.outcome is Outcome.PASS for each in findings)
    return f"{row}; rung: {Rung.RESOLVED}" if passed else f"{row}: refused"


def proofs_of(case: Case, judgments: Sequence[Judgment], at: datetime) -> tuple[Proof, ...]:
    """What the cells that passed prove, as of `at` (UTC): each with the digest of the look that shows it."""
    passed = {each.check for each in judgments if each.verdict is Verdict.PASS}
    return tuple(
        Proof(
            python=fact.python,
            rung=Rung.RESOLVED,
            at=at.replace(microsecond=0),
            by=f"{look.evidence.tool} {look.evidence.tool_version}",
            platform=fact.platform,
            packages=fact.packages,
            record=digest_of(look),
        )
        for look in case.snapshot.looks
        for fact in look.facts
        if isinstance(fact, RowResolution) and fact.cell in passed
    )
