"""Judges the memory of Redis servers: is it bounded, is there room, and what goes when there is none."""

from collections.abc import Iterable, Iterator

from stackaudit.checks._redis import BROKER, BY_INFO, on_live, place_of, up
from stackaudit.model.audit import Case
from stackaudit.model.facts.services import Pulse
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.parts import Rule, rule

_EVICTION = "https://redis.io/docs/latest/develop/reference/eviction/"
_TIGHT = 90
_MUCH = 50


def _limits(case: Case) -> Iterator[tuple[Pulse, int, str]]:
    """Each server that tells them, with its `maxmemory` in bytes (0: none) and its policy."""
    for pulse in up(case):
        told = dict(pulse.info)
        most, policy = told.get("maxmemory", ""), told.get("maxmemory_policy")
        if most.isdigit() and policy is not None:
            yield pulse, int(most), policy


def _limited(case: Case) -> Iterable[str]:
    return [pulse.endpoint for pulse, _, _ in _limits(case)]


@rule(
    "RD111",
    "The server throws no task away when its memory is full",
    severity="high",
    reads=[Pulse],
    about=_limited,
    why="the keys of queues are thrown away as if they were a cache's: tasks that wait are gone, and nothing is logged",
    fix="set maxmemory-policy noeviction, and keep caches in a server of their own",
    source=_EVICTION,
    permission=BY_INFO,
)
def keeps_tasks(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the policy, where there is a bound at which it acts; keys that were thrown away already raise it."""
    for pulse, most, policy in _limits(case):
        where = place_of(case, pulse.endpoint)
        if not most or policy == "noeviction":
            continue
        evicted = f", and it has thrown away {pulse.evicted} or more since it started" if pulse.evicted else ""
        if not policy.startswith("allkeys-"):
            # Queues have no time to live, results have.
            message = f"with {policy} it throws away keys that have a time to live, as results have, when its memory is full{evicted}"
            severity = Severity.MEDIUM if pulse.evicted else Severity.LOW
            why = "results, and the locks that restore lost tasks, can be gone before anybody has read them"
            yield rule.fails(pulse.endpoint, message, where=where, severity=severity, why=why)
        elif BROKER not in pulse.roles:
            message = f"with {policy} it throws any key away when its memory is full{evicted}: right for a cache, and for nothing else"
            yield rule.fails(pulse.endpoint, message, where=where, severity=Severity.LOW)
        else:
            message = f"with {policy} it throws any key away when its memory is full{evicted}"
            severity = Severity.CRITICAL if pulse.evicted else rule.severity
            yield rule.fails(pulse.endpoint, message, where=where, severity=severity)


@rule(
    "RD112",
    "The server's memory is bounded, within what its machine has",
    severity="medium",
    reads=[Pulse],
    about=_limited,
    why="a queue that grows then ends the server, killed by the system, in place of an error to who sends",
    fix="set maxmemory to what the machine can spare, with maxmemory-policy noeviction",
    source=_EVICTION,
    asked_by=on_live,
    permission=BY_INFO,
)
def is_bounded(rule: Rule, case: Case) -> Iterator[Finding]:
    """No bound is low until half of the machine's memory is in use; a bound beyond the machine's memory is none."""
    for pulse, most, _ in _limits(case):
        where = place_of(case, pulse.endpoint)
        machine = dict(pulse.info).get("total_system_memory", "")
        if not most and (pulse.memory_share or 0) >= _MUCH:
            message = (
                f"nothing bounds its memory (maxmemory 0), and it uses {pulse.memory_share} % of its machine's or more"
            )
            yield rule.fails(pulse.endpoint, message, where=where)
        elif not most:
            message = "nothing bounds its memory (maxmemory 0)"
            yield rule.fails(pulse.endpoint, message, where=where, severity=Severity.LOW)
        elif machine.isdigit() and 0 < int(machine) < most:
            yield rule.fails(pulse.endpoint, "its maxmemory is more than its machine has", where=where)


def _filling(case: Case) -> Iterator[Pulse]:
    """The servers that refuse writes when they are full; of others RD111 and RD112 speak."""
    for pulse, most, policy in _limits(case):
        if most and pulse.memory_share is not None and not policy.startswith("allkeys-"):
            yield pulse


@rule(
    "RD117",
    "The server has room in its memory",
    severity="high",
    reads=[Pulse],
    about=lambda case: [pulse.endpoint for pulse in _filling(case)],
    why="a full server answers PING and refuses every write (OOM): no task is taken, and a worker whose task ends meanwhile ends too",
    fix="see what fills it (redis-cli --bigkeys), start workers for the queues that grow, or raise maxmemory",
    source=_EVICTION,
    permission=BY_INFO,
)
def has_room(rule: Rule, case: Case) -> Iterator[Finding]:
    """By what INFO says is in use of maxmemory."""
    for pulse in _filling(case):
        share, where = pulse.memory_share or 0, place_of(case, pulse.endpoint)
        if share == 100:  # noqa: PLR2004 - percent
            yield rule.fails(pulse.endpoint, "its memory is full: it refuses what is written", where=where)
        elif share > _MUCH:
            severity = Severity.MEDIUM if share >= _TIGHT else Severity.LOW
            message = f"{share} % of its memory (maxmemory) or more is in use"
            yield rule.fails(pulse.endpoint, message, where=where, severity=severity)
