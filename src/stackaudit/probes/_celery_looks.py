"""Tells what was seen of workers and their broker as looks: who answered, what they are set to, what lies in their queues."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from stackaudit.model.facts.celery_settings import CelerySettings
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.tasks import KnownTasks
from stackaudit.model.facts.workers import Broadcast, QueueState, ReplyLists, Worker
from stackaudit.model.manifest import Endpoint
from stackaudit.model.parts import Visit
from stackaudit.model.services import speaks_redis
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.probes import _celery_settings, _worker_words
from stackaudit.probes._celery_queues import Survey
from stackaudit.probes._pidbox import BASIC, Census
from stackaudit.probes._pidbox_words import Command
from stackaudit.probes._redis_session import NotSeen

_YIELDS = ("Broadcast", "Worker")
_ALL = (*_YIELDS, "CelerySettings", "KnownTasks", "QueueState", "ReplyLists")

MORE_TIME = "give it more time with --timeout SECONDS"

NO_BROKER = "there is no broker URL: no worker was asked"


def looks_at(visit: Visit, broker: Endpoint, found: Census) -> list[Look]:
    """What a census showed: one look at the workers, and one at each of which it is not known whether it answers, or what it runs.

    Raises:
        NotSeen: the time was up before anybody had answered.
    """
    if found.cut and not found.heard:
        raise NotSeen("no worker had answered when the time was up", MORE_TIME)
    expected = visit.manifest.texts("expect")
    workers = []
    for node in sorted({*found.known, *found.answers, *expected}):
        by = tuple(name for name, nodes in (("expect", expected), ("pidbox", found.known)) if node in nodes)
        if node in found.answers:
            workers.append(_worker_words.worker(node, found.answers[node], by, found.copies[node] or 1))
        elif not found.cut:
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
        cut=found.cut,
    )
    mute = [each.node for each in workers if each.answered and each.celery is None]
    late = _late(broker, found, expected) if found.cut else ()
    return [
        look_at(broker, (broadcast, *workers)),
        *(_mute(broker, node) for node in mute),
        *(_unheard(broker, each) for each in late),
    ]


def _late(broker: Endpoint, found: Census, expected: Sequence[str]) -> Sequence[str]:
    """Who could still have answered when the time was up, by name; the broker where no name is known."""
    return sorted({*found.known, *expected} - found.answers.keys()) or [broker.subject]


def _unheard(broker: Endpoint, subject: str) -> Look:
    cause = "not all that may answer had done so when the time was up"
    unseen = Unseen(subject=subject, yields=(Worker.__name__,), cause=cause, remedy=MORE_TIME)
    return replace(look_at(broker, ()), unseen=unseen, yields=(Worker.__name__,))


def settings_looks(broker: Endpoint, found: Census, commands: Sequence[Command]) -> list[Look]:
    """One look at what the workers that answered are set to, and one at each that did not say all of that."""
    facts, silent = [], []
    methods = tuple(each.method for each in commands if each not in BASIC)
    for node, answers in sorted(found.answers.items()):
        celery = _worker_words.worker(node, answers, ()).celery
        told = _celery_settings.settings(node, answers, celery, datetime.now(UTC))
        if told is not None:
            facts.append(told)
        if told is None or not all(isinstance(answers.get(each), list) for each in methods if each != "conf"):
            silent.append(node)
    look = replace(look_at(broker, tuple(facts), methods), yields=(CelerySettings.__name__,))
    return [look, *(_mute(broker, node, CelerySettings, "what it is set to") for node in silent)]


def tasks_looks(visit: Visit, broker: Endpoint, found: Census) -> list[Look]:
    """One look at which tasks the workers that answered know, those that know the same told as one; none where no application is named."""
    if visit.manifest.text("app") is None:
        return []
    alike: dict[tuple[str, ...], list[str]] = {}
    for node, answers in sorted(found.answers.items()):
        names = _celery_settings.known_tasks(answers)
        if names is not None:
            alike.setdefault(names, []).append(node)
    facts = tuple(KnownTasks(nodes=tuple(nodes), application=False, names=names) for names, nodes in alike.items())
    return [replace(look_at(broker, facts, ("registered",)), yields=(KnownTasks.__name__,))]


def survey_look(broker: Endpoint, found: Census, surveyed: Survey | NotSeen) -> Look:
    """The look at the queues of the broker and at what lies in it that nobody fetches."""
    yields = (QueueState.__name__, ReplyLists.__name__)
    look = replace(look_at(broker, (), ("SCAN", "LLEN", "TTL")), yields=yields)
    if isinstance(surveyed, NotSeen):
        unseen = Unseen(subject="", yields=yields, cause=surveyed.cause, remedy=surveyed.remedy)
        return replace(look, unseen=unseen)
    told = {node: _celery_settings.queues(answers) for node, answers in found.answers.items()}
    taken = {name for names in told.values() for name in names or ()}
    silent = sorted(node for node, names in told.items() if names is None)
    states = (
        QueueState(
            endpoint=broker.subject,
            queue=name,
            consumed=name in taken,
            waiting=None if name in taken else length,
        )
        for name, length in surveyed.queues
        # Whoever did not say may take from it.
        if name in taken or not silent
    )
    lists = ReplyLists(endpoint=broker.subject, orphans=surveyed.orphans, complete=surveyed.complete)
    return replace(look, facts=(*states, lists), unseen=_untold(silent) if silent else None)


def _untold(silent: Sequence[str]) -> Unseen:
    return Unseen(
        subject="",
        yields=(QueueState.__name__,),
        cause=f"{', '.join(silent)} answered a ping and did not say which queues it takes from",
        remedy="ask again when it is less busy",
    )


def look_at(broker: Endpoint, facts: tuple[Fact, ...], command: tuple[str, ...] = ("ping", "report", "stats")) -> Look:
    return Look(
        probe="celery",
        asked=broker.subject,
        evidence=Evidence(tool="celery control", command=command),
        facts=facts,
        yields=_YIELDS,
    )


def blind(broker: Endpoint, cause: str, remedy: str) -> Look:
    unseen = Unseen(subject="", yields=_ALL, cause=cause, remedy=remedy)
    return replace(look_at(broker, ()), yields=_ALL, unseen=unseen)


def nobody() -> Look:
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
    return replace(look_at(broker, ()), unseen=unseen, yields=(kind.__name__,))
