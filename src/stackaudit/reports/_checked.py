"""Says of each audited package whether it was held against advisories: one without a vulnerability is no proof."""

from collections.abc import Sequence

from stackaudit.model.audit import Audit
from stackaudit.model.findings import Finding, Outcome, Verdict

CHECK = "vulnerabilities"
WORST_FIRST = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.UNCHECKABLE, Outcome.PASS)


def checked_packages(audit: Audit) -> dict[str, str]:
    """What the check says of each package, by its subject."""
    judgment = next((each for each in audit.judgments if each.check == CHECK), None)
    found: dict[str, list[Finding]] = {each.subject: [] for each in audit.case.packages()}
    if judgment is None or judgment.verdict is Verdict.SKIPPED:
        return dict.fromkeys(found, "not checked" if judgment is None else f"not checked: {judgment.summary}")
    for each in judgment.findings:
        found.setdefault(each.subject, []).append(each)
    blind = [each for each in found.pop("", []) if each.outcome is not Outcome.PASS]
    return {subject: _statement(own, blind) for subject, own in found.items()}


def _statement(own: Sequence[Finding], blind: Sequence[Finding]) -> str:
    """The worst outcome of one package, for an unknown with the reason; `not checked` where there is none.

    What blinds the whole of a rule withholds the rule's passes, and takes no failure back.
    """
    rules = {each.rule for each in own}
    about = [*own, *(each for each in blind if each.rule in rules or not own)]
    if not about:
        return "not checked"
    worst = min(about, key=lambda each: WORST_FIRST.index(each.outcome))
    alone = worst.outcome in {Outcome.FAIL, Outcome.PASS}
    return worst.outcome.value if alone else f"{worst.outcome}: {worst.message}"
