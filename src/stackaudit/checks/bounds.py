"""Holds the stack's packages against each other: hard bounds, the bounds behind extras, what the code demands, and known faults."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from stackaudit.checks._misfit import Misfit, advice
from stackaudit.checks._row import Bound, Row
from stackaudit.checks._stack import row, subject_of, surely_absent
from stackaudit.model.audit import Case
from stackaudit.model.facts import Distribution, InterpreterFact
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.parts import Rule, rule


def _bounds(case: Case, kind: str) -> Iterator[tuple[Row, Bound]]:
    here = row(case)
    if here is not None:
        yield from ((here, bound) for bound in here.bounds() if bound.kind == kind)


def _about(kind: str) -> Callable[[Case], Iterable[str]]:
    """Those that ask something of a package whose version is known."""

    def about(case: Case) -> Iterable[str]:
        return [subject_of(case, bound.holder) for here, bound in _bounds(case, kind) if bound.name in here.versions]

    return about


def _is_stack(here: Row, bound: Bound) -> bool:
    return here.matrix.package(bound.name) is not None


def _asks(here: Row, bound: Bound) -> str:
    return f"{bound.holder} {here.versions[bound.holder]}"


def _misfit(here: Row, bound: Bound) -> Misfit:
    found = here.versions.get(bound.name)
    return Misfit(
        holder=bound.holder,
        version=str(here.versions[bound.holder]),
        name=bound.name,
        wanted=bound.text,
        found=None if found is None else str(found),
    )


def _source(here: Row, bound: Bound) -> str | None:
    entry = here.matrix.package(bound.holder)
    return entry.source if entry is not None else None


@rule(
    "MX205",
    "The packages of the stack keep each other's bounds",
    severity="high",
    reads=[Distribution, InterpreterFact],
    about=_about("hard"),
    why="its makers say that it does not work with that version; a resolver would not have put the two side by side",
    fix="pin versions that admit each other",
)
def hard_bounds(rule: Rule, case: Case) -> Iterator[Finding]:
    """Requires-Dist with no extra, between packages of the matrix."""
    for here, bound in _bounds(case, "hard"):
        if not _is_stack(here, bound):
            continue
        version = here.versions.get(bound.name)
        where = case.place_of(bound.name) or case.place_of(bound.holder)
        subject, source = subject_of(case, bound.holder), _source(here, bound)
        misfit = _misfit(here, bound)
        cause, fix = misfit.cause, misfit.remedy(here)
        if version is not None and not bound.admits(version):
            message = f"{_asks(here, bound)} requires {bound.text}, and {bound.name} is {version}"
            yield rule.fails(subject, message, where=where, fix=fix, source=source, cause=cause)
        elif version is None and surely_absent(case, bound.name):
            message = f"{_asks(here, bound)} requires {bound.text}, and {bound.name} is not installed"
            yield rule.fails(subject, message, where=where, fix=fix, source=source, cause=cause)
        elif (
            version is None and case.manifest.interpreter is None and not here.newest_fitting(bound.name, extras=False)
        ):
            others = _in_the_way(here, bound)
            pins = " and ".join(f"{name} {here.versions[name]}" for name in others) or "the other pins"
            message = f"{_asks(here, bound)} requires {bound.text}, and no listed {bound.name} goes with {pins}"
            other = advice(here, *others, bound.holder)
            yield rule.fails(subject, message, where=case.place_of(bound.holder), fix=other, source=source)


def _in_the_way(here: Row, bound: Bound) -> list[str]:
    """The pins without any one of which some listed version would fit."""
    names = sorted(here.versions.keys() - {bound.holder})
    return [name for name in names if here.without(name).newest_fitting(bound.name, extras=False) is not None]


@rule(
    "MX206",
    "What the code of the stack demands when it runs is there",
    severity="high",
    reads=[Distribution, InterpreterFact],
    about=_about("runtime"),
    why="the code looks at the version itself and stops: the worker dies at start with kombu.exceptions.VersionMismatch, "
    "and `pip check` is green all the same",
    fix="pin a version that the code accepts",
)
def runtime_bounds(rule: Rule, case: Case) -> Iterator[Finding]:
    """Bounds that stand in the code, and in no metadata."""
    for here, bound in _bounds(case, "runtime"):
        version = here.versions.get(bound.name)
        if version is not None and not bound.admits(version):
            yield rule.fails(
                subject_of(case, bound.holder),
                f"the code of {_asks(here, bound)} refuses to run without {bound.text}, and {bound.name} is {version}",
                where=case.place_of(bound.name) or case.place_of(bound.holder),
                fix=_misfit(here, bound).remedy(here),
                source=_source(here, bound),
                cause=_misfit(here, bound).cause,
            )


_MISSING = "where the code behind the extra imports it, the process ends with ModuleNotFoundError; `pip check` looks at no extra"


@rule(
    "MX207",
    "The bounds behind the extras in use hold",
    severity="medium",
    reads=[Distribution, InterpreterFact],
    about=_about("extra"),
    why="the bounds of an extra are those that its makers test with; no resolver and no `pip check` looks at them where the package is "
    "pinned directly",
    fix="pin versions inside the bounds of the extras",
    source="https://github.com/pypa/pip/issues/4086",
)
def extra_bounds(rule: Rule, case: Case) -> Iterator[Finding]:
    """High where a file asks for the extra or a package is missing, medium where only the way that the stack is used asks for the bound."""
    for here, bound in _bounds(case, "extra"):
        version, extra = here.versions.get(bound.name), bound.extra
        if extra is None:
            continue
        stack, declared = _is_stack(here, bound), extra.declared
        asks = f"{bound.holder}[{extra.extra}] {here.versions[bound.holder]} asks for {bound.text}"
        where = case.place_of(bound.name) or case.place_of(bound.holder)
        subject, source = subject_of(case, bound.holder), _source(here, bound)
        misfit = _misfit(here, bound)
        cause, fix = misfit.cause, misfit.remedy(here)
        if version is not None and not bound.admits(version):
            worst = Severity.HIGH if declared else Severity.MEDIUM
            # The extras of kombu pin helpers exactly: another version of those is no sign of a break.
            severity = worst if stack else Severity.MEDIUM if declared else Severity.LOW
            message = f"{asks}, and {bound.name} is {version} ({extra.because})"
            yield rule.fails(subject, message, where=where, fix=fix, severity=severity, source=source, cause=cause)
        elif version is None and surely_absent(case, bound.name):
            message = f"{asks}, and {bound.name} is not installed ({extra.because})"
            told = rule.fails(subject, message, where=where, fix=fix, why=_MISSING, source=source, cause=cause)
            yield replace(told, severity=Severity.HIGH)
        elif version is None and not declared and not stack and case.manifest.interpreter is None:
            message = f"{asks} ({extra.because}); no file asks for the extra or for {bound.name}: whether it gets there is open"
            fix = f"ask for {bound.holder}[{extra.extra}]=={here.versions[bound.holder]}"
            yield rule.uncheckable(subject, message, where=case.place_of(bound.holder), fix=fix)
