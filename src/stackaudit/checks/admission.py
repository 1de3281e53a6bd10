"""Holds each package of the stack against the matrix: listed, not withdrawn, and for this Python."""

from collections.abc import Iterable, Iterator, Sequence

from packaging.version import Version

from stackaudit.checks._breach import Breach, told
from stackaudit.checks._mending import moved
from stackaudit.checks._misfit import listed_for_this_python, on_python
from stackaudit.checks._row import Row, admits_python
from stackaudit.checks._rung import held_here
from stackaudit.checks._stack import about_covered, row, subject_of
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.matrix import PackageEntry, Rung
from stackaudit.model.parts import Rule, rule
from stackaudit.model.versions import parse_version, series


def _about_stack(case: Case) -> Iterable[str]:
    return [package.subject for package in case.stack_packages()]


@rule(
    "MX201",
    "The matrix lists every version of the stack",
    severity="medium",
    reads=[Distribution, InterpreterFact],
    about=_about_stack,
    why="of a version that the matrix does not list, nobody has said that it goes with the others",
    fix="use a listed version, or have the matrix extended",
)
def listed(rule: Rule, case: Case) -> Iterator[Finding]:
    """A newer patch of a covered series is advice, a series that nobody vouches for is not."""
    here = row(case)
    for package in case.stack_packages():
        entry = case.matrix.package(package.name) if case.matrix is not None else None
        version = parse_version(package.version)
        if entry is None or case.matrix is None:
            continue
        found = entry.range_of(version) if version is not None else None
        by, severity = f"the matrix {case.matrix.name} of {case.matrix.looked_at}", None
        if version is None:
            message = f"{package.version} is no version by PEP 440, and so no series"
        elif found is None:
            message = f"{by} vouches for no {entry.name} {_outside(entry, version)}"
        elif version.is_prerelease:
            message = f"{version} is a pre-release, for which {by} does not vouch"
        elif version not in {*(each for each, _ in found.releases), *found.yanked, *entry.withdrawn}:
            message = f"{by} covers {entry.name} {series(version)} and does not list {version} itself"
            severity = Severity.LOW
        else:
            continue
        fix = moved(here, (entry.name,), listed_for_this_python(entry.name)) if here is not None else None
        yield rule.fails(package.subject, message, where=package.where, fix=fix, source=entry.source, severity=severity)


def _outside(entry: PackageEntry, version: Version) -> str:
    """`4.2, only for series from 5.2 to 5.7`; by versions where some of its series are covered, and it is not."""
    versions = sorted(each for each, _ in entry.listed())
    if not versions:
        return f"{series(version)}, and none at all"
    if series(version) in map(series, versions):
        return f"{version}, only for {versions[0]} to {versions[-1]}"
    first, last = series(versions[0]), series(versions[-1])
    only = f"only for {first}" if first == last else f"only for series from {first} to {last}"
    return f"{series(version)}, {only}"


@rule(
    "MX202",
    "No version of the stack was withdrawn by its makers",
    severity="medium",
    reads=[Distribution, InterpreterFact],
    about=about_covered,
    why="makers yank a release when it breaks something; an installer takes it only where it is pinned",
    fix="pin another patch of the same series",
)
def not_yanked(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the list of the matrix; what the index says today is the check `releases`'s to find out."""
    here = row(case)
    for entry, version, found in here.covered() if here is not None else ():
        if here is not None and version in (*found.yanked, *entry.withdrawn):
            note = next((each for each in entry.notes if each.versions.contains(version)), None)
            why = f": {note.text}" if note is not None else ""
            yield rule.fails(
                subject_of(case, entry.name),
                f"{entry.name} {version} was withdrawn by its makers{why}",
                where=case.place_of(entry.name),
                fix=moved(here, (entry.name,), listed_for_this_python(entry.name)),
                source=note.source if note is not None else entry.source,
            )


@rule(
    "MX203",
    "The metadata of every package of the stack admits this Python",
    severity="high",
    reads=[Distribution, InterpreterFact],
    about=about_covered,
    why="no installer puts it there on this Python, and where it is there by force it breaks at the first newer syntax",
    fix="use a version for this Python, or another Python",
)
def admitted(rule: Rule, case: Case) -> Iterator[Finding]:
    """Requires-Python, as published."""
    here = row(case)
    for breach in refused(here) if here is not None else ():
        yield told(rule, case, breach)


def refused(here: Row) -> Iterator[Breach]:
    """The packages of `here` whose Requires-Python keeps them out."""
    for entry, version, found in here.covered():
        if not admits_python(here, found):
            requires = f"requires Python {found.requires_python}, and this is Python {here.minor}"
            yield Breach(
                holder=entry.name,
                sentence=f"{entry.name} {version} {requires}",
                clause=f"which {requires}",
                names=(entry.name,),
                fix=moved(here, (entry.name,), listed_for_this_python(entry.name)),
                source=entry.source,
                cause=on_python(f"{entry.name} {version}", here.minor),
            )


def _about_admitted(case: Case) -> Iterable[str]:
    here = row(case)
    found = here.covered() if here is not None else ()
    return [subject_of(case, entry.name) for entry, _, one in found if here is not None and admits_python(here, one)]


@rule(
    "MX204",
    "Every package of the stack says that it supports this Python",
    severity="low",
    reads=[Distribution, InterpreterFact],
    about=_about_admitted,
    why="nobody who made it says that it was tried on this Python: it may well work, and nobody will mend it if it does not",
    fix="prefer a version that names this Python in its classifiers",
)
def supported(rule: Rule, case: Case) -> Iterator[Finding]:
    """Classifiers, and the documentation where it says something else than the metadata; what was proved all the same is said."""
    here, held = row(case), held_here(case)
    for entry, version, found in here.covered() if here is not None else ():
        if here is None or not admits_python(here, found):
            continue
        named = (each.python_documented for each in entry.demands_of(version))
        documented = next((each for each in named if each is not None), None)
        if here.minor not in found.pythons:
            message = f"{entry.name} {version} names {_span(found.pythons)} in its classifiers, and not {here.minor}"
        elif documented is not None and not documented.contains(here.python, prereleases=True):
            metadata = f"its metadata {found.requires_python}"
            message = f"the documentation of {entry.name} {version} asks for Python {documented}, {metadata}"
        else:
            continue
        if held is not None and held.here is not None and held.here.rank >= Rung.IMPORTED.rank:
            did = f"{'have' if held.here is Rung.SURVIVED else 'were'} {held.here}"
            message += (
                f"; these versions {did} together on Python {here.minor} ({held.proof.at.date()}, {held.proof.by})"
            )
        newer = _newest_naming(here, entry)
        none = f"no listed {entry.name} that names Python {here.minor} goes with the others: rely on tests of your own"
        newest = f"{entry.name} {newer} is the newest that names Python {here.minor} and goes with the others"
        yield rule.fails(
            subject_of(case, entry.name),
            message,
            where=case.place_of(entry.name),
            fix=newest if newer is not None else none,
            source=entry.source,
        )


def _span(pythons: Sequence[str]) -> str:
    if not pythons:
        return "no Python version"
    return f"Python {pythons[0]}" if len(pythons) == 1 else f"Python {pythons[0]} to {pythons[-1]}"


def _newest_naming(here: Row, entry: PackageEntry) -> Version | None:
    naming = [each for one in entry.ranges if here.minor in one.pythons for each, _ in one.releases]
    return next((each for each in sorted(naming, reverse=True) if here.at(entry.name, each).fits(entry.name)), None)
