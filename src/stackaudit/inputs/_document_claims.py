"""Reads what the blocks of a document claim of its packages, beyond naming them."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import accumulate
from re import Match

from stackaudit.inputs import _document_words as words
from stackaudit.inputs._document_blocks import Block, BlockKind
from stackaudit.inputs._document_pins import about, normalized, title
from stackaudit.inputs._document_rows import Said, row_claims
from stackaudit.inputs._document_secrets import without_secrets
from stackaudit.model.claims import CHECKING, ClaimKind

SHELLS = frozenset({"", "bash", "console", "dotenv", "env", "ini", "properties", "sh", "shell", "zsh"})
_SENTENCE = 100
_BEFORE = 120


def said(block: Block, known: Mapping[str, str]) -> Iterator[Said]:
    """What a block claims. `known` are the packages that the document pins, with the version of each."""
    if block.kind is BlockKind.CODE:
        yield from _code(block)
        return
    found = [*_anybody(block), *(row_claims(block, known) if block.kind is BlockKind.ROW else ())]
    if block.kind is not BlockKind.HEADING:
        subject = about(block, known)
        found += _whole(block, known) if subject is None else _of_package(block, subject, known)
        found += _admitting(block, subject, known)
    yield from found
    if block.kind in {BlockKind.TEXT, BlockKind.ITEM}:
        yield from _praise(block, found)


def _anybody(block: Block) -> Iterator[Said]:
    """Claims that need no package: Pythons, tools, counts, commands that are called checks."""
    for each in words.PATCH.finditer(block.text):
        yield Said(kind=ClaimKind.PYTHON, text=f"Python {each[1]}", start=each.start(), end=each.end(), about=each[1])
    for each in words.TOOL.finditer(block.text):
        name, start, end = each[1].lower(), each.start(), each.end()
        yield Said(kind=ClaimKind.TOOL, text=f"{name} {each[2]}", start=start, end=end, name=name, version=each[2])
    for each in words.OPEN.finditer(block.text):
        text = f"{each[1]} vulnerabilities were found"
        yield Said(kind=ClaimKind.OPEN, text=text, start=each.start(), end=each.end(), about=each[1])
    for each in words.VETTED.finditer(block.text):
        text = f"the whole is called {each[0].lower()}"
        yield Said(kind=ClaimKind.VETTED, text=text, start=each.start(), end=each.end())
    for each in words.CHECKING.finditer(block.text):
        command = " ".join(each[0].split())
        start, end = each.start(), each.end()
        yield Said(kind=ClaimKind.COMMAND, text=command, start=start, end=end, name=command, about=CHECKING)


def _of_package(block: Block, subject: tuple[str, str], known: Mapping[str, str]) -> Iterator[Said]:
    name, version = subject
    text, of = block.text, f"{name} {version}"
    for each in words.LATEST.finditer(text):
        series = f" of {each[1]}" if each[1] else ""
        claim = f"{of} is the latest{series}"
        yield _at(each, Said(kind=ClaimKind.LATEST, text=claim, name=name, version=version, about=each[1] or ""))
    for kind, pattern in ((ClaimKind.REQUIRED, words.REQUIRED), (ClaimKind.DEPENDENCY, words.DEPENDENCY)):
        for each in pattern.finditer(text):
            other = normalized(next(filter(None, each.groups())))
            if other is None or other not in known or other == name:
                continue
            holder = f"{other} {each[2] or known[other]}"
            claim = f"{holder} requires {of}" if kind is ClaimKind.REQUIRED else f"{holder} depends on {name}"
            yield _at(each, Said(kind=kind, text=claim, name=name, version=version, other=other, about=each[2] or ""))
    for each in words.COMPATIBLE.finditer(text):
        other = normalized(each[1])
        if other is not None and other in known and other != name:
            claim = f"{of} is compatible with {other} {each[2] or known[other]}"
            yield _at(
                each,
                Said(
                    kind=ClaimKind.COMPATIBLE, text=claim, name=name, version=version, other=other, about=each[2] or ""
                ),
            )
    yield from _clean(block, subject, known)
    for each in words.ASYNC.finditer(text):
        yield _at(each, Said(kind=ClaimKind.ASYNC, text=f"{of} is written for async/await", name=name, version=version))


def _clean(block: Block, subject: tuple[str, str] | None, known: Mapping[str, str]) -> Iterator[Said]:
    """What is said to have no known vulnerability: the package that the sentence names, else what the block is about, else all."""
    for each in words.CLEAN.finditer(block.text):
        if words.UNCLAIMED.search(block.text[max(0, each.start() - _BEFORE) : each.start()]) is not None:
            continue
        of = words.OF_PACKAGE.match(block.text, each.end())
        named = None if of is None else normalized(of[1])
        if named is not None and of is not None and named in known:
            name, version = named, of[2] or known[named]
        elif of is not None and of[2]:
            # A package that the document pins nowhere.
            continue
        else:
            name, version = subject or ("", "")
        text = f"{name} {version} has no known vulnerability" if name else "no package has a known vulnerability"
        yield _at(each, Said(kind=ClaimKind.CLEAN, text=text, name=name, version=version))


def _whole(block: Block, known: Mapping[str, str]) -> Iterator[Said]:
    """Claims about all of the packages together."""
    yield from _clean(block, None, known)
    if words.WHOLE.search(block.text):
        for each in words.ASYNC.finditer(block.text):
            yield _at(each, Said(kind=ClaimKind.ASYNC, text="the packages are written for async/await"))


def _admitting(block: Block, subject: tuple[str, str] | None, known: Mapping[str, str]) -> Iterator[Said]:
    """The Pythons that are said to be supported, by the package that a clause begins with, else the one that is spoken of, else all."""
    for clause in words.CLAUSE.finditer(block.text.replace(",", " ")):
        if words.ADMITS.search(clause[0]) is None or words.NEGATED.search(clause[0]) is not None:
            continue
        begun = None if block.kind is BlockKind.ROW else title(clause[0].strip())
        if begun is not None and begun[0] not in known:
            continue
        name, version = begun or subject or ("", "")
        of = f"{name} {version} supports" if name else "the packages support"
        for each in words.pythons(block.text[clause.start() : clause.end()]):
            yield Said(
                kind=ClaimKind.SUPPORTED,
                text=f"{of} Python {each.name}",
                start=clause.start() + each.start,
                end=clause.start() + each.end,
                name=name,
                version=version,
                about=each.name,
            )


def _code(block: Block) -> Iterator[Said]:
    offset = 0
    for line in block.text.splitlines(keepends=True):
        variable = words.VARIABLE.match(line)
        command = line.strip().removeprefix("$ ")
        start, offset = offset, offset + len(line)
        if block.info not in SHELLS:
            continue
        if variable is not None:
            yield Said(kind=ClaimKind.VARIABLE, text=variable[1], name=variable[1], start=start, end=offset)
        elif block.info and command and not command.startswith("#") and words.PIN.search(command) is None:
            yield Said(kind=ClaimKind.COMMAND, text=_short(command), name=_short(command), start=start, end=offset)


def _praise(block: Block, found: list[Said]) -> Iterator[Said]:
    """The clauses that praise, and hold nothing that was taken for a claim."""
    spans = sorted((each.start, each.end) for each in found)
    starts = [start for start, _ in spans]
    # How far the spans reach that begin before a place: each with each takes minutes in a long paragraph.
    reach = list(accumulate((end for _, end in spans), max, initial=0))
    for clause in words.CLAUSE.finditer(block.text):
        if clause.start() >= reach[bisect_left(starts, clause.end())] and words.PRAISE.search(clause[0]):
            yield _at(clause, Said(kind=ClaimKind.PROSE, text=_short(clause[0])))


def _short(text: str) -> str:
    line = without_secrets(" ".join(text.split()))
    return line if len(line) <= _SENTENCE else f"{line[: _SENTENCE - 1]}…"


def _at(found: Match[str], claim: Said) -> Said:
    return replace(claim, start=found.start(), end=found.end())
