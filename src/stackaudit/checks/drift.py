"""Holds what is declared against what is installed, and the declaring files against each other."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations

from stackaudit.checks._stack import subject_of, surely_absent
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.findings import Finding
from stackaudit.model.manifest import Manifest, Requirement
from stackaudit.model.parts import Rule, rule
from stackaudit.model.versions import admits, written


def _needs_both(manifest: Manifest) -> str | None:
    if manifest.interpreter is None:
        return "no environment is audited"
    if not manifest.requirements:
        return "nothing is declared"
    return None


def _installed(case: Case) -> dict[str, Distribution]:
    return {each.name: each for each in case.facts(Distribution)}


def _scoped(case: Case, requirement: Requirement, finding: Finding) -> Finding:
    """What is not installed has no `name==version` by which it could be told from the stack."""
    stack = case.matrix is not None and case.matrix.package(requirement.name) is not None
    return finding if stack else replace(finding, scope="other")


def _about_pins(case: Case) -> Iterable[str]:
    installed = _installed(case)
    return [
        installed[each.name].subject for each in case.requirements if each.pin is not None and each.name in installed
    ]


def _about_declared(case: Case) -> Iterable[str]:
    installed = _installed(case)
    return [
        installed[each.name].subject
        for each in case.requirements
        if each.name in installed and admits(each.specifier, installed[each.name].version)
    ]


@rule(
    "MX301",
    "What is pinned is what is installed",
    severity="medium",
    reads=[Distribution, InterpreterFact],
    about=_about_pins,
    asked_by=_needs_both,
    why="the files that people review and scan describe another environment than the one that runs",
    fix="install from the file again, or pin what is installed",
)
def pins_installed(rule: Rule, case: Case) -> Iterator[Finding]:
    """Each pin that is for this Python; a local version such as 1.0+cu12 keeps the pin 1.0."""
    installed = _installed(case)
    for each in case.requirements:
        found = installed.get(each.name)
        if each.pin is not None and found is not None and not admits(each.specifier, found.version):
            message = f"{each.where} pins {each.name} {each.pin}, and {found.version} is installed"
            fix = f"install {each.name}=={each.pin}, or pin {found.subject}"
            yield rule.fails(found.subject, message, where=each.where, fix=fix)


@rule(
    "MX302",
    "What is declared is installed",
    severity="medium",
    reads=[Distribution, InterpreterFact],
    about=_about_declared,
    asked_by=_needs_both,
    why="an import of it fails, or finds a version that the project does not ask for",
    fix="install from the file again",
)
def declared_installed(rule: Rule, case: Case) -> Iterator[Finding]:
    """What a lock lists as somebody's dependency may rightly be absent: locks speak for other platforms and groups too."""
    installed = _installed(case)
    for each in case.requirements:
        found = installed.get(each.name)
        if each.direct and surely_absent(case, each.name):
            asked = f"{each.name}{written(each.specifier)}"
            finding = rule.fails(each.name, f"{each.where} asks for {asked}, which is not installed", where=each.where)
            yield _scoped(case, each, finding)
        elif found is not None and each.pin is None and not admits(each.specifier, found.version):
            message = f"{each.where} asks for {each.name}{written(each.specifier)}, and {found.version} is installed"
            yield rule.fails(found.subject, message, where=each.where)


def _pins(case: Case) -> dict[str, list[Requirement]]:
    """The pins by package, each package's in the order of their places."""
    found: dict[str, list[Requirement]] = {}
    for each in sorted(case.requirements, key=lambda each: (each.name, each.where.path, each.where.line or 0)):
        if each.pin is not None:
            found.setdefault(each.name, []).append(each)
    return found


def _about_pinned(case: Case) -> Iterable[str]:
    subjects: dict[str, str] = {each.name: each.subject for each in reversed(case.packages())}
    return [subjects.get(name, name) for name in _pins(case)]


@rule(
    "MX303",
    "The files pin the same version",
    severity="medium",
    reads=[Distribution, InterpreterFact],
    about=_about_pinned,
    why="which of them runs depends on which file was installed last",
    fix="keep the pin in one file, and let the others include it",
)
def files_agree(rule: Rule, case: Case) -> Iterator[Finding]:
    """Only pins that are for this Python; a lock that holds several versions for several platforms does not contradict itself."""
    for name, pins in _pins(case).items():
        for one, other in combinations(pins, 2):
            if one.pin != other.pin and not _of_one_lock(one, other) and not _meet(pins, one, other):
                message = f"{one.where} pins {name} {one.pin}, and {other.where} pins {other.pin}"
                yield _scoped(case, one, rule.fails(subject_of(case, name), message, where=other.where))
                break


def _of_one_lock(one: Requirement, other: Requirement) -> bool:
    return one.where.path == other.where.path and not (one.direct and other.direct)


def _meet(pins: list[Requirement], one: Requirement, other: Requirement) -> bool:
    """Whether two files have a pin of this package in common."""
    if one.where.path == other.where.path:
        return False
    mine, theirs = ({each.pin for each in pins if each.where.path == of.where.path} for of in (one, other))
    return not mine.isdisjoint(theirs)
