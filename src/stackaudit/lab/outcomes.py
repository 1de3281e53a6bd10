"""Judges the drills of copies of a stack, a judgment a cell."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from stackaudit.audit import apply
from stackaudit.checks.trials import RULES
from stackaudit.model.audit import Case, Judgment
from stackaudit.model.facts.trials import DrilledStack, LeftOut, Trial
from stackaudit.model.findings import Finding, Outcome, Verdict
from stackaudit.model.snapshot import Look, Snapshot

_MOST_NAMED = 6


def judge_drills(case: Case) -> tuple[Judgment, ...]:
    """One judgment a cell that was drilled in `case`, its findings named by their drills. The gate decides the verdicts."""
    cells = tuple(_cells(case))
    return tuple(_judgment(case, stack, looks, alone=len(cells) == 1) for stack, looks in cells)


def _cells(case: Case) -> Iterator[tuple[DrilledStack, tuple[Look, ...]]]:
    for stack in case.facts(DrilledStack):
        own = f"drill.{stack.cell}."
        yield stack, tuple(look for look in case.snapshot.looks if look.id.startswith(own))


def _judgment(case: Case, stack: DrilledStack, looks: tuple[Look, ...], *, alone: bool) -> Judgment:
    own = replace(case, snapshot=Snapshot(taken_at=case.snapshot.taken_at, host="", looks=looks))
    # What was not asked for is no gap: the summary tells how many drills there are besides.
    asked = [rule for rule in RULES if any(own.snapshot.looked_for(kind.__name__) for kind in rule.reads)]
    findings = [finding for rule in asked for finding in apply(rule, own)]
    if not alone:
        # The drill is what it is about: of which pool must be told where there are several.
        findings = [
            replace(each, message=f"{each.message}, with the pool {stack.pool}")
            if each.outcome is Outcome.FAIL
            else each
            for each in findings
        ]
    held = tuple(look.id for look in case.snapshot.looks if look.probe == "interpreter")
    return Judgment(
        check=stack.cell,
        title=f"Drills of {stack.cell}",
        verdict=Verdict.UNKNOWN,
        summary=f"{_summary(looks, findings, _ground(case, looks))}{_left_out(case, stack)}",
        evidence=(*held, f"drill.{stack.cell}", *(look.id for look in looks)),
        findings=tuple(sorted(findings, key=lambda each: (each.rule, each.subject, each.outcome, each.message))),
    )


def _ground(case: Case, looks: Sequence[Look]) -> str:
    """What they ran on: ` on CPython 3.11.7 with redis-server 7.0.15 and ffmpeg 5.1.9`, as far as it was asked."""
    python = case.interpreter
    on = f"{python.implementation} {python.version}" if python is not None else ""
    asked = {look.evidence.named for look in looks if look.evidence.tool != "stackaudit"} - {on}
    return f"{' on ' if on else ''}{on}{' with ' if asked else ''}{' and '.join(sorted(asked, reverse=True))}"


def _summary(looks: Sequence[Look], findings: Sequence[Finding], ground: str) -> str:
    """How many held, on what and how often, which did not, and which are not known."""
    trials = [fact for look in looks for fact in look.facts if isinstance(fact, Trial)]
    tried = {fact.drill for fact in trials} | {look.unseen.subject for look in looks if look.unseen is not None}
    times = max((fact.run for fact in trials), default=1)
    often = f", {times} times each" if times > 1 else ""
    told = [f"{sum(1 for each in findings if each.outcome is Outcome.PASS)} of {len(tried)} drills held{ground}{often}"]
    for outcome, words in ((Outcome.FAIL, "did not hold"), (Outcome.UNKNOWN, "could not be tried")):
        names = sorted({each.subject for each in findings if each.outcome is outcome})
        if names:
            more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
            told.append(f"{', '.join(names[:_MOST_NAMED])}{more} {words}")
    return "; ".join(told)


def _left_out(case: Case, stack: DrilledStack) -> str:
    """Which were not run, by the reason."""
    reasons: dict[str, list[str]] = {}
    for each in case.facts(LeftOut):
        if each.cell == stack.cell:
            reasons.setdefault(each.reason, []).append(each.drill)
    told = (
        f"; {', '.join(names) if len(names) <= _MOST_NAMED else len(names)} not run: {reason}"
        for reason, names in reasons.items()
    )
    return "".join(told)
