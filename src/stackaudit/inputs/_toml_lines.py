"""Finds the line of a value in a TOML text, which no TOML library tells."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*(?P<open>\[\[?)(?P<name>[^\]]+)\]\]?\s*(#.*)?$")
_KEY = re.compile(
    r"""^\s*(?P<name>(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=(?P<rest>.*)$"""
)
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|' + r"'[^']*'")


class TomlLines:
    """The lines of the tables and keys of one TOML text, counted from 1.

    A path is made of keys and, inside an array of tables, indices from 0: `("package", 2, "name")`. What stands inside an inline value is
    found at that value's first line.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _lines(self) -> dict[KeyPath, int]:
        # Found when the first line is asked for: of most files none ever is.
        lines: dict[KeyPath, int] = {(): 1}
        arrays: dict[KeyPath, int] = {}
        table: KeyPath = ()
        depth = 0
        block: str | None = None
        for number, line in enumerate(self._text.splitlines(), 1):
            if block is not None:
                block = None if block in line else block
                continue
            if not line:
                continue
            if depth == 0 and (header := _HEADER.match(line)):
                table = self._enter(_parts(header["name"]), arrays, array=header["open"] == "[[")
                lines.setdefault(table, number)
                continue
            rest = line
            if depth == 0 and (key := _KEY.match(line)):
                path = table
                for part in _parts(key["name"]):
                    path = (*path, part)
                    lines.setdefault(path, number)
                rest = key["rest"]
            block = next((quote for quote in ('"""', "'''") if rest.count(quote) % 2), None)
            bare = _QUOTED.sub("", rest).partition("#")[0]
            depth = max(0, depth + bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}"))
        return lines

    @staticmethod
    def _enter(parts: Sequence[str], arrays: dict[KeyPath, int], *, array: bool) -> KeyPath:
        path: KeyPath = ()
        for position, part in enumerate(parts):
            path = (*path, part)
            if array and position == len(parts) - 1:
                arrays[path] = arrays.get(path, -1) + 1
            if path in arrays:
                path = (*path, arrays[path])
        return path

    def line(self, path: Sequence[str | int]) -> int:
        """The line of the value at `path`, else of the nearest thing around it."""
        for length in range(len(path), -1, -1):
            found = self._lines.get(tuple(path[:length]))
            if found is not None:
                return found
        return 1


def _parts(name: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(name)]
