"""The phrases by which documents about dependencies claim something, as patterns and what they hold."""

import re
from collections.abc import Iterator
from datetime import date

from stackaudit.model.claims import ClaimKind
from stackaudit.model.values import dataclass

VERSION = r"v?([0-9]+(?:\.[0-9]+)+(?:[a-z]+[0-9]*)?(?:\.post[0-9]+)?|[0-9]+![0-9][\w.]*)"
NAME = r"([A-Za-z][\w-]{0,80}(?:\.[\w-]{1,80}){0,5})"

PIN = re.compile(
    r"(?<![\w./=-])([A-Za-z0-9](?:[\w.-]{0,80}[A-Za-z0-9])?)(?:\[[\w, -]{0,80}\])?={2,3}v?([0-9][\w.!+-]{0,60}+)(?![\w.!+-])"
)
ADVICE = re.compile(r"\b(?:install|pin|(?:move|upgrade|update|downgrade)\s+to)\s+$", re.IGNORECASE)
PAST = re.compile(
    r"(?:\b(?:not|never|avoid\w*|instead\s+of|dropp?\w*|remov\w+|replac\w+|former\w*|previous\w*|was|were|older|than|unlike)\b|n't\b)"
    r"(?:(?![.;!?:]\s)[^\n]){0,120}$",
    re.IGNORECASE,
)
LISTED = re.compile(
    r"\b(?:requirements?|requires|dependenc(?:y|ies)|packages?|librar(?:y|ies)|prerequisites?|stack|abhängigkeiten|voraussetzungen|pakete"
    r"|dépendances|dependencias|dipendenze)\b",
    re.IGNORECASE,
)
LISTING = re.compile(
    rf"([A-Za-z][\w.-]{{0,80}})(?:\[[\w, -]{{0,80}}\])?(?:\s+\(?|@){VERSION}\)?\s*(?=$|[(,;\n\u2013\u2014-])"
)
UNCLAIMED = re.compile(r"(?:\b(?:not|never|cannot|whether|unless|until|if)\b|n't\b)[^.;!?\n]{0,120}$", re.IGNORECASE)
OF_PACKAGE = re.compile(rf"\s+(?:in|for|of)\s+{NAME}(?:\s+{VERSION})?", re.IGNORECASE)
TITLE = re.compile(rf"([A-Za-z][\w.-]{{0,80}})\s+{VERSION}")
LATEST = re.compile(
    r"(?<!to )(?<!to the )(?<!than )(?<!than the )(?<!use the )(?<!use )(?<!install the )\b(?:latest|newest|most recent)\b"
    r"(?=\s+(?:(?:stable|final|released?|version|patch|available)\b|in\s+(?:the\s+)?v?\d))"
    r"(?:\s+(?:stable|final|available|released?|version|patch)\b)*"
    r"(?:\s+(?:in|of|on|within|from)\s+(?:the\s+)?v?(\d+(?:\.\d+)*)(?:\.[x*])?)?",
    re.IGNORECASE,
)
REQUIRED = re.compile(rf"\b(?:required|needed)\s+by:?\s+{NAME}(?:\s+{VERSION})?", re.IGNORECASE)
DEPENDENCY = re.compile(rf"\bdependency\s+of\s+{NAME}(?:\s+{VERSION})?|\b{NAME}\s+dependency\b", re.IGNORECASE)
COMPATIBLE = re.compile(
    rf"\b(?:compatible|works?(?:\s+\w+ly)?)\s+with\s+(?:the\s+)?{NAME}(?:\s+v?(\d+(?:\.\d+)*)(?:\.[x*])?)?",
    re.IGNORECASE,
)
CLEAN = re.compile(
    r"\bno\s+(?:known\s+)?(?:security\s+)?(?:vulnerabilit(?:y|ies)|CVEs?|advisor(?:y|ies))\b", re.IGNORECASE
)
WHOLE = re.compile(r"\b(?:stack|dependencies|all|every|overall)\b", re.IGNORECASE)
OPEN = re.compile(r"\b([1-9]\d{0,5})\s+(?:known\s+|open\s+)?vulnerabilit(?:y|ies)\b", re.IGNORECASE)
VETTED = re.compile(r"\bsecurity[- ]vetted\b|\bhardened\b|\bfully secure\b", re.IGNORECASE)
ASYNC = re.compile(
    r"\b(?:native\s+async(?:io)?\b(?:\s+transport\b|\s+support\b)?|async/await\b|async(?:io)?\s+(?:support|clients?)\b)",
    re.IGNORECASE,
)
TOOL = re.compile(
    rf"(?<![\w-])(pip-audit|pipdeptree|pip-tools|pip|uv|safety|bandit|poetry|setuptools)\s+{VERSION}\b(?!\.?\d)(?!\s*(?:m?s|sec\w*|[KMG]i?B|%)\b)",
    re.IGNORECASE,
)
PATCH = re.compile(r"\bPython\s+(3\.\d{1,3}\.\d{1,3})\b")
NEGATED = re.compile(
    r"\b(?:no|not|never|without|cannot|drop(?:s|ped)?|lacks?|except|ends?|ended)\b|n't\b", re.IGNORECASE
)
ADMITS = re.compile(r"\b(?:compatib\w+|support\w*|works?|certified|tested|runs?|requires?)\b", re.IGNORECASE)
PRAISE = re.compile(
    r"\b(?:improve\w*|better|best|enhanced?|optimi[sz]\w+|seamless\w*|robust\w*|stable|solid|modern|full|fully|lightweight|efficien\w+"
    r"|reliab\w+|comprehensive|officially|properly|proven|excellent|certified|tested|smooth\w*|powerful|secure\w*|compatible)\b",
    re.IGNORECASE,
)
CLAUSE = re.compile(r"[^.,;!?|\n]+(?:\.(?=\S)[^.,;!?|\n]*)*")
VARIABLE = re.compile(r"\s*(?:export\s+|ENV\s+|-\s+)?([A-Z][A-Z0-9_]{2,80})=")
VARIABLE_NAME = re.compile(r"[A-Z][A-Z0-9_]{2,80}")
CHECKING = re.compile(
    r"\bredis-cli\s+ping\b|\bpip\s+check\b(?=[^\n]{0,60}\bconflicts?\b)"
    r"|\bpip-audit\b(?=\s+-\s[^\n]{0,60}\b(?:secur\w+|vulnerabilit\w+)\b)"
    r"|\bcelery\s(?:-{1,2}\w+[ =]\S{1,120}\s){0,4}inspect\s+\w+"
    r"|\bpython3?\s+[\w./-]{1,120}\.py\b|(?<![\w./-])[\w.-]{1,80}(?:/[\w.-]{1,80}){1,8}\.sh\b"
)
MINOR_HEADER = re.compile(
    r"(?:(?:Python|py)\s*)?(3\.\d{1,3})(?:\s+(?:status|support(?:ed)?|compatib\w+|tested))?", re.IGNORECASE
)
MINOR_CELL = re.compile(r"(?:Python\s*)?(3\.\d{1,3})(?:\.x)?", re.IGNORECASE)
ANY_VERSION = re.compile(VERSION)
_PYTHONS = re.compile(
    r"\bPython\b(?:\s+versions?)?\s*[:=]?\s*"
    r"(3\.\d{1,3}(?:\.\d{1,3}|\.x)?(?:\s*(?:,\s*and|,|and|or|/|-|\u2013|to|through)\s*3\.\d{1,3}(?:\.x)?){0,20})(\+?)"
)
_MINOR = re.compile(r"(-|\u2013|to|through)?\s*3\.(\d{1,3})")
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_MONTH_NUMBERS = {
    **{name: number for number, name in enumerate(_MONTHS, 1)},
    "januar": 1,
    "februar": 2,
    "märz": 3,
    "mai": 5,
    "juni": 6,
    "juli": 7,
    "oktober": 10,
    "dezember": 12,
}
_MONTH = "|".join(_MONTH_NUMBERS)
_DATE = re.compile(
    r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)"
    rf"|(?<!\d)(\d{{1,2}})\.?\s+({_MONTH})\s+(\d{{4}})(?!\d)"
    rf"|\b({_MONTH})\s+(\d{{1,2}}),?\s+(\d{{4}})(?!\d)"
    # With dots the day comes first, wherever they are used.
    r"|(?<![\d.])(\d{1,2})\.(\d{1,2})\.(\d{4})(?![\d.]*\d)",
    re.IGNORECASE,
)
_DATED = re.compile(
    r"\b(?:audit(?:ed)?|date|dated|generated|updated|reviewed|scan(?:ned)?|as of|verified|written|datum|stand|geprüft)\b",
    re.IGNORECASE,
)
_DATE_FIRST = re.compile(
    r"\W*(?:(?:audit|report|document|scan|last)\s+)?"
    r"(?:audit(?:ed)?|dated?|generated|updated|reviewed|written|verified|as of|datum|stand|geprüft)\b",
    re.IGNORECASE,
)
_POSITIVE = re.compile(
    r"[✅✔✓☑]|^\s*(?:yes|ok|supported|certified|tested|pass(?:ed)?)\b|:\s*(?:published|admitted)\b", re.IGNORECASE
)
_NEGATIVE = re.compile(r"[❌✗✘⚠]|\b(?:no|not in|forbidden|unsupported|fail(?:s|ed)?|unknown)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Minor:
    """A minor version of Python (`3.11`) that is named, and at which offset."""

    name: str
    start: int
    end: int


def pythons(text: str) -> Iterator[Minor]:
    """The minor versions of Python that `text` names after the word, each of a range; `3.9+` names its first alone."""
    for found in _PYTHONS.finditer(text):
        last = None
        for each in _MINOR.finditer(found[1]):
            number = int(each[2])
            first = last + 1 if each[1] and last is not None and last < number else number
            for minor in range(first, number + 1):
                yield Minor(name=f"3.{minor}", start=found.start(), end=found.end())
            last = number


def dates(text: str) -> Iterator[tuple[date, int]]:
    """The days that `text` names in full, and at which offset."""
    for found in _DATE.finditer(text):
        year, month, day, day_first, month_name, year_last, named, day_after, year_after, *dotted = found.groups()
        name = (month_name or named or "").lower()
        if dotted[0]:
            day, month, year = dotted
        try:
            yield (
                date(
                    int(year or year_last or year_after),
                    int(month) if month else _MONTH_NUMBERS[name],
                    int(day or day_first or day_after),
                ),
                found.start(),
            )
        except ValueError:
            continue


def is_dating(text: str) -> bool:
    """Whether `text` says of a day that something was audited, written or scanned on it."""
    return _DATED.search(text) is not None


def begins_with_dating(text: str) -> bool:
    """Whether `text` begins with saying so, as a title or a label does."""
    return _DATE_FIRST.match(text) is not None


def is_tick(cell: str) -> bool:
    """Whether a table's cell says yes."""
    return _POSITIVE.search(cell) is not None and _NEGATIVE.search(cell.replace("not named", "")) is None


def kind_of_tick(cell: str) -> ClaimKind:
    """How much the tick in a cell claims: that an installer takes it, that its makers name that Python, or that it is supported there."""
    said = cell.lower()
    return ClaimKind.ADMITTED if "admitted" in said else ClaimKind.NAMED if "published" in said else ClaimKind.SUPPORTED
