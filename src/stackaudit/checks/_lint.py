"""Judges a matrix itself, not a stack: what in it is old, can never be used, can never fire, or leads nowhere."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.checks._row import requirement_of
from stackaudit.model.audit import Policy
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict
from stackaudit.model.matrix import Matrix, PackageEntry, PackageRange, ProductEntry
from stackaudit.model.places import Place
from stackaudit.model.versions import newest_patch, written

OLDEST = 90
"""Days after which the facts of a matrix want a new look: stacks like these have a release every few weeks."""

_PATCHES = 100
"""How many patches of a server's branch are thinkable: a matrix lists branches, and notes are about patches of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lint:
    """One sentence that should hold of every matrix, as `Rule` is one of every stack."""

    code: str
    title: str
    severity: Severity
    why: str
    fix: str

    def fails(self, matrix: Matrix, subject: str, message: str, where: Place | None = None) -> Finding:
        """A finding that `subject`, a part of `matrix`, breaks it; `where` is its place, if it has one of its own."""
        return Finding(
            rule=self.code,
            outcome=Outcome.FAIL,
            severity=self.severity,
            subject=subject,
            message=message,
            where=where or matrix.where,
            why=self.why,
            fix=self.fix,
        )


FRESH = Lint(
    code="MX501",
    title=f"The facts of the matrix are not older than {OLDEST} days",
    severity=Severity.LOW,
    why="releases, withdrawals and end-of-life dates since then are not in it",
    fix="look at the sources again, and set `looked_at` to that day",
)
USABLE = Lint(
    code="MX502",
    title="Every listed version can be used with the others",
    severity=Severity.MEDIUM,
    why="no row of the matrix can hold it: whoever pins it is told to take something that is not listed",
    fix="list the versions that it needs, or take it out",
)
FIRING = Lint(
    code="MX503",
    title="Every note and every known-bad rule is about something that is listed",
    severity=Severity.LOW,
    why="it is never told: a fault that it knows of goes by unseen",
    fix="mend the versions that it names, list what it is about, or take it out",
)
SOURCED = Lint(
    code="MX504",
    title="Every source is an https address",
    severity=Severity.LOW,
    why="a fact whose source can't be opened, or can be changed on the way, can't be checked by its reader",
    fix="name the page that says it, with https://",
)
FILLED = Lint(
    code="MX505",
    title="Every required package has a release for every Python",
    severity=Severity.LOW,
    why="the stack has no row there",
    fix="list a release that admits it, or take the Python out",
)

LINTS = (FRESH, USABLE, FIRING, SOURCED, FILLED)


def lint(matrix: Matrix, today: date) -> tuple[Finding, ...]:
    """What is wrong with `matrix` on `today`; empty where nothing is. What its reader refuses is not looked at again."""
    return (*_age(matrix, today), *_unusable(matrix), *_silent(matrix), *_unsourced(matrix), *_unfilled(matrix))


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """`fail` from the gate's usual threshold on, `warn` for less, `pass` for none."""
    ranks = [each.severity.rank for each in findings]
    if not ranks:
        return Verdict.PASS
    return Verdict.FAIL if max(ranks) >= Policy().fail_on.rank else Verdict.WARN


def _age(matrix: Matrix, today: date) -> Iterator[Finding]:
    days = (today - matrix.looked_at).days
    if days > OLDEST:
        yield FRESH.fails(matrix, matrix.name, f"the facts are of {matrix.looked_at}, {days} days ago")


def _unusable(matrix: Matrix) -> Iterator[Finding]:
    minors = [branch.name for branch in matrix.pythons]
    listed = {
        entry.name: [
            (version, {minor for minor in minors if _admits(found, minor)})
            # The newest first: most bounds have no upper end, and are kept by the first that is tried.
            for found in sorted(entry.ranges, key=lambda each: each.releases[-1:], reverse=True)
            for version, _ in reversed(found.releases)
        ]
        for entry in matrix.packages
    }
    for entry in matrix.packages:
        for found in entry.ranges:
            subject = f"{entry.name} {_span(found)}"
            pythons = {minor for minor in minors if _admits(found, minor)}
            if minors and found.releases and not pythons:
                asked = written(found.requires_python)
                message = f"{subject} requires Python {asked}, and the matrix has none of those"
                yield USABLE.fails(matrix, subject, message)
            demanded = {
                line for version, _ in found.releases for each in entry.demands_of(version) for line in each.runtime
            }
            for requirement in map(requirement_of, (*found.requires, *sorted(demanded)) if pythons else ()):
                name, bounds = canonicalize_name(requirement.name), requirement.specifier
                # Nothing is concluded from a bound with a marker, which need not hold anywhere, or on a pre-release: none is listed.
                if name not in listed or requirement.marker is not None or bounds.prereleases or not found.releases:
                    continue
                if not any(
                    pythons & shared and bounds.contains(version, prereleases=True) for version, shared in listed[name]
                ):
                    message = (
                        f"{subject} requires {name}{written(bounds)}, and no {name} of that is listed for its Pythons"
                    )
                    yield USABLE.fails(matrix, subject, message)


def _admits(found: PackageRange, minor: str) -> bool:
    return found.requires_python.contains(newest_patch(minor), prereleases=True)


def _span(found: PackageRange) -> str:
    versions = [version for version, _ in found.releases]
    if not versions:
        return written(found.versions)
    return str(versions[0]) if len(versions) == 1 else f"{versions[0]} to {versions[-1]}"


def _silent(matrix: Matrix) -> Iterator[Finding]:
    entries: list[PackageEntry | ProductEntry] = [*matrix.packages, *matrix.products]
    for entry in entries:
        listed = _listed(entry)
        for note in entry.notes:
            if not _matches(note.versions, listed):
                message = f"the note on {entry.name} {written(note.versions)} matches nothing that is listed (it says: {note.text})"
                yield FIRING.fails(matrix, entry.name, message)
    for known in matrix.known_bad:
        for name, versions in (*known.when.packages, *known.when.services, *known.when.programs):
            if _never(matrix, name, versions):
                message = f"{known.id} wants {name}{written(versions)}, which is not listed (it says: {known.symptom})"
                yield FIRING.fails(matrix, known.id, message, known.where)
        minors = [Version(f"{branch.name}.{patch}") for branch in matrix.pythons for patch in range(_PATCHES)]
        if known.when.python is not None and not _matches(known.when.python, minors):
            message = f"{known.id} wants Python {known.when.python}, which is not listed (it says: {known.symptom})"
            yield FIRING.fails(matrix, known.id, message, known.where)


def _never(matrix: Matrix, name: str, versions: SpecifierSet) -> bool:
    """Whether no listed version can be meant, and none outside what is listed either."""
    package = matrix.package(name)
    entry = package or matrix.product(name)
    if entry is None or _matches(versions, _listed(entry)):
        return False
    floor = package.derive if package is not None else None
    ends = [Version(each.version.removesuffix(".*")) for each in versions]
    return floor is None or all(floor.contains(each, prereleases=True) for each in ends)


def _matches(specifier: SpecifierSet, versions: Iterable[Version]) -> bool:
    return any(specifier.contains(version, prereleases=True) for version in versions)


def _listed(entry: PackageEntry | ProductEntry) -> list[Version]:
    if isinstance(entry, PackageEntry):
        yanked = [version for found in entry.ranges for version in found.yanked]
        return [*(version for version, _ in entry.listed()), *yanked, *entry.withdrawn]
    return [Version(f"{branch.name}.{patch}") for branch in entry.branches for patch in range(_PATCHES)]


def _unsourced(matrix: Matrix) -> Iterator[Finding]:
    named = [("python", branch.source) for branch in matrix.pythons]
    for entry in matrix.packages:
        named += [(entry.name, entry.source), *((entry.name, each.source) for each in entry.notes)]
        named += [(entry.name, each.source) for each in entry.demands]
    for product in matrix.products:
        sources = (*(each.source for each in product.branches), *(note.source for note in product.notes))
        named += [(product.name, source) for source in sources]
    named += [(known.id, known.source) for known in matrix.known_bad]
    for subject, source in dict.fromkeys(named):
        if not source.lower().startswith("https://"):
            yield SOURCED.fails(matrix, subject, f"a source of {subject} is no https address: {source}")


def _unfilled(matrix: Matrix) -> Iterator[Finding]:
    if not matrix.pythons:
        yield FILLED.fails(matrix, matrix.name, "the matrix lists no Python")
    for entry in matrix.packages:
        for branch in matrix.pythons:
            admitted = any(found.releases and _admits(found, branch.name) for found in entry.ranges)
            if entry.required and not admitted:
                message = f"no listed {entry.name} admits Python {branch.name}"
                yield FILLED.fails(matrix, f"{entry.name} on Python {branch.name}", message)
