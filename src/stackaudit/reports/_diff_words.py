"""The words in which differences are told, the same in every format."""

from collections.abc import Sequence

from stackaudit.model.differences import Difference, Differences, Kind, Section
from stackaudit.model.findings import Lane

TITLES = {
    Section.VERDICTS: "Verdicts",
    Section.ADVISORIES: "Advisories",
    Section.FINDINGS: "Findings",
    Section.WAIVERS: "Waivers and what they accept",
    Section.PINS: "Pins",
    Section.INSTALLED: "Installed packages",
    Section.TARGET: "What was audited, and how",
    Section.MATRIX: "Matrix",
    Section.ENVIRONMENT: "Services, programs and variables",
    Section.TOOLS: "Who was asked",
    Section.FACTS: "Other facts",
}

FOLDED = (Section.TOOLS, Section.FACTS)
"""What is long, and follows from the rest or concerns the audit alone."""

LONG = 40
"""How many differences of a section are shown at once, where these are no findings: a lock may move hundreds of pins."""

_JUDGED = (Section.VERDICTS, Section.ADVISORIES, Section.FINDINGS, Section.WAIVERS)
_SAID = (Section.ADVISORIES, Section.FINDINGS)
_WORDS = {Kind.ADDED: "added", Kind.REMOVED: "removed", Kind.CHANGED: "changed"}
_WORDS_OF_THE_SAID = {Kind.ADDED: "appeared", Kind.REMOVED: "cleared", Kind.CHANGED: "changed"}

LEGEND = (
    "Your change: what the project declares and what runs. "
    "The world: what others publish of a version that both have, the matrix, the day."
)


def is_long(section: Section, found: Sequence[Difference]) -> bool:
    """Whether `found` is more of `section` than is shown at once. What was judged is always shown."""
    return section not in _JUDGED and len(found) > LONG


def word(difference: Difference) -> str:
    """What became of it; nothing came or went where the other audit did not see."""
    if not difference.seen:
        return "not seen before" if difference.before is None else "no longer seen"
    return (_WORDS_OF_THE_SAID if difference.section in _SAID else _WORDS)[difference.kind]


def brought_by(difference: Difference) -> str:
    """Who brought it, or nothing where that can't be told."""
    return difference.lane.told if difference.lane is not None else ""


def conclusion(differences: Differences) -> str:
    """One sentence: how many there are, and who brought them."""
    found = [each for each in differences.found if each.section is not Section.VERDICTS]
    if not differences.differ:
        return "no difference: both are records of the same facts and judgments"
    if not differences.found:
        return "no difference in what is compared; places, wording or evidence differ, as their digests say"
    counts = [
        (sum(1 for each in found if each.lane is Lane.CHANGE), "your change"),
        (sum(1 for each in found if each.lane is Lane.WORLD), "the world"),
        (sum(1 for each in found if not each.seen), "not seen by one of both"),
    ]
    verdicts = len(differences.of(Section.VERDICTS))
    told = [f"{count} {what}" for count, what in counts if count]
    told += [f"{verdicts} verdict{'s' * (verdicts != 1)}"] if verdicts else []
    count = len(differences.found)
    return f"{count} difference{'s' * (count != 1)}" + (f": {', '.join(told)}" if told else "")
