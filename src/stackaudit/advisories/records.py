"""Advisories in the OSV form, parsed as far as they are needed here."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from packaging.utils import NormalizedName, canonicalize_name

from stackaudit.model.findings import Severity
from stackaudit.model.values import dataclass
from stackaudit.model.versions import parse_version
from stackaudit.model.wire import Json

ECOSYSTEM = "PyPI"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_WORDS = {
    "LOW": Severity.LOW,
    "MODERATE": Severity.MEDIUM,
    "MEDIUM": Severity.MEDIUM,
    "HIGH": Severity.HIGH,
    "CRITICAL": Severity.CRITICAL,
}


_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_OF_VERSIONS = ("ECOSYSTEM", "SEMVER")
_VECTOR = re.compile(r"CVSS:[34]\.\d/[A-Za-z:/]{1,300}\Z")


class RecordError(ValueError):
    """A JSON text is not an OSV record; the message says what of it, in our words."""


class Pin(NamedTuple):
    """A package at a PEP 440 version, both normalized: what can be asked of an advisory service.

    A tuple, since an audit makes and looks up thousands: as a dataclass they took a tenth of its time.
    """

    name: NormalizedName
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of a range: `kind` is `introduced`, `fixed`, `last_affected` or `limit`."""

    kind: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """What a record says of one package: ranges of versions, single versions as written, and CVSS vectors of its own."""

    name: NormalizedName
    ranges: tuple[tuple[Event, ...], ...]
    versions: frozenset[str]
    vectors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One advisory. `text` is the JSON as it came; `affected` holds the PyPI packages alone; `aliases` are in the record's own order.

    `odd` says why pip-audit would stumble over the record, None where it would not. `severity` is the word of the database, None
    where there is none. `modified` is the day of its last change (ISO), empty where it does not say.
    """

    id: str
    aliases: tuple[str, ...]
    withdrawn: bool
    summary: str
    details: str
    word: Severity | None
    affected: tuple[Affected, ...]
    odd: str | None
    text: str
    modified: str = ""
    vectors: tuple[str, ...] = ()

    def vectors_about(self, name: NormalizedName) -> tuple[str, ...]:
        """The CVSS 3 and 4 vectors that hold for package `name`, as written."""
        own = tuple(vector for each in self.affected if each.name == name for vector in each.vectors)
        return own or self.vectors

    @property
    def ids(self) -> frozenset[str]:
        """Its own id and all aliases."""
        return frozenset((self.id, *self.aliases))


def is_id(text: object) -> bool:
    """Whether `text` can be the id of an advisory, and safely part of an address."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def parse_json(body: bytes) -> Json:
    """The JSON value in `body`.

    Raises:
        ValueError: it is none, or is nested deeper than any record.
    """
    try:
        value: Json = json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


def parse_record(body: bytes) -> Record:
    """The record in the JSON text `body`.

    Raises:
        RecordError: it is not an OSV record.
    """
    try:
        value = parse_json(body)
    except ValueError as error:
        raise RecordError("it is not JSON") from error
    if not isinstance(value, dict):
        raise RecordError("it is no JSON object")
    if not is_id(value.get("id")):
        raise RecordError("it has no id")
    aliases = _list(value, "aliases")
    special = value.get("database_specific")
    word = special.get("severity") if isinstance(special, dict) else None
    return Record(
        id=str(value["id"]),
        aliases=tuple(dict.fromkeys(each for each in aliases if isinstance(each, str) and each != value["id"])),
        withdrawn=value.get("withdrawn") is not None,
        summary=_text(value, "summary"),
        details=_text(value, "details"),
        word=_WORDS.get(word.upper()) if isinstance(word, str) else None,
        affected=tuple(_affected(value)),
        odd=_oddity(value),
        text=body.decode(errors="replace"),
        modified=_day(_text(value, "modified")),
        vectors=_vectors(value),
    )


def _day(time: str) -> str:
    """The day that `time` begins with (ISO), empty where that is none: `2026-99-99` has the form of one."""
    found = _DAY.match(time)
    try:
        return date.fromisoformat(found[0]).isoformat() if found else ""
    except ValueError:
        return ""


def _text(value: dict[str, Json], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""


def _list(value: dict[str, Json], key: str) -> list[Json]:
    found = value.get(key)
    if found is None:
        return []
    if not isinstance(found, list):
        raise RecordError(f"its {key} are no list")
    return found


def _objects(value: dict[str, Json], key: str) -> Iterator[dict[str, Json]]:
    for each in _list(value, key):
        if not isinstance(each, dict):
            raise RecordError(f"its {key} are not all objects")
        yield each


def _affected(value: dict[str, Json]) -> Iterator[Affected]:
    for each in _objects(value, "affected"):
        package = each.get("package")
        if not isinstance(package, dict) or package.get("ecosystem") != ECOSYSTEM:
            continue
        name = package.get("name")
        if not isinstance(name, str):
            raise RecordError("one of its packages has no name")
        yield Affected(
            name=canonicalize_name(name),
            # The schema orders the versions of both kinds by the ecosystem; the third kind holds commits.
            ranges=tuple(tuple(_events(span)) for span in _objects(each, "ranges") if span.get("type") in _OF_VERSIONS),
            versions=frozenset(_versions(each)),
            vectors=_vectors(each),
        )


def _versions(value: dict[str, Json]) -> Iterator[str]:
    """The versions that are listed. What is passed over would be called clean: a number is no version, and which one it was is lost."""
    for each in _list(value, "versions"):
        if not isinstance(each, str):
            raise RecordError("one of its versions is no text")
        yield each


def _vectors(value: dict[str, Json]) -> tuple[str, ...]:
    scores = [each.get("score") for each in _objects(value, "severity")]
    return tuple(each for each in scores if isinstance(each, str) and _VECTOR.match(each))


def _events(span: dict[str, Json]) -> Iterator[Event]:
    for event in _objects(span, "events"):
        for kind in ("introduced", "fixed", "last_affected", "limit"):
            version = event.get(kind)
            if version is None:
                continue
            if not isinstance(version, str):
                raise RecordError("a version in one of its ranges is no text")
            yield Event(kind=kind, version=version)


def _oddity(value: dict[str, Json]) -> str | None:
    """Why pip-audit 2.10 ends with an error on this record, and then answers about no package at all."""
    if not _is_a_version(value.get("schema_version", "1.0.0")):
        return "the version of its schema can't be read"
    if not _is_a_time(value.get("published")):
        return "its date of publication can't be read"
    for each in _objects(value, "affected"):
        package = each.get("package")
        if not isinstance(package, dict) or not {"name", "ecosystem"} <= package.keys():
            return "it names an affected thing that is no package"
        for span in _objects(each, "ranges"):
            if span.get("type") == "ECOSYSTEM" and package.get("ecosystem") == ECOSYSTEM:
                fixes = [event["fixed"] for event in _objects(span, "events") if "fixed" in event]
                if not all(_is_a_version(fix) for fix in fixes):
                    return "the version that fixes it can't be read"
    return None


def _is_a_version(text: Json) -> bool:
    return isinstance(text, str) and parse_version(text) is not None


def _is_a_time(text: Json) -> bool:
    if text is None:
        return True
    if not isinstance(text, str):
        return False
    for form in ("%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            datetime.strptime(text, form)  # noqa: DTZ007 - only whether it parses; the Z says UTC
        except ValueError:
            continue
        return True
    return False
