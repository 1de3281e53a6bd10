"""Holds the target's Python against what the project declares, and against the end of its support."""

from collections.abc import Iterable, Iterator, Sequence

from packaging.specifiers import SpecifierSet

from stackaudit.checks._stack import row
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import InterpreterFact
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.manifest import Manifest
from stackaudit.model.markers import environment_of
from stackaudit.model.parts import Rule, rule

_PATCHES = 100
"""More patch releases than any Python minor version has had."""


def _minor(case: Case) -> str | None:
    """The target's minor version; None where an environment is audited and its interpreter could not be seen."""
    if case.manifest.interpreter is not None and case.interpreter is None:
        return None
    return environment_of(case.manifest, case.interpreter)["python_version"]


def _subject(case: Case) -> str | None:
    if case.interpreter is not None:
        return case.interpreter.subject
    minor = _minor(case)
    return f"Python {minor}" if minor is not None else None


def _about_python(case: Case) -> Iterable[str]:
    subject = _subject(case)
    return [subject] if subject is not None and case.matrix is not None else []


def _about_claims(case: Case) -> Iterable[str]:
    subject = _subject(case)
    return [subject] if subject is not None and case.manifest.pythons else []


def _no_claims(manifest: Manifest) -> str | None:
    return None if manifest.pythons else "nothing says which Python the project is for"


def _admits_some(specifier: SpecifierSet, minor: str) -> bool:
    return any(specifier.contains(f"{minor}.{patch}") for patch in range(_PATCHES))


@rule(
    "MX401",
    "The Python is the one that the project declares",
    severity="medium",
    reads=[InterpreterFact],
    about=_about_claims,
    asked_by=_no_claims,
    why="the pins were chosen, and the tests were run, for another Python than this one",
    fix="run on the declared Python, or declare the one that runs",
)
def declared_python(rule: Rule, case: Case) -> Iterator[Finding]:
    """Every claim by itself: Requires-Python, .python-version, a Dockerfile. Another patch of the same minor version is advice."""
    subject, minor = _subject(case), _minor(case)
    for claim in case.manifest.pythons:
        if subject is None or minor is None:
            continue
        same_minor = _admits_some(claim.specifier, minor)
        exact = case.interpreter.version if case.interpreter is not None else None
        if same_minor and (exact is None or claim.specifier.contains(exact, prereleases=True)):
            continue
        yield rule.fails(
            subject,
            f"{claim.where} says {claim.text}, and this is {subject}",
            where=claim.where,
            severity=Severity.LOW if same_minor else None,
        )


@rule(
    "MX402",
    "The Python is covered by the matrix and still supported",
    severity="medium",
    reads=[InterpreterFact],
    about=_about_python,
    why="after the end of its support a Python gets no security fixes, and packages drop it one by one",
    fix="move to a newer Python",
    source="https://devguide.python.org/versions/",
)
def supported_python(rule: Rule, case: Case) -> Iterator[Finding]:
    """The end of support is told and does not fail the audit by itself; a Python that the matrix does not know is nobody's word."""
    subject, minor = _subject(case), _minor(case)
    if subject is None or minor is None or case.matrix is None:
        return
    branch = case.matrix.python(minor)
    if branch is None:
        known = ", ".join(each.name for each in case.matrix.pythons)
        message = f"the matrix {case.matrix.name} of {case.matrix.looked_at} has no Python {minor}, only {known}"
        yield rule.fails(subject, message, fix="run on a Python of the matrix, or have it extended")
    elif branch.ended(case.today):
        left = [each.name for each in case.matrix.pythons if not each.ended(case.today)]
        when = f"on {branch.end_of_life}" if branch.end_of_life is not None else "already"
        yield rule.fails(
            subject,
            f"the support of Python {minor} ended {when}",
            fix=_move(case, left),
            severity=Severity.LOW,
            source=branch.source,
        )


def _move(case: Case, left: Sequence[str]) -> str | None:
    """To which of the minor versions `left` to move: those on which nothing of the stack breaks that does not break here."""
    here = row(case)
    if here is None or not left:
        return None
    broken = here.all_troubles()
    good = [each for each in left if here.on_python(each).all_troubles() <= broken]
    if good == list(left):
        return f"move to Python {left[0]} or newer"
    if good:
        return f"move to Python {' or '.join(good)}: these versions do not go with the other newer ones"
    return f"move to Python {left[0]} or newer, and to newer versions of the stack with it: these do not go with it"
