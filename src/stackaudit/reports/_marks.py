"""The sign and the word that stand for a verdict: a tick only where the evidence earns it."""

from stackaudit.model.audit import Audit, Judgment
from stackaudit.model.findings import Verdict

MARKS = {
    Verdict.PASS: "✅ pass",
    Verdict.WARN: "⚠️ warn",
    Verdict.FAIL: "❌ fail",
    Verdict.UNKNOWN: "❔ unknown",
    Verdict.SKIPPED: "⏭️ not checked",
}
"""A word beside each sign: the document must be readable without either."""


def mark_of(judgment: Judgment) -> str:
    """The mark of its verdict; a pass that stands on less than `resolved` names its rung and has no tick."""
    rung = judgment.rung
    if judgment.verdict is Verdict.PASS and rung is not None:
        return f"{MARKS[Verdict.PASS]} ({rung})" if rung.earns_tick else f"pass ({rung}, not proved)"
    return MARKS[judgment.verdict]


def mark_of_all(audit: Audit) -> str:
    """The mark of the audit's verdict: a pass has a tick where each of its checks' has."""
    if audit.verdict is Verdict.PASS and any(
        not has_tick(each) for each in audit.judgments if each.verdict is Verdict.PASS
    ):
        return "pass, in part on what is published and not proved"
    return MARKS[audit.verdict]


def has_tick(judgment: Judgment) -> bool:
    """Whether `judgment` may be shown with a tick."""
    rung = judgment.rung
    return judgment.verdict is Verdict.PASS and (rung is None or rung.earns_tick)
