"""Asks which Celery workers should answer, which do, and what they run; no user code is imported."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from stackaudit.model.facts.celery_settings import CelerySettings
from stackaudit.model.facts.services import Pulse, ServiceState
from stackaudit.model.facts.tasks import KnownTasks
from stackaudit.model.facts.workers import Broadcast, QueueState, ReplyLists, Worker
from stackaudit.model.manifest import Endpoint
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.services import speaks_redis, wrong_with
from stackaudit.model.snapshot import Look
from stackaudit.outside.resp import Connection, ServerError, Trouble
from stackaudit.probes import _celery_control, _celery_queues, _celery_settings, _pidbox
from stackaudit.probes._celery_looks import (
    MORE_TIME,
    blind,
    look_at,
    looks_at,
    nobody,
    settings_looks,
    survey_look,
    tasks_looks,
)
from stackaudit.probes._celery_queues import Survey
from stackaudit.probes._mailboxes import mailbox_of
from stackaudit.probes._pidbox import BASIC, Census, Hearing, Mailbox, Refused, content
from stackaudit.probes._redis_session import NotSeen, Patience, Seen, select, session

ASKING = 8.0
"""Seconds for the whole conversation with the workers; a healthy one takes a tenth of one."""

_SURVEYING = 2.0
"""Seconds for looking through the broker's database; a small one takes a hundredth of one."""

_BROKER_FIRST = "see what the redis check says of it"


def collect(visit: Visit) -> Sequence[Look]:
    """One look at the workers of the broker, one at each node that would not say what it runs, and one at the broker's queues."""
    broker = visit.manifest.endpoint("broker")
    if broker is None:
        return [] if visit.manifest.text("app") is None else [nobody()]
    wrong = wrong_with(broker.url.reveal(), "broker")
    if wrong is not None:
        words, remedy = wrong
        return [blind(broker, f"the URL can't be used: {words}", remedy)]
    try:
        if speaks_redis(broker):
            return _over_redis_in_depth(visit, broker)
        commands = (*BASIC, *_celery_settings.COMMANDS)
        found = _celery_control.census(broker.url.reveal(), Patience(visit.deadline).next(ASKING), commands=commands)
        return [
            *looks_at(visit, broker, found),
            *settings_looks(broker, found, commands),
            *tasks_looks(visit, broker, found),
        ]
    except Seen as seen:
        if speaks_redis(broker):
            return [blind(broker, seen.detail, _BROKER_FIRST)]
        # No other probe looks at such a broker: what was seen of it is told here.
        problem = Broadcast(endpoint=broker.subject, subscribers=None, replies=0, problem=seen.detail)
        return [look_at(broker, (problem,)), *settings_looks(broker, Census(known=()), ())]
    except NotSeen as missing:
        return [blind(broker, missing.cause, missing.remedy)]


def over_redis(visit: Visit, broker: Endpoint, hearing: Hearing = content, seconds: float = ASKING) -> Census:
    """Who answers over a Redis that was seen to serve, in at most `seconds`; `hearing` is told each answer as it comes.

    Raises:
        Seen, NotSeen: it does not serve, or would not take the question.
    """
    with _at(visit, broker) as (connection, mailbox, patience):
        return _pidbox.census(connection, mailbox, patience.next(seconds), hearing)


@contextmanager
def _at(visit: Visit, broker: Endpoint) -> Iterator[tuple[Connection, Mailbox, Patience]]:
    """A connection to a broker that was seen to serve, in its database, and where its workers listen.

    Raises:
        Seen, NotSeen: it does not serve, or refuses what is asked inside.
    """
    _serving(visit, broker)
    patience = Patience(visit.deadline)
    with session(broker.url.reveal(), patience) as entered:
        if (wrong := select(entered)) is not None:
            raise wrong
        try:
            yield entered.connection, mailbox_of(visit.manifest, entered), patience
        except Refused as refused:
            raise _refused(refused.command, refused.error) from None


def _over_redis_in_depth(visit: Visit, broker: Endpoint) -> list[Look]:
    with _at(visit, broker) as (connection, mailbox, patience):
        held = _celery_queues.held(connection, mailbox.naming)
        few = held is not None and held <= _celery_queues.MOST_HELD
        commands = (*BASIC, *_celery_settings.COMMANDS, *((_celery_settings.SCHEDULED,) if few else ()))
        found = _pidbox.census(connection, mailbox, patience.next(ASKING), commands=commands)
        surveyed = _surveyed(connection, replace(mailbox, naming=found.naming), patience)
    if isinstance(surveyed, Survey):
        found.consumers, found.mailboxes = surveyed.consumers, surveyed.mailboxes
    return [
        *looks_at(visit, broker, found),
        *settings_looks(broker, found, commands),
        *tasks_looks(visit, broker, found),
        survey_look(broker, found, surveyed),
    ]


def _surveyed(connection: Connection, mailbox: Mailbox, patience: Patience) -> Survey | NotSeen:
    """What lies in the broker's database, or why that was not seen: who answered is told all the same."""
    try:
        return _celery_queues.survey(connection, mailbox.database, mailbox.naming, patience.next(_SURVEYING))
    except Refused as refused:
        return NotSeen(
            f"this user may not run {refused.command} on the broker: its queues stay unseen",
            "let the audit's user run scan, smembers, llen, ttl, object, and client list",
        )
    except Trouble:
        if patience.next(_SURVEYING).remaining() <= 0:
            return NotSeen("the time was up before the broker's queues were looked through", MORE_TIME)
        return NotSeen("the broker gave no answer in time when its queues were looked through", _BROKER_FIRST)


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


PROBE = Probe(
    name="celery",
    title="celery",
    reads=(Pulse,),
    yields=(Worker, Broadcast, CelerySettings, KnownTasks, QueueState, ReplyLists),
    collect=collect,
    child=True,
)
