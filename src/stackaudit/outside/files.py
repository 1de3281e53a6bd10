"""Writes files whole or not at all."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8: to a temporary file in the same folder first, then renamed over it.

    The mode of a file that is replaced is kept. What is no regular file (`/dev/stdout`, a pipe) is written to directly.

    Raises:
        OSError: the folder or the file can't be written; what was there is untouched.
    """
    try:
        target = path.resolve()
    except RuntimeError as error:
        # What Python before 3.13 makes of a link that leads to itself.
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error
    if target.exists() and not target.is_file():
        target.write_text(text, encoding="utf-8")
        return
    handle, temporary = _beside(target)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        temporary.chmod(target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_umask())
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def append(path: Path, text: str) -> None:
    """Add `text` as UTF-8 to the end of `path`, which need not be there yet: for a file that others write to too.

    Raises:
        OSError: the folder or the file can't be written.
    """
    with path.open("a", encoding="utf-8", newline="\n") as stream:
        stream.write(text)


@contextlib.contextmanager
def writing_whole(path: Path) -> Iterator[BinaryIO]:
    """A stream for the bytes of the regular file `path`, which is there only once the block has ended well, and then on the disk itself.

    Raises:
        OSError: the folder or the file can't be written; what was there is untouched.
    """
    handle, temporary = _beside(path)
    try:
        with os.fdopen(handle, "w+b") as stream:
            yield stream
            stream.flush()
            os.fsync(handle)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _beside(path: Path) -> tuple[int, Path]:
    """A new file in the folder of `path`, open, and its path."""
    # Most calls write no file: they need not load what makes one up.
    from tempfile import mkstemp

    handle, name = mkstemp(prefix=f".{path.name}.", dir=path.parent)
    return handle, Path(name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
