"""Asks which Celery workers should answer, which do, and what they run; no user code is imported."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from stackaudit.model.facts.celery_settings import CelerySettings
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.services import Pulse, ServiceState
from stackaudit.model.facts.workers import Broadcast, QueueState, ReplyLists, Worker
from stackaudit.model.manifest import Endpoint
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.services import speaks_redis, wrong_with
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.outside.resp import Connection, ServerError, Trouble
from stackaudit.probes import _celery_control, _celery_queues, _celery_settings, _pidbox, _worker_words
from stackaudit.probes._celery_queues import Survey
from stackaudit.probes._pidbox import BASIC, Census, Hearing, Mailbox, Refused, content
from stackaudit.probes._pidbox_words import Command, Naming
from stackaudit.probes._redis_session import NotSeen, Patience, Seen, select, session

_YIELDS = ("Broadcast", "Worker")
_ALL = (*_YIELDS, "CelerySettings", "QueueState", "ReplyLists")
ASKING = 8.0
"""Seconds for the whole conversation with the workers; a healthy one takes a tenth of one."""

_SURVEYING = 2.0
"""Seconds for looking through the broker's database; a small one takes a hundredth of one."""

NO_BROKER = "there is no broker URL: no worker was asked"

_BROKER_FIRST = "see what the redis check says of it"


def collect(visit: Visit) -> Sequence[Look]:
    """One look at the workers of the broker, one at each node that would not say what it runs, and one at the broker's queues."""
    broker = visit.manifest.endpoint("broker")
    if broker is None:
        return [] if visit.manifest.text("app") is None else [_nobody()]
    wrong = wrong_with(broker.url.reveal(), "broker")
    if wrong is not None:
        words, remedy = wrong
        return [_blind(broker, f"the URL can't be used: {words}", remedy)]
    try:
        if speaks_redis(broker):
            return _over_redis_in_depth(visit, broker)
        commands = (*BASIC, *_celery_settings.COMMANDS)
        found = _celery_control.census(broker.url.reveal(), Patience(visit.deadline).next(ASKING), commands=commands)
        return [*looks_at(visit, broker, found), *_settings_looks(broker, found, commands)]
    except Seen as seen:
        if speaks_redis(broker):
            return [_blind(broker, seen.detail, _BROKER_FIRST)]
        # No other probe looks at such a broker: what was seen of it is told here.
        problem = Broadcast(endpoint=broker.subject, subscribers=None, replies=0, problem=seen.detail)
        return [_look(broker, (problem,)), *_settings_looks(broker, Census(known=()), ())]
    except NotSeen as missing:
        return [_blind(broker, missing.cause, missing.remedy)]


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
    manifest = visit.manifest
    naming = Naming(
        exchange=manifest.text("control_exchange") or "celery",
        prefix=manifest.text("global_keyprefix") or "",
        fanout=manifest.setting("fanout_prefix") is not False,
    )
    patience = Patience(visit.deadline)
    with session(broker.url.reveal(), patience) as entered:
        if (wrong := select(entered)) is not None:
            raise wrong
        database = entered.address.database
        mailbox = Mailbox(
            database=database,
            topics=_pidbox.topics_of(database, sentinel=entered.sentinel, naming=naming),
            expected=tuple(manifest.texts("expect")),
            at_least=int(manifest.number("expect_count", 0)),
            naming=naming,
        )
        try:
            yield entered.connection, mailbox, patience
        except Refused as refused:
            raise _refused(refused.command, refused.error) from None


def _over_redis_in_depth(visit: Visit, broker: Endpoint) -> list[Look]:
    with _at(visit, broker) as (connection, mailbox, patience):
        held = _celery_queues.held(connection, mailbox.naming)
        few = held is not None and held <= _celery_queues.MOST_HELD
        commands = (*BASIC, *_celery_settings.COMMANDS, *((_celery_settings.SCHEDULED,) if few else ()))
        found = _pidbox.census(connection, mailbox, patience.next(ASKING), commands=commands)
        surveyed = _surveyed(connection, mailbox, patience)
    if isinstance(surveyed, Survey):
        found.consumers, found.mailboxes = surveyed.consumers, surveyed.mailboxes
    return [
        *looks_at(visit, broker, found),
        *_settings_looks(broker, found, commands),
        _survey_look(broker, found, surveyed),
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
        consumers=found.consumers,
        mailboxes=found.mailboxes,
    )
    mute = [each.node for each in workers if each.answered and each.celery is None]
    return [_look(broker, (broadcast, *workers)), *(_mute(broker, node) for node in mute)]


def _settings_looks(broker: Endpoint, found: Census, commands: Sequence[Command]) -> list[Look]:
    """One look at what the workers that answered are set to, and one at each that did not say all of that."""
    facts, silent = [], []
    for node, answers in sorted(found.answers.items()):
        celery = _worker_words.worker(node, answers, ()).celery
        told = _celery_settings.settings(node, answers, celery, datetime.now(UTC))
        if told is not None:
            facts.append(told)
        if told is None or not answers.keys() >= {each.method for each in commands}:
            silent.append(node)
    methods = tuple(each.method for each in commands if each not in BASIC)
    look = replace(_look(broker, tuple(facts), methods), yields=(CelerySettings.__name__,))
    return [look, *(_mute(broker, node, CelerySettings, "what it is set to") for node in silent)]


def _survey_look(broker: Endpoint, found: Census, surveyed: Survey | NotSeen) -> Look:
    """The look at the queues of the broker and at what lies in it that nobody fetches."""
    yields = (QueueState.__name__, ReplyLists.__name__)
    look = replace(_look(broker, (), ("SCAN", "LLEN", "TTL")), yields=yields)
    if isinstance(surveyed, NotSeen):
        unseen = Unseen(subject="", yields=yields, cause=surveyed.cause, remedy=surveyed.remedy)
        return replace(look, unseen=unseen)
    taken = {name for answers in found.answers.values() for name in _celery_settings.queues(answers) or ()}
    states = (
        QueueState(
            endpoint=broker.subject,
            queue=name,
            consumed=name in taken,
            waiting=None if name in taken else length,
        )
        for name, length in surveyed.queues
    )
    lists = ReplyLists(endpoint=broker.subject, orphans=surveyed.orphans, complete=surveyed.complete)
    return replace(look, facts=(*states, lists))


def _look(broker: Endpoint, facts: tuple[Fact, ...], command: tuple[str, ...] = ("ping", "report", "stats")) -> Look:
    return Look(
        probe="celery",
        asked=broker.subject,
        evidence=Evidence(tool="celery control", command=command),
        facts=facts,
        yields=_YIELDS,
    )


def _blind(broker: Endpoint, cause: str, remedy: str) -> Look:
    unseen = Unseen(subject="", yields=_ALL, cause=cause, remedy=remedy)
    return replace(_look(broker, ()), yields=_ALL, unseen=unseen)


def _nobody() -> Look:
    """What is not seen where an application is named and no broker."""
    unseen = Unseen(subject="", yields=_YIELDS, cause=NO_BROKER, remedy="name the broker with --broker-url")
    return Look(probe="celery", asked="workers", evidence=Evidence(tool="stackaudit"), unseen=unseen, yields=_YIELDS)


def _mute(broker: Endpoint, node: str, kind: type[Fact] = Worker, what: str = "what it runs") -> Look:
    unseen = Unseen(
        subject=node,
        yields=(kind.__name__,),
        cause=f"{node} answered a ping and did not say {what}",
        remedy="ask again when it is less busy",
    )
    return replace(_look(broker, ()), unseen=unseen, yields=(kind.__name__,))


PROBE = Probe(
    name="celery",
    title="celery",
    reads=(Pulse,),
    yields=(Worker, Broadcast, CelerySettings, QueueState, ReplyLists),
    collect=collect,
    child=True,
)
