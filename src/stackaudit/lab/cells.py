"""The cells of a matrix that can be proved: the newest row of each series on each Python."""

from collections.abc import Sequence
from datetime import date, timedelta

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from stackaudit.lab.rows import newest_row, series_of
from stackaudit.model.errors import UsageError
from stackaudit.model.matrix import Matrix
from stackaudit.model.values import dataclass
from stackaudit.model.versions import pin_of

LONG_AGO = timedelta(days=2 * 365)
"""A Python whose support ended longer ago is proved only where it is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One row of a matrix on one Python: `row` are its requirement lines, `series` that of the stack's first package (`5.4`)."""

    python: str
    series: str
    row: tuple[str, ...]

    @property
    def id(self) -> str:
        """`3.11:5.4`."""
        return f"{self.python}:{self.series}"

    @property
    def names(self) -> tuple[NormalizedName, ...]:
        """The packages of the row, in its order."""
        return tuple(canonicalize_name(Requirement(line).name) for line in self.row)

    @property
    def pins(self) -> frozenset[tuple[NormalizedName, Version]]:
        """The packages of the row with their versions."""
        found = ((each.name, pin_of(each.specifier)) for each in map(Requirement, self.row))
        return frozenset((canonicalize_name(name), version) for name, version in found if version is not None)


def cells(matrix: Matrix, today: date, *, every: bool = False) -> tuple[Cell, ...]:
    """The newest row of each series on each Python that has one; a Python that ended long before `today` only with `every`."""
    pythons = [
        each.name
        for each in matrix.pythons
        if every or each.end_of_life is None or today - each.end_of_life <= LONG_AGO
    ]
    found = (
        Cell(python=python, series=series, row=newest_row(matrix, python, series))
        for python in pythons
        for series in series_of(matrix)
    )
    return tuple(each for each in found if each.row)


def named_cells(matrix: Matrix, names: Sequence[str], today: date) -> tuple[Cell, ...]:
    """The cells that `names` say, each `PYTHON` or `PYTHON:SERIES`.

    Raises:
        UsageError: one names no cell of the matrix.
    """
    known = cells(matrix, today, every=True)
    chosen: dict[str, Cell] = {}
    for name in names:
        meant = [each for each in known if name in {each.python, each.id}]
        if not meant:
            python, _, series = name.partition(":")
            on = f"Python {python}" + (f" with {matrix.packages[0].name} {series}" if series else "")
            there = ", ".join(each.id for each in known) or "none"
            raise UsageError(f"matrix {matrix.name} has no row for {on}", hint=f"its cells are {there}")
        chosen |= {each.id: each for each in meant}
    return tuple(each for each in known if each.id in chosen)
