"""What differs between two audits: values, for those who compare and those who tell."""

from datetime import date, datetime
from enum import StrEnum

from stackaudit.model.findings import Lane, Severity, Verdict
from stackaudit.model.values import dataclass


class Section(StrEnum):
    """What a difference is about, in the order in which it is told."""

    VERDICTS = "verdicts"
    ADVISORIES = "advisories"
    FINDINGS = "findings"
    WAIVERS = "waivers"
    PINS = "pins"
    INSTALLED = "installed"
    TARGET = "target"
    MATRIX = "matrix"
    ENVIRONMENT = "environment"
    TOOLS = "tools"
    FACTS = "facts"

    @property
    def rank(self) -> int:
        """0 for what is told first."""
        return list(Section).index(self)


class Kind(StrEnum):
    """Which of the two audits has it: the newer alone, the older alone, or both, each in its own way."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is otherwise: `subject` names it, `before` and `after` say how it is in either audit, None where it is not.

    `seen` is False where the audit that does not have it did not look, or could not see: then nothing came or went for all that is known.
    `lane` is who brought it, None where that can't be told. `severity` is the worse of both, where it has one.
    """

    section: Section
    subject: str
    before: str | None
    after: str | None
    lane: Lane | None = None
    severity: Severity | None = None
    seen: bool = True

    @property
    def kind(self) -> Kind:
        """By which side has it."""
        if self.before is None:
            return Kind.ADDED
        return Kind.REMOVED if self.after is None else Kind.CHANGED

    @property
    def order(self) -> tuple[int, int, bool, int, str, str, str]:
        """Worst first within its section; what was not looked for after what was seen."""
        severity = -1 if self.severity is None else self.severity.rank
        kinds = (Kind.ADDED, Kind.CHANGED, Kind.REMOVED)
        said = (self.subject, self.before or "", self.after or "")
        return self.section.rank, -severity, not self.seen, kinds.index(self.kind), *said


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two audits: what its file is called, and which audit it is. `started_at` is UTC, `today` the day it was judged on."""

    name: str
    digest: str
    started_at: datetime
    today: date
    tool_version: str
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """All that differs between two audits, in the order in which it is told."""

    old: Side
    new: Side
    found: tuple[Difference, ...]

    @property
    def differ(self) -> bool:
        """Whether they are of other facts or judgments: by their digests, which cover more than is compared here."""
        return self.old.digest != self.new.digest

    def of(self, section: Section) -> tuple[Difference, ...]:
        """Those of `section`."""
        return tuple(each for each in self.found if each.section is section)
