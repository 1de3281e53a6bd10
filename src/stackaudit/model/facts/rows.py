"""Facts: what became of the rows of a matrix on a real Python."""

from packaging.utils import NormalizedName
from packaging.version import Version

from stackaudit.model.facts.fact import Fact
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RowInstall(Fact):
    """What became of installing what an installer took for one row of a matrix, on the Python of `python` (`cpython 3.12.1`).

    `cell` names the row (`3.12:5.4`), `row` its packages. `packages` are all that is there afterwards, by name; `taken` are those that were
    to be there. `broken` is what a check of the installed packages against each other complains of, None where it does not.
    """

    cell: str
    row: tuple[NormalizedName, ...]
    python: str
    platform: str
    taken: tuple[tuple[NormalizedName, Version], ...]
    packages: tuple[tuple[NormalizedName, Version], ...]
    broken: str | None = None

    @property
    def subject(self) -> str:
        """The cell."""
        return self.cell


@dataclass(frozen=True, slots=True, kw_only=True)
class RowImport(Fact):
    """One package of an installed row of a matrix, imported on the row's Python by `statement`.

    `problem` is the kind of error that it ended in, with the module that was missed where it said so; None where it worked.
    """

    cell: str
    name: NormalizedName
    statement: str
    problem: str | None = None

    @property
    def subject(self) -> str:
        """`3.12:5.4 celery`."""
        return f"{self.cell} {self.name}"
