"""Why each package of the stack is at its version: who requires it with which bounds, what these admit, and what the index has."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from stackaudit.model.audit import Audit, Case, Package
from stackaudit.model.facts.advised import AdvisoryCopy
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.facts.published import Release
from stackaudit.model.findings import Finding, Outcome
from stackaudit.model.markers import environment_of
from stackaudit.model.matrix import PackageEntry
from stackaudit.model.values import dataclass
from stackaudit.model.versions import parse_version, written
from stackaudit.reports._bounds import Asked, asked_of, tightened
from stackaudit.reports._raw import Raw, escaped, to_evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Rationale:
    """One package at its version, and what is known of the choice: pairs of a question and its answer."""

    name: str
    version: str
    answers: tuple[tuple[str, str | Raw], ...]


def rationales(audit: Audit) -> Iterator[Rationale]:
    """One for each package of the stack that was seen, in the order of the matrix."""
    case = audit.case
    if case.matrix is None:
        return
    asked = asked_of(case, {entry.name for entry in case.matrix.packages})
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


def _holders(case: Case, asked: Sequence[Asked]) -> str:
    if asked:
        return "; ".join(f"{each.holder} ({written(each.specifier) or 'any version'})" for each in asked)
    if case.facts(Distribution):
        return "no installed package"
    return "no other pin, by the published metadata in the matrix; what the pins pull in besides was not installed"


def _choice(
    case: Case, entry: PackageEntry, asked: Sequence[Asked], release: Release | None
) -> Iterator[tuple[str, str]]:
    together = SpecifierSet()
    for each in asked:
        together &= each.specifier
    yield "Allowed by these", tightened(together) or "any version"
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
