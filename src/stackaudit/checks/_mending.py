"""Finds the smallest change of pins that takes something wrong out of a stack, and puts nothing else wrong in it."""

from collections.abc import Callable, Iterable, Iterator

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from stackaudit.checks._row import KNOWN_BAD, MOST_TRIED, Row
from stackaudit.model.known_bad import KnownBad
from stackaudit.model.values import dataclass
from stackaudit.model.versions import series, written

MOST_JOINED = 40
"""The versions for which it is tried what must move along: with each of them all versions of the others are."""

MOST_ROWS = 5
"""The versions around which a whole row is chosen anew, where nothing less helps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """Package `name` at `version`, and the row with it."""

    name: str
    version: Version
    row: Row

    @property
    def pin(self) -> str:
        return f"{self.name}=={self.version}"


def mended(here: Row, rule: KnownBad, *, alone: bool = False) -> str | None:
    """The pins that clear `rule`: one where one is enough, else two unless `alone`, in the nearest series, at its newest patch; or None."""
    tried = sorted(
        ((far, order, name, version) for order, name in enumerate(rule.names) for far, version in _steps(here, name)),
        key=lambda each: (each[0], each[1]),
    )
    found = _cleared(
        here, ((name, version) for _, _, name, version in tried), lambda row: not rule.fires(row.combination())
    )
    # Out of one fault into another that is only reported is no way out, as long as there is a better one.
    found.sort(key=lambda each: any(True for _ in each.row.known_bad()))
    return _best(here, found, alone=alone)


def moved(here: Row, names: Iterable[str], clears: Callable[[Row], bool], *, alone: bool = False) -> str | None:
    """The pins with which `clears` holds: the newest of the first of `names` that goes with all others; two unless `alone`; or None."""
    tried = ((name, version) for name in names for version in _newest_first(here, name))
    return _best(here, _cleared(here, tried, clears), alone=alone)


def with_another(here: Row, name: str, within: SpecifierSet) -> str | None:
    """The pins of package `name`, which the row lacks, `within` its bounds, and of the one that leaves no version of it; or None."""
    others = [entry.name for entry in here.matrix.packages if entry.name in here.versions]
    tried = sorted(
        ((far, other, version) for other in others for far, version in _steps(here, other)), key=lambda each: each[0]
    )
    for _, other, version in tried[:MOST_TRIED]:
        row = here.at(other, version)
        found = row.newest_fitting(name, within=within) if row.fits(other) else None
        if found is not None:
            why = f"no listed {name}{written(within)} goes with {other} {here.versions[other]}"
            return f"pin {name}=={found} and {other}=={version}: {why}"
    return None


def _cleared(here: Row, tried: Iterable[tuple[str, Version]], clears: Callable[[Row], bool]) -> list[_Step]:
    steps = (_Step(name=name, version=version, row=here.at(name, version)) for name, version in tried)
    return [each for each, _ in zip(steps, range(MOST_TRIED), strict=False) if clears(each.row)]


def _best(here: Row, steps: list[_Step], *, alone: bool) -> str | None:
    """One that goes with all others, else with one more pin; else one that breaks nothing which is not broken already."""
    fitting = next((each for each in steps if each.row.fits(each.name)), None)
    if fitting is not None:
        return f"pin {fitting.pin}"
    broken = here.all_troubles()
    harmless = next((each for each in steps if each.row.all_troubles() <= broken), None)
    if harmless is not None:
        return f"pin {harmless.pin}"
    if alone:
        return None
    several = (together for together in _several(steps) if together and together[-1].row.all_troubles() <= broken)
    return next((f"pin {', '.join(each.pin for each in pins[:-1])} and {pins[-1].pin}" for pins in several), None)


def _several(steps: list[_Step]) -> Iterator[tuple[_Step, ...]]:
    """Each with what must move along: one other, all that it does not go with, and last whole rows chosen anew; empty where that fails."""
    for each in steps[:MOST_JOINED]:
        yield _along(each)
        yield _together(each, frozenset[str]().union(*_parties(each)))
    for each in steps[:MOST_ROWS]:
        yield _together(each, frozenset(entry.name for entry in each.row.matrix.packages) - {each.name})


def _newest_first(here: Row, name: str) -> list[Version]:
    entry = here.matrix.package(name)
    listed = {each for each, _ in entry.listed()} if entry is not None else set()
    return sorted(listed - {here.versions.get(name)}, reverse=True)


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


def _along(step: _Step) -> tuple[_Step, ...]:
    """`step` and the one other with which its package goes with all others; empty where there is none."""
    parties = _parties(step)
    for entry in step.row.matrix.packages:
        if entry.name in step.row.versions and all(entry.name in each for each in parties):
            version = step.row.newest_fitting(entry.name)
            row = step.row.at(entry.name, version) if version is not None else step.row
            if version is not None and row.fits(step.name):
                return step, _Step(name=entry.name, version=version, row=row)
    return ()


def _together(step: _Step, names: frozenset[str]) -> tuple[_Step, ...]:
    """`step` and those of `names` that are there, chosen anew one after the other; empty where its package does not go with them."""
    bare = step.row
    others = [entry.name for entry in bare.matrix.packages if entry.name in names and entry.name in bare.versions]
    for name in others:
        bare = bare.without(name)
    # Whichever is chosen first may leave no other for what bounds it.
    for row in (bare.completed(others, {}), bare.completed(reversed(others), {})):
        if row.versions.keys() >= set(others) and row.fits(step.name):
            changed = [name for name in others if row.versions[name] != step.row.versions[name]]
            return step, *(_Step(name=name, version=row.versions[name], row=row) for name in changed)
    return ()


def _parties(step: _Step) -> list[frozenset[str]]:
    """Of each thing that keeps the package of `step` from going with the others, which others have a part in it."""
    rules = {each.id: frozenset(each.names) for each in step.row.matrix.known_bad}
    troubles = step.row.troubles(step.name)
    return [
        (rules[second] if first == KNOWN_BAD else frozenset({first, second})) - {step.name}
        for first, second in troubles
    ]
