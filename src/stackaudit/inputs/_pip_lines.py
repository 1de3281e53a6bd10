"""The logical lines of a requirements file, by pip's own rules: encoding, continuations, comments, variables."""

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from stackaudit.inputs._text import decoded
from stackaudit.model.errors import Fault
from stackaudit.model.places import Place

# The longer mark first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")
_COMMENT = re.compile(r"(^|\s+)#.*$")
_VARIABLE = re.compile(r"\$\{(?P<name>[A-Z0-9_]+)\}")


class Line(NamedTuple):
    """One logical line: the number of its first physical line, its text, and the text before variables were filled in.

    Only `written` may be quoted: what a variable held may be a secret.
    """

    number: int
    text: str
    written: str


def decode(data: bytes, where: Place) -> str | Fault:
    """The text of a requirements file: by its byte order mark, by a coding comment in its first two lines, else UTF-8."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return decoded(data.removeprefix(mark), where, encoding)
    for line in data.split(b"\n")[:2]:
        if line.startswith(b"#") and (found := _CODING.search(line)):
            return decoded(data, where, found[1].decode("ascii", "replace"))
    return decoded(data, where, "utf-8")


def logical_lines(content: str, environ: Mapping[str, str]) -> Iterator[Line]:
    """The lines that ask for something: joined where they end in a backslash, without comments, `${VAR}` filled in from `environ`.

    A variable that is not set, or empty, stays as it is written: pip does the same.
    """
    if not any(each in content for each in ("#", "\\", "${")):
        # Most long files are thousands of pins: nothing in them is joined, left out or filled in.
        yield from [
            Line(number, line, line) for number, each in enumerate(content.splitlines(), 1) if (line := each.strip())
        ]
        return
    # Of a lock's thousands of lines few have a comment or a variable: the others are not searched for one.
    for number, joined in _joined(content):
        written = (_COMMENT.sub("", joined) if "#" in joined else joined).strip()
        if written:
            text = written
            if "${" in written:
                text = _VARIABLE.sub(lambda found: environ.get(found["name"]) or found[0], written)
            yield Line(number=number, text=text, written=written)


def _joined(content: str) -> Iterator[tuple[int, str]]:
    parts: list[str] = []
    first = 0
    for number, line in enumerate(content.splitlines(), 1):
        comment = "#" in line and _COMMENT.match(line) is not None
        if line.endswith("\\") and not comment:
            first = first if parts else number
            parts.append(line.strip("\\"))
            continue
        # The space lets a comment that follows a continuation be seen as one.
        tail = f" {line}" if comment else line
        yield (first, "".join([*parts, tail])) if parts else (number, tail)
        parts = []
    if parts:
        yield first, "".join(parts)
