"""Tells at a glance whether a shipped matrix can fit a stack, by its text: to parse all that ship takes longer than most audits."""

import re
from collections.abc import Collection

_ENTRY = re.compile(r"^\[package\.(?P<name>[a-z0-9-]+)\]\n(?P<body>(?:[^\[\n].*\n|\n)*)", re.MULTILINE)
_REQUIRED = re.compile(r"^required = true$", re.MULTILINE)


def entries(text: str) -> dict[str, bool]:
    """The packages in the `text` of a matrix as those that ship are written, and whether each is required."""
    return {each["name"]: _REQUIRED.search(each["body"]) is not None for each in _ENTRY.finditer(text)}


def can_fit(text: str, names: Collection[str]) -> bool:
    """Whether the matrix in `text` can be one that fits `names`, as `fitting` takes them; where extras could pull something in, it can."""
    found = entries(text)
    if all(each in names for each, required in found.items() if required):
        return True
    return any(each.partition("[")[0] in found for each in names if "[" in each)
