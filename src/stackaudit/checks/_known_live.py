"""Holds one server or program, as it was seen, against the matrix's known-bad rules about its kind."""

from collections.abc import Iterator

from packaging.specifiers import SpecifierSet

from stackaudit.checks._stack import row
from stackaudit.model.audit import Case
from stackaudit.model.findings import Finding
from stackaudit.model.known_bad import Bound, Combination, KnownBad, admits
from stackaudit.model.matrix import Matrix
from stackaudit.model.parts import Rule
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass
from stackaudit.model.versions import lowest, parse_version, written


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A server or program at its version: `subject` is how findings name it, `name` and `version` how rules do.

    `owner` is the distribution package that its program comes from, where that was proved, and `fixes` what its changelog mends, None where
    that could not be read. `near` is False where only a connection was seen of it. `settings` are what it runs with, by name.
    """

    subject: str
    name: str
    version: str
    where: Place | None
    near: bool = True
    owner: str | None = None
    fixes: tuple[str, ...] | None = None
    settings: tuple[tuple[str, str], ...] = ()


def known_faults(rule: Rule, case: Case, live: Live) -> Iterator[Finding]:
    """What the matrix knows of it; where distributions carry fixes back, what their changelog says decides, and not the version alone."""
    here, version = row(case), parse_version(live.version)
    if here is None or version is None:
        return
    seen = {live.name: version}
    combination = Combination(
        packages=here.versions,
        python=parse_version(here.python),
        whole=here.whole,
        extras=frozenset((each.name, each.extra) for each in here.extras_in_use()),
        services=seen,
        programs=seen,
        settings=dict(live.settings),
    )
    for known in here.matrix.known_bad:
        about = _about(known, live.name)
        if about is None or not admits(about[1], version):
            continue
        open_ = known.unless is not None and known.unless.holds(combination) is None
        met = known.when.holds(combination)
        if met is None or (met and open_):
            message = f"whether {known.id} is met ({known.symptom}) hangs on what was not seen: {', '.join(known.names) or 'its settings'}"
            yield rule.uncheckable(live.subject, message, where=live.where)
        if not known.fires(combination):
            continue
        beside = " and ".join(f"{name} {here.versions[name]}" for name in known.names)
        message = f"{live.name} {live.version}{f' with {beside}' if beside else ''}: {known.symptom}"
        fixed = " or ".join(f"{name}{_mended(here.matrix, name, versions)}" for name, versions in known.fixed_in)
        yield from _told(rule, live, known, message, f"take {fixed}" if fixed else None)


def _mended(matrix: Matrix, name: str, versions: str) -> str:
    """Those of `versions` in which what else the matrix knows of server or program `name` is mended too."""
    version = lowest(versions)
    others = [each for each in matrix.known_bad if not each.when.packages and not each.when.settings]
    for _ in others:
        steps = (
            lowest(dict(each.fixed_in)[name])
            for each in others
            if (about := _about(each, name)) is not None and admits(about[1], version) and name in dict(each.fixed_in)
        )
        later = max((each for each in steps if each > version), default=None)
        if later is None:
            break
        version = later
    return written(SpecifierSet(versions)) if version == lowest(versions) else f">={version}"


def _about(known: KnownBad, name: str) -> Bound | None:
    bounds = (*known.when.services, *known.when.programs)
    return next((each for each in bounds if each[0] == name), None)


def _told(rule: Rule, live: Live, known: KnownBad, message: str, mended: str | None) -> Iterator[Finding]:
    if known.aliases and not live.near:
        ids = ", ".join(known.aliases)
        message = f"{message} ({ids}); whether a distribution mended it can't be seen over a connection"
        yield rule.uncheckable(live.subject, message, where=live.where, fix="look on its own machine")
        return
    if known.aliases and live.owner is not None:
        if live.fixes is None:
            message = f"{message} ({', '.join(known.aliases)}); whether {live.owner} mends it, its changelog would say, and there is none"
            yield rule.uncheckable(
                live.subject, message, where=live.where, fix="ask the distribution's security tracker"
            )
            return
        if set(known.aliases) <= set(live.fixes):
            return
        message = f"{message}; the changelog of {live.owner} does not name {', '.join(known.aliases)}"
    yield rule.fails(
        live.subject,
        message,
        where=live.where,
        fix=mended,
        severity=known.severity,
        source=known.source,
        aliases=known.aliases,
    )
