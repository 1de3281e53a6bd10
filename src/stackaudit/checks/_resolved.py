"""What a fresh install gives, where that was asked."""

from stackaudit.model.audit import Case
from stackaudit.model.facts.published import Resolution


def resolved(case: Case) -> Resolution | None:
    """What a fresh install gives, or None: not asked, not seen, or refused."""
    return next((each for each in case.facts(Resolution) if each.packages), None)
