"""Writes to the terminal and to pipes: characters that the stream can carry, no secret, and no result that is lost in silence."""

import contextlib
import errno
import os
import sys
from typing import TextIO

from stackaudit.model.errors import UsageError
from stackaudit.model.secret import redact

_ASCII = str.maketrans(
    {
        "\N{HORIZONTAL ELLIPSIS}": "...",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{MIDDLE DOT}": "-",
        "\N{RIGHTWARDS ARROW}": "->",
        "\N{GREATER-THAN OR EQUAL TO}": ">=",
        "\N{LESS-THAN OR EQUAL TO}": "<=",
        "\N{NOT EQUAL TO}": "!=",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{CHECK MARK}": "+",
        "\N{WHITE HEAVY CHECK MARK}": "[ok]",
        "\N{CROSS MARK}": "[FAIL]",
        "\N{WARNING SIGN}": "[warn]",
        "\N{WHITE QUESTION MARK ORNAMENT}": "[unknown]",
        "\N{VARIATION SELECTOR-16}": "",
    }
)


def carried(text: str, encoding: str | None) -> str:
    """`text` with every character that `encoding` can't carry replaced: by its ASCII spelling, else by `?`."""
    name = encoding or "ascii"
    try:
        text.encode(name)
    except UnicodeEncodeError:
        return text.translate(_ASCII).encode(name, errors="replace").decode(name)
    return text


def plain(text: str) -> str:
    """`text`, parts of which a file or an index chose, on one line and with nothing in it that a terminal would obey."""
    return text if text.isprintable() else "".join(each if each.isprintable() else "?" for each in text)


def write(text: str, stream: TextIO | None = None) -> None:
    """Write `text` to `stream` (standard output), redacted.

    Raises:
        UsageError: the stream takes no more: it is closed, the disk is full, or the reader has gone before it read all.
    """
    target = stream or sys.stdout
    try:
        target.write(carried(redact(text), target.encoding))
        target.flush()
    except OSError as error:
        _silence(target)
        raise _lost(error) from None


def mention(text: str) -> None:
    """Write `text`, which tells only what a file holds by now, to standard output; where that can't be, the file is result enough."""
    with contextlib.suppress(UsageError):
        write(text)


def refuse_closed() -> None:
    """Raises UsageError where standard output is closed: before anything is asked whose answer would be lost."""
    try:
        os.write(1, b"")
    except OSError as error:
        raise _lost(error) from None


def _lost(error: OSError) -> UsageError:
    return UsageError(
        f"the result can't be written: {_LOST.get(error.errno or 0, error.strerror)}",
        hint="name a file with -o, or send standard output to /dev/null where the exit status is all that is wanted",
    )


_LOST = {errno.EBADF: "standard output is closed", errno.EPIPE: "nobody reads standard output any more"}


def _silence(stream: TextIO) -> None:
    # What is still buffered would raise again when the interpreter flushes at its exit.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
