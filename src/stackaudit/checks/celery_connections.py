"""Judges how Celery's workers hold on to their broker: what they notice of a connection that died, and do then."""

from collections.abc import Iterator

from packaging.version import Version

from stackaudit.checks._celery_set import CONFIGURATION, about, fails, telling
from stackaudit.model.audit import Case
from stackaudit.model.facts.celery_settings import CelerySettings
from stackaudit.model.facts.workers import Worker
from stackaudit.model.findings import Finding
from stackaudit.model.parts import Rule, rule
from stackaudit.model.versions import parse_version

_GREEN = frozenset({"eventlet", "gevent", "thread", "threads"})
_SAID_SINCE = (5, 3)
_DEAF = (Version("5.4.0"), Version("5.7.0"))
"""The first kombu that was seen to stay deaf, and the first that was not."""

_LOSES = Version("5.7.0")


@rule(
    "CE206",
    "A dead connection to the broker is noticed",
    severity="low",
    reads=[CelerySettings],
    about=about("socket_timeout"),
    why="a peer that vanished behind a NAT or a load balancer is waited for without end: kombu sets no socket_timeout",
    fix='set broker_transport_options = {"socket_timeout": 30, "socket_keepalive": True}, and redis_backend_health_check_interval; '
    "with kombu 5.7.0 retry_on_timeout too (CE209)",
    source=f"{CONFIGURATION}#broker-transport-options",
)
def noticed(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the options in force; kombu's own health check waits as long as the socket does."""
    for told in telling(case, "socket_timeout"):
        if told.value("socket_timeout") is None:
            yield fails(rule, told, "its connection to the broker has no socket_timeout")


@rule(
    "CE207",
    "It is said whether a worker waits for its broker at start",
    severity="low",
    reads=[CelerySettings],
    about=lambda case: [each.subject for each in _asked_at_start(case)],
    why="from Celery 6 on broker_connection_retry says nothing of the start, and a worker that comes up before its broker ends",
    fix="set broker_connection_retry_on_startup = True (or False)",
    source=f"{CONFIGURATION}#broker-connection-retry-on-startup",
)
def said_for_start(rule: Rule, case: Case) -> Iterator[Finding]:
    """Celery from 5.3 on asks for it, and warns."""
    for told in _asked_at_start(case):
        if told.value("broker_connection_retry_on_startup") is None:
            yield fails(rule, told, "broker_connection_retry_on_startup is not set")


def _asked_at_start(case: Case) -> Iterator[CelerySettings]:
    for told in telling(case, "broker_connection_retry_on_startup"):
        version = parse_version(told.celery) if told.celery else None
        if version is None or version.release >= _SAID_SINCE:
            yield told


@rule(
    "CE208",
    "The pool of connections to the broker is as large as what uses it",
    severity="low",
    reads=[CelerySettings],
    about=about("broker_pool_limit"),
    why="with no pool each task that is sent opens a connection; with one that is too small senders wait for each other",
    fix="set broker_pool_limit to the number of threads or greenlets that send tasks; Celery's own is 10",
    source=f"{CONFIGURATION}#broker-pool-limit",
)
def pooled(rule: Rule, case: Case) -> Iterator[Finding]:
    """Processes have a pool each; threads and greenlets share one."""
    for told in telling(case, "broker_pool_limit"):
        limit, users = told.number("broker_pool_limit"), told.number("concurrency")
        if not limit:
            yield fails(rule, told, "broker_pool_limit is none: each task that is sent opens a connection")
        elif users is not None and told.text("pool") in _GREEN and limit < users:
            message = f"broker_pool_limit is {limit:g}, for {users:g} {told.text('pool')} workers that share it"
            yield fails(rule, told, message)


def _on_silence(case: Case) -> list[tuple[CelerySettings, Version]]:
    """The workers whose connections end when they are silent, with their kombu, as far as it was seen what that one does."""
    kombus = {each.node: parse_version(each.kombu) for each in case.facts(Worker) if each.kombu is not None}
    told = [
        (each, kombus.get(each.node))
        for each in telling(case, "socket_timeout", "retry_on_timeout")
        if each.origin == "worker" and each.value("socket_timeout") is not None
    ]
    return [(each, kombu) for each, kombu in told if kombu is not None and _DEAF[0] <= kombu <= _LOSES]


@rule(
    "CE209",
    "A worker whose connections went silent takes tasks again, and loses none",
    severity="medium",
    reads=[CelerySettings, Worker],
    about=lambda case: [told.subject for told, _ in _on_silence(case)],
    why="connections go silent when a firewall forgets them or a broker's machine dies, and nothing is logged",
    fix="take kombu 5.7.0 and set retry_on_timeout in broker_transport_options; with kombu before 5.7 leave it out",
    source="https://github.com/celery/celery/issues/10502",
)
def comes_back(rule: Rule, case: Case) -> Iterator[Finding]:
    """By what the drill `black-hole` showed of kombu 5.4 to 5.7.0: one option helps the newest, and makes those before it deaf."""
    for told, kombu in _on_silence(case):
        retries = told.value("retry_on_timeout") is True
        if retries and kombu < _DEAF[1]:
            yield fails(
                rule,
                told,
                f"with kombu {kombu} and retry_on_timeout it takes no task after a silence, and says nothing",
            )
        elif not retries and kombu == _LOSES:
            yield fails(
                rule, told, f"with kombu {kombu} and no retry_on_timeout it loses the first task after a silence"
            )
