"""Puts neighbouring releases that declare the same into ranges of versions."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import TypeAlias

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from stackaudit.authoring._declared import Declared
from stackaudit.model.matrix import PackageRange
from stackaudit.model.values import dataclass
from stackaudit.model.versions import parse_requirement

Bounds: TypeAlias = tuple[frozenset[str], tuple[str, ...], tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One final release as the index showed it: the day of its first file, whether all its files are yanked, and what it declares.

    `declared` is None where nobody can read that: such a release is in no range.
    """

    version: Version
    day: date
    yanked: bool
    declared: Declared | None


def extras_in_use(
    named: Mapping[NormalizedName, Collection[str]], seen: Mapping[NormalizedName, Sequence[Seen]]
) -> dict[NormalizedName, tuple[NormalizedName, ...]]:
    """The extras of each package of `seen`: those that people `named`, and those that the packages pull in of each other, in turn."""
    found = {name: {canonicalize_name(each) for each in named.get(name, ())} for name in seen}
    while True:
        pulled = {
            (canonicalize_name(requirement.name), canonicalize_name(extra))
            for name, releases in seen.items()
            for line in _lines_of(releases, found[name])
            if (requirement := parse_requirement(line)) is not None
            for extra in requirement.extras
        }
        new = {(name, extra) for name, extra in pulled if name in found and extra not in found[name]}
        if not new:
            return {name: tuple(sorted(extras)) for name, extras in found.items()}
        for name, extra in new:
            found[name].add(extra)


def _lines_of(releases: Sequence[Seen], extras: Collection[NormalizedName]) -> set[str]:
    return {
        line
        for each in releases
        if each.declared is not None
        for extra in (None, *extras)
        for line in each.declared.lines(extra)
    }


def spans(releases: Sequence[Seen], extras: Sequence[NormalizedName]) -> tuple[PackageRange, ...]:
    """The ranges of one package, oldest first: every release that declares something is in one of them, whatever their order.

    A range ends where the next begins or, where that is of another minor series, with the series of its last release: `>=5.3.6,<5.5`. It
    never goes over a release that nobody can read, nor over a series that was left out: nobody looked at what may come there.
    """
    groups: list[tuple[Bounds | None, list[Seen]]] = []
    for each in sorted(releases, key=lambda each: each.version):
        bounds = None if each.declared is None else _bounds(each.declared, extras)
        same = bool(groups) and bounds is not None and groups[-1][0] == bounds
        if same and _follows(groups[-1][1][-1].version, each.version):
            groups[-1][1].append(each)
        else:
            groups.append((bounds, [each]))
    ends = [_end(group[-1].version, after[0].version) for (_, group), (_, after) in pairwise(groups)]
    if groups:
        ends.append(_after(groups[-1][1][-1].version))
    return tuple(
        _range(bounds, group, end) for (bounds, group), end in zip(groups, ends, strict=True) if bounds is not None
    )


def _range(bounds: Bounds, group: Sequence[Seen], end: Version) -> PackageRange:
    requires_python, pythons, requires, extras = bounds
    return PackageRange(
        versions=SpecifierSet(f">={group[0].version},<{end}"),
        releases=tuple((each.version, each.day) for each in group if not each.yanked),
        requires_python=SpecifierSet(",".join(sorted(requires_python))),
        pythons=pythons,
        requires=requires,
        extras=extras,
        yanked=tuple(each.version for each in group if each.yanked),
    )


def _bounds(declared: Declared, extras: Sequence[NormalizedName]) -> Bounds:
    own = [(extra, declared.lines(extra)) for extra in extras]
    kept = tuple((extra, lines) for extra, lines in own if lines or extra in declared.extras)
    return frozenset(str(each) for each in declared.requires_python), declared.pythons, declared.lines(), kept


def _series(version: Version) -> tuple[int, int, int]:
    return version.epoch, version.major, version.minor


def _follows(before: Version, version: Version) -> bool:
    old, new = _series(before), _series(version)
    return old[:2] == new[:2] and new[2] - old[2] <= 1


def _end(last: Version, following: Version) -> Version:
    return following if _series(last) == _series(following) else _after(last)


def _after(last: Version) -> Version:
    epoch = f"{last.epoch}!" if last.epoch else ""
    return Version(f"{epoch}{last.major}.{last.minor + 1}")
