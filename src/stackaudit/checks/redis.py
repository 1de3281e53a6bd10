"""Judges the Redis servers of the stack: do they serve, and are they what the URL says."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from stackaudit.checks._redis import BROKER, BY_INFO, place_of, up
from stackaudit.model.audit import Case
from stackaudit.model.facts.services import Pulse, ServiceState
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Check, Rule, rule
from stackaudit.model.services import redis_endpoints

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
    if manifest.endpoint(BROKER) is not None:
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


def _serving(case: Case) -> Iterable[str]:
    return [pulse.endpoint for pulse in up(case)]


def _in_state(rule: Rule, case: Case, *states: ServiceState) -> Iterator[Finding]:
    for pulse in case.facts(Pulse):
        if pulse.state in states:
            where = place_of(case, pulse.endpoint)
            finding = rule.fails(pulse.endpoint, pulse.detail, where=where, fix=_FIXES[pulse.state])
            yield replace(finding, cause=cause_of(pulse)) if BROKER in pulse.roles else finding


@rule(
    "RD101",
    "The Redis server answers",
    severity="high",
    reads=[Pulse],
    about=_serving,
    why="with no broker no task is sent and none is taken; producers block or raise",
    fix="start the server, or name the right address",
    source="https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html",
    permission=BY_INFO,
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
    permission=BY_INFO,
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
    permission=BY_INFO,
)
def is_what_it_should_be(rule: Rule, case: Case) -> Iterator[Finding]:
    """Another protocol, a Sentinel, TLS on one side only, a database that is not there, a cluster as broker."""
    yield from _in_state(rule, case, ServiceState.PROTOCOL, ServiceState.TLS, ServiceState.DATABASE)
    for pulse in up(case):
        if pulse.mode == "cluster" and BROKER in pulse.roles:
            message = "it is a Redis Cluster, which Celery's Redis transport can't use as a broker"
            yield rule.fails(pulse.endpoint, message, where=place_of(case, pulse.endpoint))


def _brokers(case: Case) -> Iterable[str]:
    return [pulse.endpoint for pulse in up(case) if BROKER in pulse.roles and pulse.role is not None]


@rule(
    "RD104",
    "The broker is not a read-only replica",
    severity="high",
    reads=[Pulse],
    about=_brokers,
    why="a replica answers PING and refuses every write: no task can be sent",
    fix="name the master in the broker URL, or the Sentinels that know it",
    source="https://redis.io/docs/latest/operate/oss_and_stack/management/replication/",
    permission=BY_INFO,
)
def is_master(rule: Rule, case: Case) -> Iterator[Finding]:
    """By INFO's role."""
    for pulse in up(case):
        if BROKER in pulse.roles and pulse.role == "slave":
            link = dict(pulse.info).get("master_link_status")
            message = f"the broker is a replica (its link to the master is {link or 'unknown'})"
            yield rule.fails(pulse.endpoint, message, where=place_of(case, pulse.endpoint))


@rule(
    "RD105",
    "The Redis server has loaded its data and can save it",
    severity="high",
    reads=[Pulse],
    about=lambda case: [pulse.endpoint for pulse in up(case) if pulse.info],
    why="while it loads every command fails; when it can't save it refuses writes, or loses them at the next restart",
    fix="see INFO persistence, its log and its disk",
    source="https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/",
    permission=BY_INFO,
)
def has_its_data(rule: Rule, case: Case) -> Iterator[Finding]:
    """Loading, refusing writes for a failed save, or going on in spite of one."""
    yield from _in_state(rule, case, ServiceState.LOADING, ServiceState.MISCONF)
    for pulse in up(case):
        told = dict(pulse.info)
        failed = [each for each in ("rdb_last_bgsave_status", "aof_last_write_status") if told.get(each) == "err"]
        if failed:
            message = f"its last save to disk failed ({', '.join(failed)}), and it goes on taking writes"
            yield rule.fails(pulse.endpoint, message, where=place_of(case, pulse.endpoint), severity=Severity.MEDIUM)
