"""Decides verdicts: what a judgment's findings, and an audit's judgments, amount to under a policy."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from stackaudit import __version__
from stackaudit.gate.rungs import is_required, missing_rung
from stackaudit.model.audit import Audit, Case, Gate, Judgment, Policy
from stackaudit.model.findings import Finding, Lane, Outcome, Verdict, Waived

WORST_FIRST = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WARN, Verdict.PASS)


def gated(
    case: Case, judgments: Sequence[Judgment], policy: Policy, *, started_at: datetime, finished_at: datetime
) -> Audit:
    """The audit of `case`, by this version of the tool: `judgments` decided under `policy`. The times (UTC) are those of the looking."""
    decided = decide(judgments, policy)
    return Audit(
        tool_version=__version__,
        started_at=started_at,
        finished_at=finished_at,
        case=case,
        judgments=decided,
        verdict=overall(decided),
    )


def decide(judgments: Sequence[Judgment], policy: Policy) -> tuple[Judgment, ...]:
    """`judgments` with their verdicts under `policy`. A skipped judgment stays skipped, unless the policy requires it."""
    return tuple(_decided(judgment, policy) for judgment in judgments)


def overall(judgments: Sequence[Judgment]) -> Verdict:
    """The worst verdict of those that ran; `unknown` where none did."""
    verdicts = {judgment.verdict for judgment in judgments}
    return next((verdict for verdict in WORST_FIRST if verdict in verdicts), Verdict.UNKNOWN)


def _decided(judgment: Judgment, policy: Policy) -> Judgment:
    if judgment.verdict is Verdict.SKIPPED:
        return replace(judgment, verdict=Verdict.UNKNOWN) if is_required(judgment.check, policy) else judgment
    findings = judgment.findings
    if policy.ignore:
        findings = tuple(_waived(finding, policy) for finding in findings)
    if not _failing(findings, policy):
        # Of what fails it does not matter how well it was proved.
        findings = (*findings, *missing_rung(judgment, policy))
    passed = let_through(findings, policy)
    summary = f"{judgment.summary}; {passed} let through: not of this change" if passed else judgment.summary
    return replace(judgment, findings=findings, verdict=_verdict(judgment.check, findings, policy), summary=summary)


def _waived(finding: Finding, policy: Policy) -> Finding:
    if finding.outcome is not Outcome.FAIL or finding.waiver is not None:
        return finding
    ids = {each.casefold() for each in (finding.rule, *finding.aliases)}
    named = [each for each in policy.ignore if each.casefold() in ids]
    if not named:
        return finding
    return replace(finding, waiver=Waived(reason=f"ignored for this run: --ignore {min(named)}"))


def _verdict(check: str, findings: Sequence[Finding], policy: Policy) -> Verdict:
    if _failing(findings, policy):
        return Verdict.FAIL
    told = [finding for finding in findings if finding.outcome is not Outcome.PASS]
    allowed = check in policy.allow_unknown
    if any(each.outcome is Outcome.UNKNOWN and not allowed and each.rule not in policy.allow_unknown for each in told):
        return Verdict.UNKNOWN
    if told:
        return Verdict.WARN
    return Verdict.PASS if findings else Verdict.UNKNOWN


def _failing(findings: Sequence[Finding], policy: Policy) -> bool:
    return any(fails(each, policy) for each in findings if each.outcome is Outcome.FAIL)


def fails(finding: Finding, policy: Policy) -> bool:
    """Whether `finding` fails its check: not accepted, at or over the threshold, and not let through."""
    return _weighs(finding, policy) and not is_let_through(finding, policy)


def let_through(findings: Iterable[Finding], policy: Policy) -> int:
    """How many of `findings` would fail their check, were the gate not open for what the audited change did not bring."""
    return 0 if policy.gate is Gate.ALL else sum(1 for each in findings if is_let_through(each, policy))


def is_let_through(finding: Finding, policy: Policy) -> bool:
    """Whether `finding` would fail its check, were the gate not open for what the audited change did not bring."""
    open_for = policy.gate is Gate.CHANGE and finding.lane in {Lane.WORLD, Lane.KNOWN}
    return open_for and _weighs(finding, policy)


def _weighs(finding: Finding, policy: Policy) -> bool:
    return finding.outcome is Outcome.FAIL and finding.waiver is None and finding.severity.rank >= policy.fail_on.rank
