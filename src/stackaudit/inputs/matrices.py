"""Reads matrices: the shipped ones and people's own, each validated whole before anything is asked of the world."""

import hashlib
import re
from collections.abc import Collection, Iterable
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from stackaudit.inputs._text import decoded, parse_toml, read_bytes, shown_path
from stackaudit.inputs._toml_tables import Book, Table, did_you_mean
from stackaudit.model.errors import Fault, InputError
from stackaudit.model.findings import Severity
from stackaudit.model.manifest import Requirement as Declared
from stackaudit.model.matrix import Branch, Matrix, Note, PackageEntry, PackageRange, ProductEntry
from stackaudit.model.places import Place
from stackaudit.model.versions import parse_requirement

SCHEMA = "stackaudit/matrix/1"
LARGEST = 1_000_000
RUNGS = ("stated", "published", "resolved", "imported", "exercised", "survived")

_RANGE = re.compile(r">=\s*(?P<first>[^,<>=!~\s]+)\s*,\s*<\s*(?P<next>[^,<>=!~\s]+)")
_MINOR = re.compile(r"\d+\.\d+")


def shipped() -> tuple[Traversable, ...]:
    """The matrix files that ship with stackaudit, by name; what machines wrote beside them (`NAME.proof.toml`) is not among them."""
    found = (each for each in files("stackaudit.matrices").iterdir() if _stem(each) and "." not in _stem(each))
    return tuple(sorted(found, key=_stem))


def _stem(file: Traversable) -> str:
    return file.name.removesuffix(".toml") if file.name.endswith(".toml") else ""


def read(name_or_path: str, root: Path, where: Place | None = None) -> Matrix:
    """The shipped matrix of this name, else the matrix file at this path, which is taken from `root` where it is relative.

    `where` is the place that names it, for a fault to point at.

    Raises:
        InputError: there is none, or it is wrong: every fault in it, by line.
    """
    by_name = {_stem(each): each for each in shipped()}
    if name_or_path in by_name:
        return _parse(by_name[name_or_path].read_bytes(), f"matrices/{name_or_path}.toml")
    path = root / name_or_path
    if not path.exists():
        message = f"there is no shipped matrix and no file `{name_or_path}`"
        place = where or Place(path=name_or_path)
        raise InputError([Fault(where=place, message=message, hint=did_you_mean(name_or_path, by_name))])
    content = read_bytes(path, root)
    if isinstance(content, Fault):
        raise InputError([content])
    return _parse(content, shown_path(path, root))


def read_all() -> tuple[Matrix, ...]:
    """All shipped matrices, by name."""
    return tuple(read(_stem(each), Path()) for each in shipped())


def fitting(matrices: Iterable[Matrix], names: Collection[str]) -> tuple[Matrix, ...]:
    """Those of `matrices` whose required packages are all among `names`.

    A name may say its extras, as in `celery[redis]`: what they pull in, by the matrix, counts as named.
    """
    return tuple(matrix for matrix in matrices if _required(matrix) <= _pulled(matrix, names))


def lacking(matrix: Matrix, names: Collection[str]) -> tuple[str, ...]:
    """The required packages of `matrix` that are not among `names`, by name: why it does not fit."""
    return tuple(sorted(_required(matrix) - _pulled(matrix, names)))


def names_of(requirements: Iterable[Declared]) -> frozenset[str]:
    """The names that `fitting` wants, of declared requirements: with their extras."""
    return frozenset(
        f"{each.name}[{','.join(sorted(each.extras))}]" if each.extras else str(each.name) for each in requirements
    )


def _required(matrix: Matrix) -> set[str]:
    return {entry.name for entry in matrix.packages if entry.required}


def _pulled(matrix: Matrix, names: Collection[str]) -> set[str]:
    found: set[str] = set()
    left = _parsed(sorted(names))
    seen: set[tuple[str, str]] = set()
    while left:
        requirement = left.pop()
        name = canonicalize_name(requirement.name)
        found.add(name)
        entry = matrix.package(name)
        for extra in sorted(requirement.extras):
            if entry is not None and (name, extra) not in seen:
                seen.add((name, extra))
                left += _parsed(line for each in entry.ranges for line in dict(each.extras).get(extra, ()))
    return found


def _parsed(lines: Iterable[str]) -> list[Requirement]:
    return [each for each in map(parse_requirement, lines) if each is not None]


def _parse(content: bytes, path: str) -> Matrix:
    if len(content) > LARGEST:
        raise InputError([Fault(where=Place(path=path), message="is larger than 1 MB: no matrix is")])
    text = decoded(content, Place(path=path))
    toml = text if isinstance(text, Fault) else parse_toml(text, path)
    if isinstance(toml, Fault):
        raise InputError([toml])
    book = Book(toml)
    root = Table(book, toml.table)
    if root.choice("schema", [SCHEMA]) != SCHEMA:
        raise InputError(book.faults)
    matrix = Matrix(
        name=root.text("name"),
        title=root.text("title"),
        version=root.text("version"),
        looked_at=root.day("looked_at", required=True) or date.min,
        rung=root.choice("rung", RUNGS),
        pythons=_pythons(root.table("python", required=True)),
        packages=_packages(root.table("package", required=True)),
        products=_products(root.table("product")),
        where=Place(path=path),
        sha256=hashlib.sha256(content).hexdigest(),
        content=toml.text,
    )
    root.close()
    if book.faults:
        raise InputError(sorted(book.faults, key=lambda each: each.where.line or 0))
    return matrix


def _pythons(table: Table) -> tuple[Branch, ...]:
    branches = _branches(table, table.text("source"))
    table.close()
    return branches


def _branches(table: Table, source: str) -> tuple[Branch, ...]:
    inner = table.table("branches", required=True)
    found = []
    for name in inner.names():
        if not _MINOR.fullmatch(name):
            inner.fault(name, f"a branch is named by its first two numbers, such as `7.0`, not `{name}`")
        each = inner.table(name)
        released, ended = each.day("released"), each.day("end_of_life")
        if released is not None and ended is not None and ended < released:
            each.fault("end_of_life", f"`{name}` ended on {ended}, before it was released on {released}")
        found.append(
            Branch(
                name=name,
                released=released,
                end_of_life=ended,
                latest=each.text("latest", required=False) or None,
                source=each.text("source", required=False) or source,
                maintained=each.flag("maintained", default=True),
            )
        )
        each.close()
    return tuple(sorted(found, key=lambda each: [int(part) for part in re.findall(r"\d+", each.name)]))


def _packages(table: Table) -> tuple[PackageEntry, ...]:
    found: dict[NormalizedName, PackageEntry] = {}
    for key in table.names():
        name = canonicalize_name(key)
        entry = _package(name, table.table(key))
        if name in found:
            table.fault(key, f"`{key}` is here twice: names that differ only in case, `-`, `_` and `.` are one package")
        found.setdefault(name, entry)
    if not any(entry.required for entry in found.values()):
        table.fault("required", "no package is required: the matrix would fit every project")
    return tuple(found.values())


def _package(name: NormalizedName, table: Table) -> PackageEntry:
    entry = PackageEntry(
        name=name,
        role=table.text("role"),
        source=table.text("source"),
        required=table.flag("required", default=False),
        pin=table.flag("pin", default=True),
        extras=table.texts("extras"),
        ranges=_ranges(name, table),
        notes=_notes(table),
    )
    known = {extra for each in entry.ranges for extra, _ in each.extras}
    for extra in entry.extras:
        if extra not in known:
            table.fault("extras", f"no range of {name} has bounds for its extra `{extra}`")
    table.close()
    return entry


def _ranges(name: NormalizedName, table: Table) -> tuple[PackageRange, ...]:
    found: list[PackageRange] = []
    spans: list[tuple[Version, Version]] = []
    for each in table.tables("range"):
        made, span = _range(name, each)
        if span is not None:
            other = next((one for one in spans if one[0] < span[1] and span[0] < one[1]), None)
            if other is not None:
                each.fault("versions", f"it overlaps with the range of {name} `>={other[0]},<{other[1]}`")
            spans.append(span)
        found.append(made)
        each.close()
    if not table.has("range"):
        table.fault("range", f"{name} has no range: no version of it would be covered")
    return tuple(found)


def _range(name: NormalizedName, table: Table) -> tuple[PackageRange, tuple[Version, Version] | None]:
    span = _span(table)
    releases = _releases(table)
    yanked = table.versions("yanked")
    for version in (*(each for each, _ in releases), *yanked):
        if span is not None and not span[0] <= version < span[1]:
            table.fault("versions", f"{name} {version} is listed in this range, which does not cover it")
    if not releases and not yanked:
        table.fault("releases", f"no release of {name} is listed in this range")
    if both := sorted({each for each, _ in releases} & set(yanked)):
        table.fault("yanked", f"{name} {both[0]} is listed as released and as yanked")
    extras, servers = table.table("extras"), table.table("servers")
    pythons = table.texts("pythons", required=True)
    for python in pythons:
        if not _MINOR.fullmatch(python):
            table.fault("pythons", f"`{python}` is no Python minor version, such as `3.11`")
    made = PackageRange(
        versions=table.specifier("versions"),
        releases=releases,
        requires_python=table.specifier("requires_python"),
        pythons=pythons,
        requires=table.requirements("requires"),
        extras=tuple((extra, extras.requirements(extra)) for extra in extras.names()),
        runtime=table.requirements("runtime"),
        servers=tuple((server, str(servers.specifier(server))) for server in servers.names()),
        python_documented=table.specifier("python_documented") if table.has("python_documented") else None,
        yanked=yanked,
    )
    return made, span


def _span(table: Table) -> tuple[Version, Version] | None:
    text = table.text("versions")
    if not text:
        return None
    found = _RANGE.fullmatch(text)
    if found is None:
        table.fault("versions", f"a range is written `>=FIRST,<NEXT`, not `{text}`")
        return None
    first, after = table.version("versions", found["first"]), table.version("versions", found["next"])
    if first is None or after is None:
        return None
    if after <= first:
        table.fault("versions", f"the range `{text}` covers no version")
        return None
    return first, after


def _releases(table: Table) -> tuple[tuple[Version, date], ...]:
    inner = table.table("releases")
    found = []
    for key in inner.names():
        version, day = inner.version(key, key), inner.day(key)
        if version is not None and day is not None:
            found.append((version, day))
    return tuple(sorted(found))


def _notes(table: Table) -> tuple[Note, ...]:
    return tuple(_note(each) for each in table.tables("note"))


def _note(table: Table) -> Note:
    severity = table.choice("severity", list(Severity), required=False)
    note = Note(
        text=table.text("text"),
        source=table.text("source"),
        versions=table.specifier("versions") if table.has("versions") else SpecifierSet(),
        severity=Severity(severity) if severity else None,
        beside=table.requirements("beside"),
    )
    table.close()
    return note


def _products(table: Table) -> tuple[ProductEntry, ...]:
    return tuple(_product(name, table.table(name)) for name in table.names())


def _product(name: str, table: Table) -> ProductEntry:
    source = table.text("source")
    entry = ProductEntry(
        name=name,
        kind=table.choice("kind", ["service", "program"]),
        role=table.text("role"),
        branches=_branches(table, source),
        notes=_notes(table),
    )
    table.close()
    return entry
