"""Reads a local copy of advisories, a folder or a zip of OSV JSON, without trusting it."""

import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from packaging.utils import NormalizedName

from stackaudit.advisories.answers import Answers
from stackaudit.advisories.match import affects
from stackaudit.advisories.records import Pin, Record, RecordError, parse_record

MOST_RECORD = 100 * 1024 * 1024
"""Bytes of one record, unpacked."""

MOST_TOTAL = 1024 * 1024 * 1024
"""Bytes of all records together, unpacked."""

_PIECE = 1024 * 1024


class LocalError(Exception):
    """A local copy can't be used; the message says why, in our words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a copy is read, in bytes."""

    record: int = MOST_RECORD
    total: int = MOST_TOTAL


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCopy:
    """The records about PyPI packages, by package.

    `sha256` is the digest of all records that were read, in order of their names; `as_of` the day of the newest change among them.
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
    """Every record at `path`, a folder (with subfolders) or a zip; files that are not named `.json` are passed over.

    Raises:
        LocalError: one record can't be read, since nobody could tell what it would have said; or there is none about PyPI.
    """
    limits = limits or Limits()
    digest = hashlib.sha256()
    by_name: dict[NormalizedName, list[Record]] = {}
    total = 0
    for name, body in _members(path, limits):
        total += len(body)
        if total > limits.total:
            raise LocalError("it is larger than advisories can be")
        digest.update(hashlib.sha256(name.encode(errors="replace") + b"\0" + body).digest())
        try:
            record = parse_record(body)
        except RecordError as error:
            raise LocalError(f"{_shown(name)} in it is not an OSV record: {error}") from error
        for package in sorted({each.name for each in record.affected}):
            by_name.setdefault(package, []).append(record)
    if not by_name:
        raise LocalError("it holds no advisory about any PyPI package")
    return LocalCopy(
        by_name={name: tuple(sorted(found, key=lambda each: each.id)) for name, found in by_name.items()},
        sha256=digest.hexdigest(),
        as_of=max(record.modified for found in by_name.values() for record in found),
    )


def _members(path: Path, limits: Limits) -> Iterator[tuple[str, bytes]]:
    try:
        if path.is_dir():
            yield from _in_folder(path, limits)
        elif path.is_file():
            yield from _in_zip(path, limits)
        else:
            raise LocalError("there is no such file or folder")
    except OSError as error:
        raise LocalError("it can't be read") from error


def _in_folder(root: Path, limits: Limits) -> Iterator[tuple[str, bytes]]:
    def fail(error: OSError) -> None:
        raise error

    found = [
        Path(folder) / name
        for folder, _, names in os.walk(root, onerror=fail, followlinks=False)
        for name in names
        if name.endswith(".json")
    ]
    base = root.resolve()
    for file in sorted(found):
        shown = file.relative_to(root).as_posix()
        if not file.resolve().is_relative_to(base):
            raise LocalError(f"{_shown(shown)} in it leads out of the folder")
        # Without O_NONBLOCK a named pipe would be waited for.
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise LocalError(f"{_shown(shown)} in it is no regular file")
            body = stream.read(limits.record + 1)
        yield shown, _bounded(shown, body, limits)


def _in_zip(path: Path, limits: Limits) -> Iterator[tuple[str, bytes]]:
    """Members are read in memory and never unpacked to disk; what the zip's directory claims of sizes is not believed."""
    try:
        with zipfile.ZipFile(path) as archive:
            for member in sorted(archive.infolist(), key=lambda each: each.filename):
                name = member.filename
                if name.startswith(("/", "\\")) or ".." in PurePosixPath(name.replace("\\", "/")).parts:
                    raise LocalError(f"{_shown(name)} in it leads out of the zip")
                if member.is_dir() or not name.endswith(".json"):
                    continue
                with archive.open(member) as stream:
                    body = bytearray()
                    while len(body) <= limits.record and (piece := stream.read(_PIECE)):
                        body += piece
                yield name, _bounded(name, bytes(body), limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise LocalError("it is not a zip that can be read whole") from error


def _bounded(name: str, body: bytes, limits: Limits) -> bytes:
    if len(body) > limits.record:
        raise LocalError(f"{_shown(name)} in it is larger than a record can be")
    return body


def _shown(name: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in name)[:120]
