"""Finds the lines of a document that name a version which was not read: what nobody understood must not look as if it held."""

import re
from collections.abc import Iterable, Iterator

from stackaudit.inputs import _document_words as words
from stackaudit.inputs._document_blocks import visible, without_comments
from stackaudit.inputs._document_pins import NO_PACKAGES
from stackaudit.model.claims import Claim, ClaimKind

# Digits of other scripts too: they are no version for an index, and look like one.
_MENTION = re.compile(
    r"(?<![\w./-])([A-Za-z][\w.-]{0,80})(?:\[[\w, -]{0,80}\])?[`*_~,:]{0,4}\s{1,8}[`*_~(]{0,4}"
    r"v?(\d{1,9}(?:\.\d{1,9}){2})(?![\w.]*\.\d)"
)
_CELL = re.compile(r"(\d{1,9}(?:\.\d{1,9}){1,9}[A-Za-z0-9+]{0,30})(\s*(?:[→/,(\u2013-]|->).*)?")
_MARKUP = "`*~=^<>v \t"


def unread_lines(text: str, claims: Iterable[Claim]) -> tuple[int, ...]:
    """The numbers of the lines of Markdown `text` that give something a version of which no claim of that line speaks."""
    said: dict[int, str] = {}
    for each in claims:
        if each.kind is not ClaimKind.PROSE and each.where.line is not None:
            said[each.where.line] = f"{said.get(each.where.line, '')} {each.text} {each.version}"
    lines = without_comments(visible(text)).split("\n")
    return tuple(
        number
        for number, line in enumerate(lines, 1)
        if any(version not in said.get(number, "") for version in _mentioned(line.rstrip("\r")))
    )


def _mentioned(line: str) -> Iterator[str]:
    """Each version that `line` gives to what may be a package: in words, as a pin, or alone in a table's cell."""
    for found in (*_MENTION.finditer(line), *words.PIN.finditer(line)):
        if found[1].lower() not in NO_PACKAGES:
            yield found[2].rstrip(".-")
    if line.lstrip(" >").startswith("|"):
        # The first cell of a row may be a Python, or the row's number.
        for cell in line.lstrip(" >").split("|")[2:]:
            alone = _CELL.fullmatch(cell.strip(_MARKUP))
            if alone is not None:
                yield cell.strip(_MARKUP) if alone[2] else alone[1]
