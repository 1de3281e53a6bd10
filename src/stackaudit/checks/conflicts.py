"""Judges whether what is installed fits together: by the real `pip check`, and by our own reading, which sees extras too."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from packaging.utils import canonicalize_name

from stackaudit.checks._metadata import Unmet, extras_in_use, installed, unmet, unmet_extras, unreadable
from stackaudit.checks._misfit import Misfit, on_python
from stackaudit.checks._stack import row
from stackaudit.model.audit import Case
from stackaudit.model.facts.conflicts import Conflict, PipCheck
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Check, Rule, rule
from stackaudit.model.versions import admits, parse_requirement, parse_specifier, parse_version

Key: TypeAlias = tuple[str, str, str]
"""A conflict as both readings name it: who asks, for whom, and the bounds (empty where the package is missing: pip tells none)."""

PIP_CHECK = "https://pip.pypa.io/en/stable/cli/pip_check/"
METADATA = "https://packaging.python.org/en/latest/specifications/core-metadata/"


def asked_by(manifest: Manifest) -> str | None:
    """Only an environment can be asked: files say what is wanted, not what got installed beside it."""
    if manifest.interpreter is None:
        return "no environment: whether packages fit together shows only where they are installed"
    return None


def by_pip(manifest: Manifest) -> str | None:
    """Not where pip is not asked."""
    return "pip check is not run: the engine is native" if manifest.native else None


def summarize(case: Case, findings: Sequence[Finding]) -> str:
    """How many packages agree, and which extras were looked at too."""
    if not case.facts(InterpreterFact):
        return "what is installed could not be seen"
    failed = [each for each in findings if each.outcome is Outcome.FAIL]
    serious = [each for each in failed if each.severity is not Severity.LOW]
    packages = len(case.facts(Distribution))
    if serious:
        return f"{len(serious)} {'conflict' if len(serious) == 1 else 'conflicts'} among {packages} packages"
    if any(each.outcome is Outcome.UNKNOWN for each in findings):
        return f"no conflict seen among {packages} packages, but not everything could be looked at"
    uses = ", ".join(sorted(each.label for each in extras_in_use(case)))
    by = " by their own metadata; pip check was not run" if case.manifest.native else ""
    return f"{packages} packages agree{f', extras included ({uses})' if uses else ''}{by}"


CHECK = Check(id="conflicts", code="DC", title="Dependency conflicts", order=20, asked_by=asked_by, summarize=summarize)


def _subject(case: Case, conflict: Conflict) -> str:
    """How the installed distribution that pip means is named; pip may spell its version in another way."""
    found = installed(case).get(conflict.name, ())
    return found[0].subject if len(found) == 1 else f"{conflict.name}=={conflict.version}"


def _told_by_pip(case: Case) -> frozenset[Key]:
    return frozenset(_key(conflict) for check in case.facts(PipCheck) for conflict in check.conflicts)


def _key(conflict: Conflict) -> Key:
    requirement = parse_requirement(conflict.needs)
    if requirement is None:
        return (conflict.name, conflict.needs, "")
    bounds = "" if conflict.kind == "missing" else str(requirement.specifier)
    return (conflict.name, canonicalize_name(requirement.name), bounds)


def _own_key(each: Unmet) -> Key:
    return (each.by.name, each.needs, str(each.requirement.specifier) if each.found else "")


def _readable(case: Case) -> Iterator[Distribution]:
    return (each for each in case.facts(Distribution) if not unreadable(each))


def _seen_by_pip(case: Case) -> Iterable[str]:
    blind = {name for check in case.facts(PipCheck) for name in check.blind}
    return [each.subject for each in case.facts(Distribution) if each.name not in blind]


@rule(
    "DC101",
    "pip check finds no conflict",
    severity="high",
    reads=[PipCheck, Distribution],
    about=_seen_by_pip,
    asked_by=by_pip,
    why="the package runs with another version than its authors allow, or without one that it imports",
    fix="install a set of versions that one resolver run accepts, instead of package by package",
    source=PIP_CHECK,
)
def pip_check(rule: Rule, case: Case) -> Iterator[Finding]:
    """Each line of pip check, as pip wrote it; where our own reading sees it too, that knows what would satisfy it."""
    own = {_own_key(each): each for each in unmet(case)}
    for check in case.facts(PipCheck):
        for conflict in check.conflicts:
            same = own.get(_key(conflict))
            yield rule.fails(
                _subject(case, conflict),
                f"pip check: {conflict.line.rstrip('.')}",
                where=case.place_of(conflict.name),
                fix=_misfit(same).remedy(row(case)) if same else None,
                cause=_misfit(same).cause if same else None,
            )


def _misfit(each: Unmet) -> Misfit:
    found = each.found[0] if each.found else None
    return Misfit(holder=each.by.name, version=each.by.version, name=each.needs, wanted=each.wanted, found=found)


def _whole(case: Case) -> Iterable[str]:
    return [each.subject for each in case.facts(Distribution)]


@rule(
    "DC102",
    "pip check passes over no package",
    severity="low",
    reads=[PipCheck, Distribution],
    about=_whole,
    asked_by=by_pip,
    why="pip warns of requirements that it can't parse, looks at none of that package's, and says no more of it",
    fix="install a release of it whose metadata is valid",
    source=PIP_CHECK,
)
def pip_saw_all(rule: Rule, case: Case) -> Iterator[Finding]:
    """The packages that pip's own warnings name."""
    for check in case.facts(PipCheck):
        for name in check.blind:
            found = installed(case).get(canonicalize_name(name))
            subject = found[0].subject if found else name
            message = f"pip {check.pip_version} could not parse the requirements of {name}, and looked at none of them"
            yield rule.fails(subject, message, where=case.place_of(name))


def _own_reading(case: Case) -> Iterable[str]:
    """What pip already complained of is told once, and is no pass here."""
    told = _told_by_pip(case)
    repeated = {each.by.subject for each in unmet(case) if _own_key(each) in told}
    return [each.subject for each in _readable(case) if each.subject not in repeated]


@rule(
    "DC201",
    "What every package requires is installed",
    severity="high",
    reads=[Distribution, InterpreterFact],
    about=_own_reading,
    why="the package runs with another version than its authors allow, or without one that it imports",
    fix="install a set of versions that one resolver run accepts, instead of package by package",
    source="https://packaging.python.org/en/latest/specifications/dependency-specifiers/",
)
def requirements_hold(rule: Rule, case: Case) -> Iterator[Finding]:
    """Our own reading of the metadata. pip check's facts are not needed for it, only used, so that nothing is told twice."""
    told = _told_by_pip(case)
    for each in unmet(case):
        if _own_key(each) not in told:
            where, misfit = case.place_of(each.by.name), _misfit(each)
            fix = misfit.remedy(row(case))
            yield rule.fails(each.by.subject, str(each), where=where, fix=fix, cause=misfit.cause)


def _with_extras(case: Case) -> Iterable[str]:
    uses = {use.name for use in extras_in_use(case)}
    return [each.subject for each in _readable(case) if each.name in uses]


@rule(
    "DC202",
    "What the extras in use require is installed",
    severity="high",
    reads=[Distribution, InterpreterFact],
    about=_with_extras,
    why="no installer and no pip check holds an extra's bounds once the package is there; the code behind the extra may refuse to start",
    fix="ask for the package with that extra where the project's requirements are, and install them in one resolver run",
    source="https://packaging.python.org/en/latest/specifications/dependency-specifiers/#extras",
)
def extras_hold(rule: Rule, case: Case) -> Iterator[Finding]:
    """An extra that nobody declared, and that a URL's scheme implies, is a medium finding unless a package is missing."""
    for use, each in unmet_extras(case):
        severity = Severity.HIGH if use.declared or not each.found else Severity.MEDIUM
        yield rule.fails(
            each.by.subject,
            str(each),
            where=use.where,
            severity=severity,
            fix=_misfit(each).remedy(row(case)),
            via=(*use.via, use.label),
            cause=_misfit(each).cause,
        )


@rule(
    "DC203",
    "Every extra that is asked for exists",
    severity="medium",
    reads=[Distribution, InterpreterFact],
    about=_with_extras,
    why="installers only warn of an extra that a package does not have, and install nothing for it",
    fix="correct the extra's name, or leave it out",
    source=METADATA + "#provides-extra-multiple-use",
)
def extras_exist(rule: Rule, case: Case) -> Iterator[Finding]:
    """Declared extras against Provides-Extra; an inferred one may well be unknown to an old release."""
    for use in extras_in_use(case):
        for each in installed(case).get(use.name, ()):
            provided = {canonicalize_name(extra) for extra in each.provides}
            if use.declared and not unreadable(each) and use.extra not in provided:
                message = f"{each.name} {each.version} has no extra `{use.extra}`"
                yield rule.fails(each.subject, message, where=use.where, via=use.via)


@rule(
    "DC204",
    "Every package admits this Python",
    severity="high",
    reads=[Distribution, InterpreterFact],
    about=lambda case: [each.subject for each in _readable(case)],
    why="its authors say that it does not run on this Python; it was installed past that, or the Python was changed under it",
    fix="install a release that admits this Python, or run another Python",
    source=METADATA + "#requires-python",
)
def python_admitted(rule: Rule, case: Case) -> Iterator[Finding]:
    """Requires-Python against the target, as installers read it: a pre-release counts as the release it leads to."""
    for each, bounds, python in _python_bounds(case):
        specifier = parse_specifier(bounds)
        if specifier is None:
            yield rule.uncheckable(each.subject, f"its Requires-Python `{bounds}` is no valid specifier")
        elif not admits(specifier, python):
            message = f"{each.name} {each.version} requires Python {bounds}, and this is Python {python}"
            minor = ".".join(python.split(".")[:2])
            cause = on_python(f"{each.name} {each.version}", minor)
            yield rule.fails(each.subject, message, where=case.place_of(each.name), cause=cause)


def _python_bounds(case: Case) -> Iterator[tuple[Distribution, str, str]]:
    for interpreter in case.facts(InterpreterFact):
        version = parse_version(interpreter.version.rstrip("+"))
        python = version.base_version if version else interpreter.version
        for each in case.facts(Distribution):
            if each.requires_python is not None:
                yield each, each.requires_python, python


@rule(
    "DC301",
    "pip check sees all that our own reading sees",
    severity="low",
    reads=[PipCheck, Distribution, InterpreterFact],
    asked_by=by_pip,
    why="a green pip check is what most pipelines rely on; it looks at no extra and at no Requires-Python",
    fix="do not take pip check alone for the answer",
    source=PIP_CHECK,
)
def pip_sees_all(rule: Rule, case: Case) -> Iterator[Finding]:
    """One finding a blind spot; the conflicts themselves are other rules' findings."""
    told = _told_by_pip(case)
    spots = {
        "it does not look at extras": [each.asker for _, each in unmet_extras(case)],
        "it does not look at Requires-Python": [
            f"{each.name} {each.version}"
            for each, bounds, python in _python_bounds(case)
            if (specifier := parse_specifier(bounds)) is not None and not admits(specifier, python)
        ],
        "it was expected to": [each.asker for each in unmet(case) if _own_key(each) not in told],
    }
    for check in case.facts(PipCheck):
        for reason, askers in spots.items():
            if askers:
                yield rule.fails(check.subject, f"pip check says nothing of {_listed(askers)}: {reason}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(dict.fromkeys(names)))


@rule(
    "DC302",
    "Our own reading sees all that pip check sees",
    severity="medium",
    reads=[Distribution, PipCheck, InterpreterFact],
    about=lambda case: [each.subject for each in _readable(case) if each.subject in set(_seen_by_pip(case))],
    asked_by=by_pip,
    why="two readings of the same metadata that differ: one of them is wrong, and it may be this tool",
    fix="look at the package's METADATA, and report what you find",
)
def own_reading_sees_all(rule: Rule, case: Case) -> Iterator[Finding]:
    """Packages whose metadata is unreadable are another rule's; wheels for another platform are pip's alone to tell."""
    own = {_own_key(each) for each in unmet(case)}
    readable = {each.name for each in _readable(case)}
    for check in case.facts(PipCheck):
        for conflict in check.conflicts:
            if conflict.kind != "platform" and conflict.name in readable and _key(conflict) not in own:
                message = f"pip check reports it, and our own reading does not: {conflict.line.rstrip('.')}"
                yield rule.fails(_subject(case, conflict), message, where=case.place_of(conflict.name))
