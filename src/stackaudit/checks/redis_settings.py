"""Judges how Redis servers are set up: what a restart loses, how idle connections fare, and whether there is room for more clients."""

from collections.abc import Iterator

from stackaudit.checks._redis import BY_CONFIG, BY_INFO, is_broker, on_live, place_of
from stackaudit.model.audit import Case
from stackaudit.model.facts.services import Crowd, Durability, Idleness
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.parts import Rule, rule

_CLIENTS = "https://redis.io/docs/latest/develop/reference/clients/"


@rule(
    "RD116",
    "The broker's tasks survive a restart of the server",
    severity="medium",
    reads=[Durability],
    why="a restart of the server then loses every task that waits, and those that workers had taken and not acknowledged",
    fix="set appendonly yes; or waive this, where tasks may be lost",
    source="https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/",
    asked_by=on_live,
    permission=BY_CONFIG,
)
def is_durable(rule: Rule, case: Case) -> Iterator[Finding]:
    """By appendonly and save; what is no broker may be a cache: low."""
    for kept in case.facts(Durability):
        if not (kept.appends or kept.snapshots):
            message = 'it writes nothing to disk (appendonly no, save "")'
            severity = rule.severity if is_broker(case, kept.endpoint) else Severity.LOW
            yield rule.fails(kept.endpoint, message, where=place_of(case, kept.endpoint), severity=severity)


@rule(
    "RD118",
    "The server leaves idle connections alone and notices dead ones",
    severity="low",
    reads=[Idleness],
    why="a producer's idle connection is closed under it, and what it sends next fails or is late; dead clients keep their places",
    fix="set timeout 0 and tcp-keepalive 300, as Redis has them by itself",
    source=_CLIENTS,
    asked_by=on_live,
    permission=BY_CONFIG,
)
def lets_idle(rule: Rule, case: Case) -> Iterator[Finding]:
    """By timeout and tcp-keepalive."""
    for idle in case.facts(Idleness):
        said = [f"it closes what is idle for {idle.timeout} s (timeout)"] if idle.timeout else []
        said += ["it does not ask whether a client still lives (tcp-keepalive 0)"] if not idle.keepalive else []
        if said:
            yield rule.fails(idle.endpoint, "; ".join(said), where=place_of(case, idle.endpoint))


_NEAR = 80


@rule(
    "RD119",
    "The server has room for more clients",
    severity="medium",
    reads=[Crowd],
    why="every worker and every producer holds several connections; past maxclients the next one is turned away",
    fix="raise maxclients (and the open files of the server), or lower broker_pool_limit and redis_max_connections",
    source=_CLIENTS,
    asked_by=on_live,
    permission=BY_INFO,
)
def has_places(rule: Rule, case: Case) -> Iterator[Finding]:
    """By INFO; what it turned away since it started is low, where there is room now."""
    for crowd in case.facts(Crowd):
        said = [f"{crowd.share} % of its maxclients or more are connected"] if crowd.share >= _NEAR else []
        said += [f"it has turned away {crowd.rejected} or more since it started"] if crowd.rejected else []
        if said:
            severity = rule.severity if crowd.share >= _NEAR else Severity.LOW
            where = place_of(case, crowd.endpoint)
            yield rule.fails(crowd.endpoint, ", and ".join(said), where=where, severity=severity)
