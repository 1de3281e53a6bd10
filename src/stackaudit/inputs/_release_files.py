"""Passes over the files of releases in a lock: nobody asks for one, and to read them takes longer than all the rest of it."""

import re

_STRING = r'"[^"\\\n]*"'
# As uv writes them, and as Poetry does.
_BY_UV = rf"(?: +|sdist = )\{{ (?:url|path) = {_STRING}(?:, (?:hash|upload-time) = {_STRING}|, size = [0-9]+)* \}},?"
_BY_POETRY = rf" +\{{file = {_STRING}, hash = {_STRING}\}},?"
_FILE = re.compile(rf"^(?:{_BY_UV}|{_BY_POETRY})$", re.MULTILINE)


def without_files(lock: str) -> str:
    """The TOML text `lock` with an empty line in place of each file; all of it where a text of many lines could hold such a line."""
    return lock if '"""' in lock or "'''" in lock else _FILE.sub("", lock)
