"""How bad advisories are: by the CVSS vectors of their records, else by the word of the database that they come from; pure."""

from collections.abc import Iterable

from packaging.utils import NormalizedName

from stackaudit.advisories.records import Record
from stackaudit.model.findings import Severity
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """`severity` is None where no record says anything that can be read.

    `score` (0.0 to 10.0) is that of the CVSS `vector`; both are None where the severity is a database's word.
    """

    severity: Severity | None = None
    score: float | None = None
    vector: str | None = None


def rate(records: Iterable[Record], name: NormalizedName) -> Rating:
    """The worst that `records`, all of one vulnerability, say of package `name`.

    A vector counts before a word; one that can't be read counts for nothing.
    """
    told = list(records)
    vectors = sorted({vector for record in told for vector in record.vectors_about(name)})
    scored = [(score, vector) for vector in vectors if (score := base_score(vector)) is not None]
    if scored:
        score, vector = max(scored, key=lambda each: each[0])
        return Rating(severity=severity_of(score), score=score, vector=vector)
    words = [each.word for each in told if each.word is not None]
    return Rating(severity=max(words, key=lambda each: each.rank) if words else None)


def base_score(vector: str) -> float | None:
    """The score of a CVSS 3 or 4 `vector`, None where it is none: the base score, in version 4 with the threat metrics in it."""
    from cvss import CVSS3, CVSS4
    from cvss.exceptions import CVSSError

    try:
        return float((CVSS4 if vector.startswith("CVSS:4") else CVSS3)(vector).base_score)
    except CVSSError:
        return None


def severity_of(score: float) -> Severity:
    """The qualitative rating of a score, as CVSS 3.1 (section 5) and 4.0 (section 6) name it; their "none" (0.0) is told as low."""
    return next(severity for least, severity in _LEAST if score >= least)


_LEAST = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM), (0.0, Severity.LOW))
