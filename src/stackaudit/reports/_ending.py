"""What the document sums up: findings, changes since the last audit, what was not checked, and what follows from it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from stackaudit.model.audit import Audit
from stackaudit.model.edition import Edition
from stackaudit.model.findings import Finding, Outcome, Verdict
from stackaudit.model.kinds import Kind, kind_of
from stackaudit.reports._diff_words import FOLDED, TITLES, brought_by, word
from stackaudit.reports._raw import Raw, escaped

_MEANS = {
    Verdict.PASS: "all that was checked passed",
    Verdict.WARN: "nothing was found at or over the threshold that is not accepted",
    Verdict.FAIL: "something was found that fails",
    Verdict.UNKNOWN: "what could have been seen was not: this audit proves nothing of it",
    Verdict.SKIPPED: "nothing was checked",
}


_NAMED = 8
"""Subjects of one finding that are named before they are only counted."""


def findings(audit: Audit) -> Iterator[Raw]:
    """A line each for what fails, worst first: the rule, its severity with its lane, and the sentence with place, fix and waiver."""
    failed = [each for judgment in audit.judgments for each in judgment.findings if each.outcome is Outcome.FAIL]
    for each in _folded(sorted(failed, key=lambda each: -each.severity.rank)):
        lane = f", {each.lane.told}" if each.lane is not None else ""
        yield Raw(f"**{escaped(each.rule)}** ({escaped(each.severity)}{lane}) {escaped(_sentence(each))}")


def _folded(found: Sequence[Finding]) -> Iterator[Finding]:
    """`found`, those that differ in nothing but their subject as one about all of these: many workers that are set alike."""
    alike: dict[Finding, list[str]] = {}
    for each in found:
        alike.setdefault(replace(each, subject="") if each.cause is not None else each, []).append(each.subject)
    for each, subjects in alike.items():
        named = [*filter(None, dict.fromkeys(subjects))]
        more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        yield replace(each, subject=", ".join(named[:_NAMED]) + more)


def _sentence(finding: Finding) -> str:
    named = finding.subject and finding.subject.partition("==")[0] not in finding.message
    words = f"{finding.subject}: {finding.message}" if named else finding.message
    place = f", at {finding.where}" if finding.where is not None else ""
    fix = f". Fix: {finding.fix}" if finding.fix else ""
    accepted = f". Accepted: {finding.waiver.told}" if finding.waiver is not None else ""
    return f"{words}{place}{fix}{accepted}"


def since(audit: Audit, edition: Edition) -> str:
    """What the changes are told against; empty where there is no earlier record."""
    if edition.changes is not None:
        old = edition.changes.old
        return f"{old.name}, audited on {old.started_at.date()}, verdict {old.verdict}"
    return f"the record {audit.baseline}" if audit.baseline is not None else ""


def changes(edition: Edition) -> Iterator[tuple[str, ...]]:
    """What is otherwise than in the earlier record: what it is about, subject, what became of it, before, now, who brought it.

    Without what follows from the rest or concerns the audit alone.
    """
    for each in edition.changes.found if edition.changes is not None else ():
        if each.section not in FOLDED:
            before, after = (side if side is not None else "-" for side in (each.before, each.after))
            yield TITLES[each.section], each.subject, word(each), before, after, brought_by(each) or "-"


CHECKS = ("matrix", "conflicts", "vulnerabilities", "releases", "redis", "celery", "ffmpeg", "environment")
"""The checks of an audit by their names in the interface: a reader takes one that nobody tells of for one that passed."""


def left_out(audit: Audit) -> tuple[str, ...]:
    """The checks that this audit has no word of: `--only` or `--skip` left them out, or it is of another command; none where it drilled."""
    if kind_of(audit) is not Kind.AUDIT:
        return ()
    told = {each.check for each in audit.judgments}
    return tuple(each for each in CHECKS if each not in told)


def unchecked(audit: Audit) -> Iterator[tuple[str, str, str]]:
    """What was not checked, as (check, subject, why): skipped checks, unknown and uncheckable subjects; one cause once."""
    told: set[tuple[str, str]] = set()
    for check in left_out(audit):
        yield check, "the whole check", "no part of this audit"
    for judgment in audit.judgments:
        if judgment.verdict is Verdict.SKIPPED:
            yield judgment.check, "the whole check", judgment.summary
        for finding in judgment.findings:
            key = (judgment.check, f"{finding.subject}{finding.message}")
            if finding.outcome in {Outcome.UNKNOWN, Outcome.UNCHECKABLE} and key not in told:
                told.add(key)
                yield judgment.check, finding.subject or "the whole check", f"{finding.outcome}: {finding.message}"


def conclusion(audit: Audit, day: date) -> Iterator[str]:
    """What follows, in sentences: the verdict and what it means, the counts behind it, and what to do first."""
    found = [each for judgment in audit.judgments for each in judgment.findings]
    failed = [each for each in found if each.outcome is Outcome.FAIL and each.waiver is None]
    accepted = sum(1 for each in found if each.outcome is Outcome.FAIL and each.waiver is not None)
    unknown = sum(1 for each in found if each.outcome is Outcome.UNKNOWN)
    skipped = [*(each.check for each in audit.judgments if each.verdict is Verdict.SKIPPED), *left_out(audit)]
    every = len(audit.judgments) + len(left_out(audit))
    yield f"On {day} the verdict is {audit.verdict}: {_MEANS[audit.verdict]}."
    yield (
        f"{_count(len(failed), 'finding')} not accepted, {accepted} accepted, {unknown} unknown; "
        f"{len(skipped)} of {_count(every, 'check')} left out{': ' if skipped else ''}{', '.join(skipped)}."
    )
    todo = (_worst(failed), _blind(found))
    yield from filter(None, reversed(todo) if audit.verdict is Verdict.UNKNOWN else todo)


def _worst(failed: Sequence[Finding]) -> str:
    """The worst of what failed, and what to do; of two that are as bad the stack's own, and the one of the check that is told first."""
    worst = min(failed, key=lambda each: (-each.severity.rank, each.scope != "stack"), default=None)
    return "" if worst is None else f"The worst of them is {worst.rule} ({worst.severity}): {_said(worst)}."


def _blind(found: Sequence[Finding]) -> str:
    """The first of what could have been seen and was not, and what to do."""
    blind = next((each for each in found if each.outcome is Outcome.UNKNOWN), None)
    return "" if blind is None else f"What was not seen proves nothing: {blind.rule}: {_said(blind)}."


def _said(finding: Finding) -> str:
    named = finding.subject.partition("==")[0] in finding.message
    said = finding.message if named or not finding.subject else f"{finding.subject}: {finding.message}"
    return f"{said}{f'. To do: {finding.fix}' if finding.fix else ''}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
