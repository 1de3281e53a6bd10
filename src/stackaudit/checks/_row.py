"""A row of the matrix: packages at their versions on one Python, the bounds that they put on each other, and what would fit instead."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.model.findings import Severity
from stackaudit.model.known_bad import Combination, KnownBad, firing
from stackaudit.model.matrix import Matrix, PackageEntry, PackageRange
from stackaudit.model.values import dataclass
from stackaudit.model.versions import newest_patch, parse_version, written

MOST_TRIED = 200
"""The newest releases that are tried for advice: a matrix from elsewhere may list any number, and hold up every rule with them."""


KNOWN_BAD = "known bad"
"""What stands before the id of a rule among the troubles of a row."""


@lru_cache(maxsize=4096)
def requirement_of(line: str) -> Requirement:
    """A PEP 508 line of the matrix; it was validated when the matrix was read."""
    return Requirement(line)


@dataclass(frozen=True, slots=True, kw_only=True)
class InUse:
    """An extra of a package that this stack uses; `declared` where a file asks for it, `because` says in words how that is known."""

    name: str
    extra: str
    declared: bool
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What `holder` asks of another package. `kind` is `hard`, `extra` or `runtime`; `extra` names the extra in use behind it."""

    holder: str
    requirement: Requirement
    kind: str
    extra: InUse | None = None

    @property
    def name(self) -> str:
        """The package that it is about, normalized."""
        return canonicalize_name(self.requirement.name)

    @property
    def text(self) -> str:
        """`redis>=6.4.0,<9.0.0`, in the order in which people write bounds."""
        extras = f"[{','.join(sorted(self.requirement.extras))}]" if self.requirement.extras else ""
        return f"{self.name}{extras}{written(self.requirement.specifier)}"

    def admits(self, version: Version) -> bool:
        """Whether `version` keeps it; pre-releases count, since they are there already."""
        return self.requirement.specifier.contains(version, prereleases=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Packages at their versions on one Python. `versions` holds all of the case's, by name; `environment` is the target's, for markers.

    `whole` is True where there are surely no other packages.
    """

    matrix: Matrix
    versions: Mapping[str, Version]
    environment: Mapping[str, str]
    extras: tuple[InUse, ...]
    whole: bool = False

    @property
    def python(self) -> str:
        """The Python's full version."""
        return self.environment["python_full_version"]

    @property
    def minor(self) -> str:
        """The Python's minor version, `3.11`."""
        return self.environment["python_version"]

    def covered(self) -> Iterator[tuple[PackageEntry, Version, PackageRange]]:
        """The stack's packages whose versions lie in a range of the matrix, in its order."""
        for entry in self.matrix.packages:
            version = self.versions.get(entry.name)
            found = entry.range_of(version) if version is not None else None
            if version is not None and found is not None:
                yield entry, version, found

    def range_of(self, name: str) -> PackageRange | None:
        """The range that covers package `name` at its version here, or None."""
        entry, version = self.matrix.package(name), self.versions.get(name)
        return entry.range_of(version) if entry is not None and version is not None else None

    def bounds(self) -> Iterator[Bound]:
        """All that the covered packages ask of others and that applies on this Python and with the extras in use."""
        in_use = {(each.name, each.extra): each for each in self.extras_in_use()}
        for entry, version, found in self.covered():
            groups: list[tuple[str, InUse | None, tuple[str, ...]]] = [
                ("hard", None, found.requires),
                *(("extra", in_use.get((entry.name, extra)), lines) for extra, lines in found.extras),
                *(("runtime", None, demand.runtime) for demand in entry.demands_of(version)),
            ]
            for kind, extra, lines in groups:
                if kind == "extra" and extra is None:
                    continue
                for requirement in map(requirement_of, lines):
                    if requirement.marker is None or requirement.marker.evaluate({"extra": "", **self.environment}):
                        yield Bound(holder=entry.name, requirement=requirement, kind=kind, extra=extra)

    def extras_in_use(self) -> tuple[InUse, ...]:
        """The extras in use, and those that they put to use in turn (`celery[redis]` is `kombu[redis]` from celery 5.5.3 on)."""
        ranges: dict[str, PackageRange] = {entry.name: found for entry, _, found in self.covered()}
        done: dict[tuple[str, str], InUse] = {}
        left = sorted(self.extras, key=lambda each: not each.declared)
        while left:
            each = left.pop(0)
            known = done.get((each.name, each.extra))
            if known is not None and (known.declared or not each.declared):
                continue
            done[each.name, each.extra] = each
            found = ranges.get(each.name)
            for line in dict(found.extras).get(each.extra, ()) if found else ():
                inner = requirement_of(line)
                left += [
                    replace(each, name=canonicalize_name(inner.name), extra=extra) for extra in sorted(inner.extras)
                ]
        return tuple(done[key] for key in sorted(done))

    def combination(self) -> Combination:
        """What the stack is made of here, as known-bad rules look at it: packages, Python and extras, nothing live."""
        return Combination(
            packages=self.versions,
            python=parse_version(self.python),
            whole=self.whole,
            extras=frozenset((each.name, each.extra) for each in self.extras_in_use()),
        )

    def known_bad(self) -> Iterator[KnownBad]:
        """The rules of the matrix that this combination breaks."""
        return firing(self.matrix.known_bad, self.combination())

    def at(self, name: str, version: Version) -> "Row":
        """This row with package `name` at `version`."""
        return replace(self, versions={**self.versions, name: version})

    def completed(self, names: Iterable[str], within: Mapping[str, SpecifierSet]) -> "Row":
        """This row with the newest fitting version of each of `names` that it lacks, one after the other, each `within` its bounds."""
        found = self
        for name in names:
            version = found.newest_fitting(name, within=within.get(name)) if name not in found.versions else None
            found = found.at(name, version) if version is not None else found
        return found

    def on_python(self, minor: str) -> "Row":
        """This row on the newest patch of Python `minor` (`3.12`)."""
        python = {"python_version": minor, "python_full_version": str(newest_patch(minor))}
        return replace(self, environment={**self.environment, **python})

    def without(self, name: str) -> "Row":
        """This row with no package `name`."""
        return replace(self, versions={each: version for each, version in self.versions.items() if each != name})

    def fits(self, name: str, *, installs: bool = False) -> bool:
        """Whether package `name`, at its version here, goes with all others: Python, bounds both ways, and no fault that can hurt.

        With `installs` nothing counts but what an installer would look at: no bounds behind extras, and no known faults.
        """
        return next(self._troubles(frozenset({name}), installs=installs), None) is None

    def no_worse(self, name: str, version: Version) -> bool:
        """Whether all go together with package `name` at `version` at least as well as here: nothing breaks that did not."""
        return self.at(name, version).all_troubles() <= self.all_troubles()

    def all_troubles(self) -> frozenset[tuple[str, str]]:
        """What keeps any package of the stack from going with the others, each in a form that another version shares.

        One package's version may put an extra to use between two others.
        """
        stack = (entry.name for entry in self.matrix.packages if entry.name in self.versions)
        return frozenset(self._troubles(frozenset(stack)))

    def troubles(self, name: str) -> Iterator[tuple[str, str]]:
        """What keeps package `name` from going with the others."""
        return self._troubles(frozenset({name}))

    def _troubles(self, names: frozenset[str], *, installs: bool = False) -> Iterator[tuple[str, str]]:
        for name in names:
            found = self.range_of(name)
            if found is None:
                yield "not listed", name
            elif not admits_python(self, found):
                yield "not for this Python", name
        stack = {each.name for each in self.matrix.packages}
        for bound in self.bounds():
            other = self.versions.get(bound.name)
            about = bound.holder in names or bound.name in names
            counts = about and bound.name in stack and not (installs and bound.kind == "extra")
            if counts and other is not None and not bound.admits(other):
                yield bound.holder, bound.name
        for rule in () if installs else self.known_bad():
            if rule.severity.rank >= Severity.MEDIUM.rank and not names.isdisjoint(rule.names):
                yield KNOWN_BAD, rule.id

    def newest_fitting(
        self, name: str, *, installs: bool = False, within: SpecifierSet | None = None
    ) -> Version | None:
        """The newest listed version of package `name`, `within` bounds if any, that fits the others as they are, or None; see `fits`."""
        entry = self.matrix.package(name)
        listed = sorted((each for each, _ in entry.listed()), reverse=True) if entry else []
        allowed = [each for each in listed if within is None or within.contains(each, prereleases=True)]
        return next((each for each in allowed[:MOST_TRIED] if self.at(name, each).fits(name, installs=installs)), None)


def admits_python(here: Row, found: PackageRange) -> bool:
    """Whether the Requires-Python of a range admits the row's Python."""
    return found.requires_python.contains(here.python, prereleases=True)
