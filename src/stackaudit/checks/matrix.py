"""Asks whether the stack's packages are pinned; the other rules of the check `matrix` are in the files beside it, by subject."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from packaging.specifiers import SpecifierSet

from stackaudit.checks._fixed import fixed_to
from stackaudit.checks._mending import with_another
from stackaudit.checks._row import Row, admits_python
from stackaudit.checks._rung import rung_told, rungs
from stackaudit.checks._stack import asked, extras_in, row, stack_package, subject_of, surely_absent
from stackaudit.checks.fresh import goes_together, told_of_install
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.manifest import Manifest, Requirement
from stackaudit.model.markers import applying
from stackaudit.model.matrix import PackageEntry
from stackaudit.model.parts import Check, Rule, rule
from stackaudit.model.versions import written


def asked_by(manifest: Manifest) -> str | None:
    """Where there are pins, or an environment to read them from."""
    if manifest.interpreter is None and not manifest.requirements:
        return "no pins: neither a requirements file nor an environment was given or found"
    return None


def summarize(case: Case, findings: Sequence[Finding]) -> str:
    """How many of the stack's packages are pinned, how many this Python may run, and what else there is to tell."""
    unknown = [each for each in findings if each.outcome is Outcome.UNKNOWN and each.rule != goes_together.code]
    if any(not each.subject for each in unknown):
        return "what is installed could not be seen"
    here = row(case)
    if here is None:
        return "there is no matrix to hold the stack against"
    expected = [entry.name for entry in _expected(case)]
    fixed = {each.subject for each in findings if each.rule == pinned.code and each.outcome is Outcome.UNCHECKABLE}
    count = sum(_is_pinned(case, name) or subject_of(case, name) in fixed for name in expected)
    many = f"{count} of {len(expected)} stack packages {'is' if count == 1 else 'are'} pinned"
    parts = [many, *_admission(here, expected), *told_of_install(case)]
    hurting = {
        each.cause or each for each in findings if each.outcome is Outcome.FAIL and each.severity is not Severity.LOW
    }
    if hurting:
        parts.append(f"{len(hurting)} {'problem' if len(hurting) == 1 else 'problems'}")
    if hidden := {each.subject for each in unknown}:
        parts.append(f"{len(hidden)} could not be seen")
    # Of a combination that breaks a bound, its packages' own evidence says nothing.
    if not hurting and here.versions.keys() & {entry.name for entry in here.matrix.packages}:
        parts.append(f"rung: {rung_told(case)}")
    return "; ".join(parts)


def _admission(here: Row, expected: Sequence[str]) -> Iterator[str]:
    """How many of `expected` may run on this Python; a package of no known version neither may nor may not."""
    known = here.versions.keys() & set(expected)
    admitting = {entry.name for entry, _, found in here.covered() if admits_python(here, found)} & known
    if not known:
        return
    every, whole = len(admitting) == len(known), len(known) == len(expected)
    count = f"{len(admitting)} of {len(known)}" if not every else "all" if whole else f"all {len(known)}"
    yield f"{count}{'' if whole else ' of known version'} admit Python {here.minor}"


CHECK = Check(
    id="matrix",
    code="MX",
    title="Compatibility matrix",
    order=10,
    asked_by=asked_by,
    summarize=summarize,
    rungs=rungs,
)


def _expected(case: Case) -> Iterator[PackageEntry]:
    """The packages that the stack's own files should pin: what it is made of, what is declared or there, what is sure to come along."""
    here = row(case)
    along: set[str] = set()
    if here is not None and case.manifest.interpreter is None:
        along = {bound.name for bound in here.bounds() if bound.kind == "hard"}
    for entry in case.matrix.packages if case.matrix is not None else ():
        there = stack_package(case, entry.name) is not None or bool(case.requirements_of(entry.name))
        if entry.required or (entry.pin and (there or entry.name in along)):
            yield entry


def _is_pinned(case: Case, name: str) -> bool:
    """Whether the files leave one version of package `name`: by a line that asks for it, or for what comes along by a constraint."""
    return any(each.pin is not None for each in (*case.requirements_of(name), *_constraints(case, name)))


def _constraints(case: Case, name: str) -> Iterator[Requirement]:
    """What constraints say of package `name`, wherever it comes from."""
    constraints = replace(case.manifest, requirements=case.manifest.terms.constraints)
    return (each for each in applying(constraints, case.interpreter) if each.name == name)


def _bounds(case: Case, name: str) -> SpecifierSet:
    """All the bounds that lines and constraints put on package `name`."""
    found = asked(case, name)
    for each in _constraints(case, name):
        found &= each.specifier
    return found


def _about_expected(case: Case) -> Iterable[str]:
    return [subject_of(case, entry.name) for entry in _expected(case)]


@rule(
    "MX101",
    "Every package of the stack is pinned",
    severity="medium",
    reads=[Distribution, InterpreterFact],
    about=_about_expected,
    why="what nobody pins is whatever was newest on the day of the install: two machines of one fleet then run different stacks",
    fix="pin it with == in a requirements file, or use a lock file",
    source="https://pip.pypa.io/en/stable/topics/repeatable-installs/",
)
def pinned(rule: Rule, case: Case) -> Iterator[Finding]:
    """A pin in any declared file will do; where nothing is declared, or a package only comes along, it is advice."""
    here, nothing_declared = row(case), not case.manifest.requirements
    along = [entry for entry in _expected(case) if not entry.required and not case.requirements_of(entry.name)]
    loose = (entry.name for entry in along if not _is_pinned(case, entry.name))
    pins = [pin for name in loose if (pin := _pin(case, name)) is not None]
    for entry in _expected(case):
        declared, subject = case.requirements_of(entry.name), subject_of(case, entry.name)
        if _is_pinned(case, entry.name):
            continue
        pin = _pin(case, entry.name)
        fix = f"pin {pin}" if pin is not None else _joint(case, entry.name)
        if declared:
            yield _loose(rule, subject, declared[0], fix)
        elif surely_absent(case, entry.name):
            message = f"{entry.name} is neither declared nor installed{_wanted(here, entry.name)}"
            yield rule.fails(subject, message, fix=fix)
        elif nothing_declared:
            message = "no requirements file or lock that pins what is installed was given or found"
            yield rule.fails(subject, message, severity=Severity.LOW, cause=message)
        elif entry.required:
            yield rule.fails(subject, f"no declared file pins {entry.name}{_wanted(here, entry.name)}", fix=fix)
        else:
            message = "what comes along with the declared packages is not pinned"
            joint = f"pin {', '.join(pins)} too, or use a lock file" if pins else None
            yield rule.fails(subject, message, fix=joint, severity=Severity.LOW, cause=message)


def _loose(rule: Rule, subject: str, asked_for: Requirement, fix: str | None) -> Finding:
    """What a line asks for that is no pin; a full commit or a hash is as good as one, and nobody can tell here which version it is."""
    name, where = asked_for.name, asked_for.where
    if asked_for.source is None or len(asked_for.specifier):
        bounds = f"{name}{written(asked_for.specifier)}" if len(asked_for.specifier) else f"any {name}"
        return rule.fails(subject, f"{name} is not pinned: {where} asks for {bounds}", where=where, fix=fix)
    fixed = fixed_to(asked_for.source)
    if fixed is not None:
        message = f"{name} is pinned to {fixed}, {asked_for.source}: which version that is can't be told from here"
        return rule.uncheckable(subject, message, where=where)
    message = f"{name} is not pinned: {where} takes it from {asked_for.source}"
    return rule.fails(
        subject,
        message,
        where=where,
        fix="take a release of the index, a commit of a repository by its full id, or a file with its `#sha256=`",
    )


def _pin(case: Case, name: str) -> str | None:
    """The pin to write: of what is there where it goes with the others, else of the newest that does."""
    here, there = row(case), stack_package(case, name)
    if here is None:
        return None
    within = {str(each.name): _bounds(case, each.name) for each in here.matrix.packages}
    if there is not None:
        own = within.get(name, SpecifierSet())
        good = here.fits(name) and own.contains(there.version, prereleases=True)
        other = None if good else here.newest_fitting(name, within=own) or here.newest_fitting(name)
        return there.subject if other is None else f"{name}=={other}"
    version = _completed(case, here, within).versions.get(name)
    return f"{name}=={version}" if version is not None else None


def _joint(case: Case, name: str) -> str | None:
    """What to pin where no version of package `name` goes with the pins: it and one of those, else it outside of its own bounds."""
    here, own = row(case), _bounds(case, name)
    if here is None or name in here.versions:
        return None
    whole = _completed(case, here, {str(each.name): _bounds(case, each.name) for each in here.matrix.packages})
    both = with_another(whole, name, own)
    if both is not None:
        return both
    version = whole.newest_fitting(name)
    return (
        f"pin {name}=={version}: no listed {name}{written(own)} goes with the others" if version is not None else None
    )


def _completed(case: Case, here: Row, within: Mapping[str, SpecifierSet]) -> Row:
    """`here` with what it lacks, and what that brings along, chosen together: each newest by itself may not go with the others' newest."""
    expected = [each.name for each in _expected(case)]
    for entry in here.matrix.packages:
        bound = next((each.pin for each in _constraints(case, entry.name) if each.pin is not None), None)
        here = here if bound is None or entry.name in here.versions else here.at(entry.name, bound)
    # With redis pinned the bounds of kombu[redis] hold too.
    here = replace(here, extras=extras_in(case, here.matrix, {*here.versions, *expected}))
    along = {bound.name for bound in here.completed(expected, within).bounds() if bound.kind == "hard"}
    entries = [each for each in here.matrix.packages if each.name in along.union(expected)]
    # Whichever is chosen first may leave no other for what bounds it: of both orders the one that leaves least open.
    orders = (sorted(entries, key=lambda each: each.required is not first) for first in (True, False))
    rows = [here.completed((each.name for each in order), within) for order in orders]
    return max(rows, key=lambda each: len(each.versions))


def _wanted(here: Row | None, name: str) -> str:
    if here is None:
        return ""
    wants = [
        f"{bound.holder}{f'[{bound.extra.extra}]' if bound.extra else ''} {here.versions[bound.holder]} takes any {bound.text}"
        for bound in here.bounds()
        if bound.name == name and bound.kind != "runtime" and (bound.extra is None or bound.extra.declared)
    ]
    return f" ({', '.join(wants)})" if wants else ""
