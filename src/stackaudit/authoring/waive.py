"""Adds one waiver to a settings file, and leaves every other byte of it as it was."""

import copy
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

import tomli_w

from stackaudit.inputs.waivers import KEY

_HEADER = re.compile(r"^\s*\[\[?(?P<name>[^\]]+)\]\]?\s*(?:#.*)?$")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_BOM = "\ufeff"


def appended(text: str, prefix: Sequence[str], fields: Mapping[str, str | date]) -> str | None:
    """`text`, a TOML file with the settings at `prefix`, and one more waiver of `fields` behind those settings.

    The new text holds what the old one held and that waiver, and nothing else is moved. None where the file's form takes no table more (an
    inline one), or where it is no TOML.
    """
    bom, body = (_BOM, text[1:]) if text.startswith(_BOM) else ("", text)
    newline = "\r\n" if "\r\n" in body else "\n"
    header = f"[[{'.'.join([*prefix, KEY])}]]\n"
    block = (header + tomli_w.dumps(dict(fields))).replace("\n", newline)
    try:
        wanted = _with_one_more(tomllib.loads(body), prefix, fields)
        lines = body.splitlines(keepends=True)
        for position in _positions(lines, prefix):
            new = _inserted(lines, position, block, newline)
            if _holds(new, wanted):
                return bom + new
    except (ValueError, TypeError, RecursionError):
        return None
    return None


def _with_one_more(
    table: dict[str, object], prefix: Sequence[str], fields: Mapping[str, str | date]
) -> dict[str, object]:
    """`table` with the waiver in it.

    Raises:
        TypeError: what stands there is no table, or no list.
    """
    whole = copy.deepcopy(table)
    settings = whole
    for part in prefix:
        inner = settings.setdefault(part, {})
        if not isinstance(inner, dict):
            raise TypeError(part)
        settings = inner
    waivers = settings.setdefault(KEY, [])
    if not isinstance(waivers, list):
        raise TypeError(KEY)
    waivers.append(dict(fields))
    return whole


def _holds(text: str, wanted: dict[str, object]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except ValueError:
        return False


def _positions(lines: Sequence[str], prefix: Sequence[str]) -> Iterator[int]:
    """The lines to insert at, best first: behind our last table, else at the end.

    What looks like a header may stand inside a string: the caller sees whether the result holds what it should.
    """
    if prefix:
        headers = [(number, _parts(line)) for number, line in enumerate(lines) if _HEADER.match(line)]
        ours = [number for number, parts in headers if parts[: len(prefix)] == tuple(prefix)]
        following = [number for number, _ in headers if ours and number > ours[-1]]
        if following:
            yield _above(lines, following[0])
    yield _before_blanks(lines, len(lines))


def _parts(line: str) -> tuple[str, ...]:
    header = _HEADER.match(line)
    return tuple(part.strip("\"'") for part in _PART.findall(header["name"])) if header else ()


def _above(lines: Sequence[str], header: int) -> int:
    """Above the comment that belongs to the table at line `header`, and above the blank lines before that."""
    while header > 0 and lines[header - 1].lstrip().startswith("#"):
        header -= 1
    return _before_blanks(lines, header)


def _before_blanks(lines: Sequence[str], position: int) -> int:
    while position > 0 and not lines[position - 1].strip():
        position -= 1
    return position


def _inserted(lines: Sequence[str], position: int, block: str, newline: str) -> str:
    head, tail = "".join(lines[:position]), "".join(lines[position:])
    if head:
        head = head if head.endswith("\n") else head + newline
        head += newline
    separate = newline if tail.strip() and tail.splitlines()[0].strip() else ""
    return head + block + separate + tail
