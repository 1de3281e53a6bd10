"""Holds the workers of a fleet against what is declared for them: pins, an environment, a Python, an image."""

from collections.abc import Iterable, Iterator, Sequence

from packaging.markers import Marker

from stackaudit.checks._fleet import environment, minor, named, running, sets, stack_names, subject
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.facts.fleet import VersionSet
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.manifest import Manifest, Requirement
from stackaudit.model.parts import Rule, rule
from stackaudit.model.versions import admits, parse_version, written

_PATCHES = 100
"""More patch releases than any Python minor version has had."""

_OTHERS = "other packages"
_MOST_TOLD = 6


def _no_pins(manifest: Manifest) -> str | None:
    return None if manifest.requirements or manifest.interpreter is not None else "nothing is pinned"


def _asked(case: Case, of: VersionSet) -> dict[str, tuple[Requirement, ...]]:
    """What the declared files ask of the workers of one set, by package: pins alone where there are any."""
    here = environment(case, of)
    found: dict[str, list[Requirement]] = {}
    for each in case.manifest.requirements:
        if each.marker is None or Marker(each.marker).evaluate({"extra": "", **here}):
            found.setdefault(each.name, []).append(each)
    return {name: tuple(filter(lambda each: each.pin, every)) or tuple(every) for name, every in found.items()}


def _keeps(asked: Sequence[Requirement], version: str) -> bool:
    """Whether `version` is one that the files ask for: one of the pins, or else within all bounds."""
    kept = [admits(each.specifier, version) for each in asked]
    return any(kept) if asked[0].pin is not None else all(kept)


def _about_pinned(case: Case) -> Iterable[str]:
    wanted = {each.name for each in case.manifest.requirements} | {package.name for package in case.packages()}
    return [subject(name, version) for name, version, _ in running(case) if name in wanted]


@rule(
    "FL301",
    "The workers run what is pinned",
    severity="medium",
    reads=[VersionSet, Distribution, InterpreterFact],
    about=_about_pinned,
    asked_by=_no_pins,
    why="an audit of the pins says nothing of a worker that runs something else",
    fix="deploy the pinned versions to the workers, or pin what they run",
)
def as_pinned(rule: Rule, case: Case) -> Iterator[Finding]:
    """Each pin that is for the worker's own Python; with no declared pins, the environment that is named."""
    if not case.manifest.requirements:
        yield from _as_installed(rule, case)
        return
    off: dict[tuple[str, str, Requirement], list[str]] = {}
    for each in sets(case):
        versions = dict(each.packages)
        for name, asked in _asked(case, each).items():
            version = versions.get(name)
            if version is not None and not _keeps(asked, version):
                off.setdefault((name, version, asked[0]), []).extend(each.nodes)
            elif version is None and each.whole and asked[0].direct:
                off.setdefault((name, "", asked[0]), []).extend(each.nodes)
    for (name, version, asked_for), nodes in sorted(off.items(), key=lambda item: item[0][:2]):
        wanted = f"{asked_for.where} asks for {name}{written(asked_for.specifier)}"
        if version:
            message = f"{named(nodes)}: {name} {version} runs there, and {wanted}"
            yield rule.fails(subject(name, version), message, where=asked_for.where, cause=_cause(nodes))
        else:
            message = f"{named(nodes)}: {name} is not installed, and {wanted}"
            yield rule.fails(name, message, where=asked_for.where, cause=_cause(nodes))


def _cause(nodes: Sequence[str]) -> str:
    """Another image is told once, in however many packages it differs."""
    return f"what is pinned does not run on {named(nodes)}"


def _as_installed(rule: Rule, case: Case) -> Iterator[Finding]:
    """Against an environment: the stack's packages one by one, the others together."""
    ours = {str(package.name): package.version for package in case.packages()}
    others = []
    for name, version, nodes in running(case):
        own = ours.get(name)
        if own is None or parse_version(own) == parse_version(version) or own == version:
            continue
        if name in stack_names(case):
            message = f"{named(nodes)}: {name} {version} runs there, and this environment has {own}"
            yield rule.fails(subject(name, version), message, cause=_cause(nodes))
        else:
            others.append(f"{name} {version} ({own} here)")
    if others:
        more = f", and {len(others) - _MOST_TOLD} more" if len(others) > _MOST_TOLD else ""
        yield rule.fails(
            _OTHERS, f"other packages differ from this environment's: {', '.join(others[:_MOST_TOLD])}{more}"
        )


def _python(version: str) -> str:
    return f"Python {version}"


def _pythons(case: Case) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in sets(case):
        if each.python is not None:
            found.setdefault(each.python, []).extend(each.nodes)
    return dict(sorted(found.items()))


@rule(
    "FL302",
    "The workers run on the Python that is declared",
    severity="medium",
    reads=[VersionSet, InterpreterFact],
    about=lambda case: map(_python, _pythons(case)),
    asked_by=lambda manifest: (
        None if manifest.pythons or manifest.interpreter is not None else "nothing says which Python the project is for"
    ),
    why="the pins were chosen, and the tests were run, for another Python than the one that runs",
    fix="run the workers on the declared Python, or declare the one that they run on",
)
def declared_python(rule: Rule, case: Case) -> Iterator[Finding]:
    """Against `requires-python`, `.python-version`, the image of a Dockerfile and the environment; another patch is a note."""
    own = case.interpreter
    for version, nodes in _pythons(case).items():
        for claim in case.manifest.pythons:
            patches = (f"{minor(version)}.{patch}" for patch in range(_PATCHES))
            if not admits(claim.specifier, version):
                near = any(claim.specifier.contains(each) for each in patches)
                message = f"{named(nodes)}: Python {version} runs there, and {claim.where} says {claim.text}"
                yield rule.fails(_python(version), message, where=claim.where, severity=Severity.LOW if near else None)
        if own is not None and minor(own.version) != minor(version):
            message = f"{named(nodes)}: Python {version} runs there, and this environment is of {own.version}"
            yield rule.fails(_python(version), message)
