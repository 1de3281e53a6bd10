"""Who asks for which versions of a package: by the metadata of what is installed, else by what the matrix has of the pins."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.markers import environment_of
from stackaudit.model.values import dataclass
from stackaudit.model.versions import parse_requirement, parse_version, written


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What `holder` (`kombu[redis] 5.6.1`) asks of a package."""

    holder: str
    specifier: SpecifierSet


def asked_of(case: Case, names: set[str]) -> dict[str, tuple[Asked, ...]]:
    """Who asks for each of `names`: by the metadata of what is installed, else by what the matrix has of the pins."""
    environment = environment_of(case.manifest, case.interpreter)
    found: dict[str, list[Asked]] = {}
    for name, version, groups in _metadata(case):
        told: set[str] = set()
        for extra, lines in groups:
            for requirement in _applying(lines, environment, extra, names):
                if str(requirement) not in told:
                    told.add(str(requirement))
                    holder = f"{name}[{extra}] {version}" if extra else f"{name} {version}"
                    asked = Asked(holder=holder, specifier=requirement.specifier)
                    found.setdefault(canonicalize_name(requirement.name), []).append(asked)
    return {name: tuple(sorted(asked, key=lambda each: each.holder)) for name, asked in found.items()}


_Group: TypeAlias = tuple[str, tuple[str, ...]]
"""An extra in use, empty for what always counts, and the lines to look at for it."""


def _metadata(case: Case) -> Iterator[tuple[str, str, tuple[_Group, ...]]]:
    """Name, version and groups of every package whose metadata are known."""
    installed = case.facts(Distribution)
    for each in installed:
        yield each.name, each.version, tuple((extra, each.requires) for extra in ("", *_extras(case, each.name)))
    if installed or case.matrix is None:
        return
    for package in case.stack_packages():
        entry, version = case.matrix.package(package.name), parse_version(package.version)
        covered = entry.range_of(version) if entry is not None and version is not None else None
        if covered is not None:
            in_use = _extras(case, package.name)
            behind = tuple((extra, lines) for extra, lines in covered.extras if extra in in_use)
            yield package.name, package.version, (("", covered.requires), *behind)


def _extras(case: Case, name: str) -> tuple[str, ...]:
    entry = case.matrix.package(name) if case.matrix is not None else None
    asked = {extra for each in case.requirements_of(name) for extra in each.extras}
    return tuple(sorted({*asked, *(entry.extras if entry is not None else ())}))


def _applying(
    lines: Iterable[str], environment: Mapping[str, str], extra: str, names: set[str]
) -> Iterator[Requirement]:
    for line in lines:
        requirement = parse_requirement(line)
        if requirement is None or canonicalize_name(requirement.name) not in names:
            continue
        try:
            applies = requirement.marker is None or requirement.marker.evaluate({**environment, "extra": extra})
        except (UndefinedComparison, UndefinedEnvironmentName):
            # Nobody can tell whether it applies; to leave it out would be to call everything admitted.
            applies = True
        if applies:
            yield requirement


_LOWER, _UPPER = frozenset({">=", ">"}), frozenset({"<=", "<"})


def tightened(together: SpecifierSet) -> str:
    """`together` with the highest of its lower bounds and the lowest of its upper ones alone: the others say nothing more."""
    # Of two spellings of one bound the shorter is told; a set has no order of its own.
    ordered = sorted(together, key=lambda each: (-len(str(each)), str(each)))
    kept = {(each.operator, parse_version(each.version) or each.version): each for each in ordered}
    for side, tightest in ((_LOWER, max), (_UPPER, min)):
        bounds = {key: parse_version(each.version) for key, each in kept.items() if each.operator in side}
        known = [version for version in bounds.values() if version is not None]
        if len(known) == len(bounds) > 1:
            wanted = tightest(known)
            kept = {key: each for key, each in kept.items() if key not in bounds or bounds[key] == wanted}
    return written(SpecifierSet(",".join(str(each) for each in kept.values())))
