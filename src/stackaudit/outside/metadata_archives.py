"""Reads a release's metadata out of its wheel or source archive in memory, without trusting either."""

import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from typing import IO

from packaging.utils import canonicalize_name

MOST_METADATA = 4 * 1024 * 1024
"""Bytes of one METADATA or PKG-INFO, unpacked; the longest in use, with a whole manual as its description, have a quarter of one."""

MOST_UNPACKED = 256 * 1024 * 1024
"""Bytes of a source archive that are unpacked to find its PKG-INFO, which most builders put last."""

_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
)


class ArchiveError(ValueError):
    """An archive holds no metadata that can be read; the message says why, in our words, after the file's name."""


def metadata_in(filename: str, content: bytes) -> bytes:
    """The METADATA of the wheel `filename`, or the PKG-INFO of the source archive (`.tar.gz`), from its whole `content`.

    Raises:
        ArchiveError: it is broken, holds none or several, or one that is too long to be one.
    """
    try:
        found = _in_wheel(filename, content) if filename.endswith(".whl") else _in_source(content)
    except ArchiveError:
        raise
    except _BROKEN as error:
        raise ArchiveError("is broken") from error
    return checked(found)


def checked(metadata: bytes) -> bytes:
    """`metadata` itself.

    Raises:
        ArchiveError: it is too long to be any.
    """
    if len(metadata) > MOST_METADATA:
        raise ArchiveError("holds metadata that are too long to be any")
    return metadata


def _in_wheel(filename: str, content: bytes) -> bytes:
    project = canonicalize_name(filename.partition("-")[0])
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        members = [each for each in wheel.infolist() if _is_metadata(each.filename, project)]
        if len(members) != 1:
            raise ArchiveError("holds no metadata of its own" if not members else "holds metadata more than once")
        with wheel.open(members[0]) as stream:
            # What the zip's directory claims of sizes is not believed.
            return _at_most(stream, MOST_METADATA + 1)


def _is_metadata(member: str, project: str) -> bool:
    folder, _, name = member.partition("/")
    stem = folder.removesuffix(".dist-info")
    return name == "METADATA" and stem != folder and canonicalize_name(stem.partition("-")[0]) == project


def _in_source(content: bytes) -> bytes:
    with (
        gzip.GzipFile(fileobj=io.BytesIO(content)) as unpacked,
        tarfile.open(fileobj=_Bounded(unpacked), mode="r|") as archive,
    ):
        for member in archive:
            folder, _, name = member.name.removeprefix("./").partition("/")
            if name == "PKG-INFO" and folder and member.isreg():
                stream = archive.extractfile(member)
                return b"" if stream is None else _at_most(stream, MOST_METADATA + 1)
    raise ArchiveError("holds no metadata of its own")


class _Bounded(io.RawIOBase):
    """The first bytes of a stream; an archive that goes on after them is refused."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile) -> None:
        self._stream = stream
        self._left = MOST_UNPACKED

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(min(size, 65536) if size >= 0 else 65536)
        self._left -= len(data)
        if self._left < 0:
            raise ArchiveError("is longer, unpacked, than a source archive can be")
        return data


def _at_most(stream: IO[bytes], size: int) -> bytes:
    body = bytearray()
    while len(body) < size and (piece := stream.read(min(65536, size - len(body)))):
        body += piece
    return bytes(body)
