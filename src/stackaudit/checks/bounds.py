"""Holds the stack's packages against each other: hard bounds, the bounds behind extras, and what the code demands."""

from collections.abc import Callable, Iterable, Iterator

from stackaudit.checks._breach import Breach, told
from stackaudit.checks._mending import moved
from stackaudit.checks._misfit import Misfit
from stackaudit.checks._row import Bound, Row
from stackaudit.checks._stack import row, subject_of, surely_absent
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.parts import Rule, rule

_MISSING = "where the code behind the extra imports it, the process ends with ModuleNotFoundError; `pip check` looks at no extra"


def breaches(here: Row, kind: str, absent: Callable[[str], bool]) -> Iterator[Breach]:
    """The bounds of `kind` (see `Bound`) that `here` breaks; `absent` says of a package whether it is certainly not there."""
    for bound in here.bounds():
        version = here.versions.get(bound.name)
        missing = version is None and kind != "runtime" and absent(bound.name)
        stack = here.matrix.package(bound.name) is not None
        if bound.kind != kind or (kind == "hard" and not stack):
            continue
        if missing or (version is not None and not bound.admits(version)):
            yield _breach(here, bound)


def _breach(here: Row, bound: Bound) -> Breach:
    version, extra = here.versions.get(bound.name), bound.extra
    entry = here.matrix.package(bound.holder)
    misfit = Misfit(
        holder=bound.holder,
        version=str(here.versions[bound.holder]),
        name=bound.name,
        wanted=bound.text,
        found=None if version is None else str(version),
    )
    found = f"and {bound.name} is {'not installed' if version is None else version}"
    if extra is not None:
        found = f"{found} ({extra.because})"
        sentence = f"{bound.holder}[{extra.extra}] {misfit.version} asks for {bound.text}, {found}"
        clause = f"whose extra {extra.extra} asks for {bound.text}, {found}"
    elif bound.kind == "runtime":
        sentence = f"the code of {_asks(here, bound)} refuses to run without {bound.text}, {found}"
        clause = f"whose code refuses to run without {bound.text}, {found}"
    else:
        sentence = f"{_asks(here, bound)} requires {bound.text}, {found}"
        clause = f"which requires {bound.text}, {found}"
    return Breach(
        holder=bound.holder,
        sentence=sentence,
        clause=clause,
        names=(bound.name, bound.holder),
        severity=_severity(here, bound),
        fix=misfit.remedy(here),
        source=entry.source if entry is not None else None,
        why=_MISSING if extra is not None and version is None else None,
        cause=misfit.cause,
    )


def _severity(here: Row, bound: Bound) -> Severity | None:
    """Of a bound behind an extra; None for the others, which weigh what their rule says."""
    if bound.extra is None:
        return None
    declared = bound.extra.declared
    if bound.name not in here.versions:
        return Severity.HIGH
    if here.matrix.package(bound.name) is not None:
        return Severity.HIGH if declared else Severity.MEDIUM
    # The extras of kombu pin helpers exactly: another version of those is no sign of a break.
    return Severity.MEDIUM if declared else Severity.LOW


def _broken(case: Case, kind: str) -> Iterator[Breach]:
    here = row(case)
    if here is not None:
        yield from breaches(here, kind, lambda name: surely_absent(case, name))


def _about(kind: str) -> Callable[[Case], Iterable[str]]:
    """Those that ask something of a package whose version is known."""

    def about(case: Case) -> Iterable[str]:
        here = row(case)
        bounds = here.bounds() if here is not None else ()
        return [
            subject_of(case, each.holder)
            for each in bounds
            if here is not None and each.kind == kind and each.name in here.versions
        ]

    return about


def _asks(here: Row, bound: Bound) -> str:
    return f"{bound.holder} {here.versions[bound.holder]}"


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
    for breach in _broken(case, "hard"):
        yield told(rule, case, breach)
    here = row(case)
    if here is None or case.manifest.interpreter is not None:
        return
    for bound in here.bounds():
        stack = bound.kind == "hard" and here.matrix.package(bound.name) is not None
        if stack and bound.name not in here.versions and not here.newest_fitting(bound.name, installs=True):
            others = _in_the_way(here, bound)
            pins = " and ".join(f"{name} {here.versions[name]}" for name in others) or "the other pins"
            yield rule.fails(
                subject_of(case, bound.holder),
                f"{_asks(here, bound)} requires {bound.text}, and no listed {bound.name} goes with {pins}",
                where=case.place_of(bound.holder),
                fix=moved(here, (*others, bound.holder), _leaving(bound)),
                source=(entry.source if (entry := here.matrix.package(bound.holder)) else None),
            )


def _leaving(bound: Bound) -> Callable[[Row], bool]:
    """Whether a row leaves a listed version of the package that `bound` is about, or asks for none."""

    def leaves(here: Row) -> bool:
        asked = any(each.holder == bound.holder and each.name == bound.name for each in here.bounds())
        return not asked or here.newest_fitting(bound.name, installs=True) is not None

    return leaves


def _in_the_way(here: Row, bound: Bound) -> list[str]:
    """The pins without any one of which some listed version would fit."""
    names = sorted(here.versions.keys() - {bound.holder})
    return [name for name in names if here.without(name).newest_fitting(bound.name, installs=True) is not None]


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
    for breach in _broken(case, "runtime"):
        yield told(rule, case, breach)


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
    for breach in _broken(case, "extra"):
        yield told(rule, case, breach)
    here = row(case)
    for bound in here.bounds() if here is not None and case.manifest.interpreter is None else ():
        extra = bound.extra
        if here is None or extra is None or extra.declared:
            continue
        if bound.name not in here.versions and here.matrix.package(bound.name) is None:
            asks = f"{bound.holder}[{extra.extra}] {here.versions[bound.holder]} asks for {bound.text}"
            message = f"{asks} ({extra.because}); no file asks for the extra or for {bound.name}: whether it gets there is open"
            fix = f"ask for {bound.holder}[{extra.extra}]=={here.versions[bound.holder]}"
            subject = subject_of(case, bound.holder)
            yield rule.uncheckable(subject, message, where=case.place_of(bound.holder), fix=fix)
