"""Judges the Redis servers of the stack: do they serve, are they what the URL says, and is their version maintained."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from stackaudit.checks._known_live import Live, known_faults
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.facts.services import Pulse, ServiceState
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.manifest import Endpoint, Manifest
from stackaudit.model.parts import Check, Rule, rule
from stackaudit.model.places import Place
from stackaudit.model.services import redis_endpoints, scheme_of
from stackaudit.model.versions import admits, parse_version, series

_BROKER = "broker"

_FIXES = {
    ServiceState.REFUSED: "start the server, or name the right address with --broker-url or --redis-url",
    ServiceState.SILENT: "look whether the server is stopped, swapping or held up by a slow command, and restart it",
    ServiceState.CLOSED: "look into the server's log, and at what stands between here and there",
    ServiceState.FULL: "find who holds the connections (CLIENT LIST), or raise maxclients",
    ServiceState.DENIED: "put the user and the password that the server knows into the URL, percent-encoded",
    ServiceState.PROTOCOL: "name the address of the Redis server itself; Sentinels go into a sentinel:// URL",
    ServiceState.DATABASE: "end the URL in the number of a database that the server has, such as /0",
    ServiceState.LOADING: "wait until it has loaded its data, then ask again",
    ServiceState.MISCONF: "see why it can't save (INFO persistence, its log, its disk), and mend that",
    ServiceState.TLS: (
        "make URL and server agree: rediss:// for TLS, redis:// for none; "
        "name the issuer of its certificate with ?ssl_cert_reqs=required&ssl_ca_certs=FILE"
    ),
}


def asked_by(manifest: Manifest) -> str | None:
    """Asked where an endpoint speaks Redis."""
    if redis_endpoints(manifest):
        return None
    if manifest.endpoint(_BROKER) is not None:
        return "the broker is not Redis, and no --redis-url"
    return "no broker URL and no --redis-url"


def summarize(case: Case, findings: Sequence[Finding]) -> str:
    """What each server is, or what is wrong with it."""
    said = [
        f"{pulse.detail.replace(' answers', f' at {pulse.endpoint} answered', 1)}"
        if pulse.state is ServiceState.UP
        else f"{pulse.endpoint}: {pulse.detail}"
        for pulse in case.facts(Pulse)
    ]
    causes = [finding.cause for finding in findings if finding.cause is not None and finding.cause not in said]
    return "; ".join(dict.fromkeys(said)) or next(iter(causes), "no Redis was seen")


CHECK = Check(id="redis", code="RD", title="Redis", order=50, asked_by=asked_by, summarize=summarize)


def cause_of(pulse: Pulse) -> str:
    """The sentence that a broker's failure shares with all that it blinds."""
    return f"the broker does not answer: {pulse.detail}"


def _place(case: Case, subject: str) -> Place | None:
    return next((each.where for each in case.manifest.endpoints if each.subject == subject), None)


def _up(case: Case) -> Iterator[Pulse]:
    """The servers that serve; of the others nothing but their state is known, and no rule passes them."""
    return (pulse for pulse in case.facts(Pulse) if pulse.state is ServiceState.UP)


def _serving(case: Case) -> Iterable[str]:
    return [pulse.endpoint for pulse in _up(case)]


def _in_state(rule: Rule, case: Case, *states: ServiceState) -> Iterator[Finding]:
    for pulse in case.facts(Pulse):
        if pulse.state in states:
            where = _place(case, pulse.endpoint)
            finding = rule.fails(pulse.endpoint, pulse.detail, where=where, fix=_FIXES[pulse.state])
            yield replace(finding, cause=cause_of(pulse)) if _BROKER in pulse.roles else finding


@rule(
    "RD101",
    "The Redis server answers",
    severity="high",
    reads=[Pulse],
    about=_serving,
    why="with no broker no task is sent and none is taken; producers block or raise",
    fix="start the server, or name the right address",
    source="https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html",
)
def answers(rule: Rule, case: Case) -> Iterator[Finding]:
    """A server that refuses, hangs up, has no room or stays silent after accepting."""
    states = (ServiceState.REFUSED, ServiceState.SILENT, ServiceState.CLOSED, ServiceState.FULL)
    yield from _in_state(rule, case, *states)


@rule(
    "RD102",
    "The Redis server accepts the login of the URL",
    severity="high",
    reads=[Pulse],
    about=_serving,
    why="workers that can't log in retry for ever and take no task",
    fix="put the user and the password that the server knows into the URL",
    source="https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/",
)
def lets_in(rule: Rule, case: Case) -> Iterator[Finding]:
    """A login that was rejected, is missing, or is too much."""
    yield from _in_state(rule, case, ServiceState.DENIED)


@rule(
    "RD103",
    "The server is the Redis that the URL says",
    severity="high",
    reads=[Pulse],
    about=_serving,
    why="a client at the wrong door fails in ways that point elsewhere, or hangs with no error at all",
    fix="name the address, the database and the scheme (redis, rediss, sentinel) of the server itself",
    source="https://docs.celeryq.dev/en/stable/userguide/configuration.html#redis-backend-settings",
)
def is_what_it_should_be(rule: Rule, case: Case) -> Iterator[Finding]:
    """Another protocol, a Sentinel, TLS on one side only, a database that is not there, a cluster as broker."""
    yield from _in_state(rule, case, ServiceState.PROTOCOL, ServiceState.TLS, ServiceState.DATABASE)
    for pulse in _up(case):
        if pulse.mode == "cluster" and _BROKER in pulse.roles:
            message = "it is a Redis Cluster, which Celery's Redis transport can't use as a broker"
            yield rule.fails(pulse.endpoint, message, where=_place(case, pulse.endpoint))


def _brokers(case: Case) -> Iterable[str]:
    return [pulse.endpoint for pulse in _up(case) if _BROKER in pulse.roles and pulse.role is not None]


@rule(
    "RD104",
    "The broker is not a read-only replica",
    severity="high",
    reads=[Pulse],
    about=_brokers,
    why="a replica answers PING and refuses every write: no task can be sent",
    fix="name the master in the broker URL, or the Sentinels that know it",
    source="https://redis.io/docs/latest/operate/oss_and_stack/management/replication/",
)
def is_master(rule: Rule, case: Case) -> Iterator[Finding]:
    """By INFO's role."""
    for pulse in _up(case):
        if _BROKER in pulse.roles and pulse.role == "slave":
            link = dict(pulse.info).get("master_link_status")
            message = f"the broker is a replica (its link to the master is {link or 'unknown'})"
            yield rule.fails(pulse.endpoint, message, where=_place(case, pulse.endpoint))


@rule(
    "RD105",
    "The Redis server has loaded its data and can save it",
    severity="high",
    reads=[Pulse],
    about=lambda case: [pulse.endpoint for pulse in _up(case) if pulse.info],
    why="while it loads every command fails; when it can't save it refuses writes, or loses them at the next restart",
    fix="see INFO persistence, its log and its disk",
    source="https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/",
)
def has_its_data(rule: Rule, case: Case) -> Iterator[Finding]:
    """Loading, refusing writes for a failed save, or going on in spite of one."""
    yield from _in_state(rule, case, ServiceState.LOADING, ServiceState.MISCONF)
    for pulse in _up(case):
        told = dict(pulse.info)
        failed = [each for each in ("rdb_last_bgsave_status", "aof_last_write_status") if told.get(each) == "err"]
        if failed:
            message = f"its last save to disk failed ({', '.join(failed)}), and it goes on taking writes"
            yield rule.fails(pulse.endpoint, message, where=_place(case, pulse.endpoint), severity=Severity.MEDIUM)


def _branch(pulse: Pulse) -> str | None:
    version = parse_version(pulse.version or "")
    return series(version) if version is not None else None


def _charted(case: Case) -> Iterable[str]:
    matrix = case.matrix
    if matrix is None:
        return []
    return [each.endpoint for each in _up(case) if each.product and matrix.product(each.product) and _branch(each)]


@rule(
    "RD106",
    "The server's release branch is still maintained",
    severity="medium",
    reads=[Pulse],
    about=_charted,
    why="an ended branch gets no more fixes, those for remote code execution included",
    fix="move to a maintained branch of Redis or Valkey",
    source="https://endoflife.date/redis",
)
def branch_is_maintained(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the matrix's dates; a distribution that maintains the very program that runs here makes it low."""
    for pulse in _up(case):
        entry = case.matrix.product(pulse.product) if case.matrix and pulse.product else None
        branch = _branch(pulse)
        if entry is None or branch is None:
            continue
        name, where = f"{entry.name.capitalize()} {branch}", _place(case, pulse.endpoint)
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
        for pulse in _up(case):
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
)
def new_enough(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the matrix's bounds on servers."""
    for pulse, whose, bound, kept in _bounds(case):
        if not kept:
            message = f"{whose} needs {bound}, and {pulse.product} {pulse.version} answers"
            yield rule.fails(pulse.endpoint, message, where=_place(case, pulse.endpoint))


def _secured(case: Case) -> list[Endpoint]:
    return [each for each in case.manifest.endpoints if scheme_of(each) in {"rediss", "valkeys"}]


@rule(
    "RD108",
    "The URL of a TLS connection has the server's certificate verified",
    severity="high",
    reads=[],
    about=lambda case: [each.subject for each in _secured(case)],
    why="without that anybody between worker and server can read and write tasks: Celery takes a bare rediss:// as no verification",
    fix="add ?ssl_cert_reqs=required, and ssl_ca_certs=FILE for an issuer of your own",
    source="https://docs.celeryq.dev/en/stable/userguide/configuration.html#broker-use-ssl",
)
def verifies(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the URL alone; an application may still say it in its settings."""
    for endpoint in _secured(case):
        options = {name: value.lower() for name, value in parse_qsl(urlsplit(endpoint.subject).query)}
        wanted = options.get("ssl_cert_reqs", "").removeprefix("cert_")
        if wanted == "none":
            yield rule.fails(endpoint.subject, "the URL turns verification off (ssl_cert_reqs)", where=endpoint.where)
        elif endpoint.role == _BROKER and not any(name.startswith("ssl_") for name in options):
            yield rule.fails(
                endpoint.subject,
                "Celery verifies nothing with this URL, unless the application sets broker_use_ssl",
                where=endpoint.where,
                severity=Severity.MEDIUM,
            )


@rule(
    "RD109",
    "The broker URL is one that Celery can read",
    severity="high",
    reads=[],
    about=lambda case: [each.subject for each in case.manifest.endpoints if each.role == _BROKER],
    why="redis-py and Celery write some addresses differently, and a worker ends at start over the other's form",
    fix="write a Unix socket as redis+socket:///PATH?virtual_host=0 for Celery, as unix:///PATH?db=0 for redis-py",
    source="https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html#configuration",
)
def is_readable(rule: Rule, case: Case) -> Iterator[Finding]:
    """Schemes that redis-py knows and kombu does not."""
    for endpoint in case.manifest.endpoints:
        scheme = scheme_of(endpoint)
        if endpoint.role == _BROKER and scheme in {"unix", "valkey", "valkeys"}:
            yield rule.fails(
                endpoint.subject, f"Celery knows no broker of the scheme {scheme}://", where=endpoint.where
            )


def _lives(case: Case) -> Iterator[Live]:
    for pulse in _up(case):
        known = case.matrix is not None and pulse.product is not None and case.matrix.product(pulse.product) is not None
        if known and pulse.product is not None and pulse.version is not None:
            yield Live(
                subject=pulse.endpoint,
                name=pulse.product,
                version=pulse.version,
                where=_place(case, pulse.endpoint),
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
)
def known_of_server(rule: Rule, case: Case) -> Iterator[Finding]:
    """The known-bad rules of the matrix that name a server; a distribution's own package goes by its changelog."""
    for live in _lives(case):
        yield from known_faults(rule, case, live)
