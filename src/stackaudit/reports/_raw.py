"""Markdown that our own code wrote and escaped: it is printed as it is, and all else is escaped."""

import re
import shlex
from collections.abc import Iterable, Sequence

from stackaudit.reports._escape import inline

_NO_ANCHOR = re.compile(r"[^a-z0-9]+")


class Raw(str):
    """Finished Markdown. Whatever is made of it (a part, a sum) is plain text again, and is escaped."""

    __slots__ = ()


def escaped(value: object) -> str:
    """`value` as Markdown: what is finished stays, all else shows exactly its text, and nothing where there is no value."""
    return value if isinstance(value, Raw) else "" if value is None else inline(value)


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> Raw:
    """A table with a line break at its end; nothing where it has no rows. Each row has as many cells as the head."""
    lines = [_line(each) for each in rows]
    if not lines:
        return Raw("")
    return Raw("\n".join([_line(head), f"|{'---|' * len(head)}", *lines]) + "\n")


def _line(cells: Sequence[object]) -> str:
    return f"| {' | '.join(escaped(each) or ' ' for each in cells)} |"


def anchor(name: str) -> str:
    """The words of a heading of `name` that every renderer makes the same anchor of: letters, digits and single blanks."""
    return _NO_ANCHOR.sub(" ", name.lower()).strip() or "unnamed"


def to_evidence(names: Iterable[str]) -> Raw:
    """Links to the rows of the evidence of `names`, each once, in their order; `-` where there are none."""
    found = dict.fromkeys(anchor(each) for each in names)
    return Raw(", ".join(f"[{each}](#evidence-{each.replace(' ', '-')})" for each in found) or "-")


def commands(lines: Iterable[Sequence[str]]) -> Raw:
    """A block of shell commands, a line each: words are quoted, and no character ends the block or moves a terminal."""
    written = [" ".join(shlex.quote(_printable(word)) for word in words) for words in lines]
    return Raw("\n".join(["```bash", *written, "```"]) + "\n") if written else Raw("")


def _printable(word: str) -> str:
    return "".join(each if each.isprintable() else " " for each in word)
