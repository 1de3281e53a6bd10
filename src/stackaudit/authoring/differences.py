"""Tells what changed between the published ranges of a matrix and newer ones."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby

from packaging.utils import NormalizedName
from packaging.version import Version

from stackaudit.model.matrix import PackageRange
from stackaudit.model.values import dataclass
from stackaudit.model.versions import span_of, written

Ranges = Mapping[NormalizedName, tuple[PackageRange, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Release:
    """One release of one side: `day` is None where it is yanked; `says` are its bounds, each as a phrase."""

    day: date | None
    says: frozenset[str]


def differences(old: Ranges, new: Ranges, explained: Mapping[NormalizedName, Collection[Version]]) -> tuple[str, ...]:
    """Lines for readers; none exactly where both hold the same ranges. `explained` are releases that it is known of why they are gone."""
    lines: list[str] = []
    for name in (*new, *(each for each in old if each not in new)):
        if name not in new:
            lines.append(f"{name}: no longer derived")
        elif name not in old:
            lines.append(f"{name}: new, {_counted(len(_releases(new[name])), 'release')}")
        elif old[name] != new[name]:
            found = tuple(_of_package(old[name], new[name], explained.get(name, ())))
            lines += [
                name,
                *(
                    f"  {each}"
                    for each in found or ("the same releases and bounds, cut into other ranges or in another order",)
                ),
            ]
    return tuple(lines)


def _of_package(
    old: Sequence[PackageRange], new: Sequence[PackageRange], explained: Collection[Version]
) -> Iterator[str]:
    before, after = _releases(old), _releases(new)
    for version in sorted(after.keys() - before.keys()):
        yield f"+ {version}, {after[version].day or 'yanked'}"
    for version in sorted(before.keys() - after.keys()):
        yield f"- {version}{'' if version in explained else ': the index no longer has it; list it as `withdrawn`'}"
    both = sorted(before.keys() & after.keys())
    for version in both:
        was, now = before[version].day, after[version].day
        if was != now:
            yield f"{version}: {_state(now)}, before {_state(was)}"
    yield from _bounds(both, before, after)


def _state(day: date | None) -> str:
    return "yanked" if day is None else f"released {day}"


def _bounds(
    both: Iterable[Version], before: Mapping[Version, _Release], after: Mapping[Version, _Release]
) -> Iterator[str]:
    """What neighbouring releases say differently now, once for all of them."""

    def change(version: Version) -> tuple[list[str], list[str]]:
        was, now = before[version].says, after[version].says
        return sorted(now - was), sorted(was - now)

    for (more, less), alike in groupby(both, key=change):
        if more or less:
            yield span_of(tuple(alike))
            yield from (f"  + {each}" for each in more)
            yield from (f"  - {each}" for each in less)


def _releases(ranges: Iterable[PackageRange]) -> dict[Version, _Release]:
    found: dict[Version, _Release] = {}
    for each in ranges:
        says = frozenset(_phrases(each))
        found |= {version: _Release(day=day, says=says) for version, day in each.releases}
        found |= {version: _Release(day=None, says=says) for version in each.yanked}
    return found


def _phrases(each: PackageRange) -> Iterator[str]:
    if len(each.requires_python):
        yield f"Requires-Python {written(each.requires_python)}"
    yield from (f"classifier {python}" for python in each.pythons)
    yield from (f"requires {line}" for line in each.requires)
    for extra, lines in each.extras:
        yield f"extra {extra}"
        yield from (f"extra {extra} requires {line}" for line in lines)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
