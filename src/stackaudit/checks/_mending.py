"""Finds the smallest change of pins that takes a stack out of a known-bad combination."""

from collections.abc import Iterator

from packaging.version import Version

from stackaudit.checks._row import MOST_TRIED, Row
from stackaudit.model.known_bad import KnownBad
from stackaudit.model.versions import series


def mended(here: Row, rule: KnownBad) -> str | None:
    """The pins that clear `rule`: one where one is enough, else two, in the nearest series there is, at its newest patch; or None."""
    tried = sorted(
        ((step, order, name, version) for order, name in enumerate(rule.names) for step, version in _steps(here, name)),
        key=lambda each: (each[0], each[1]),
    )[:MOST_TRIED]
    cleared = [
        (name, version, row)
        for _, _, name, version in tried
        if not rule.fires((row := here.at(name, version)).combination())
    ]
    # Out of one fault into another that is only reported is no way out, as long as there is a better one.
    cleared.sort(key=lambda each: any(True for _ in each[2].known_bad()))
    for name, version, row in cleared:
        if row.fits(name):
            return f"pin {name}=={version}"
    for name, version, row in cleared:
        pins = _along(row, name)
        if pins is not None:
            return f"pin {name}=={version} and {pins}"
    return None


def _steps(here: Row, name: str) -> Iterator[tuple[tuple[int, bool, int], Version]]:
    """Every listed version of package `name` with how far away it is: series between, whether it is older, patches from its newest."""
    entry, current = here.matrix.package(name), here.versions.get(name)
    if entry is None or current is None:
        return
    listed = sorted({each for each, _ in entry.listed()} | {current})
    by_series: dict[str, list[Version]] = {}
    for version in listed:
        by_series.setdefault(series(version), []).append(version)
    names = list(by_series)
    at = names.index(series(current))
    for place, versions in enumerate(by_series.values()):
        for patch, version in enumerate(reversed(versions)):
            if version != current:
                yield (abs(place - at), version < current, patch), version


def _along(row: Row, name: str) -> str | None:
    """The one other pin with which package `name` goes with all others, or None."""
    for entry in row.matrix.packages:
        if entry.name == name or entry.name not in row.versions:
            continue
        version = row.newest_fitting(entry.name)
        if version is not None and row.at(entry.name, version).fits(name):
            return f"{entry.name}=={version}"
    return None
