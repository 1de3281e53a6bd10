"""Combinations that are known to break: a condition over what a stack is made of, and what it does to a user who meets it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from stackaudit.model.findings import Severity
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass

Bound: TypeAlias = tuple[str, str]
"""A name and the versions of it that count, a valid PEP 440 specifier set; the empty one admits every version.

It is kept as text: the few bounds of a matrix meet the few versions there are again and again, and text is hashed faster than a set of
specifiers is compared.
"""


class Exposure(StrEnum):
    """What it takes to see that a combination is broken."""

    STATIC = "static"
    IMPORT = "import"
    SMOKE = "smoke"
    DRILL = "drill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """What a stack is made of, as far as it is known.

    `packages` are versions by normalized name; `whole` is True where there are no others. `extras` are those in use. `services` (by
    product), `programs` and `settings` (`redis.maxmemory_policy`) hold what was seen: of what is not there nothing is known.
    """

    packages: Mapping[str, Version]
    python: Version | None = None
    whole: bool = False
    extras: frozenset[tuple[str, str]] = frozenset()
    services: Mapping[str, Version] = field(default_factory=dict)
    programs: Mapping[str, Version] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Clauses that must all hold. `settings` are names with the values that count, any of which will do."""

    packages: tuple[Bound, ...] = ()
    python: str | None = None
    extras: tuple[tuple[str, str], ...] = ()
    services: tuple[Bound, ...] = ()
    programs: tuple[Bound, ...] = ()
    settings: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def holds(self, of: Combination) -> bool | None:
        """Whether all clauses hold of a combination; None where that hangs on what is not known of it. False as soon as one fails."""
        open_ = False
        # The packages first, and by themselves: of many rules and many combinations nearly all end here.
        for name, versions in self.packages:
            version = of.packages.get(name)
            if version is None:
                if of.whole:
                    return False
                open_ = True
            elif not admits(versions, version):
                return False
        for clause in self._others(of):
            if clause is False:
                return False
            open_ = open_ or clause is None
        return None if open_ else True

    def _others(self, of: Combination) -> Iterator[bool | None]:
        if self.python is not None:
            yield None if of.python is None else admits(self.python, of.python)
        for extra in self.extras:
            yield extra in of.extras
        for bounds, seen in ((self.services, of.services), (self.programs, of.programs)):
            for name, versions in bounds:
                version = seen.get(name)
                yield None if version is None else admits(versions, version)
        for name, values in self.settings:
            value = of.settings.get(name)
            yield None if value is None else value in values


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownBad:
    """One known-bad rule of a matrix: it fires where `when` holds and `unless` does not.

    `symptom` is what a user would see, in a sentence; `exposed_by` the least that it takes to see it. `fixed_in` are the versions that
    mend it, by name. `reported` is True where it is known from reports alone and was not reproduced. `aliases` are advisory ids.
    """

    id: str
    when: Condition
    unless: Condition | None
    severity: Severity
    symptom: str
    exposed_by: Exposure
    source: str
    first_seen: date | None
    where: Place
    fixed_in: tuple[Bound, ...] = ()
    reported: bool = False
    aliases: tuple[str, ...] = ()

    def fires(self, of: Combination) -> bool:
        """Whether it is certain that `of` is one of the combinations that it is about."""
        return self.when.holds(of) is True and (self.unless is None or self.unless.holds(of) is False)

    @property
    def names(self) -> tuple[str, ...]:
        """The packages that it is about, the one that is told first."""
        return tuple(name for name, _ in self.when.packages)


def firing(rules: Iterable[KnownBad], of: Combination) -> Iterator[KnownBad]:
    """Those of `rules` that fire, in their order."""
    return (rule for rule in rules if rule.fires(of))


@lru_cache(maxsize=65536)
def admits(versions: str, version: Version) -> bool:
    """Whether the specifier set `versions` admits `version`; pre-releases count, since they are there already."""
    return SpecifierSet(versions).contains(version, prereleases=True)
