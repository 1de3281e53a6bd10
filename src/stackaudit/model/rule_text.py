"""What a rule says of itself: for those who tell its findings, and for sentences that should hold of no stack."""

from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.places import Place
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

    def fails(self, subject: str, message: str, where: Place | None) -> Finding:
        """A finding that `subject` breaks it."""
        return Finding(
            rule=self.code,
            outcome=Outcome.FAIL,
            severity=self.severity,
            subject=subject,
            message=message,
            where=where,
            why=self.why,
            fix=self.fix,
            source=self.source,
        )
