"""One name, and one remedy, for one thing that does not fit, whichever of the rules sees it: a person is told it once."""

from collections.abc import Callable

from stackaudit.checks._mending import moved
from stackaudit.checks._row import Bound, Row, admits_python
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """Package `holder` at `version` asks for `wanted` of package `name`, of which `found` is there; None where it is missing."""

    holder: str
    version: str
    name: str
    wanted: str
    found: str | None

    @property
    def cause(self) -> str:
        """`kombu 5.7.0 with redis 5.3.1`: equal for every finding of it."""
        return (
            f"{self.holder} {self.version} {f'with {self.name} {self.found}' if self.found else f'without {self.name}'}"
        )

    def remedy(self, here: Row | None) -> str:
        """What to do: by the matrix where it knows the two, else what the holder asks for."""
        if here is None:
            return self._unadvised
        over = self._over(here)
        if self.found:
            return moved(here, (self.name, self.holder), over) or self._unadvised
        # A holder that does not go with the others anyway is the one to replace: what it lacks, another release may not ask for.
        dead = here.range_of(self.holder) is not None and not here.fits(self.holder)
        other = moved(here, (self.holder,), over, alone=True) if dead else None
        return other or moved(here, (self.name,), over) or self._unadvised

    @property
    def _unadvised(self) -> str:
        install = f"install `{self.wanted}`"
        return (
            f"{install}, or a release of {self.holder} that admits {self.name} {self.found}" if self.found else install
        )

    def _over(self, here: Row) -> Callable[[Row], bool]:
        """Whether a row gives the holder what it asks for; what only an extra asks for here may come along as a dependency of another."""

        def asked(row: Row) -> list[Bound]:
            return [each for each in row.bounds() if each.holder == self.holder and each.name == self.name]

        comes_along = not any(each.kind == "hard" for each in asked(here))

        def over(row: Row) -> bool:
            version = row.versions.get(self.name)
            return all(
                each.admits(version) if version is not None else comes_along and each.kind == "hard"
                for each in asked(row)
            )

        return over


def on_python(holder: str, minor: str) -> str:
    """The cause of all findings that `holder` (`kombu 5.7.0`) is not for Python `minor`."""
    return f"{holder} on Python {minor}"


def listed_for_this_python(name: str) -> Callable[[Row], bool]:
    """Whether the matrix lists package `name` at its version in a row, for the row's Python."""

    def holds(row: Row) -> bool:
        found = row.range_of(name)
        return found is not None and admits_python(row, found)

    return holds
