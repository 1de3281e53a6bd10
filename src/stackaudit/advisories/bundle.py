"""Reads the records of a bundle of advisories, a folder or a zip, without trusting it."""

import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from stackaudit.advisories.yaml_record import YamlError, as_json
from stackaudit.model.values import dataclass

MOST_RECORD = 16 * 1024 * 1024
"""Bytes of one record, unpacked; the longest in use have one."""

MOST_TOTAL = 1024 * 1024 * 1024
"""Bytes of all records together, unpacked."""

MOST_RECORDS = 1_000_000
"""Records in one bundle."""

_PIECE = 1024 * 1024
_CHECKOUT = "vulns"
"""The folder that holds the records in a checkout of PyPA's advisory-database, one YAML file each."""


class LocalError(Exception):
    """A local copy can't be used; the message says why, in our words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a bundle is read: bytes of one record, of all together, and how many."""

    record: int = MOST_RECORD
    total: int = MOST_TOTAL
    count: int = MOST_RECORDS


def members(source: Path | BinaryIO, limits: Limits | None = None) -> Iterator[tuple[str, bytes]]:
    """The name and the JSON of each record in `source`, a folder (with subfolders) or a zip, by name.

    Where there is a folder `vulns`, as in a checkout of PyPA's advisory-database, the records are the JSON and YAML files in it; else they
    are all JSON files, or where there is none all YAML files. Other files are passed over.

    Raises:
        LocalError: it can't be read whole, or is not to be trusted.
    """
    limits = limits or Limits()
    total = 0
    for name, body in _files(source, limits):
        if len(body) > limits.record:
            raise LocalError(f"{shown(name)} in it is larger than a record can be")
        total += len(body)
        if total > limits.total:
            raise LocalError("it is larger than advisories can be")
        yield name, _in_json(name, body)


def shown(name: str) -> str:
    """The name of a file in a bundle as a message may quote it."""
    return "".join(each if each.isprintable() else "?" for each in name)[:120]


def _in_json(name: str, body: bytes) -> bytes:
    if not _is_yaml(name):
        return body
    try:
        return as_json(body)
    except YamlError as error:
        raise LocalError(f"{shown(name)} in it is not an OSV record: {error}") from error


def _files(source: Path | BinaryIO, limits: Limits) -> Iterator[tuple[str, bytes]]:
    try:
        if not isinstance(source, Path) or source.is_file():
            yield from _in_zip(source, limits)
        elif source.is_dir():
            yield from _in_folder(source, limits)
        else:
            raise LocalError("there is no such file or folder")
    except OSError as error:
        raise LocalError("it can't be read") from error


def _chosen(names: Iterable[str], limits: Limits) -> list[str]:
    """Those of `names` (with `/`) that are of records."""
    found = sorted(each for each in names if each.endswith(".json") or _is_yaml(each))
    inside = [each for each in found if _CHECKOUT in PurePosixPath(each).parts[:-1]]
    chosen = inside or [each for each in found if not _is_yaml(each)] or found
    if len(chosen) > limits.count:
        raise LocalError("it holds more files than there are advisories")
    return chosen


def _is_yaml(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def _in_folder(root: Path, limits: Limits) -> Iterator[tuple[str, bytes]]:
    def fail(error: OSError) -> None:
        raise error

    names: list[str] = []
    for folder, inner, files in os.walk(root, onerror=fail, followlinks=False):
        # What a checkout's history holds is not its state.
        inner[:] = [each for each in inner if each != ".git"]
        if links := [each for each in inner if Path(folder, each).is_symlink()]:
            raise LocalError(f"{shown(min(links))} in it is a link to a folder")
        names += [Path(folder, each).relative_to(root).as_posix() for each in files]
    base = root.resolve()
    for name in _chosen(names, limits):
        file = root / name
        if not file.resolve().is_relative_to(base):
            raise LocalError(f"{shown(name)} in it leads out of the folder")
        # Without O_NONBLOCK a named pipe would be waited for.
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise LocalError(f"{shown(name)} in it is no regular file")
            body = stream.read(limits.record + 1)
        yield name, body


def _in_zip(source: Path | BinaryIO, limits: Limits) -> Iterator[tuple[str, bytes]]:
    """Members are read in memory and never unpacked to disk; what the zip's directory claims of sizes is not believed."""
    try:
        with _opened(source) as stream, zipfile.ZipFile(stream) as archive:
            _refuse_lost(stream, archive)
            files = sorted(archive.infolist(), key=lambda each: each.filename)
            for name in (each.filename for each in files):
                if name.startswith(("/", "\\")) or ".." in PurePosixPath(name.replace("\\", "/")).parts:
                    raise LocalError(f"{shown(name)} in it leads out of the zip")
            chosen = set(_chosen((each.filename for each in files), limits))
            for member in files:
                if member.filename not in chosen:
                    # Where its name is not the one that stands before its bytes, it may be a record whose name was damaged.
                    archive.open(member).close()
                    continue
                if stat.S_ISLNK(member.external_attr >> 16):
                    raise LocalError(f"{shown(member.filename)} in it is a link")
                yield member.filename, _unpacked(archive, member, limits)
    except _TORN as error:
        raise LocalError("it is not a zip that can be read whole") from error


def _opened(source: Path | BinaryIO) -> AbstractContextManager[BinaryIO]:
    return source.open("rb") if isinstance(source, Path) else nullcontext(source)


def _refuse_lost(stream: BinaryIO, archive: zipfile.ZipFile) -> None:
    """Raises BadZipFile where the zip's directory has not as many entries as its end says: a damaged length swallows those that follow."""
    stream.seek(-_END - len(archive.comment), os.SEEK_END)
    said = int.from_bytes(stream.read(_END)[10:12], "little")
    if said != min(len(archive.infolist()), _MANY):
        raise zipfile.BadZipFile


_END = 22
"""Bytes of the record that ends a zip, without its comment."""
_MANY = 0xFFFF
"""As many entries as that record can say; it says so of more, too."""
_TORN = (
    IndexError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limits: Limits) -> bytes:
    body = bytearray()
    with archive.open(member) as stream:
        while len(body) <= limits.record and (piece := stream.read(_PIECE)):
            body += piece
    return bytes(body)
