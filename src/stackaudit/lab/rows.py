"""Finds the newest versions of a matrix that go together on one Python."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from stackaudit.model.findings import Severity
from stackaudit.model.known_bad import Combination, firing
from stackaudit.model.matrix import Matrix, PackageEntry, PackageRange
from stackaudit.model.versions import newest_patch, series

Row = dict[NormalizedName, Version]


def series_of(matrix: Matrix) -> tuple[str, ...]:
    """The series (`5.4`) of the releases of the package that names the rows of `matrix`, oldest first; empty where there is none."""
    leading = _leading(matrix)
    versions = sorted(version for version, _ in leading.listed()) if leading is not None else []
    return tuple(dict.fromkeys(series(version) for version in versions if not version.is_prerelease))


def _leading(matrix: Matrix) -> PackageEntry | None:
    """The package whose series name the rows: the first that the stack is not one without."""
    return next((entry for entry in matrix.packages if entry.required), None)


def newest_row(matrix: Matrix, python_minor: str, of_series: str | None = None) -> tuple[str, ...]:
    """The newest listed versions on Python `python_minor` (`3.11`) for which all bounds hold, as requirement lines with their extras.

    `of_series` (`5.4`) is the series of the first required package, None for the newest that has a row.

    Bounds are the hard ones, those of the extras in use, those that the code enforces when run, and Requires-Python; nor does a row hold a
    known fault of more than low severity, as far as packages and the Python show it. Where two packages
    can't both be newest, the one that the matrix names first is. A package that the stack can do without is left out where no version of
    it fits and nothing in the row needs it. Empty where there is no such row.
    """
    environment = {**{name: str(value) for name, value in default_environment().items()}, **_python(python_minor)}
    chosen = matrix if of_series is None else _within(matrix, of_series)
    row = _Search(chosen, environment).complete(list(chosen.packages), {})
    if row is None:
        return ()
    return tuple(
        f"{entry.name}{_shown(entry.extras)}=={row[entry.name]}" for entry in matrix.packages if entry.name in row
    )


def _within(matrix: Matrix, of_series: str) -> Matrix:
    leading = _leading(matrix)

    def kept(entry: PackageEntry) -> PackageEntry:
        ranges = (
            replace(each, releases=tuple(one for one in each.releases if series(one[0]) == of_series))
            for each in entry.ranges
        )
        return replace(entry, ranges=tuple(ranges))

    return replace(matrix, packages=tuple(kept(each) if each is leading else each for each in matrix.packages))


def _python(minor: str) -> dict[str, str]:
    return {"python_version": minor, "python_full_version": str(newest_patch(minor))}


def _shown(extras: Sequence[str]) -> str:
    return f"[{','.join(sorted(extras))}]" if extras else ""


class _Search:
    """A search that goes back one package where the next has no version that fits."""

    def __init__(self, matrix: Matrix, environment: Mapping[str, str]) -> None:
        self._matrix = matrix
        self._environment = dict(environment)
        self._listed: dict[NormalizedName, list[Version]] = {}
        self._bounds: dict[tuple[NormalizedName, Version], tuple[Requirement, ...]] = {}

    def complete(self, left: Sequence[PackageEntry], row: Row) -> Row | None:
        """`row` with a version of each package that is `left`, or None where that can't be."""
        if not left:
            return row if self._is_whole(row) else None
        entry, *rest = left
        for version in self._candidates(entry):
            wider = {**row, entry.name: version}
            if self._agrees(wider, entry.name) and not self._is_known_bad(wider):
                found = self.complete(rest, wider)
                if found is not None:
                    return found
        # What the row needs already is not tried without, over and over, to the very end.
        needed = entry.required or any(name == entry.name for _, name, _ in self._bounds_in(row))
        return None if needed else self.complete(rest, row)

    def _candidates(self, entry: PackageEntry) -> list[Version]:
        """The listed versions of one package that are final, not yanked, not bad by themselves, and for this Python: newest first."""
        if entry.name not in self._listed:
            self._listed[entry.name] = self._all_candidates(entry)
        return self._listed[entry.name]

    def _all_candidates(self, entry: PackageEntry) -> list[Version]:
        full = self._environment["python_full_version"]
        found = {
            version
            for each in entry.ranges
            if each.requires_python.contains(full)
            for version, _ in each.releases
            if version not in each.yanked and not version.is_prerelease
        }
        return [each for each in sorted(found, reverse=True) if not self._is_known_bad({entry.name: each})]

    def _agrees(self, row: Row, newest: NormalizedName) -> bool:
        """Whether the package that came last keeps within the bounds of the others, and they within its."""
        return all(
            bound.specifier.contains(row[name], prereleases=True)
            for package, name, bound in self._bounds_in(row)
            if name in row and newest in {package, name}
        )

    def _is_known_bad(self, row: Mapping[NormalizedName, Version]) -> bool:
        """Whether it is certain, whatever else may come, that the row has a fault that can hurt."""
        combination = Combination(
            packages={str(name): version for name, version in row.items()},
            python=Version(self._environment["python_full_version"]),
            extras=frozenset(
                (each.name, extra) for each in self._matrix.packages if each.name in row for extra in each.extras
            ),
        )
        return any(each.severity.rank >= Severity.MEDIUM.rank for each in firing(self._matrix.known_bad, combination))

    def _is_whole(self, row: Row) -> bool:
        """Whether no package of the row needs one of the matrix that was left out."""
        return all(name in row or self._matrix.package(name) is None for _, name, _ in self._bounds_in(row))

    def _bounds_in(self, row: Row) -> Iterator[tuple[NormalizedName, NormalizedName, Requirement]]:
        for package, version in row.items():
            for bound in self._bounds_of(package, version):
                yield package, canonicalize_name(bound.name), bound

    def _bounds_of(self, name: NormalizedName, version: Version) -> tuple[Requirement, ...]:
        key = (name, version)
        if key not in self._bounds:
            entry = self._matrix.package(name)
            covering = entry.range_of(version) if entry is not None else None
            lines = _lines(entry, version, covering) if entry is not None and covering is not None else ()
            self._bounds[key] = tuple(self._applying(lines))
        return self._bounds[key]

    def _applying(self, lines: Iterable[str]) -> Iterator[Requirement]:
        for line in lines:
            bound = Requirement(line)
            if bound.marker is None or bound.marker.evaluate({**self._environment, "extra": ""}):
                yield bound


def _lines(entry: PackageEntry, version: Version, covering: PackageRange) -> Iterator[str]:
    yield from covering.requires
    for demand in entry.demands_of(version):
        yield from demand.runtime
    for extra, lines in covering.extras:
        if extra in entry.extras:
            yield from lines
