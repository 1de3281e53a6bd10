"""Judges the versions of Redis servers: are they maintained, new enough, and without faults that others met."""

from collections.abc import Iterable, Iterator

from stackaudit.checks._known_live import Live, known_faults
from stackaudit.checks._redis import BY_INFO, place_of, up
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.facts.services import Pulse
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.parts import Rule, rule
from stackaudit.model.versions import admits, parse_version, series


def _branch(pulse: Pulse) -> str | None:
    version = parse_version(pulse.version or "")
    return series(version) if version is not None else None


def _charted(case: Case) -> Iterable[str]:
    matrix = case.matrix
    if matrix is None:
        return []
    return [each.endpoint for each in up(case) if each.product and matrix.product(each.product) and _branch(each)]


@rule(
    "RD106",
    "The server's release branch is still maintained",
    severity="medium",
    reads=[Pulse],
    about=_charted,
    why="an ended branch gets no more fixes, those for remote code execution included",
    fix="move to a maintained branch of Redis or Valkey",
    source="https://endoflife.date/redis",
    permission=BY_INFO,
)
def branch_is_maintained(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the matrix's dates; a distribution that maintains the very program that runs here makes it low."""
    for pulse in up(case):
        entry = case.matrix.product(pulse.product) if case.matrix and pulse.product else None
        branch = _branch(pulse)
        if entry is None or branch is None:
            continue
        name, where = f"{entry.name.capitalize()} {branch}", place_of(case, pulse.endpoint)
        known = entry.branch(branch)
        if known is None:
            yield rule.fails(pulse.endpoint, f"{name} is in no matrix: nobody vouches for it", where=where)
        elif known.ended(case.today):
            ended = f"{name} ended on {known.end_of_life}"
            if pulse.owner is not None:
                message = (
                    f"{ended}; what runs is {pulse.owner}, which its distribution mends as long as it lives itself"
                )
                yield rule.fails(pulse.endpoint, message, where=where, severity=Severity.LOW, source=known.source)
                continue
            yield rule.fails(pulse.endpoint, ended, where=where, source=known.source)
            if not pulse.local:
                message = "whether a distribution mends it can't be seen over a connection: look on its own machine"
                yield rule.uncheckable(pulse.endpoint, message, where=where)


def _bounds(case: Case) -> Iterator[tuple[Pulse, str, str, bool]]:
    """Each serving server with each bound on it that a package at its version has: whose, which, and whether it is kept."""
    for package in case.packages():
        entry = case.matrix.package(package.name) if case.matrix else None
        version = parse_version(package.version)
        demands = entry.demands_of(version) if entry is not None and version is not None else ()
        servers = [server for demand in demands for server in demand.servers]
        for pulse in up(case):
            for product, bound in servers:
                # Valkey goes by the Redis version whose commands it has, where the bound names Redis alone.
                version_text = pulse.version if pulse.product == product else dict(pulse.info).get("redis_version")
                if version_text is not None and product in {pulse.product, "redis"}:
                    yield pulse, package.subject, f"{product} {bound}", admits(bound, version_text)


@rule(
    "RD107",
    "The server is new enough for the packages that talk to it",
    severity="high",
    reads=[Pulse, Distribution, InterpreterFact],
    about=lambda case: [pulse.endpoint for pulse, _, _, _ in _bounds(case)],
    why="a package that uses a command which the server does not know fails when it first needs it, not at start",
    fix="move to a newer server, or stay with the older package",
    permission=BY_INFO,
)
def new_enough(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the matrix's bounds on servers."""
    for pulse, whose, bound, kept in _bounds(case):
        if not kept:
            message = f"{whose} needs {bound}, and {pulse.product} {pulse.version} answers"
            yield rule.fails(pulse.endpoint, message, where=place_of(case, pulse.endpoint))


def _lives(case: Case) -> Iterator[Live]:
    for pulse in up(case):
        known = case.matrix is not None and pulse.product is not None and case.matrix.product(pulse.product) is not None
        if known and pulse.product is not None and pulse.version is not None:
            yield Live(
                subject=pulse.endpoint,
                name=pulse.product,
                version=pulse.version,
                where=place_of(case, pulse.endpoint),
                near=pulse.local,
                owner=pulse.owner,
                fixes=pulse.fixes,
                settings=tuple((f"redis.{name}", value) for name, value in pulse.info),
            )


@rule(
    "RD110",
    "The matrix knows no fault of this server",
    severity="high",
    reads=[Pulse, Distribution, InterpreterFact],
    about=lambda case: [each.subject for each in _lives(case)],
    why="others met it with exactly this server; no audit of Python packages looks at servers",
    fix="move to a version without the fault",
    permission=BY_INFO,
)
def known_of_server(rule: Rule, case: Case) -> Iterator[Finding]:
    """The known-bad rules of the matrix that name a server; a distribution's own package goes by its changelog."""
    for live in _lives(case):
        yield from known_faults(rule, case, live)
