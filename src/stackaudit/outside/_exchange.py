"""One exchange with an HTTP server: what is asked, what begins to come back, and what its errors mean."""

import errno
import http.client
import socket
import ssl
import zlib
from collections.abc import Mapping
from io import IOBase
from typing import TYPE_CHECKING, Protocol, TypeVar

from stackaudit.model.values import dataclass
from stackaudit.outside.ways import Kind

if TYPE_CHECKING:
    from gzip import GzipFile

T = TypeVar("T", bound=IOBase)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of one server: `body` makes it a POST.

    `connecting` and `silence` are the most seconds until there is a connection, and between two pieces of the answer.
    """

    url: str
    body: bytes | None
    headers: Mapping[str, str]
    connecting: float
    silence: float

    @property
    def method(self) -> str:
        """The HTTP method."""
        return "GET" if self.body is None else "POST"


class Reply(Protocol):
    """An answer whose body is still to be read. Read to its end it leaves the connection to the next question."""

    @property
    def status(self) -> int:
        """Its HTTP status."""

    def header(self, name: str) -> str:
        """The value of a header, empty where there is none."""

    def read(self) -> bytes:
        """The next piece of the body, unpacked; empty at its end.

        Raises:
            Exception: there is no more, and it is not the end; `kind_of` says what it means.
        """

    def close(self) -> None:
        """Be done with it, whatever is unread."""


class Server(Protocol):
    """One server, and the way to it."""

    def ask(self, question: Question) -> Reply:
        """The beginning of its answer.

        Raises:
            Exception: there is none; `kind_of` says what it means.
        """

    def close(self) -> None:
        """Close the connections that nobody waits on."""


class Unanswered(Exception):  # noqa: N818 - it is no error of ours: it is what was seen
    """No complete answer came, for the reason `kind`."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind.value)
        self.kind = kind


def unpacked(body: T, encoding: str) -> "T | GzipFile":
    """The `body` of an answer as it was before it was packed for the way: read to its end it is whole, which urllib3 does not look at.

    Raises:
        Unanswered: it was packed in a way that nobody asked for.
    """
    if encoding.lower() in {"", "identity"}:
        return body
    if encoding.lower() not in {"gzip", "x-gzip"}:
        raise Unanswered(Kind.GARBLED)
    from gzip import GzipFile

    return GzipFile(fileobj=body)


def kind_of(error: BaseException) -> Kind:
    """What `error`, which a question or the reading of its answer raised, means."""
    if isinstance(error, Unanswered):
        return error.kind
    return next((kind for sign, kind in _SIGNS if isinstance(error, sign)), Kind.OTHER)


def kind_of_connecting(error: OSError) -> Kind:
    """What `error`, which came instead of a connection, means."""
    if isinstance(error, (socket.gaierror, ConnectionRefusedError)):
        return kind_of(error)
    return Kind.NO_WAY if error.errno in _NO_WAY else Kind.NO_CONNECTION


_NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN})
# In this order: what is more telling first, since some are kinds of others.
_SIGNS: tuple[tuple[type[BaseException], Kind], ...] = (
    (ssl.SSLCertVerificationError, Kind.UNTRUSTED),
    (ssl.SSLEOFError, Kind.BROKEN),
    (ssl.SSLZeroReturnError, Kind.BROKEN),
    (ssl.SSLError, Kind.NOT_TLS),
    (socket.gaierror, Kind.NO_NAME),
    (ConnectionRefusedError, Kind.REFUSED),
    (TimeoutError, Kind.LATE),
    (http.client.InvalidURL, Kind.ADDRESS),
    (http.client.RemoteDisconnected, Kind.BROKEN),
    (http.client.IncompleteRead, Kind.BROKEN),
    (http.client.HTTPException, Kind.GARBLED),
    # An answer that is packed, and not whole or not what it says.
    (EOFError, Kind.BROKEN),
    (zlib.error, Kind.BROKEN),
    (OSError, Kind.BROKEN),
    (ValueError, Kind.ADDRESS),
)
