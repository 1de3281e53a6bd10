"""Judges what a fresh install of the declared files gives as if it were installed: pins without a lock drift by themselves."""

from collections.abc import Callable, Iterable, Iterator

from stackaudit.checks._breach import Breach
from stackaudit.checks._resolved import resolved
from stackaudit.checks._row import Row
from stackaudit.checks._stack import asked, fresh_row, row, stack_package, surely_absent
from stackaudit.checks.admission import admitted, refused
from stackaudit.checks.bounds import breaches, extra_bounds, hard_bounds, runtime_bounds
from stackaudit.checks.combinations import faults, known_faults
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.facts.published import Resolution
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.fresh_install import OFFLINE, why_not_asked
from stackaudit.model.matrix import Rung
from stackaudit.model.parts import Rule, rule
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Broken:
    """A breach, with the rule that tells it of what is installed."""

    by: Rule
    breach: Breach

    @property
    def severity(self) -> Severity:
        return self.breach.severity or self.by.severity


def _broken(here: Row, absent: Callable[[str], bool]) -> tuple[_Broken, ...]:
    """All that breaks `here`; `absent` says of a package whether it is certainly not there."""
    found = (
        (runtime_bounds, breaches(here, "runtime", absent)),
        (hard_bounds, breaches(here, "hard", absent)),
        (extra_bounds, breaches(here, "extra", absent)),
        (known_faults, faults(here)),
        (admitted, refused(here)),
    )
    return tuple(_Broken(by=by, breach=each) for by, all_of_them in found for each in all_of_them)


def _broken_here(case: Case) -> tuple[_Broken, ...]:
    """What breaks the audited stack itself: the rules of what is installed, or pinned, tell it."""
    here = row(case)
    return () if here is None else _broken(here, lambda name: surely_absent(case, name))


def _about(case: Case) -> Iterable[str]:
    """What a fresh install gives of the stack and the matrix covers, but for what is told of the audited stack already."""
    fresh = fresh_row(case)
    if fresh is None:
        return []
    broken = {each.breach.holder for each in _broken(fresh, lambda name: name not in fresh.versions)}
    return [f"{entry.name}=={version}" for entry, version, _ in fresh.covered() if entry.name not in broken]


@rule(
    "MX210",
    "What a fresh install gives goes together",
    severity="high",
    reads=[Resolution, Distribution, InterpreterFact],
    about=_about,
    why="what the files leave open is decided anew by each install: the next build, or the next machine, gets other versions than this one",
    fix="pin what the files leave open, or use a lock file",
    source="https://pip.pypa.io/en/stable/topics/repeatable-installs/",
    asked_by=why_not_asked,
    # An installer resolved it in this run; what was proved of the versions that are installed says nothing of these.
    rung=Rung.RESOLVED,
)
def goes_together(rule: Rule, case: Case) -> Iterator[Finding]:
    """Bounds, code, extras in use, known faults and Requires-Python of what resolves; what the audited stack has too is told there."""
    fresh, resolution = fresh_row(case), resolved(case)
    if fresh is None or resolution is None:
        return
    here = _broken_here(case)
    told = {(each.by.code, each.breach.sentence) for each in here}
    then = resolution.until
    gives = f"{resolution.subject} gives" if then is None else f"on {then.date()} {resolution.subject} gave"
    for each in _broken(fresh, lambda name: name not in fresh.versions):
        breach = each.breach
        if (each.by.code, breach.sentence) in told:
            continue
        holder, fix = f"{breach.holder} {fresh.versions[breach.holder]}", _prevention(case, fresh, breach)
        yield rule.fails(
            holder.replace(" ", "=="),
            f"{_today(case, here, each) if then is None else ''}{gives} {holder}, {breach.clause}",
            where=_place(case, breach, resolution),
            fix=fix,
            severity=each.severity,
            source=breach.source,
            why=breach.why or each.by.why,
            # One pin that keeps the next build from several faults is one thing to do.
            cause=f"{resolution.subject}: {holder}: {fix}",
            aliases=breach.aliases,
        )
    for entry in fresh.matrix.packages:
        version, there = fresh.versions.get(entry.name), stack_package(case, entry.name)
        if version is None or entry.range_of(version) is not None or (there and there.version == str(version)):
            continue
        message = f"{gives} {entry.name} {version}, for which the matrix {fresh.matrix.name} does not vouch"
        advised = fresh.newest_fitting(entry.name, within=asked(case, entry.name))
        fix = f"pin {entry.name}=={advised}" if advised is not None else None
        yield rule.uncheckable(f"{entry.name}=={version}", message, where=case.place_of(entry.name), fix=fix)


def _today(case: Case, here: Iterable[_Broken], found: _Broken) -> str:
    """How this machine's environment differs, where there is one: empty with files alone, and where it is broken itself."""
    if case.manifest.interpreter is None or any(each.severity.rank >= Severity.HIGH.rank for each in here):
        return ""
    dead = found.severity.rank >= Severity.HIGH.rank
    return (
        "runs today on this machine, dead on the next build: "
        if dead
        else "not so on this machine, but on the next build: "
    )


def _place(case: Case, breach: Breach, resolution: Resolution) -> Place | None:
    """Where one of the packages at odds is declared, else where the first of the files asks for anything."""
    places = [case.place_of(name) for name in breach.names]
    asking = [each.where for each in case.requirements if each.where.path in resolution.files]
    return next((each for each in [*places, *asking] if each is not None), None)


def _prevention(case: Case, fresh: Row, breach: Breach) -> str | None:
    """The pin that keeps the next build from it, within what the files say: first of what they leave open."""
    pinned = {name: any(each.pin is not None for each in case.requirements_of(name)) for name in breach.names}
    for name in sorted(breach.names, key=lambda each: pinned[each]):
        version = fresh.newest_fitting(name, within=asked(case, name))
        if version is not None and version != fresh.versions.get(name):
            return f"pin {name}=={version}"
    return breach.fix


def told_of_install(case: Case) -> Iterator[str]:
    """A few words for the check's summary on what a fresh install gives, where the files leave that open."""
    reason = why_not_asked(case.manifest)
    if reason is not None:
        yield from ["a fresh install is not asked about (offline)"] if reason == OFFLINE else []
        return
    resolution = next(iter(case.facts(Resolution)), None)
    if resolution is None:
        yield "what a fresh install gives was not seen"
    elif resolution.refusal is not None:
        yield "a fresh install ends with an error"
    else:
        then, many = resolution.until, f"{len(resolution.packages)} packages"
        yield f"a fresh install gives {many}" if then is None else f"a fresh install gave {many} on {then.date()}"


def _about_install(case: Case) -> Iterable[str]:
    return [each.subject for each in case.facts(Resolution)]


# What blinds the question is told by MX210, once: this rule says nothing then, and passes nothing.
@rule(
    "MX211",
    "The declared requirements can be installed together",
    severity="high",
    reads=[InterpreterFact],
    about=_about_install,
    why="no installer finds versions that keep all of the requirements: the next build ends with an error",
    fix="change one of the requirements that it names",
    source="https://pip.pypa.io/en/stable/topics/dependency-resolution/",
    asked_by=why_not_asked,
    rung=Rung.RESOLVED,
)
def installable(rule: Rule, case: Case) -> Iterator[Finding]:
    """The installer's own word, where it found no versions at all."""
    for each in case.facts(Resolution):
        if each.refusal is not None:
            where = next((one.where for one in case.requirements if one.where.path in each.files), None)
            yield rule.fails(each.subject, f"{each.subject} ends with an error: {each.refusal}", where=where)
