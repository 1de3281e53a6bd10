"""Why each package of the stack is at its version: who requires it with which bounds, what these admit, and what the index has."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.model.audit import Audit, Case, Package
from stackaudit.model.facts import AdvisoryCopy, Distribution, Release
from stackaudit.model.findings import Finding, Outcome
from stackaudit.model.markers import environment_of
from stackaudit.model.matrix import PackageEntry
from stackaudit.model.versions import parse_requirement, parse_version, written
from stackaudit.reports._raw import Raw, escaped, to_evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Rationale:
    """One package at its version, and what is known of the choice: pairs of a question and its answer."""

    name: str
    version: str
    answers: tuple[tuple[str, str | Raw], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What `holder` (`kombu[redis] 5.6.1`) asks of a package."""

    holder: str
    specifier: SpecifierSet


def rationales(audit: Audit) -> Iterator[Rationale]:
    """One for each package of the stack that was seen, in the order of the matrix."""
    case = audit.case
    if case.matrix is None:
        return
    asked = _asked(case, {entry.name for entry in case.matrix.packages})
    releases = {(each.name, each.version): each for each in case.facts(Release)}
    packages = {each.name: each for each in case.stack_packages()}
    for entry in case.matrix.packages:
        package = packages.get(entry.name)
        if package is not None:
            release = releases.get((package.name, package.version))
            answers = (
                ("Declared", _declared(case, entry.name)),
                ("Required by", _holders(case, asked.get(entry.name, ()))),
                *_choice(case, entry, asked.get(entry.name, ()), release),
                ("Published for", _pythons(entry, package)),
                ("Vulnerabilities", _vulnerabilities(audit, package)),
                *_notes(entry, package),
            )
            yield Rationale(name=package.name, version=package.version, answers=answers)


def _declared(case: Case, name: str) -> str:
    found = [f"{_line(name, each.extras, each.specifier)} at {each.where}" for each in case.requirements_of(name)]
    return "; ".join(dict.fromkeys(found)) or "nowhere: it comes along with others"


def _line(name: str, extras: Sequence[str], specifier: SpecifierSet) -> str:
    asked = f"[{','.join(extras)}]" if extras else ""
    return f"{name}{asked}{written(specifier)}"


def _holders(case: Case, asked: Sequence[_Asked]) -> str:
    if asked:
        return "; ".join(f"{each.holder} ({written(each.specifier) or 'any version'})" for each in asked)
    if case.facts(Distribution):
        return "no installed package"
    return "no other pin, by the published metadata in the matrix; what the pins pull in besides was not installed"


def _asked(case: Case, names: set[str]) -> dict[str, tuple[_Asked, ...]]:
    """Who asks for each of `names`: by the metadata of what is installed, else by what the matrix has of the pins."""
    environment = environment_of(case.manifest, case.interpreter)
    found: dict[str, list[_Asked]] = {}
    for name, version, groups in _metadata(case):
        told: set[str] = set()
        for extra, lines in groups:
            for requirement in _applying(lines, environment, extra, names):
                if str(requirement) not in told:
                    told.add(str(requirement))
                    holder = f"{name}[{extra}] {version}" if extra else f"{name} {version}"
                    asked = _Asked(holder=holder, specifier=requirement.specifier)
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


def _choice(
    case: Case, entry: PackageEntry, asked: Sequence[_Asked], release: Release | None
) -> Iterator[tuple[str, str]]:
    together = SpecifierSet()
    for each in asked:
        together &= each.specifier
    yield "Allowed by these", _tightened(together) or "any version"
    dates: dict[Version, date | None] = dict(entry.listed())
    for version, at in _on_index(release):
        dates[version] = _day(at) or dates.get(version)
    minor = environment_of(case.manifest, case.interpreter)["python_version"]
    fitting = [
        version
        for version in dates
        if not version.is_prerelease and together.contains(version) and _for_python(entry, version, minor, release)
    ]
    said = f"{_dated(max(fitting), dates)}, of the releases in the matrix and on the index" if fitting else "none known"
    yield f"Newest of these for Python {minor}", said
    if release is None:
        yield "Newest published", "not asked"
    elif not release.known:
        yield "Newest published", "the index does not know this project"
    else:
        newest = parse_version(release.newest or "")
        yield "Newest published", _dated(newest, dates) if newest is not None else "not told by the index"


_LOWER, _UPPER = frozenset({">=", ">"}), frozenset({"<=", "<"})


def _tightened(together: SpecifierSet) -> str:
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


def _on_index(release: Release | None) -> Iterator[tuple[Version, datetime | None]]:
    told: tuple[tuple[str | None, datetime | None], ...] = ()
    if release is not None:
        told = (
            (release.newest, None),
            (release.newest_in_series, release.newest_in_series_at),
            (release.newest_for_python, release.newest_for_python_at),
        )
    for text, at in told:
        version = parse_version(text or "")
        if version is not None:
            yield version, at


def _for_python(entry: PackageEntry, version: Version, minor: str, release: Release | None) -> bool:
    """Whether `version` is known to take Python `minor`."""
    if release is not None and str(version) == release.newest_for_python:
        return True
    covered = entry.range_of(version)
    return covered is not None and version not in covered.yanked and covered.requires_python.contains(f"{minor}.99")


def _day(at: datetime | None) -> date | None:
    return at.date() if at is not None else None


def _dated(version: Version, dates: Mapping[Version, date | None]) -> str:
    day = dates.get(version)
    return f"{version} of {day}" if day is not None else str(version)


def _pythons(entry: PackageEntry, package: Package) -> str:
    version = parse_version(package.version)
    covered = entry.range_of(version) if version is not None else None
    if covered is None:
        return "this version is not in the matrix"
    named = ", ".join(covered.pythons) or "no Python in its classifiers"
    return f"{named}; Requires-Python {written(covered.requires_python) or 'any'}"


def _vulnerabilities(audit: Audit, package: Package) -> Raw | str:
    judgment = next((each for each in audit.judgments if each.check == "vulnerabilities"), None)
    about: Sequence[Finding] = (
        [each for each in judgment.findings if each.subject == package.subject] if judgment else ()
    )
    told = [each for each in about if each.outcome is not Outcome.PASS]
    if told:
        return "; ".join(f"{each.outcome}{', accepted' if each.waiver else ''}: {each.message}" for each in told)
    if judgment is None or not about:
        return f"{judgment.verdict}: {judgment.summary}" if judgment is not None else "not checked"
    looks = dict.fromkeys(each.partition(".")[0] for each in judgment.evidence)
    copies = sorted({f", as of {each.as_of or 'no known day'}" for each in audit.case.facts(AdvisoryCopy)})
    return Raw(f"none known to the service that was asked{escaped(''.join(copies))} ({to_evidence(looks)})")


def _notes(entry: PackageEntry, package: Package) -> Iterator[tuple[str, str]]:
    version = parse_version(package.version)
    for each in entry.notes:
        if version is not None and each.versions.contains(version, prereleases=True):
            yield "Note", f"{each.text} (source: {each.source})"
