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


MOST = 40
"""How many rows of a table are shown at once: what comes after is folded, and whoever tells puts the worst first."""


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> Raw:
    """A table with a line break at its end; nothing where it has no rows. Each row has as many cells as the head."""
    lines = [_line(each) for each in rows]
    if not lines:
        return Raw("")
    top = f"{_line(head)}\n|{'---|' * len(head)}\n"
    shown = top + "\n".join(lines[:MOST]) + "\n"
    return Raw(shown + fold(f"{len(lines) - MOST} more", top + "\n".join(lines[MOST:])) if len(lines) > MOST else shown)


def folded(summary: str, head: Sequence[object], rows: Iterable[Sequence[object]]) -> Raw:
    """A whole table behind its `summary`; nothing where it has no rows."""
    lines = [_line(each) for each in rows]
    return fold(summary, "\n".join([_line(head), f"|{'---|' * len(head)}", *lines])) if lines else Raw("")


def bullets(rows: Iterable[str]) -> Raw:
    """A list, folded as a table is; each of `rows` is finished Markdown on one line."""
    lines = [f"- {each}" for each in rows]
    shown = "".join(f"{each}\n" for each in lines[:MOST])
    return Raw(shown + fold(f"{len(lines) - MOST} more", "\n".join(lines[MOST:])) if len(lines) > MOST else shown)


def fold(summary: str, content: str) -> Raw:
    """`content`, finished Markdown, behind its `summary`, with a line break at its end."""
    return Raw(f"\n<details><summary>{escaped(summary)}</summary>\n\n{content.strip()}\n\n</details>\n")


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
