"""Applies waivers to findings, and says which of them ended, will end soon, or cover nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from stackaudit.gate.coverage import ADVISORIES, FRESH_ADVISORIES, NOT_NAMED, covers, has_ended, is_about
from stackaudit.model.audit import Case, Judgment, Policy
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict, Waived
from stackaudit.model.places import Place
from stackaudit.model.rule_text import RuleText
from stackaudit.model.waivers import Waiver

CHECK = "waivers"
"""The id of the judgment that holds what is said of the waivers."""

SOON = timedelta(days=14)
"""How long before its last day a waiver is told."""

OF_PRODUCTS = ("RD110", "FF107")
"""The rules that speak of advisories about servers and programs, which a CVE may be too."""

EXPIRED = RuleText(
    code="AU101",
    title="No waiver has expired",
    severity=Severity.HIGH,
    why="what it accepted counts again: it was accepted until a day that has passed",
    fix="repair what it covers and take the waiver out, or have its owner accept it anew with a later `until`",
)
FIXED = RuleText(
    code="AU102",
    title="No waiver waits for a fix that is there",
    severity=Severity.HIGH,
    why="it was accepted until there is a fix, and there is one: what it covers counts again",
    fix="upgrade to a fixed version and take the waiver out, or accept it anew with a date",
)
UNUSED = RuleText(
    code="AU103",
    title="Every waiver covers a finding",
    severity=Severity.LOW,
    why="a waiver that covers nothing hides the same fault without a word when it comes back",
    fix="take the waiver out",
)
ENDING = RuleText(
    code="AU104",
    title="No waiver ends within 14 days",
    severity=Severity.LOW,
    why="from the day after its last on, what it covers counts again, whoever's change is audited then",
    fix="repair what it covers before that day, or have its owner accept it anew with a later `until`",
)
TERMS = (EXPIRED, FIXED, UNUSED, ENDING)
"""What should hold of every waiver."""


def waive(judgments: Sequence[Judgment], policy: Policy, case: Case) -> tuple[Judgment, ...]:
    """`judgments` with what is accepted marked so; and where there are waivers one judgment more, about these.

    Only what fails can be accepted, and where several files pin the same only what is accepted for each of them; else it is told of
    the first for which it is not. Of several waivers that cover a finding the one that ends last counts.
    """
    if not policy.waivers:
        return tuple(judgments)
    covered: dict[Waiver, list[Finding]] = {each: [] for each in policy.waivers}

    def held(finding: Finding) -> Finding:
        if finding.outcome is not Outcome.FAIL:
            return finding
        told = []
        for place in _places(finding, case):
            here = replace(finding, where=place)
            covering = [each for each in policy.waivers if covers(each, here, policy.folder)]
            told.append(_accepted(here, [each for each in covering if not has_ended(each, here, case)]))
            for each in covering:
                covered[each].append(told[-1])
        return next((each for each in told if each.waiver is None), told[0])

    waived = [
        replace(judgment, findings=tuple(held(finding) for finding in judgment.findings)) for judgment in judgments
    ]
    return (*waived, _judgment(waived, covered, case))


def _places(finding: Finding, case: Case) -> tuple[Place | None, ...]:
    """Its own place, then each other one where the package that is declared there is declared alike."""
    for name in (finding.subject.partition("==")[0], *finding.via[:1]):
        declared = case.requirements_of(name)
        own = next((each for each in declared if each.where == finding.where), None)
        if own is not None:
            return tuple(dict.fromkeys((own.where, *(each.where for each in declared if each.pin == own.pin))))
    return (finding.where,)


def _accepted(finding: Finding, holding: Sequence[Waiver]) -> Finding:
    if not holding:
        return finding
    last = max(holding, key=lambda each: (each.until is None, each.end))
    return replace(finding, waiver=Waived(reason=last.reason, owner=last.owner, until=last.end))


def _judgment(judgments: Sequence[Judgment], covered: dict[Waiver, list[Finding]], case: Case) -> Judgment:
    told = [finding for waiver, findings in covered.items() for finding in _said_of(waiver, findings, judgments, case)]
    asked = {each.subject for each in told}
    failed = {
        term: sum(1 for each in told if each.outcome is Outcome.FAIL and each.rule == term.code) for term in TERMS
    }
    words = {EXPIRED: "expired", FIXED: "until a fix that is there", UNUSED: "unused", ENDING: "ending soon"}
    counts = [f"{failed[term]} {word}" for term, word in words.items() if failed[term]]
    unasked = len(covered) - len(asked)
    counts += [f"{unasked} of what was not checked"] if unasked else []
    plural = "s" if len(covered) > 1 else ""
    return Judgment(
        check=CHECK,
        title="Waivers",
        verdict=Verdict.UNKNOWN if told else Verdict.SKIPPED,
        summary=f"{len(covered)} waiver{plural}: {', '.join(counts) or 'in force'}",
        findings=tuple(sorted(told, key=lambda each: (each.rule, each.subject, each.outcome, each.message))),
    )


def _said_of(
    waiver: Waiver, findings: Sequence[Finding], judgments: Sequence[Judgment], case: Case
) -> Iterator[Finding]:
    """What is to be said of `waiver`, which covers `findings`; nothing where its rule was not asked, or was blind."""
    if not findings:
        if _could_have_been_seen(waiver, judgments):
            yield UNUSED.fails(_subject(waiver), f"the waiver of {waiver.title} covers no finding", waiver.where)
        return
    open_again = [each for each in findings if each.waiver is None]
    kind = FIXED if waiver.until is None else EXPIRED
    if open_again:
        worst = max((each.severity for each in open_again), key=lambda each: each.rank)
        ended = "there is a fix now" if waiver.until is None else f"its last day was {waiver.end}"
        message = f"the waiver of {waiver.title} has ended: {ended}; {waiver.owner} accepted it: {waiver.reason}"
        yield replace(kind.fails(_subject(waiver), message, waiver.where), severity=worst)
        return
    if all(has_ended(waiver, each, case) for each in findings):
        yield UNUSED.fails(
            _subject(waiver), f"another waiver covers what the one of {waiver.title} covered", waiver.where
        )
        return
    if waiver.until is not None and waiver.until - case.today <= SOON:
        message = f"the waiver of {waiver.title} ends with {waiver.end}; {waiver.owner} accepted it: {waiver.reason}"
        yield ENDING.fails(_subject(waiver), message, waiver.where)
    yield Finding(
        rule=kind.code, outcome=Outcome.PASS, severity=Severity.LOW, subject=_subject(waiver), message=kind.title
    )


def _subject(waiver: Waiver) -> str:
    return f"waiver of {waiver.title}"


def _could_have_been_seen(waiver: Waiver, judgments: Sequence[Judgment]) -> bool:
    """Whether what `waiver` covers would have been found, had it been there: its rules were asked, and not blind to the subject."""
    said = [each for judgment in judgments for each in judgment.findings]
    if waiver.rule is not None:
        return _was_asked(waiver.rule, waiver, said)
    if not _was_asked(ADVISORIES, waiver, said):
        return False
    scoped = waiver.package is not None or waiver.subject is not None
    if _is_dark(FRESH_ADVISORIES, waiver, said):
        return False
    if scoped and any(each.rule == ADVISORIES and is_about(waiver, each.subject) for each in said):
        return True
    if _is_dark(NOT_NAMED, waiver, said):
        return False
    return waiver.name.upper().startswith("PYSEC-") or all(_was_asked(code, waiver, said) for code in OF_PRODUCTS)


def _was_asked(code: str, waiver: Waiver, said: Sequence[Finding]) -> bool:
    return any(each.rule == code for each in said) and not _is_dark(code, waiver, said)


def _is_dark(code: str, waiver: Waiver, said: Sequence[Finding]) -> bool:
    """Whether the rule `code` could not see all that `waiver` may be about."""
    dark = (each for each in said if each.rule == code and each.outcome in {Outcome.UNKNOWN, Outcome.UNCHECKABLE})
    # What files pull in without naming it may be any package.
    return any(not each.subject or code == NOT_NAMED or is_about(waiver, each.subject) for each in dark)
