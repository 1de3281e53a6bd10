"""Compares the matrices that two audits were judged by: cells, bounds, branches, proofs, and what is known to break."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from packaging.utils import NormalizedName
from packaging.version import Version

from stackaudit.gate.held import Held
from stackaudit.model.differences import Difference, Section
from stackaudit.model.findings import Lane
from stackaudit.model.matrix import Branch, Matrix, PackageEntry
from stackaudit.model.versions import span_of, written

SHORT = 12
"""How much of a digest is shown."""


def matrices(old: Held, new: Held) -> Iterator[Difference]:
    """Another matrix is the change's choice; another state of the same one is the world's news, told by what it says otherwise."""
    was, is_ = old.case.matrix, new.case.matrix
    if was is None or is_ is None or was.name != is_.name:
        if was is not is_:
            yield _of("the matrix", _named(was), _named(is_), Lane.CHANGE)
        return
    if was.sha256 == is_.sha256:
        return
    yield _of("the matrix", _named(was), _named(is_), Lane.WORLD)
    for name, before, after in (*_packages(was, is_), *_texts(_said(was), _said(is_)), *_proofs(was, is_)):
        yield _of(name, before, after, Lane.WORLD)


def _of(subject: str, before: str | None, after: str | None, lane: Lane) -> Difference:
    return Difference(section=Section.MATRIX, subject=subject, before=before, after=after, lane=lane)


def _named(matrix: Matrix | None) -> str | None:
    return None if matrix is None else f"{matrix.name} {matrix.version} ({matrix.sha256[:SHORT]})"


_Change = tuple[str, str | None, str | None]


def _texts(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[_Change]:
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield name, before.get(name), after.get(name)


def _said(matrix: Matrix) -> dict[str, str]:
    """What it says besides the versions of its packages, by what it is about."""
    found = {f"package {each.name}": each.role for each in matrix.packages}
    found |= {f"Python {each.name}": _branch(each) for each in matrix.pythons}
    found |= {f"{each.name} {branch.name}": _branch(branch) for each in matrix.products for branch in each.branches}
    found |= {f"known bad {each.id}": f"{each.severity}: {each.symptom}" for each in matrix.known_bad}
    return found


def _branch(branch: Branch) -> str:
    ends = f"end of life {branch.end_of_life}" if branch.end_of_life else "" if branch.maintained else "ended"
    words = (
        f"released {branch.released}" if branch.released else "",
        ends,
        branch.latest and f"latest {branch.latest}",
    )
    return ", ".join(each for each in words if each) or "no dates"


def _proofs(was: Matrix, is_: Matrix) -> Iterator[_Change]:
    """What is proved of rows, all of one Python that changed alike at once, each by the version of its first package."""
    before, after = _proved(was), _proved(is_)
    alike: dict[tuple[str, str | None, str | None], list[str]] = {}
    for row in sorted(before.keys() | after.keys()):
        change = before.get(row), after.get(row)
        if change[0] != change[1]:
            (name, version), *_ = sorted(row.packages, key=lambda each: _position((was, is_), each[0]))
            alike.setdefault((row.python, *change), []).append(f"{name} {version}")
    for (python, proved, proves), rows in alike.items():
        count = f"{len(rows)} row{'s' * (len(rows) != 1)}"
        yield f"proof on Python {python} of {count} ({', '.join(rows)})", proved, proves


@dataclass(frozen=True, slots=True, order=True)
class _Row:
    """Versions of a stack's packages on one Python."""

    python: str
    packages: tuple[tuple[NormalizedName, Version], ...]


def _proved(matrix: Matrix) -> dict[_Row, str]:
    """What is proved of each row, at its strongest and newest."""
    stack = {each.name for each in matrix.packages}
    found: dict[_Row, str] = {}
    for proof in sorted(matrix.proofs, key=lambda each: (each.rung.rank, each.at)):
        row = _Row(proof.python, tuple(each for each in proof.packages if each[0] in stack))
        if row.packages:
            found[row] = proof.told()
    return found


def _position(matrices: tuple[Matrix, Matrix], name: str) -> tuple[int, str]:
    """Where a package stands in either matrix: the first is the one that a stack is called after."""
    listed = ([str(each.name) for each in matrix.packages] for matrix in matrices)
    return min(names.index(name) if name in names else len(names) for names in listed), name


def _packages(was: Matrix, is_: Matrix) -> Iterator[_Change]:
    pythons = [each.name for each in is_.pythons if was.python(each.name) is not None]
    for entry in was.packages:
        newer = is_.package(entry.name)
        if newer is not None and entry != newer:
            yield from _versions(entry, newer, pythons)


def _versions(was: PackageEntry, is_: PackageEntry, pythons: Sequence[str]) -> Iterator[_Change]:
    """Versions that are listed now or no more, and of those in both what is said of each; neighbours that change alike once."""
    before, after = _listed(was), _listed(is_)
    yield from _texts(
        {f"{was.name} {version}": text for version, text in before.items() if after.get(version) != text},
        {f"{was.name} {version}": text for version, text in after.items() if before.get(version) != text},
    )
    both = sorted(before.keys() & after.keys())
    for python in pythons:
        yield from _runs(f"on Python {python}", both, (was, is_), _cell_on(python))
    yield from _runs("needs", both, (was, is_), _bounds)


def _listed(entry: PackageEntry) -> dict[Version, str]:
    found = {version: f"listed, released {day}" for version, day in entry.listed()}
    return found | {version: "listed, yanked" for each in entry.ranges for version in each.yanked}


def _runs(
    what: str,
    versions: Sequence[Version],
    entries: tuple[PackageEntry, PackageEntry],
    says: Callable[[PackageEntry, Version], str],
) -> Iterator[_Change]:
    old, new = entries
    for (was, is_), alike in groupby(versions, key=lambda each: (says(old, each), says(new, each))):
        if was != is_:
            yield f"{old.name} {span_of(tuple(alike))} {what}", was, is_


def _cell_on(python: str) -> Callable[[PackageEntry, Version], str]:
    """What the matrix says of a version on `python`: a cell."""

    def cell(entry: PackageEntry, version: Version) -> str:
        covered = entry.range_of(version)
        if covered is None:
            return "in no range"
        if not covered.requires_python.contains(python):
            return "forbidden"
        return str(entry.rung) if python in covered.pythons else "admitted, not named"

    return cell


def _bounds(entry: PackageEntry, version: Version) -> str:
    covered = entry.range_of(version)
    if covered is None:
        return "in no range"
    python = f"Python {written(covered.requires_python)}" if len(covered.requires_python) else "any Python"
    extras = (f"[{extra}] {line}" for extra, lines in covered.extras for line in lines)
    return "; ".join((python, *covered.requires, *extras))
