"""Draws a matrix as a grid of Python by package, by the strongest evidence there is: as values."""

from datetime import date
from enum import StrEnum

from packaging.version import Version

from stackaudit.model.matrix import Branch, Matrix, PackageEntry, Rung
from stackaudit.model.values import dataclass
from stackaudit.model.versions import newest_patch


class Mark(StrEnum):
    """The letter of a cell, weakest evidence first: capitals are proved, small letters are what somebody says."""

    FORBIDDEN = "-"
    ADMITTED = "a"
    STATED = "s"
    PUBLISHED = "p"
    RESOLVED = "R"
    IMPORTED = "I"
    EXERCISED = "E"
    SURVIVED = "S"

    @property
    def proved(self) -> bool:
        """Whether the cell has a tick."""
        return self in PROVED.values()


PROVED = {
    Rung.RESOLVED: Mark.RESOLVED,
    Rung.IMPORTED: Mark.IMPORTED,
    Rung.EXERCISED: Mark.EXERCISED,
    Rung.SURVIVED: Mark.SURVIVED,
}
TICK = "✓"

LEGEND = {
    Mark.FORBIDDEN: "no listed version admits this Python",
    Mark.ADMITTED: "it may run on this Python; its classifiers do not name it",
    Mark.STATED: "people wrote that it supports this Python",
    Mark.PUBLISHED: "its classifiers name this Python",
    Mark.RESOLVED: "an installer took it in a row of the matrix",
    Mark.IMPORTED: "it was imported in a row of the matrix",
    Mark.EXERCISED: "it worked in a row of the matrix",
    Mark.SURVIVED: "it survived the faults of the drills in a row of the matrix",
}

CAVEAT = "A cell is the newest listed version that admits this Python. Whether versions go together is what `stackaudit check` asks."


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One package on one Python: the newest listed version that admits it, or None where none does."""

    mark: Mark
    version: Version | None

    @property
    def text(self) -> str:
        """`R✓ 5.7.0`, `a  0.2.0` or `-`."""
        return self.mark if self.version is None else f"{lettered(self.mark)} {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One Python, or one branch of a product: `until` says how long its makers support it, `ended` that they no longer do."""

    name: str
    until: str
    ended: bool
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap:
    """The grid: `rows` are the Pythons, each with a cell for each of `packages`; `products` are services and programs by branch."""

    name: str
    title: str
    facts: str
    packages: tuple[str, ...]
    rows: tuple[Line, ...]
    products: tuple[tuple[str, tuple[Line, ...]], ...]


def heatmap(matrix: Matrix, today: date) -> Heatmap:
    """The grid of `matrix`, with what had ended on `today`; each cell by its strongest proof there, else by what is published."""
    count = len(matrix.proofs)
    newest = max((each.at.date() for each in matrix.proofs), default=None)
    proved = (
        f"{count} proof{'s' * (count != 1)}, the newest of {newest}" if newest is not None else "nothing proved yet"
    )
    return Heatmap(
        name=matrix.name,
        title=matrix.title,
        facts=f"{matrix.name} {matrix.version}, facts of {matrix.looked_at}, ranges: {matrix.rung}, {proved}",
        packages=tuple(str(entry.name) for entry in matrix.packages),
        rows=tuple(
            _line(branch, today, tuple(_cell(matrix, entry, branch.name) for entry in matrix.packages))
            for branch in matrix.pythons
        ),
        products=tuple(
            (product.name, tuple(_line(branch, today) for branch in product.branches)) for product in matrix.products
        ),
    )


def lettered(mark: Mark) -> str:
    """The letter with its tick, as wide as any: `R✓`, `p `."""
    return f"{mark}{TICK if mark.proved else ' '}"


def _line(branch: Branch, today: date, cells: tuple[Cell, ...] = ()) -> Line:
    ended = branch.ended(today)
    if branch.end_of_life is not None:
        until = f"{'ended' if ended else 'until'} {branch.end_of_life}"
    else:
        until = "ended" if ended else "no end set"
    return Line(name=branch.name, until=until, ended=ended, cells=cells)


def _cell(matrix: Matrix, entry: PackageEntry, minor: str) -> Cell:
    python = newest_patch(minor)
    admitting = [
        (version, found)
        for found in entry.ranges
        if found.requires_python.contains(python, prereleases=True)
        for version, _ in found.releases
    ]
    if not admitting:
        return Cell(mark=Mark.FORBIDDEN, version=None)
    version, found = max(admitting, key=lambda each: each[0])
    rungs = [each.rung for each in matrix.proofs if each.python == minor and (entry.name, version) in each.packages]
    if rungs:
        return Cell(mark=PROVED[max(rungs, key=lambda each: each.rank)], version=version)
    named = Mark.PUBLISHED if entry.rung is Rung.PUBLISHED else Mark.STATED
    return Cell(mark=named if minor in found.pythons else Mark.ADMITTED, version=version)
