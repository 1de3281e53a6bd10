"""What was accepted: by whom, for what reason, until when."""

from datetime import date

from packaging.utils import NormalizedName

from stackaudit.model.findings import UNTIL_FIXED
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One accepted finding, or several of one kind: those of one `rule`, or of one `advisory` by any of its ids.

    `package` narrows it to one package at any version, `subject` to what findings call so (`redis==5.0.8`, `account root`), `path` to
    findings in files that this glob matches, relative to the absolute folder `root`. `until` is its last day; None: until there is a fix.
    """

    where: Place
    reason: str
    owner: str
    until: date | None
    rule: str | None = None
    advisory: str | None = None
    package: NormalizedName | None = None
    subject: str | None = None
    path: str | None = None
    root: str = "/"

    @property
    def name(self) -> str:
        """The rule's code, or the advisory's id as it was written."""
        return self.rule or self.advisory or ""

    @property
    def title(self) -> str:
        """`MX207 for kombu in services/*.txt`: what it covers."""
        about = self.package or self.subject
        return f"{self.name}{f' for {about}' if about else ''}{f' in {self.path}' if self.path else ''}"

    @property
    def end(self) -> str:
        """Its last day as an ISO date, or `until-fixed`."""
        return self.until.isoformat() if self.until else UNTIL_FIXED
