"""Judges a matrix itself, not a stack: what in it is old, can never be used, can never fire, or leads nowhere."""

from collections.abc import Iterable, Iterator
from datetime import date

from packaging.utils import canonicalize_name

from stackaudit.checks._lint_known import contradicting, silent
from stackaudit.checks._lints import FILLED, FRESH, OLDEST, SOURCED, USABLE
from stackaudit.checks._row import requirement_of
from stackaudit.model.audit import Policy
from stackaudit.model.findings import Finding, Verdict
from stackaudit.model.matrix import Matrix, PackageRange
from stackaudit.model.versions import newest_patch, span_of, written


def lint(matrix: Matrix, today: date) -> tuple[Finding, ...]:
    """What is wrong with `matrix` on `today`; empty where nothing is. What its reader refuses is not looked at again."""
    return (
        *_age(matrix, today),
        *_unusable(matrix),
        *silent(matrix),
        *_unsourced(matrix),
        *_unfilled(matrix),
        *contradicting(matrix),
    )


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """`fail` from the gate's usual threshold on, `warn` for less, `pass` for none."""
    ranks = [each.severity.rank for each in findings]
    if not ranks:
        return Verdict.PASS
    return Verdict.FAIL if max(ranks) >= Policy().fail_on.rank else Verdict.WARN


def _age(matrix: Matrix, today: date) -> Iterator[Finding]:
    days = (today - matrix.looked_at).days
    if days > OLDEST:
        yield FRESH.fails(matrix.name, f"the facts are of {matrix.looked_at}, {days} days ago", matrix.where)
    derived = (today - matrix.published_at.date()).days if matrix.published_at is not None else 0
    if matrix.published_at is not None and derived > OLDEST:
        message = f"the ranges were derived on {matrix.published_at.date()}, {derived} days ago"
        yield FRESH.fails(matrix.name, message, matrix.where)


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
                yield USABLE.fails(subject, message, entry.where)
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
                    yield USABLE.fails(subject, message, entry.where)


def _admits(found: PackageRange, minor: str) -> bool:
    return found.requires_python.contains(newest_patch(minor), prereleases=True)


def _span(found: PackageRange) -> str:
    versions = [version for version, _ in found.releases]
    return span_of(versions) if versions else written(found.versions)


def _unsourced(matrix: Matrix) -> Iterator[Finding]:
    named = [("python", branch.source, matrix.where) for branch in matrix.pythons]
    for entry in matrix.packages:
        named.append((entry.name, entry.source, entry.where))
        named += [(entry.name, each.source, each.where) for each in entry.notes]
        named += [(entry.name, each.source, each.where) for each in entry.demands]
    for product in matrix.products:
        named += [(product.name, each.source, product.where) for each in product.branches]
        named += [(product.name, each.source, each.where) for each in product.notes]
    named += [(known.id, known.source, known.where) for known in matrix.known_bad]
    for subject, source, where in dict.fromkeys(named):
        if not source.lower().startswith("https://"):
            yield SOURCED.fails(subject, f"a source of {subject} is no https address: {source}", where)


def _unfilled(matrix: Matrix) -> Iterator[Finding]:
    if not matrix.pythons:
        yield FILLED.fails(matrix.name, "the matrix lists no Python", matrix.where)
    for entry in matrix.packages:
        for branch in matrix.pythons:
            admitted = any(found.releases and _admits(found, branch.name) for found in entry.ranges)
            if entry.required and not admitted:
                message = f"no listed {entry.name} admits Python {branch.name}"
                yield FILLED.fails(f"{entry.name} on Python {branch.name}", message, entry.where)
