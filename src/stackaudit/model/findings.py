"""What rules say: findings, their outcomes, and the verdicts made of them."""

from collections.abc import Iterable
from enum import StrEnum

from stackaudit.model.places import Place
from stackaudit.model.values import dataclass


class Outcome(StrEnum):
    """What one rule says of one subject."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    UNCHECKABLE = "uncheckable"


class Severity(StrEnum):
    """How much a failure can hurt; ordered by `rank`."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low to 3 for critical."""
        return list(Severity).index(self)


class Verdict(StrEnum):
    """A check's or an audit's verdict."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class Lane(StrEnum):
    """What brought a finding, held against an earlier record: the change that is audited, the world, or neither (it was there before)."""

    CHANGE = "change"
    WORLD = "world"
    KNOWN = "known"

    @property
    def told(self) -> str:
        """How it is told to whoever made the change."""
        return {"change": "your change", "world": "the world"}.get(self.value, self.value)


UNTIL_FIXED = "until-fixed"
"""What stands for a date where a waiver of an advisory ends with the first release that is fixed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """Why a finding does not count: it was accepted, by whom, and until when (an ISO date or `until-fixed`)."""

    reason: str
    owner: str | None = None
    until: str | None = None

    @property
    def told(self) -> str:
        """The reason, who accepted it, and until when, as one phrase."""
        until = "until there is a fix" if self.until == UNTIL_FIXED else f"until {self.until}"
        words = (self.reason, f"by {self.owner}" if self.owner else "", until if self.until else "")
        return ", ".join(word for word in words if word)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one rule says of one subject.

    `message` says what is so, `why` what that does to a user (None: the rule's own `why` says it), `fix` what to do.
    `cause` is equal for findings that one failure made: they are told once. `via` is the path that pulls a package in, outermost first.
    `rung` is how strong the evidence behind a pass is. `lane` is None where there is no earlier record, or where it can't tell.
    """

    rule: str
    outcome: Outcome
    severity: Severity
    subject: str
    message: str
    where: Place | None = None
    why: str | None = None
    fix: str | None = None
    source: str | None = None
    cause: str | None = None
    scope: str = "stack"
    aliases: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    rung: str | None = None
    lane: Lane | None = None
    waiver: Waived | None = None


def is_named(subject: str, message: str) -> bool:
    """Whether `message` names `subject`, with or without its version, as a word: `own` is not named by `known`."""
    name = subject.partition("==")[0]
    at = message.find(name)
    while at >= 0:
        end = at + len(name)
        if not (_continues(message[at - 1 : at]) or _continues(message[end : end + 1])):
            return True
        at = message.find(name, at + 1)
    return False


def _continues(letter: str) -> bool:
    """Whether a word goes on with `letter`."""
    return letter.isalnum() or letter in {"_", "-"}


MOST_NAMED = 8
"""How many subjects or rules of one cause are named before they are only counted."""


def named_before(subjects: Iterable[str], message: str) -> str:
    """What stands before `message`: those of `subjects` that it does not name itself, the first few by name, and a colon."""
    named = [each for each in subjects if each and not is_named(each, message)]
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    return f"{', '.join(named[:MOST_NAMED])}{more}: " if named else ""
