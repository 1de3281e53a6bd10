"""Tells at a glance whether a shipped matrix can fit a stack, by its text: to parse all that ship takes longer than most audits."""

import re
from collections.abc import Collection, Mapping, Sequence

_ENTRY = re.compile(r"^\[package\.(?P<name>[a-z0-9-]+)\]\n(?P<body>(?:[^\[\n].*\n|\n)*)", re.MULTILINE)
_BROKERS = re.compile(r"^brokers = \[(?P<schemes>.*)\]$", re.MULTILINE)
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


def most_specific(texts: Sequence[str], names: Collection[str], broker: str | None) -> tuple[str, ...]:
    """Those of `texts` that `fitting` can take for a stack of `names` and a broker of that scheme.

    Where extras are asked for, all that can fit: what those pull in is not seen at a glance.
    """
    able = [each for each in texts if can_fit(each, names) and _is_for(each, broker)]
    if any("[" in each for each in names):
        return tuple(able)
    ranks = {each: _rank(entries(each), names) for each in able}
    return tuple(each for each in able if ranks[each] == max(ranks.values()))


def _is_for(text: str, broker: str | None) -> bool:
    found = _BROKERS.search(text)
    return broker is None or found is None or f'"{broker}"' in found["schemes"]


def _rank(found: Mapping[str, bool], names: Collection[str]) -> tuple[int, int]:
    return sum(found.values()), sum(1 for each in found if each in names)
