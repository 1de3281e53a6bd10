"""What a matrix keeps of the index: it stands in for releases that the index could not be asked about, with the day that it is of."""

from datetime import UTC, datetime, time
from itertools import chain

from packaging.version import Version

from stackaudit.model.facts.published import History, Published, Upload
from stackaudit.model.matrix import Matrix, PackageEntry, PackageRange, Rung


def history_in(matrix: Matrix | None, name: str) -> History | None:
    """The releases of package `name` that the matrix lists: there may be others. None where it lists none."""
    entry = _entry(matrix, name)
    if entry is None:
        return None
    yanked = set(entry.withdrawn).union(*(each.yanked for each in entry.ranges))
    uploads = (_upload(version, each, yanked) for each in entry.ranges for version, _ in each.releases)
    return History(name=entry.name, known=True, uploads=tuple(sorted(uploads, key=lambda each: Version(each.version))))


def _entry(matrix: Matrix | None, name: str) -> PackageEntry | None:
    """The entry of package `name`, where its ranges are the index's own and their day is known."""
    entry = matrix.package(name) if matrix is not None and matrix.published_at is not None else None
    return entry if entry is not None and entry.rung is Rung.PUBLISHED else None


def _upload(version: Version, covered: PackageRange, yanked: set[Version]) -> Upload:
    day = dict(covered.releases)[version]
    return Upload(version=str(version), at=datetime.combine(day, time(), UTC), yanked=version in yanked)


def published_in(matrix: Matrix | None, name: str, version: Version) -> Published | None:
    """The metadata of a release as the matrix keeps them; None where people wrote its range, or did not list it."""
    entry = _entry(matrix, name)
    covered = entry.range_of(version) if entry is not None else None
    if entry is None or covered is None or version not in dict(covered.releases):
        return None
    extras = chain.from_iterable((_behind(line, extra) for line in lines) for extra, lines in covered.extras)
    return Published(
        name=entry.name,
        version=str(version),
        requires=(*covered.requires, *extras),
        requires_python=str(covered.requires_python) or None,
        pythons=covered.pythons,
    )


def _behind(line: str, extra: str) -> str:
    """A requirement line as the metadata have it, behind its extra."""
    bare, _, marker = line.partition(";")
    condition = f'extra == "{extra}"'
    return f"{bare.strip()}; ({marker.strip()}) and {condition}" if marker else f"{bare.strip()}; {condition}"
