"""Concludes from what was seen of the cells of a matrix: which rung each reached, what that proves, and which older proofs fall."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from stackaudit.audit import apply
from stackaudit.checks.drills import resolves
from stackaudit.checks.rows import imports, installs
from stackaudit.checks.trials import RULES as DRILLED
from stackaudit.lab.cells import Cell
from stackaudit.model.audit import Case, Judgment
from stackaudit.model.facts.published import RowResolution
from stackaudit.model.facts.trials import Trial
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict
from stackaudit.model.manifest import Manifest
from stackaudit.model.matrix import Proof, Rung
from stackaudit.model.snapshot import Look, Snapshot
from stackaudit.model.values import dataclass
from stackaudit.model.wire import digest
from stackaudit.reports.record import digest_of

_ANY = datetime.min.replace(tzinfo=UTC)
"""What became of a cell does not depend on the day of its judgment."""

RULES = (resolves, installs, imports, *DRILLED)
"""What is asked of a cell, each rule for the rung that it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What was seen of one cell: the installer's answer first. `asked` is the rung that it was tried for.

    `drilled` are the kinds of facts that its drills yield. `kept` is when (UTC) the looks after the first were made, where an earlier run
    made them. `note` is told beside what was found.
    """

    cell: Cell
    looks: tuple[Look, ...]
    asked: Rung
    drilled: frozenset[type[Trial]] = frozenset()
    kept: datetime | None = None
    note: str | None = None

    @property
    def resolution(self) -> RowResolution | None:
        """What an installer took, or None where that was not seen."""
        return next((each for look in self.looks for each in look.facts if isinstance(each, RowResolution)), None)


def judge_cells(tried: Sequence[Tried]) -> tuple[Judgment, ...]:
    """One judgment a cell; its passes carry the rung that it reached. The gate decides the verdicts."""
    return tuple(map(_judgment, tried))


def _judgment(tried: Tried) -> Judgment:
    climbed = list(_climb(tried))
    reached = _reached(climbed)
    findings = [finding for step in climbed for finding in step.findings]
    passed = reached.value if reached is not None else None
    told = [
        replace(
            each,
            rung=passed if each.outcome is Outcome.PASS else None,
            # A drill's subject is the drill: of which cell must be told where many are told together.
            subject=each.subject
            if each.subject.startswith(tried.cell.id)
            else f"{tried.cell.id} {each.subject}".strip(),
        )
        for each in findings
    ]
    return Judgment(
        check=tried.cell.id,
        title=f"Row {tried.cell.id}",
        verdict=Verdict.UNKNOWN,
        summary=_summary(tried, reached, findings),
        evidence=tuple(each.id for each in tried.looks),
        findings=tuple(told),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """What was found at one rung: `holds` where each rule passed something, and nothing failed or stayed unseen."""

    rung: Rung
    findings: tuple[Finding, ...]
    holds: bool


def _climb(tried: Tried) -> Iterator[_Step]:
    """The findings of each rung from the lowest on, up to the one that was asked for or the first that is not reached."""
    snapshot = Snapshot(taken_at=_ANY, host="", looks=tried.looks)
    alone = Case(manifest=Manifest(), snapshot=snapshot, matrix=None, today=_ANY.date())
    for rung in Rung:
        rules = [each for each in RULES if each.rung is rung and (each not in DRILLED or tried.drilled & {*each.reads})]
        if rules and rung.rank <= tried.asked.rank:
            found = [apply(each, alone) for each in rules]
            holds = all(map(_holds, found))
            yield _Step(rung=rung, findings=tuple(finding for each in found for finding in each), holds=holds)
            if not holds:
                return


def _holds(findings: Sequence[Finding]) -> bool:
    """Whether something was seen, nothing stayed unseen that could be seen, and what fails is no more than advice."""
    seen = any(each.outcome in {Outcome.PASS, Outcome.FAIL} for each in findings)
    return seen and not any(each.outcome is Outcome.UNKNOWN or _hurts(each) for each in findings)


def _hurts(finding: Finding) -> bool:
    return finding.outcome is Outcome.FAIL and finding.severity is not Severity.LOW


def _reached(climbed: Sequence[_Step]) -> Rung | None:
    return max((each.rung for each in climbed if each.holds), key=lambda each: each.rank, default=None)


def _summary(tried: Tried, reached: Rung | None, findings: Sequence[Finding]) -> str:
    first = tried.looks[0]
    if first.unseen is not None:
        return first.unseen.cause
    parts = [", ".join(tried.cell.row)]
    parts += [f"rung: {reached}"] if reached is not None else ["refused"]
    unseen = dict.fromkeys(look.unseen.cause for look in tried.looks if look.unseen is not None)
    parts += list(unseen)
    failed = sum(1 for each in findings if _hurts(each))
    parts += [f"{failed} {'problem' if failed == 1 else 'problems'}"] if failed and reached is not None else []
    parts += [f"kept from {tried.kept:%Y-%m-%d %H:%M} UTC"] if tried.kept is not None else []
    return "; ".join([*parts, *([tried.note] if tried.note else [])])


def proofs_of(tried: Sequence[Tried], judgments: Sequence[Judgment], at: datetime) -> tuple[Proof, ...]:
    """What each cell proves by the rung that it reached, as of `at` (UTC) or of the earlier run that its looks were kept from.

    Each names the digest of the looks that show it. A cell that fails a higher rung still proves the lower one.
    """
    rungs = {each.check: each.rung for each in judgments}
    found = []
    for each in tried:
        rung, resolution = rungs.get(each.cell.id), each.resolution
        if rung is None or resolution is None:
            continue
        shown = each.looks if rung is not Rung.RESOLVED else each.looks[:1]
        when = at if each.kept is None or rung is Rung.RESOLVED else each.kept
        found.append(
            Proof(
                python=each.cell.python,
                rung=rung,
                at=when.replace(microsecond=0),
                by=_by(shown),
                platform=resolution.platform,
                packages=resolution.packages,
                record=digest_of(shown[0])
                if len(shown) == 1
                else digest({"looks": [digest_of(look) for look in shown]}),
            )
        )
    return tuple(found)


def _by(looks: Sequence[Look]) -> str:
    """`uv 0.13.9, cpython 3.12.1, redis-server 7.0.15, 18 drills 3 times`: who answered, each once, and what was tried."""
    tools = dict.fromkeys(look.evidence.named for look in looks)
    trials = [fact for look in looks for fact in look.facts if isinstance(fact, Trial)]
    many, times = len({each.drill for each in trials}), max((each.run for each in trials), default=0)
    drills = [f"{many} drill{'s' * (many != 1)}{f' {times} times' if times > 1 else ''}"] if trials else []
    return ", ".join([*tools, *drills])


def failed(tried: Tried) -> Rung | None:
    """The lowest rung at which the cell failed, or None."""
    return next((each.rung for each in _climb(tried) if any(map(_hurts, each.findings))), None)


def holds(tried: Tried) -> bool:
    """Whether all that was asked of the cell was seen and held."""
    return all(each.holds for each in _climb(tried))
