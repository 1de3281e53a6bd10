"""Reads `.env` files as python-dotenv and Docker Compose do: names, values, and the lines that they stand on."""

import re
from collections.abc import Iterator

from stackaudit.model.values import dataclass

_START = re.compile(r"[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*(?:=[ \t]*(?P<rest>.*))?")
_DOUBLE = re.compile(r"\"((?:\\.|[^\"\\])*)\"", re.DOTALL)
_SINGLE = re.compile(r"'((?:\\'|[^'])*)'", re.DOTALL)
_COMMENT = re.compile(r"(?:^|[ \t])#.*")
_MOST_LINES = 200
"""Lines that a quoted value may go over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One variable: its name, its value (a secret; None where only its name stands there), and its line."""

    name: str
    value: str | None
    line: int


def read(text: str) -> Iterator[Line]:
    """The variables of a `.env` file in their order; what is no assignment is passed over, as all its readers do."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        number = at + 1
        found = _START.fullmatch(lines[at])
        at += 1
        if found is None:
            continue
        rest = found["rest"]
        if rest is None or rest[:1] not in {'"', "'"}:
            value = None if rest is None else _COMMENT.sub("", rest).strip()
            yield Line(name=found["name"], value=value, line=number)
            continue
        form = _DOUBLE if rest[0] == '"' else _SINGLE
        # A quoted value goes on until its quote is closed; one that never is ends with its line.
        whole = "\n".join((rest, *lines[at : at + _MOST_LINES]))
        quoted = form.match(whole)
        if quoted is None:
            yield Line(name=found["name"], value=rest[1:], line=number)
            continue
        at += quoted[0].count("\n")
        yield Line(name=found["name"], value=quoted[1], line=number)
