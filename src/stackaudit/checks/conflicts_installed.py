"""Judges whether the environment itself is sound: its metadata can be read, each package is there once, and there are any."""

from collections.abc import Iterable, Iterator

from stackaudit.checks._metadata import installed, unreadable
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.parts import Rule, rule

INSTALLERS = frozenset({"distribute", "pip", "setuptools", "uv", "wheel"})
"""What an environment holds before anybody has installed anything in it."""


@rule(
    "DC211",
    "The metadata of every package can be read",
    severity="medium",
    reads=[Distribution],
    why="what it requires can't be told, so nothing says whether it fits",
    fix="install it again; where that does not help, install a release whose metadata is valid",
    source="https://packaging.python.org/en/latest/specifications/core-metadata/",
)
def metadata_readable(rule: Rule, case: Case) -> Iterator[Finding]:
    """One finding a package, however many of its lines are wrong."""
    for each in case.facts(Distribution):
        problems = unreadable(each)
        if problems:
            yield rule.fails(each.subject, f"{each.name}: {'; '.join(problems)}", where=case.place_of(each.name))


def _single(case: Case) -> Iterable[str]:
    return [found[0].subject for found in installed(case).values() if len(found) == 1]


@rule(
    "DC212",
    "Every package is installed once",
    severity="medium",
    reads=[Distribution],
    about=_single,
    why="two metadata folders of one name: which version a tool reports is chance, and the code may be a mix of both",
    fix="uninstall it until it is gone, then install it again",
    source="https://packaging.python.org/en/latest/specifications/recording-installed-packages/",
)
def installed_once(rule: Rule, case: Case) -> Iterator[Finding]:
    """Within one folder of the import path; of two folders the first one hides the other, as it does for import.

    Two of one version contradict each other in nothing that matters: some system packages come so.
    """
    for name, found in installed(case).items():
        if len(found) > 1:
            versions = sorted({each.version for each in found})
            message = f"{name} has {len(found)} metadata folders in {found[0].location}: {' and '.join(versions)}"
            severity = rule.severity if len(versions) > 1 else Severity.LOW
            yield rule.fails(found[0].subject, message, where=case.place_of(name), severity=severity)


@rule(
    "DC213",
    "No interrupted uninstall left anything behind",
    severity="low",
    reads=[InterpreterFact],
    why="pip renames what it is about to remove; what still has that name was never removed or put back",
    fix="delete the folders that are named, and install the package again where it is missing",
    source="https://pip.pypa.io/en/stable/cli/pip_uninstall/",
)
def no_leftovers(rule: Rule, case: Case) -> Iterator[Finding]:
    """Folders such as `~elery-5.4.0.dist-info`."""
    for interpreter in case.facts(InterpreterFact):
        if interpreter.leftovers:
            yield rule.fails(interpreter.subject, f"left behind: {', '.join(interpreter.leftovers)}")


@rule(
    "DC214",
    "The environment is not empty",
    severity="medium",
    reads=[InterpreterFact, Distribution],
    why="nothing can conflict where nothing is installed: most likely this is not the project's environment",
    fix="name the interpreter of the project's environment with --python PATH, or install the project first",
)
def not_empty(rule: Rule, case: Case) -> Iterator[Finding]:
    """What installs other packages does not count."""
    if all(each.name in INSTALLERS for each in case.facts(Distribution)):
        for interpreter in case.facts(InterpreterFact):
            yield rule.fails(
                interpreter.subject, f"nothing is installed for {interpreter.path} but what installs packages"
            )
