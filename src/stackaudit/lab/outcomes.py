"""Judges the drills of copies of a stack, a judgment a cell."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from stackaudit.audit import apply
from stackaudit.checks.trials import RULES
from stackaudit.lab.drill import drills
from stackaudit.model.audit import Case, Judgment
from stackaudit.model.facts.trials import DrilledStack, Trial
from stackaudit.model.findings import Finding, Outcome, Verdict
from stackaudit.model.snapshot import Look, Snapshot

_MOST_NAMED = 6


def judge_drills(case: Case) -> tuple[Judgment, ...]:
    """One judgment a cell that was drilled in `case`, its findings named by their drills. The gate decides the verdicts."""
    return tuple(_judgment(case, stack, looks) for stack, looks in _cells(case))


def _cells(case: Case) -> Iterator[tuple[DrilledStack, tuple[Look, ...]]]:
    for stack in case.facts(DrilledStack):
        own = f"drill.{stack.cell}."
        yield stack, tuple(look for look in case.snapshot.looks if look.id.startswith(own))


def _judgment(case: Case, stack: DrilledStack, looks: tuple[Look, ...]) -> Judgment:
    alone = replace(case, snapshot=Snapshot(taken_at=case.snapshot.taken_at, host="", looks=looks))
    # What was not asked for is no gap: the summary tells how many drills there are besides.
    asked = [rule for rule in RULES if any(alone.snapshot.looked_for(kind.__name__) for kind in rule.reads)]
    findings = [finding for rule in asked for finding in apply(rule, alone)]
    return Judgment(
        check=stack.cell,
        title=f"Drills on {stack.python}, {stack.pool}",
        verdict=Verdict.UNKNOWN,
        summary=_summary(looks, findings),
        evidence=(f"drill.{stack.cell}", *(look.id for look in looks)),
        findings=tuple(sorted(findings, key=lambda each: (each.rule, each.subject, each.outcome, each.message))),
    )


def _summary(looks: Sequence[Look], findings: Sequence[Finding]) -> str:
    """How many held, which did not, which are not known, and how many were not run."""
    tried = {fact.drill for look in looks for fact in look.facts if isinstance(fact, Trial)}
    tried |= {look.unseen.subject for look in looks if look.unseen is not None}
    told = [f"{sum(1 for each in findings if each.outcome is Outcome.PASS)} of {len(tried)} drills held"]
    for outcome, words in ((Outcome.FAIL, "did not hold"), (Outcome.UNKNOWN, "could not be tried")):
        names = sorted({each.subject for each in findings if each.outcome is outcome})
        if names:
            more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
            told.append(f"{', '.join(names[:_MOST_NAMED])}{more} {words}")
    left = len(drills()) - len(tried)
    return "; ".join([*told, *([f"{left} not run"] if left else [])])
