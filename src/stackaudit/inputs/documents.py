"""Reads a Markdown document about dependencies into the claims that can be held against the world, each with its line."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice
from pathlib import Path

from stackaudit.inputs import _document_words as words
from stackaudit.inputs._document_blocks import Block, BlockKind, blocks
from stackaudit.inputs._document_claims import said
from stackaudit.inputs._document_pins import Pinned, about, normalized, pins
from stackaudit.inputs._document_rows import Said, pythons_of
from stackaudit.inputs._document_unread import unread_lines
from stackaudit.inputs._text import read_text, shown_path
from stackaudit.model.claims import DECLARED, Claim, ClaimKind
from stackaudit.model.errors import Fault, InputError
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass

LIMIT = 512 * 1024
"""The most characters of a document: a book has as many, and the longest that are made of nothing but markup take seconds."""

MOST_LINES = 20_000
"""The most lines of a document."""

MOST_CLAIMS = 5000
"""The most claims that are taken from one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dated:
    """The day of the document, and the day of each of its blocks, by the section that it stands in."""

    day: date | None
    line: int
    by_block: tuple[date | None, ...]


def read(path: Path, root: Path) -> tuple[Claim, ...]:
    """The claims of the document at `path`; places are relative to `root`, the working directory.

    Raises:
        InputError: it can't be read, is too long, or claims nothing about any package.
    """
    where = Place(path=shown_path(path, root))
    text = read_text(path, root)
    if isinstance(text, Fault):
        raise InputError([text])
    if len(text) > LIMIT or text.count("\n") > MOST_LINES:
        message = f"is longer than {LIMIT // 1024} KB or {MOST_LINES:,} lines, which no document is that people read"
        raise InputError([Fault(where=where, message=message)])
    found = claims(text, where.path)
    if len(found) > MOST_CLAIMS:
        message = f"makes more than {MOST_CLAIMS} claims"
        raise InputError([Fault(where=where, message=message, hint="verify its parts one by one")])
    if not any(each.kind is ClaimKind.PIN for each in found):
        message = "names no package at a version: there is nothing to hold against the index"
        hint = "it should have a table with a package and a version column, or pins such as name==1.2"
        raise InputError([Fault(where=where, message=message, hint=hint)])
    return found


def claims(text: str, path: str) -> tuple[Claim, ...]:
    """The claims of Markdown `text`, in the order of their lines, each once; one more than `MOST_CLAIMS` at most."""
    parts = blocks(text)
    pinned = pins(parts)
    known: dict[str, str] = {}
    for _, each in pinned:
        known.setdefault(each.name, each.version)
    dated = _dated(parts)
    days = dict(zip(map(id, parts), dated.by_block, strict=True))
    asked = [(block, each) for block, each in pinned if _is_declaration(block)]
    stated = [(block, each) for block, each in pinned if not _is_declaration(block)]
    found = [_pin(each, days[id(block)], path) for block, each in stated]
    there = {(each.text, each.on) for each in found}
    wanted = [replace(_pin(each, days[id(block)], path), about=DECLARED) for block, each in asked]
    found += [each for each in wanted if (each.text, each.on) not in there]
    for block in parts:
        ends = block.ends()
        found += (
            _claim(each, block.line + bisect_left(ends, each.start), days[id(block)], path)
            for each in said(block, known)
        )
    found += _lists(parts, days, known, path)
    found += _matrices(parts, days, path)
    unread = unread_lines(text, found)
    if unread:
        lines = ",".join(map(str, unread))
        where = Place(path=path, line=unread[0])
        found.append(
            Claim(kind=ClaimKind.UNREAD, text="versions that were not read", where=where, about=lines, on=dated.day)
        )
    if dated.day is not None:
        where = Place(path=path, line=dated.line)
        text_of_day = f"dated {dated.day.isoformat()}"
        found.append(
            Claim(kind=ClaimKind.DATE, text=text_of_day, where=where, about=dated.day.isoformat(), on=dated.day)
        )
    return tuple(islice(_once(found), MOST_CLAIMS + 1))


def _is_declaration(block: Block) -> bool:
    """Whether a block tells what a file asks for, which need not be what is there."""
    return block.kind is BlockKind.ROW and block.text.lower().startswith("declared")


def _once(found: Iterable[Claim]) -> Iterator[Claim]:
    """Each claim once, in the order of the lines; one that is made again on another day says so."""
    seen: set[tuple[ClaimKind, str, date | None]] = set()
    told: set[tuple[ClaimKind, str]] = set()
    for each in sorted(found, key=lambda claim: claim.where.line or 0):
        key = (each.kind, each.text, each.on)
        if key not in seen:
            seen.add(key)
            again = (each.kind, each.text) in told
            told.add((each.kind, each.text))
            yield replace(each, text=f"{each.text} on {each.on or 'another day'}") if again else each


def _pin(pin: Pinned, day: date | None, path: str) -> Claim:
    return Claim(
        kind=ClaimKind.PIN,
        text=f"{pin.name} {pin.version}",
        where=Place(path=path, line=pin.line),
        name=pin.name,
        version=pin.version,
        on=day,
    )


def _claim(one: Said, line: int, day: date | None, path: str) -> Claim:
    return Claim(
        kind=one.kind,
        text=one.text,
        where=Place(path=path, line=line),
        name=one.name,
        version=one.version,
        other=one.other,
        about=one.about,
        on=day,
    )


def _dated(parts: Sequence[Block]) -> _Dated:
    """A section whose heading holds a day is of that day; what else says when it was audited or written dates the whole.

    A title or a label that says so comes before a sentence that does.
    """
    by_section: dict[tuple[str, ...], date | None] = {}
    found: list[tuple[bool, int, date]] = []
    for block in parts:
        if block.headings not in by_section:
            in_headings = (next(words.dates(each), None) for each in reversed(block.headings))
            by_section[block.headings] = next((each[0] for each in in_headings if each is not None), None)
        day = None if block.kind is BlockKind.CODE else next(words.dates(block.text), None)
        title = block.headings[-1] if block.headings else ""
        labelled = words.begins_with_dating(block.text) or words.begins_with_dating(title)
        # A table's row says it in its first cell, or is about something else.
        if day is not None and (labelled or (block.kind is not BlockKind.ROW and words.is_dating(block.text))):
            found.append((not labelled, block.line_at(day[1]), day[0]))
    _, line, whole = min(found, default=(False, 0, None))
    return _Dated(day=whole, line=line, by_block=tuple(by_section[each.headings] or whole for each in parts))


def _matrices(parts: Sequence[Block], days: dict[int, date | None], path: str) -> Iterator[Claim]:
    """That a table with a row or a column a Python, for two or more, has them all."""
    tables: dict[int, list[Block]] = {}
    for block in parts:
        if block.kind is BlockKind.ROW:
            tables.setdefault(block.table, []).append(block)
    for rows in tables.values():
        named = pythons_of(rows)
        if len(named) > 1:
            yield Claim(
                kind=ClaimKind.COVERED,
                text=f"the matrix is of Python {', '.join(named)}",
                where=Place(path=path, line=rows[0].line),
                about=",".join(named),
                on=days[id(rows[0])],
            )


def _lists(parts: Sequence[Block], days: dict[int, date | None], known: dict[str, str], path: str) -> Iterator[Claim]:
    """The packages of each list or table that a sentence calls clean; and that it is whole, where the sentence speaks of all."""
    for index, block in enumerate(parts):
        found = words.CLEAN.search(block.text)
        if block.kind not in {BlockKind.TEXT, BlockKind.HEADING} or found is None or about(block, known) is not None:
            continue
        listed = list(_listed(parts, index, known))
        for each in listed:
            text = f"{each.name} {each.version} has no known vulnerability"
            claim = _pin(each, days[id(block)], path)
            yield replace(claim, kind=ClaimKind.CLEAN, text=text)
        if listed and words.WHOLE.search(block.text):
            yield Claim(
                kind=ClaimKind.COMPLETE,
                text="the list of clean packages is whole",
                where=Place(path=path, line=block.line_at(found.start())),
                about=",".join(sorted({each.name for each in listed})),
                on=days[id(block)],
            )


def _listed(parts: Sequence[Block], index: int, known: dict[str, str]) -> Iterator[Pinned]:
    """The packages of the list or table right after the block at `index`."""
    for block in islice(parts, index + 1, None):
        if block.kind not in {BlockKind.ITEM, BlockKind.ROW} or block.headings != parts[index].headings:
            return
        pin = words.PIN.search(block.text)
        name = normalized(
            pin[1] if pin is not None else block.text.split("|")[0].split()[0] if block.text.split() else ""
        )
        if name is not None and name in known:
            yield Pinned(name=name, version=pin[2] if pin is not None else known[name], line=block.line)
