"""Holds the evidence for a combination against the rung that the policy requires."""

from stackaudit.model.audit import Judgment, Policy
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.matrix import Rung
from stackaudit.model.rule_text import RuleText

CHECK = "matrix"
"""The check whose passes stand on proofs."""

WEAK = RuleText(
    code="AU201",
    title="The combination is proved as strongly as the policy requires",
    severity=Severity.HIGH,
    why="below the required rung nobody has seen this combination do what the policy wants to have seen",
    fix="pin a row of the matrix that is proved: `stackaudit matrix certify` proves its newest ones",
)


def is_required(check: str, policy: Policy) -> bool:
    """Whether `check` must run: it is named itself, or a rung is, which is for the check of the matrix to show."""
    return check in policy.require or (check == CHECK and _required(policy) is not None)


def missing_rung(judgment: Judgment, policy: Policy) -> tuple[Finding, ...]:
    """What is unknown where the evidence of `judgment` is weaker than required; else nothing."""
    required = _required(policy)
    if judgment.check != CHECK or required is None:
        return ()
    if judgment.rung is not None and judgment.rung.rank >= required.rank:
        return ()
    has = f"no more than `{judgment.rung}`" if judgment.rung is not None else "none"
    return (
        Finding(
            rule=WEAK.code,
            outcome=Outcome.UNKNOWN,
            severity=WEAK.severity,
            subject="",
            message=f"the policy requires the rung `{required}`, and the evidence for this combination is {has}",
            why=WEAK.why,
            fix=WEAK.fix,
        ),
    )


def _required(policy: Policy) -> Rung | None:
    """The strongest rung that the policy names, or None."""
    return max((each for each in Rung if each.value in policy.require), key=lambda each: each.rank, default=None)
