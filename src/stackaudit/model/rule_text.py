"""What a rule says of itself, for those who tell its findings."""

from stackaudit.model.findings import Severity
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleText:
    """The words of one rule: its title is a sentence that should hold, `source` a URL."""

    code: str
    title: str
    severity: Severity
    why: str
    fix: str
    source: str | None = None
