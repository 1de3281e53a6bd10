"""What a document says that can be held against the world: its claims, each with its line."""

from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum

from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass

DECLARED = "declared"
CHECKING = "checking"


class ClaimKind(StrEnum):
    """What a claim is about; the comment says what `about` of such a claim holds."""

    DATE = "date"  # the day, ISO
    PIN = "pin"  # DECLARED where a file is said to ask for it, else empty
    TOOL = "tool"
    PYTHON = "python"
    RELEASED = "released"  # the day, ISO
    LATEST = "latest"  # the series (`5.4`), empty for the latest of all
    REQUIRED = "required"  # the version of `other` where it is named
    DEPENDENCY = "dependency"
    ADMITTED = "admitted"  # the Python, `3.11`
    NAMED = "named"  # the Python, `3.11`
    SUPPORTED = "supported"  # the Python, `3.11`
    COVERED = "covered"  # the Pythons of the table, with commas
    COMPATIBLE = "compatible"  # the version or series of `other` where it is named
    CLEAN = "clean"
    COMPLETE = "complete"  # the packages of the list, with commas
    OPEN = "open"  # how many vulnerabilities it counts
    VETTED = "vetted"
    ASYNC = "async"
    VARIABLE = "variable"
    COMMAND = "command"  # CHECKING where the document calls it a check, else empty
    PROSE = "prose"
    UNREAD = "unread"  # the lines, with commas


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim of a document. `text` is the claim in short, and how findings name it.

    `name` is a normalized package, a variable or a command, and `version` is as it was written, both empty where the claim is about the
    whole; `other` is the other package. `about` holds what its kind needs besides. `on` is the day that the claim was made on: that of its
    section, else the document's; None where neither says.
    """

    kind: ClaimKind
    text: str
    where: Place
    name: str = ""
    version: str = ""
    other: str = ""
    about: str = ""
    on: date | None = None

    @property
    def thing(self) -> str:
        """What a pin, a tool or a Python is called: `celery 5.4.0`."""
        return f"{self.name} {self.version}" if self.name else f"Python {self.about}"


class Standing(StrEnum):
    """What became of a claim, in a word."""

    TRUE = "true"
    FALSE = "false"
    MISLEADING = "misleading"
    UNKNOWN = "unknown"
    OPEN = "not checkable"


def standings(
    claims: Iterable[Claim], findings: Iterable[Finding]
) -> Iterator[tuple[Claim, Standing, tuple[Finding, ...]]]:
    """Each claim, what became of it, and what the rules say of it; one that no rule speaks of can't be checked.

    What is true and breaks a rule of low severity besides, such as the latest of an old series, is misleading.
    """
    found: dict[str, list[Finding]] = {}
    for each in findings:
        found.setdefault(each.subject, []).append(each)
    for claim in claims:
        about = tuple(found.get(claim.text, ()))
        yield claim, _standing(about), about


def _standing(findings: tuple[Finding, ...]) -> Standing:
    failed = [each.severity for each in findings if each.outcome is Outcome.FAIL]
    seen = {each.outcome for each in findings}
    if any(each is not Severity.LOW for each in failed):
        return Standing.FALSE
    if Outcome.UNKNOWN in seen:
        return Standing.UNKNOWN
    if failed:
        return Standing.MISLEADING
    return Standing.TRUE if Outcome.PASS in seen else Standing.OPEN
