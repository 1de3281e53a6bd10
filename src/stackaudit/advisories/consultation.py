"""What came of asking one source of advisories, and each advisory as it is told; pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from stackaudit.advisories.match import affects, fixed_versions
from stackaudit.advisories.records import Pin, Record
from stackaudit.advisories.severity import rate
from stackaudit.advisories.sources import Source
from stackaudit.model.facts.advised import Advisory
from stackaudit.model.snapshot import Evidence
from stackaudit.model.versions import parse_version

UNFED = "pip-audit can't reach 127.0.0.1 here, where it is told what they say"
"""Why there is no answer where not even this machine's own network is up, as under `unshare -n`."""

_HEADLINE = 200
_GIST = 256
_HEADINGS = frozenset({"", "Impact", "Summary", "Description", "Overview"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Vulnerability:
    """One vulnerability as pip-audit tells it; `aliases` sorted, `fixed` in order, `description` on one line."""

    id: str
    aliases: tuple[str, ...]
    fixed: tuple[str, ...]
    description: str


@dataclass(slots=True, kw_only=True)
class Consultation:
    """What came of asking one source. A pin is in `audited` or in `failed`, never in neither; `doubtful` ones are in `audited` too.

    `failed` and `doubtful` say in our words why the answer is missing, or not to be taken for whole.
    """

    source: Source
    evidence: Evidence
    audited: dict[Pin, tuple[Advisory, ...]] = field(default_factory=dict)
    failed: dict[Pin, str] = field(default_factory=dict)
    doubtful: dict[Pin, str] = field(default_factory=dict)
    copy: str | None = None
    as_of: str = ""
    measured: dict[str, float] = field(default_factory=dict)

    @property
    def service(self) -> str:
        """Who answered; a local copy with the day that it knows the world of, since it says nothing of what came later."""
        return f"{self.source.name}, whose newest record is of {self.as_of}" if self.as_of else self.source.name

    @property
    def cause(self) -> str | None:
        """The commonest reason for a missing answer; None where none is missing."""
        counted = Counter(self.failed.values())
        return min(counted, key=lambda each: (-counted[each], each)) if counted else None


def advisory(pin: Pin, found: Vulnerability, records: Sequence[Record]) -> Advisory:
    """pip-audit's words, with what it leaves out: the severity, and fixed versions of other branches, from the `records` about `pin`."""
    same = sorted(
        (each for each in records if each.ids & {found.id, *found.aliases}),
        key=lambda each: (each.id != found.id, each.id),
    )
    rating = rate(same, pin.name)
    fixes = {fix for fix in found.fixed if not any(affects(each, pin.name, fix) for each in same)}
    texts = [each.summary for each in same] + [each.details for each in same]
    # Where a record has no words, pip-audit makes up some.
    texts += [found.description] if not same else []
    return Advisory(
        id=clean(found.id),
        aliases=tuple(clean(each) for each in found.aliases),
        summary=headline(next((text for text in texts if text.strip()), "")),
        fixed_in=_in_order(fixes.union(fixed_versions(same, pin.name))),
        severity=rating.severity,
        score=rating.score,
        vector=rating.vector,
    )


def _in_order(versions: Iterable[str]) -> tuple[str, ...]:
    known = {parsed: str(parsed) for each in versions if (parsed := parse_version(each)) is not None}
    return tuple(known[each] for each in sorted(known))


def headline(text: str) -> str:
    """The first sentence of the gist of an advisory's `text`, of at most 200 characters."""
    line = gist(text).strip("# ")
    sentence, stop, rest = line.partition(". ")
    # "e.g. " and "v1. " end no sentence.
    if not stop or len(sentence) < 20:  # noqa: PLR2004 - shorter is an abbreviation more often than a sentence
        sentence = f"{sentence}{stop}{rest}"
    return sentence if len(sentence) <= _HEADLINE else sentence[: _HEADLINE - 1].rstrip() + "…"


def gist(text: str) -> str:
    """As much of an advisory's `text` as its headline needs: the first line that is no heading, without control characters.

    A text of headings alone is `#`: it is not empty, and has no headline.
    """
    lines = (bare for each in text.splitlines() if (bare := clean(each).strip("# ")) not in _HEADINGS)
    return next(lines, "#" if text.strip() else "")[:_GIST]


def clean(text: str) -> str:
    """`text` on one line, without control characters."""
    if text.isprintable():
        return " ".join(text.split())
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
