"""Sends one task after the other through a queue of Redis, and waits for each to come back; nothing of ours is left behind."""

import time

from stackaudit.model.values import dataclass
from stackaudit.model.wire import Json
from stackaudit.outside.resp import Connection, ServerError
from stackaudit.probes import _task_message
from stackaudit.probes._pidbox import Refused
from stackaudit.probes._redis_session import Patience
from stackaudit.probes._task_message import Result, TaskMessage

HARMLESS = "celery.accumulate"
"""A task that every Celery brings along: it gives its arguments back, and runs no code of the application."""

PATIENCE = 15.0
"""Seconds that a harmless task may take to come back: idle workers take a hundredth of one, and busy ones have their own to end."""


class Untried(Exception):  # noqa: N818 - a conclusion, not an error
    """No task could be sent: why, and what to do."""

    def __init__(self, cause: str, remedy: str, *, knowable: bool = True) -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy
        self.knowable = knowable


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Which task goes through which queue, how often, and with what arguments; `seconds` is how long each may take to come back."""

    task: str
    arguments: list[Json]
    queue: str
    times: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The two connections that a task needs: where it is put, and where its result will lie; each with what its keys begin with."""

    broker: Connection
    results: Connection
    broker_prefix: str
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of the tasks of one errand: how many were sent, the seconds that each took which came back, and what went wrong."""

    sent: int
    seconds: tuple[float, ...]
    problem: str | None


def send(errand: Errand, ways: Ways, patience: Patience) -> Sent:
    """Send the errand's task as often as it says, one after the other, until one does not come back.

    Raises:
        Untried: the workers have others before it, or leave results that are not JSON.
        Refused: this user may not do what it takes.
        Trouble: a connection broke.
    """
    taken: list[float] = []
    sent, problem = 0, None
    while sent < errand.times and problem is None:
        ways.broker.deadline = ways.results.deadline = patience.next(errand.seconds)
        message = _task_message.written(errand.task, errand.arguments, errand.queue)
        began = time.perf_counter()
        waiting = _granted(ways.broker, "LPUSH", ways.broker_prefix + errand.queue, message.text)
        sent += 1
        try:
            result = _awaited(message, ways)
        except BaseException:
            _take_back(message, errand, ways, patience)
            raise
        if result is None:
            problem = _lost(message, errand, (ways, patience), waiting)
            break
        taken.append(time.perf_counter() - began)
        _granted(ways.results, "DEL", ways.prefix + message.result)
        problem = _wrong_with(result, errand)
    return Sent(sent=sent, seconds=tuple(taken), problem=problem)


def _awaited(message: TaskMessage, ways: Ways) -> Result | None:
    """The task's result as soon as it is there, None where it is not in time."""
    pause = 0.001
    while ways.results.deadline.remaining() > 0.2:  # noqa: PLR2004 - what taking it back needs
        stored = _granted(ways.results, "GET", ways.prefix + message.result)
        if isinstance(stored, str):
            result = _task_message.read(stored)
            # A task may say of itself that it has begun.
            if result.state not in {"PENDING", "RECEIVED", "STARTED", "PROGRESS"}:
                return result
        time.sleep(pause)
        pause = min(pause * 1.2, 0.02)
    return None


def _take_back(message: TaskMessage, errand: Errand, ways: Ways, patience: Patience) -> bool:
    """Take the message out of the queue again; whether it still was there."""
    ways.broker.deadline = patience.next(1.0)
    return _granted(ways.broker, "LREM", ways.broker_prefix + errand.queue, "1", message.text) == 1


def _lost(message: TaskMessage, errand: Errand, where: tuple[Ways, Patience], waiting: object) -> str:
    """Why nothing came back.

    Raises:
        Untried: the workers have others before it, or the audit has no time left.
    """
    ways, patience = where
    cut = patience.cut
    taken = not _take_back(message, errand, ways, patience)
    if cut:
        cause = f"the time for the audit was up before a task came back through queue {errand.queue}"
        raise Untried(cause, "give it more time with --timeout SECONDS")
    if taken:
        return f"a worker took it from the queue, and no result of it came within {errand.seconds:g} s"
    if isinstance(waiting, int) and waiting > 1:
        cause = f"{waiting - 1} tasks were in queue {errand.queue} before ours, which was not its turn within {errand.seconds:g} s"
        raise Untried(cause, "run it again when there is less to do, or name another queue with --queue")
    return f"no worker took it from the queue within {errand.seconds:g} s; it was taken out again"


def _wrong_with(result: Result, errand: Errand) -> str | None:
    """What a result says went wrong, None where nothing did.

    Raises:
        Untried: it is not JSON.
    """
    if result.state == "SUCCESS":
        same = errand.task != HARMLESS or result.value == errand.arguments
        return None if same else "it came back with another result than the arguments that it was sent with"
    if result.state:
        return f"it ended in the state {result.state}{f' with {result.error}' if result.error else ''}"
    cause = (
        f"a task came back through queue {errand.queue}, and how it ended is not decoded here: its result is no JSON"
    )
    raise Untried(cause, "see in the worker's log how it ended, or set result_serializer to json", knowable=False)


def _granted(connection: Connection, *words: str) -> object:
    reply = connection.ask(*words)
    if isinstance(reply, ServerError):
        raise Refused(words[0], reply)
    return reply
