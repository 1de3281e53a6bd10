"""Asks HTTP services many things at once, and waits no longer than allowed."""

import errno
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Self

from stackaudit import __version__
from stackaudit.model.addresses import is_loopback
from stackaudit.model.deadline import Deadline

if TYPE_CHECKING:
    import requests

__all__ = ["LATE", "MOST_AT_ONCE", "MOST_BYTES", "Answer", "Client", "Failure", "Request", "is_loopback"]

MOST_AT_ONCE = 16
"""Requests in flight at any moment, and connections kept open."""

MOST_BYTES = 100 * 1024 * 1024
"""Bytes of one answer; a longer one is a failure."""

LATE = "no answer came in time"

_CONNECT_SECONDS = 4.0
_ATTEMPTS = 2
_PAUSE_SECONDS = 0.2
_PASSING = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked: `body` makes it a POST of JSON."""

    url: str
    body: bytes | None = None
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete answer, whatever its status."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """No complete answer came; `cause` says why in our words, and goes after the service's name: `it refused the connection`."""

    cause: str


class Client:
    """Keeps up to `most` connections open and asks over all of them at once; proxies and CA bundles of the environment are honoured.

    A redirect is followed only with `redirects`. What can pass (429, 5xx, a connection that broke) is asked once more. Answers that
    are not complete when `deadline` passes are given up: the threads that wait for them end by themselves, or with the process.
    """

    def __init__(self, deadline: Deadline, *, most: int = MOST_AT_ONCE, redirects: bool = False) -> None:
        self._deadline = deadline
        self._most = most
        self._redirects = redirects
        self._idle: list[requests.Session] = []
        self.asked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that nobody waits on."""
        while self._idle:
            self._idle.pop().close()

    def ask(self, wanted: Sequence[Request]) -> list[Answer | Failure]:
        """The answer to each of `wanted`, in their order; returns at the deadline at the latest."""
        answers: list[Answer | Failure] = [Failure(cause=LATE)] * len(wanted)
        jobs: SimpleQueue[int] = SimpleQueue()
        done: SimpleQueue[tuple[int, Answer | Failure]] = SimpleQueue()
        for index in range(len(wanted)):
            jobs.put(index)

        def work() -> None:
            session = self._session()
            for index in _drain(jobs, self._deadline):
                done.put((index, self._settle(session, wanted[index])))
            self._idle.append(session)

        for _ in range(min(self._most, len(wanted))):
            # A daemon: no exit waits for a server that drips, and a read can't be cancelled.
            threading.Thread(target=work, daemon=True, name="http").start()
        for _ in wanted:
            try:
                index, answer = done.get(timeout=self._deadline.remaining())
            except Empty:
                break
            answers[index] = answer
        return answers

    def _session(self) -> "requests.Session":
        import requests

        try:
            return self._idle.pop()
        except IndexError:
            session = requests.Session()
            session.headers["User-Agent"] = f"stackaudit/{__version__}"
            return session

    def _settle(self, session: "requests.Session", wanted: Request) -> Answer | Failure:
        answer: Answer | Failure = Failure(cause=LATE)
        for attempt in range(_ATTEMPTS):
            if attempt:
                time.sleep(min(_PAUSE_SECONDS, self._deadline.remaining()))
            if self._deadline.remaining() <= 0:
                break
            self.asked += 1
            try:
                answer, passing = self._once(session, wanted)
            except Exception as error:  # noqa: BLE001 - a thread that died of a library's surprise would be waited for in vain
                answer, passing = _failure(error)
            if not passing:
                break
        return answer

    def _once(self, session: "requests.Session", wanted: Request) -> tuple[Answer | Failure, bool]:
        """One attempt, and whether another one may fare better."""
        # A proxy has no business with this machine's own services, whatever the environment says.
        session.trust_env = not is_loopback(wanted.url)
        left = max(0.05, self._deadline.remaining())
        with session.request(
            "GET" if wanted.body is None else "POST",
            wanted.url,
            data=wanted.body,
            headers={**({} if wanted.body is None else {"Content-Type": "application/json"}), **(wanted.headers or {})},
            timeout=(min(_CONNECT_SECONDS, left), left),
            allow_redirects=self._redirects,
            stream=True,
        ) as response:
            body = bytearray()
            for chunk in response.iter_content(65536):
                body += chunk
                if len(body) > MOST_BYTES:
                    return Failure(cause="its answer is too long to be one"), False
                if self._deadline.remaining() <= 0:
                    return Failure(cause=LATE), False
            return Answer(status=response.status_code, body=bytes(body)), response.status_code in _PASSING


def _drain(jobs: "SimpleQueue[int]", deadline: Deadline) -> Iterator[int]:
    while deadline.remaining() > 0:
        try:
            yield jobs.get_nowait()
        except Empty:
            return


def _failure(error: BaseException) -> tuple[Failure, bool]:
    """What `error` means in our words, and whether another attempt may fare better."""
    import requests

    chain = list(_causes(error))
    first = next((cause for kind, cause in _MEANINGS if any(isinstance(each, kind) for each in chain)), None)
    if isinstance(error, requests.exceptions.ProxyError):
        return Failure(cause="the proxy did not let the question through"), False
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return Failure(cause="no connection came about in time"), False
    if isinstance(error, requests.exceptions.Timeout):
        return Failure(cause=LATE), False
    if first is not None:
        return Failure(cause=first), False
    if any(isinstance(each, OSError) and each.errno in _NO_WAY for each in chain):
        return Failure(cause="there is no way to it from this network"), False
    if any(isinstance(each, _BROKEN) for each in chain) or isinstance(error, requests.exceptions.ChunkedEncodingError):
        return Failure(cause="the connection broke off"), True
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema | ValueError):
        return Failure(cause="its address is not one that can be asked"), False
    return Failure(cause="it could not be asked"), True


_MEANINGS: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, "its TLS certificate is not trusted here"),
    (ssl.SSLError, "it does not speak TLS as asked"),
    (socket.gaierror, "its name does not resolve"),
    (ConnectionRefusedError, "it refused the connection"),
    (TimeoutError, LATE),
)
_BROKEN = (http.client.HTTPException, ConnectionError)
_NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and all that it wraps, however the libraries wrapped it."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
