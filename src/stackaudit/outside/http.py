"""Asks HTTP services many things at once, and waits no longer than allowed."""

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Self

from stackaudit.model.deadline import Deadline
from stackaudit.model.values import dataclass
from stackaudit.outside.ways import Kind, Way

if TYPE_CHECKING:
    from stackaudit.outside._connections import Connections
    from stackaudit.outside._exchange import Reply

MOST_BYTES = 100 * 1024 * 1024
"""Bytes of one answer; a longer one is a failure."""

MOST_IN_ALL = 256 * 1024 * 1024
"""Bytes of all answers to one client, where it says nothing else: they are held side by side."""

LONGEST_SILENCE = 10.0
"""Seconds between two reads of one answer."""

_CONNECT_SECONDS = 4.0
_ATTEMPTS = 2
_PAUSE_SECONDS = 0.2
_PASSING = frozenset({429, 500, 502, 503, 504})
_BUSY = frozenset({429, 503})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked: `body` makes it a POST of JSON."""

    url: str
    body: bytes | None = None
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete answer, whatever its status; `content_type` is empty where it does not tell.

    `patience` are the seconds that a busy service asks for until it is asked again, None where it asks for none.
    """

    status: int
    body: bytes
    content_type: str = ""
    patience: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """No complete answer came."""

    kind: Kind

    @property
    def cause(self) -> str:
        """Why, in our words, after the service's name: `it refused the connection`."""
        return self.kind.value


class Client:
    """Asks over as many connections side by side as the way allows, and keeps them; this machine's own services are asked without a proxy.

    What can pass (429, 5xx, a connection that broke) is asked once more, and not before the service asks for that. Where nothing ever
    answered and the way is closed, the rest is not tried. Answers that are not complete when `deadline` passes are given up: the threads
    that wait for them end by themselves, or with the process. Those that come after `most` bytes came in all are too long: whoever reads
    answers can't be stopped while it does.
    """

    def __init__(self, deadline: Deadline, way: Way | None = None, most: int = MOST_IN_ALL) -> None:
        self._deadline = deadline
        self._way = way or Way()
        self._most = most
        self._bytes = 0
        self._counting = threading.Lock()
        self._connections: Connections | None = None
        self._answered = False
        self._closed: Failure | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connections is not None:
            self._connections.close()

    def ask(self, wanted: Sequence[Request]) -> list[Answer | Failure]:
        """The answer to each of `wanted`, in their order; returns at the deadline at the latest."""
        from stackaudit.outside._connections import Connections

        if self._connections is None:
            self._connections = Connections(self._way)
        connections = self._connections
        answers: list[Answer | Failure] = [Failure(kind=Kind.LATE)] * len(wanted)
        jobs: SimpleQueue[int] = SimpleQueue()
        done: SimpleQueue[tuple[int, Answer | Failure]] = SimpleQueue()
        for index in range(len(wanted)):
            jobs.put(index)

        def work() -> None:
            for index in _drain(jobs, self._deadline):
                done.put((index, self._settle(connections, wanted[index])))

        for _ in range(min(self._way.at_once, len(wanted))):
            # A daemon: no exit waits for a server that drips, and a read can't be cancelled.
            threading.Thread(target=work, daemon=True, name="http").start()
        for _ in wanted:
            try:
                index, answer = done.get(timeout=self._deadline.remaining())
            except Empty:
                break
            answers[index] = answer
        return answers

    def let_go(self) -> None:
        """Count all answers' bytes from nothing again: the caller holds none of those so far any more."""
        with self._counting:
            self._bytes = 0

    def _is_too_much(self, size: int) -> bool:
        """Whether with `size` bytes more all answers are longer than is allowed: counted as they come, since all that come are held."""
        with self._counting:
            self._bytes += size
            return self._bytes > self._most

    def _settle(self, connections: "Connections", wanted: Request) -> Answer | Failure:
        if self._closed is not None and not self._answered:
            return self._closed
        answer: Answer | Failure = Failure(kind=Kind.LATE)
        pause = 0.0
        for _ in range(_ATTEMPTS):
            time.sleep(min(pause, self._deadline.remaining()))
            if self._deadline.remaining() <= 0:
                break
            answer = self._attempt(connections, wanted)
            if not _may_pass(answer):
                break
            patience = answer.patience if isinstance(answer, Answer) else None
            if patience is not None and patience > self._deadline.remaining():
                answer = Failure(kind=Kind.BUSY)
                break
            pause = _PAUSE_SECONDS if patience is None else patience
        if isinstance(answer, Answer):
            self._answered = True
        elif answer.kind.is_lasting:
            self._closed = answer
        return answer

    def _attempt(self, connections: "Connections", wanted: Request) -> Answer | Failure:
        from stackaudit.outside._exchange import Question, kind_of

        left = max(0.05, self._deadline.remaining())
        headers = {**({} if wanted.body is None else {"content-type": "application/json"}), **(wanted.headers or {})}
        question = Question(
            url=wanted.url,
            body=wanted.body,
            headers=headers,
            connecting=min(_CONNECT_SECONDS, left),
            silence=min(LONGEST_SILENCE, left),
        )
        try:
            with contextlib.closing(connections.ask(question)) as reply:
                return self._read(reply)
        except Exception as error:  # noqa: BLE001 - a thread that died of a library's surprise would be waited for in vain
            return Failure(kind=kind_of(error))

    def _read(self, reply: "Reply") -> Answer | Failure:
        body = bytearray()
        while piece := reply.read():
            body += piece
            if self._is_too_much(len(piece)) or len(body) > MOST_BYTES:
                return Failure(kind=Kind.TOO_LONG)
            if self._deadline.remaining() <= 0:
                return Failure(kind=Kind.LATE)
        kind, patience = reply.header("Content-Type"), _patience_for(reply) if reply.status in _BUSY else None
        return Answer(status=reply.status, body=bytes(body), content_type=kind, patience=patience)


def _patience_for(reply: "Reply") -> float | None:
    from stackaudit.outside._patience import seconds_asked_for

    return seconds_asked_for(reply.header("Retry-After"), time.time())


def _may_pass(answer: Answer | Failure) -> bool:
    if isinstance(answer, Answer):
        return answer.status in _PASSING
    return answer.kind in {Kind.BROKEN, Kind.GARBLED, Kind.OTHER}


def _drain(jobs: "SimpleQueue[int]", deadline: Deadline) -> Iterator[int]:
    while deadline.remaining() > 0:
        try:
            yield jobs.get_nowait()
        except Empty:
            return
