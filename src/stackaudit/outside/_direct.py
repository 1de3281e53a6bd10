"""Asks one HTTP server without a proxy, on the standard library's client: most audits need no other, and it is there soonest."""

import contextlib
import select
import socket
import ssl
import time
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import TypeAlias
from urllib.parse import quote, urlsplit

from stackaudit.outside._exchange import Question, Unanswered, kind_of_connecting, unpacked
from stackaudit.outside._final import FinalResponse
from stackaudit.outside.ways import Kind

_Address: TypeAlias = "tuple[str | int | bytes, ...]"

_PIECE = 65536
_FINAL = 200
_AS_WRITTEN = "%/:=&?~!$+,;'@()*[]"


class Direct:
    """The server of one URL. Its connections are shared by threads, and kept where the answer was read to its end.

    The address that the first of them led to is that of all: most systems would ask for it anew each time.
    """

    def __init__(self, url: str, context: ssl.SSLContext | None) -> None:
        """Find the server in `url`; `context` holds the authorities for `https`.

        Raises:
            ValueError: it names none that can be asked.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("no address of a server")
        self._host = parts.hostname
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._context = context if parts.scheme == "https" else None
        self._kept: list[HTTPConnection] = []
        self._known: tuple[int, _Address] | None = None

    def ask(self, question: Question) -> "DirectReply":
        """The beginning of its answer; the same exceptions as any `Server`."""
        kept = self._free()
        if kept is not None:
            # A service may end what it kept, and just then: that says nothing of the question.
            with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
                return self._asked(kept, question)
        return self._asked(self._connected(question), question)

    def _asked(self, connection: HTTPConnection, question: Question) -> "DirectReply":
        try:
            if connection.sock is not None:
                connection.sock.settimeout(question.silence)
            connection.request(question.method, _target(question.url), question.body, dict(question.headers))
            return DirectReply(connection, connection.getresponse(), self._kept)
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        """Close the connections that nobody waits on."""
        while self._kept:
            self._kept.pop().close()

    def _free(self) -> HTTPConnection | None:
        """A connection that is open on both sides, where there is one."""
        while True:
            try:
                connection = self._kept.pop()
            except IndexError:
                return None
            if connection.sock is not None and _is_silent(connection.sock):
                return connection
            connection.close()

    def _connected(self, question: Question) -> HTTPConnection:
        try:
            connected = self._opened(question.connecting)
        except OSError as error:
            raise Unanswered(kind_of_connecting(error)) from error
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is None:
                connection = HTTPConnection(self._host, self._port)
            else:
                connected.settimeout(question.silence)
                connected = self._context.wrap_socket(connected, server_hostname=self._host)
                connection = HTTPSConnection(self._host, self._port, context=self._context)
        except BaseException:
            connected.close()
            raise
        connection.sock = connected
        connection.response_class = FinalResponse
        return connection

    def _opened(self, seconds: float) -> socket.socket:
        known = self._known
        if known is not None:
            try:
                return _opened_to(*known, seconds)
            except OSError:
                # It may be gone, and the name have others.
                self._known = None
        opened = _reached(self._host, self._port, seconds)
        self._known = opened.family, opened.getpeername()
        return opened


class DirectReply:
    """An answer whose body is still to be read; once read to its end, its connection is put among the `kept`."""

    def __init__(self, connection: HTTPConnection, response: HTTPResponse, kept: list[HTTPConnection]) -> None:
        self._connection, self._response, self._kept = connection, response, kept
        self._is_whole = False
        self._body = unpacked(response, self.header("Content-Encoding"))

    @property
    def status(self) -> int:
        """Its HTTP status."""
        return self._response.status

    def header(self, name: str) -> str:
        """The value of a header, empty where there is none."""
        return self._response.getheader(name, "")

    def read(self) -> bytes:
        """The next piece of the body, unpacked; empty at its end. The same exceptions as any `Reply`."""
        piece = self._body.read1(_PIECE)
        if not piece:
            if self._response.length:
                # The standard library takes a body that was cut off for one that has ended.
                raise Unanswered(Kind.BROKEN)
            self._is_whole = True
        return piece

    def close(self) -> None:
        """Be done with it, whatever is unread."""
        self._response.close()
        # What begins with 1 switches to a protocol that nobody here speaks.
        if self._is_whole and not self._response.will_close and self.status >= _FINAL:
            self._kept.append(self._connection)
        else:
            self._connection.close()


def _reached(host: str, port: int, seconds: float) -> socket.socket:
    """A connection to the first address of `host` that takes one up: each but the last has half of what is left of `seconds`."""
    ends = time.monotonic() + seconds
    by_family: dict[int, int] = {}
    turns = []
    for family, _, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        by_family[family] = by_family.get(family, 0) + 1
        turns.append((by_family[family], family, address))
    # In turns: where IPv6 leads nowhere all addresses of it do, and they come first.
    turns.sort(key=lambda each: each[0])
    failure = OSError("the name has no address")
    for index, (_, family, address) in enumerate(turns):
        left = max(0.05, ends - time.monotonic())
        try:
            return _opened_to(family, address, left if index == len(turns) - 1 else left / 2)
        except OSError as error:
            failure = error
    raise failure


def _opened_to(family: int, address: _Address, seconds: float) -> socket.socket:
    opened = socket.socket(family)
    try:
        opened.settimeout(seconds)
        opened.connect(address)
    except BaseException:
        opened.close()
        raise
    return opened


def _is_silent(connected: socket.socket) -> bool:
    """Whether nothing is to be read: of a connection that waits for a question it can only be that the other side has closed it."""
    poll = select.poll()
    poll.register(connected, select.POLLIN)
    return not poll.poll(0)


def _target(url: str) -> str:
    """Path and query of `url`, with what may not stand in a request written in its escaped form."""
    parts = urlsplit(url)
    return quote(f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}", safe=_AS_WRITTEN)
