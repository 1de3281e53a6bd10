"""Holds a local copy of advisories, a folder or a zip of OSV records, and answers from it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from packaging.utils import NormalizedName

from stackaudit.advisories.answers import Answers
from stackaudit.advisories.bundle import Limits, LocalError, members, shown
from stackaudit.advisories.match import affects
from stackaudit.advisories.records import Pin, Record, RecordError, parse_record
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCopy:
    """The records about PyPI packages, by package.

    `sha256` is the digest of all records that were read, in order of their names; `as_of` the day of the newest change among
    them (`newest_day`).
    """

    by_name: Mapping[NormalizedName, tuple[Record, ...]]
    sha256: str
    as_of: str

    def about(self, pin: Pin) -> tuple[Record, ...]:
        """The records about `pin` that are not withdrawn, by id."""
        return tuple(
            record
            for record in self.by_name.get(pin.name, ())
            if not record.withdrawn and affects(record, pin.name, pin.version)
        )


def ask(path: Path, pins: Sequence[Pin]) -> Answers:
    """What the local copy at `path` says of `pins`.

    Raises:
        LocalError: it can't be read whole, or holds no advisory about any PyPI package.
    """
    copy = load(path)
    return Answers(records={pin: copy.about(pin) for pin in pins}, sha256=copy.sha256, as_of=copy.as_of)


def load(path: Path, limits: Limits | None = None) -> LocalCopy:
    """Every record at `path`, a folder (with subfolders) or a zip; what counts as one is said by `bundle.members`.

    Raises:
        LocalError: one record can't be read, since nobody could tell what it would have said; or there is none about PyPI.
    """
    total = Digest()
    by_name: dict[NormalizedName, list[Record]] = {}
    for name, body in members(path, limits):
        record = read(name, body)
        total.add(name, body)
        for package in sorted({each.name for each in record.affected}):
            by_name.setdefault(package, []).append(record)
    if not by_name:
        raise LocalError("it holds no advisory about any PyPI package")
    return LocalCopy(
        by_name={name: tuple(sorted(found, key=lambda each: each.id)) for name, found in by_name.items()},
        sha256=total.hexdigest(),
        as_of=newest_day(record.modified for found in by_name.values() for record in found),
    )


def newest_day(days: Iterable[str]) -> str:
    """The newest of `days` (ISO, in UTC) that has come: one record dated ahead must not hide how old a copy is.

    Where none has come it is the newest of all, which is told as that; empty where no record says its day.
    """
    today = datetime.now(UTC).date().isoformat()
    known = set(days)
    return max((each for each in known if each <= today), default="") or max(known, default="")


def read(name: str, body: bytes) -> Record:
    """The record in the JSON `body` of the file `name`.

    Raises:
        LocalError: it is none.
    """
    try:
        return parse_record(body)
    except RecordError as error:
        raise LocalError(f"{shown(name)} in it is not an OSV record: {error}") from error


class Digest:
    """The digest of records that are added in order of their files' names: the same for a folder and for a zip of it."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()

    def add(self, name: str, body: bytes) -> None:
        """Add the record `body` of the file `name`."""
        self._sum.update(hashlib.sha256(name.encode(errors="replace") + b"\0" + body).digest())

    def hexdigest(self) -> str:
        """Of all that was added."""
        return self._sum.hexdigest()
