"""Writes to the terminal and to pipes: characters that the stream can carry, no secret, no traceback when nobody reads."""

import contextlib
import errno
import os
import stat
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

    A reader that has gone (`| head`, a terminal that was closed) is no error: what it did not read is dropped.

    Raises:
        UsageError: the stream takes no more (a full disk).
    """
    target = stream or sys.stdout
    try:
        target.write(carried(redact(text), target.encoding))
        target.flush()
    except BrokenPipeError:
        _silence(target)
    except OSError as error:
        gone = error.errno == errno.EIO and stat.S_ISCHR(os.fstat(target.fileno()).st_mode)
        _silence(target)
        if gone:
            return
        raise UsageError(f"the result can't be written: {error.strerror}") from None


def _silence(stream: TextIO) -> None:
    # What is still buffered would raise again when the interpreter flushes at its exit.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
