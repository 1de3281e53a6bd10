"""Asks which Celery workers should answer, which do, and what they run; no user code is imported."""

from collections.abc import Sequence
from dataclasses import replace

from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.services import Pulse, ServiceState
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.manifest import Endpoint
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.services import speaks_redis, wrong_with
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.outside.resp import ServerError
from stackaudit.probes import _celery_control, _pidbox, _worker_words
from stackaudit.probes._pidbox import Census, Hearing, Mailbox, Refused, content
from stackaudit.probes._redis_session import NotSeen, Patience, Seen, select, session

_YIELDS = ("Broadcast", "Worker")
ASKING = 8.0
"""Seconds for the whole conversation with the workers; a healthy one takes a tenth of one."""

_BROKER_FIRST = "see what the redis check says of it"


def collect(visit: Visit) -> Sequence[Look]:
    """One look at the workers of the broker, and one at each node that answered and would not say what it runs."""
    broker = visit.manifest.endpoint("broker")
    if broker is None:
        return []
    wrong = wrong_with(broker.url.reveal(), "broker")
    if wrong is not None:
        words, remedy = wrong
        return [_blind(broker, f"the URL can't be used: {words}", remedy)]
    try:
        if speaks_redis(broker):
            found = over_redis(visit, broker)
        else:
            found = _celery_control.census(broker.url.reveal(), Patience(visit.deadline).next(ASKING))
    except Seen as seen:
        if speaks_redis(broker):
            return [_blind(broker, seen.detail, _BROKER_FIRST)]
        # No other probe looks at such a broker: what was seen of it is told here.
        return [_look(broker, (Broadcast(endpoint=broker.subject, subscribers=None, replies=0, problem=seen.detail),))]
    except NotSeen as missing:
        return [_blind(broker, missing.cause, missing.remedy)]
    return looks_at(visit, broker, found)


def over_redis(visit: Visit, broker: Endpoint, hearing: Hearing = content, seconds: float = ASKING) -> Census:
    """Who answers over a Redis that was seen to serve, in at most `seconds`; `hearing` is told each answer as it comes.

    Raises:
        Seen, NotSeen: it does not serve, or would not take the question.
    """
    _serving(visit, broker)
    patience = Patience(visit.deadline)
    with session(broker.url.reveal(), patience) as entered:
        if (wrong := select(entered)) is not None:
            raise wrong
        topics = _pidbox.topics_of(entered.address.database, sentinel=entered.sentinel)
        mailbox = Mailbox(
            database=entered.address.database,
            topics=topics,
            expected=tuple(visit.manifest.texts("expect")),
            at_least=int(visit.manifest.number("expect_count", 0)),
        )
        try:
            return _pidbox.census(entered.connection, mailbox, patience.next(seconds), hearing)
        except Refused as refused:
            raise _refused(refused.command, refused.error) from None


def _serving(visit: Visit, broker: Endpoint) -> None:
    pulses = [each for each in visit.facts(Pulse) if each.endpoint == broker.subject and "broker" in each.roles]
    for pulse in pulses:
        if pulse.state is not ServiceState.UP:
            raise NotSeen(f"the broker does not answer: {pulse.detail}", _BROKER_FIRST)
    if not pulses:
        for _, unseen in visit.seen.unseen(frozenset({"Pulse"})):
            if unseen.subject in {"", broker.subject}:
                raise NotSeen(unseen.cause, unseen.remedy)


def _refused(command: str, error: ServerError) -> NotSeen:
    match error.kind:
        case "READONLY":
            return NotSeen("the broker is a read-only replica: asking workers is a write", "name the master as broker")
        case "OOM":
            return NotSeen("the broker's memory is full: asking workers is a write", "give it room, or more maxmemory")
        case "NOPERM":
            words = f"this user may not run {command} on the broker, which asking workers takes"
            return NotSeen(
                words, "let the audit's user run smembers, multi, exec, rpush, expire, sadd, publish, lrange, srem, del"
            )
        case _:
            return NotSeen(f"the broker refused {command}, which asking workers takes", _BROKER_FIRST)


def looks_at(visit: Visit, broker: Endpoint, found: Census) -> list[Look]:
    """What a census showed: one look at the workers, and one at each node that answered and would not say what it runs."""
    expected = visit.manifest.texts("expect")
    workers = []
    for node in sorted({*found.known, *found.answers, *expected}):
        by = tuple(name for name, nodes in (("expect", expected), ("pidbox", found.known)) if node in nodes)
        if node in found.answers:
            workers.append(_worker_words.worker(node, found.answers[node], by, found.copies[node] or 1))
        else:
            workers.append(Worker(node=node, answered=False, expected_by=by))
    broadcast = Broadcast(
        endpoint=broker.subject,
        subscribers=found.subscribers if speaks_redis(broker) else None,
        replies=len(found.answers),
        undecodable=found.undecodable.total(),
        serializations=tuple(sorted(found.undecodable)),
        elsewhere=found.elsewhere,
    )
    mute = [each.node for each in workers if each.answered and each.celery is None]
    return [_look(broker, (broadcast, *workers)), *(_mute(broker, node) for node in mute)]


def _look(broker: Endpoint, facts: tuple[Fact, ...]) -> Look:
    return Look(
        probe="celery",
        asked=broker.subject,
        evidence=Evidence(tool="celery control", command=("ping", "report", "stats")),
        facts=facts,
        yields=_YIELDS,
    )


def _blind(broker: Endpoint, cause: str, remedy: str) -> Look:
    return replace(_look(broker, ()), unseen=Unseen(subject="", yields=_YIELDS, cause=cause, remedy=remedy))


def _mute(broker: Endpoint, node: str) -> Look:
    unseen = Unseen(
        subject=node,
        yields=("Worker",),
        cause=f"{node} answered a ping and did not say what it runs",
        remedy="ask again when it is less busy",
    )
    return replace(_look(broker, ()), unseen=unseen)


PROBE = Probe(name="celery", title="celery", reads=(Pulse,), yields=(Worker, Broadcast), collect=collect, child=True)
