"""Decides verdicts: what a judgment's findings, and an audit's judgments, amount to under a policy."""

from collections.abc import Sequence
from dataclasses import replace

from stackaudit.model.audit import Judgment, Policy
from stackaudit.model.findings import Finding, Outcome, Verdict, Waived

WORST_FIRST = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WARN, Verdict.PASS)


def decide(judgments: Sequence[Judgment], policy: Policy) -> tuple[Judgment, ...]:
    """`judgments` with their verdicts under `policy`. A skipped judgment stays skipped, unless the policy requires it."""
    return tuple(_decided(judgment, policy) for judgment in judgments)


def overall(judgments: Sequence[Judgment]) -> Verdict:
    """The worst verdict of those that ran; `unknown` where none did."""
    verdicts = {judgment.verdict for judgment in judgments}
    return next((verdict for verdict in WORST_FIRST if verdict in verdicts), Verdict.UNKNOWN)


def _decided(judgment: Judgment, policy: Policy) -> Judgment:
    if judgment.verdict is Verdict.SKIPPED:
        return replace(judgment, verdict=Verdict.UNKNOWN) if judgment.check in policy.require else judgment
    findings = tuple(_waived(finding, policy) for finding in judgment.findings)
    return replace(judgment, findings=findings, verdict=_verdict(judgment.check, findings, policy))


def _waived(finding: Finding, policy: Policy) -> Finding:
    named = policy.ignore.intersection((finding.rule, *finding.aliases))
    if finding.outcome is not Outcome.FAIL or finding.waiver is not None or not named:
        return finding
    return replace(finding, waiver=Waived(reason=f"ignored for this run: --ignore {min(named)}"))


def _verdict(check: str, findings: Sequence[Finding], policy: Policy) -> Verdict:
    told = [finding for finding in findings if finding.outcome is not Outcome.PASS]
    if any(_fails(finding, policy) for finding in told):
        return Verdict.FAIL
    allowed = check in policy.allow_unknown
    if any(each.outcome is Outcome.UNKNOWN and not allowed and each.rule not in policy.allow_unknown for each in told):
        return Verdict.UNKNOWN
    if told:
        return Verdict.WARN
    return Verdict.PASS if findings else Verdict.UNKNOWN


def _fails(finding: Finding, policy: Policy) -> bool:
    return finding.outcome is Outcome.FAIL and finding.waiver is None and finding.severity.rank >= policy.fail_on.rank
