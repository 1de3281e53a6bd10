"""Reads what the rows of a document's tables claim: ticks for Pythons, release dates, who requires what, variables."""

from collections.abc import Iterator, Mapping, Sequence

from stackaudit.inputs import _document_words as words
from stackaudit.inputs._document_blocks import Block
from stackaudit.inputs._document_pins import about, normalized, of_row
from stackaudit.model.claims import ClaimKind
from stackaudit.model.values import dataclass

_VERBS = {ClaimKind.ADMITTED: "admits", ClaimKind.NAMED: "names", ClaimKind.SUPPORTED: "supports"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A claim that was found from `start` to `end` of its block's text; the other fields are those of the claim."""

    kind: ClaimKind
    text: str
    start: int = 0
    end: int = 0
    name: str = ""
    version: str = ""
    other: str = ""
    about: str = ""


def row_claims(block: Block, known: Mapping[str, str]) -> Iterator[Said]:
    """What the ticks and the dates of a table's row claim, and the variables that it names."""
    subject = about(block, known)
    for header, cell in block.cells:
        if subject is not None:
            yield from _of_package(subject, header.lower(), cell, known)
        if "variable" in header.lower() and words.VARIABLE_NAME.fullmatch(cell) and not _is_denied(block):
            yield Said(kind=ClaimKind.VARIABLE, text=cell, name=cell)
    if block.cells and "python" in block.cells[0][0].lower() and of_row(block) is None:
        yield from _of_python(block, known)


def _of_package(subject: tuple[str, str], header: str, cell: str, known: Mapping[str, str]) -> Iterator[Said]:
    """What one cell claims of its row's package."""
    name, version = subject
    python = words.MINOR_HEADER.fullmatch(header)
    if python is not None and words.is_tick(cell):
        yield _ticked(subject, python[1], cell)
    if header.startswith(("latest", "newest")):
        given = words.ANY_VERSION.fullmatch(cell)
        if given is not None or words.is_tick(cell):
            of = given[1] if given is not None else version
            yield Said(kind=ClaimKind.LATEST, text=f"{name} {of} is the latest", name=name, version=of)
    if header.startswith(("releas", "erschienen", "veröffentlicht")):
        for day, _ in words.dates(cell):
            text = f"{name} {version} was released on {day.isoformat()}"
            yield Said(kind=ClaimKind.RELEASED, text=text, name=name, version=version, about=day.isoformat())
    if header.startswith("required by"):
        for other in filter(None, map(normalized, cell.split(","))):
            if other in known and other != name:
                text = f"{other} {known[other]} depends on {name}"
                yield Said(kind=ClaimKind.DEPENDENCY, text=text, name=name, version=version, other=other)


def _is_denied(block: Block) -> bool:
    """Whether a variable's row says itself that nothing reads it."""
    return any(cell.lower().startswith(("nothing", "nobody", "-")) for _, cell in block.cells)


def _of_python(block: Block, known: Mapping[str, str]) -> Iterator[Said]:
    """The ticks of a row that is about one Python, under the packages of its columns."""
    python = words.MINOR_CELL.fullmatch(block.cells[0][1])
    for header, cell in block.cells[1:] if python is not None else ():
        name, version = normalized(header), words.ANY_VERSION.search(cell)
        if python is not None and name is not None and name in known and version is not None and words.is_tick(cell):
            yield _ticked((name, version[1]), python[1], cell)


def pythons_of(rows: Sequence[Block]) -> tuple[str, ...]:
    """The Pythons that a table has a row or a column each for, oldest first."""
    firsts = [each.cells[0] for each in rows if each.cells]
    found = {
        python[1]
        for header, cell in firsts
        if "python" in header.lower() and (python := words.MINOR_CELL.fullmatch(cell)) is not None
    }
    headers = {header for each in rows for header, _ in each.cells[1:]}
    found |= {python[1] for header in headers if (python := words.MINOR_HEADER.fullmatch(header)) is not None}
    return tuple(sorted(found, key=lambda each: int(each.partition(".")[2])))


def _ticked(subject: tuple[str, str], python: str, cell: str) -> Said:
    """The claim of a tick for a package on a Python."""
    name, version = subject
    kind = words.kind_of_tick(cell)
    return Said(
        kind=kind,
        text=f"{name} {version} {_VERBS[kind]} Python {python}",
        name=name,
        version=version,
        about=python,
    )
