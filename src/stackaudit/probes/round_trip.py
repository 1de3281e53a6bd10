"""Sends a harmless task through the real broker to real workers and waits for its result, or a control message where none may be sent."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from stackaudit.model.facts.round_trips import RoundTrip, Route
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.manifest import Endpoint
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.services import speaks_redis
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.wire import Json
from stackaudit.probes import _pidbox
from stackaudit.probes._mailboxes import mailbox_of
from stackaudit.probes._pidbox import Refused
from stackaudit.probes._pidbox_words import Command
from stackaudit.probes._redis_session import NotSeen, Patience, Seen, Session, select, session
from stackaudit.probes._result_backend import NoBackend, backend_of
from stackaudit.probes._sending import HARMLESS, PATIENCE, Errand, Sent, Untried, Ways, send

_TIMES = 10
"""How often a harmless task goes round, and a control message; a task that the user names goes once."""

_ASKING = 5.0
_QUESTIONS = (
    Command(method="ping"),
    Command(method="report"),
    Command(method="stats"),
    Command(method="conf"),
    Command(method="active_queues"),
    Command(method="registered", arguments=(("builtins", True),)),
)
_PING = (Command(method="ping"),)


def collect(visit: Visit) -> Sequence[Look]:
    """A look at each queue that workers take from, or at the control messages; nothing where nobody asks for a round trip."""
    route, broker = visit.manifest.text("round_trip"), visit.manifest.endpoint("broker")
    if route is None or broker is None:
        return []
    if not any(each.answered for each in visit.facts(Worker)):
        words = f"no worker answered on {broker.subject}"
        return [_look(RoundTrip(route=Route.CONTROL, through=broker.subject, sent=0, back=0, problem=words), ())]
    if not speaks_redis(broker):
        words = "a round trip is made over a Redis alone, and this broker is another"
        return [_unseen(broker.subject, Untried(words, "send a task by hand", knowable=False))]
    try:
        return _trips(visit, broker, route)
    except Untried as untried:
        return [_unseen(broker.subject, untried)]
    except Seen as seen:
        return [_unseen(broker.subject, Untried(seen.detail, "see what the redis check says of it"))]
    except NotSeen as missing:
        return [_unseen(broker.subject, Untried(missing.cause, missing.remedy))]


def _trips(visit: Visit, broker: Endpoint, route: str) -> list[Look]:
    patience = Patience(visit.deadline)
    with session(broker.url.reveal(), patience) as entered:
        if (wrong := select(entered)) is not None:
            raise wrong
        try:
            if route != Route.TASK:
                return [
                    _control(visit, broker, entered, patience),
                    *([] if route == Route.CONTROL else [_unasked(broker)]),
                ]
            return _tasks(visit, broker, entered, patience)
        except Refused as refused:
            cause = f"the broker refused {refused.command}, which a round trip takes"
            remedy = "let this user run it, or name another one in the URL"
            raise Untried(cause, remedy) from None


def _unasked(broker: Endpoint) -> Look:
    cause = f"{broker.subject} is not on this machine, and nobody said that a task may be sent through it"
    return _unseen(broker.subject, Untried(cause, "allow it with --yes, or answer the question on a terminal"))


def _control(visit: Visit, broker: Endpoint, entered: Session, patience: Patience) -> Look:
    """Some pings to all workers, each timed until the first of them has answered."""
    taken: list[float] = []
    sent = 0
    while sent < _TIMES and visit.deadline.remaining() > 1:
        began = time.perf_counter()
        first: list[float] = []

        def hear(
            _node: str, _method: str, _answer: Json, began: float = began, first: list[float] = first
        ) -> tuple[()]:
            first.append(time.perf_counter() - began)
            return ()

        sent += 1
        _pidbox.census(entered.connection, mailbox_of(visit.manifest, entered), patience.next(_ASKING), hear, _PING)
        if not first:
            break
        taken.append(first[0])
    problem = None if len(taken) == sent else "no worker answered in time"
    fact = RoundTrip(route=Route.CONTROL, through=broker.subject, sent=sent, back=len(taken), problem=problem)
    return _look(fact, taken)


def _tasks(visit: Visit, broker: Endpoint, entered: Session, patience: Patience) -> list[Look]:
    found = _pidbox.census(
        entered.connection, mailbox_of(visit.manifest, entered), patience.next(_ASKING), _pidbox.content, _QUESTIONS
    )
    looks: list[Look] = []
    for errand in _errands(visit, found.answers):
        taking = [node for node in sorted(found.answers) if errand.queue in _queues(found.answers[node])]
        offering = [node for node in taking if errand.task in _registered(found.answers[node])]
        if not offering:
            looks.append(_look(_nobody(errand, taking, found.answers), ()))
            continue
        known = [each.url.reveal() for each in visit.manifest.endpoints]
        backend = backend_of(found.answers[offering[0]], broker.url.reveal(), known)
        if isinstance(backend, NoBackend):
            raise Untried(backend.cause, backend.remedy, knowable=backend.knowable)
        with session(backend.url, patience) as results:
            if (wrong := select(results)) is not None:
                raise wrong
            ways = Ways(
                broker=entered.connection,
                results=results.connection,
                broker_prefix=found.naming.prefix,
                prefix=backend.prefix,
            )
            try:
                looks.append(_sent(errand, send(errand, ways, patience)))
            except Untried as untried:
                looks.append(_unseen(f"queue {errand.queue}", untried))
    return looks


def _errands(visit: Visit, answers: Mapping[str, Mapping[str, Json]]) -> Iterator[Errand]:
    """One for the queue that is named; else for each queue that workers take from, or, of a task that is named, the first of these."""
    named, chosen = visit.manifest.text("task"), visit.manifest.text("queue")
    arguments: Json = json.loads(visit.manifest.text("args") or "[]")
    task = named or HARMLESS
    of = [each for each in answers.values() if named is None or named in _registered(each)] or list(answers.values())
    queues = [chosen] if chosen else sorted({queue for each in of for queue in _queues(each)})
    if not queues:
        raise Untried("no worker that answered says which queues it takes from", "run it again")
    for queue in queues if named is None else sorted(queues, key=lambda each: (each != "celery", each))[:1]:
        yield Errand(
            task=task,
            arguments=arguments if named and isinstance(arguments, list) else ["stackaudit"],
            queue=queue,
            times=1 if named else _TIMES,
            # How long a task of the user's own takes, they alone know: for that the audit's time counts.
            seconds=visit.deadline.remaining() if named else PATIENCE,
        )


def _nobody(errand: Errand, taking: Sequence[str], answers: Mapping[str, Mapping[str, Json]]) -> RoundTrip:
    if taking:
        problem = f"no worker that takes from the queue offers the task: {', '.join(taking)} do not know it"
    else:
        queues = sorted({queue for each in answers.values() for queue in _queues(each)})
        problem = f"no worker that answered takes from this queue; they take from {', '.join(queues) or 'none'}"
    return RoundTrip(route=Route.TASK, through=errand.queue, task=errand.task, sent=0, back=0, problem=problem)


def _sent(errand: Errand, sent: Sent) -> Look:
    back = len(sent.seconds)
    fact = RoundTrip(
        route=Route.TASK, through=errand.queue, task=errand.task, sent=sent.sent, back=back, problem=sent.problem
    )
    return _look(fact, sent.seconds)


def _queues(answers: Mapping[str, Json]) -> list[str]:
    queues = answers.get("active_queues")
    names = [each.get("name") for each in queues if isinstance(each, dict)] if isinstance(queues, list) else []
    return [each for each in names if isinstance(each, str)]


def _registered(answers: Mapping[str, Json]) -> list[str]:
    """The names of the tasks, which may have options behind them."""
    tasks = answers.get("registered")
    return [each.partition(" ")[0] for each in tasks if isinstance(each, str)] if isinstance(tasks, list) else []


def _look(fact: RoundTrip, taken: Sequence[float]) -> Look:
    evidence = Evidence(tool="celery" if fact.route is Route.TASK else "celery control", command=(fact.task or "ping",))
    ordered = sorted(taken)
    parts = _PARTS if ordered else ()
    measured = tuple((f"{fact.subject} {name}", ordered[int(part * (len(ordered) - 1) + 0.5)]) for name, part in parts)
    return Look(probe="round_trip", asked=fact.subject, evidence=evidence, facts=(fact,), measured=measured)


_PARTS = (("p50", 0.5), ("p99", 0.99))


def _unseen(subject: str, untried: Untried) -> Look:
    unseen = Unseen(
        subject=subject,
        yields=(RoundTrip.__name__,),
        cause=untried.cause,
        remedy=untried.remedy,
        knowable=untried.knowable,
    )
    look = Look(probe="round_trip", asked=subject, evidence=Evidence(tool="celery"), unseen=unseen)
    return replace(look, yields=(RoundTrip.__name__,))


PROBE = Probe(
    name="round_trip",
    title="round trip",
    reads=(Broadcast, Worker),
    yields=(RoundTrip,),
    collect=collect,
    child=True,
)
