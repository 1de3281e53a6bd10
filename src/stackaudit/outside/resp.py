"""Talks the Redis protocol (RESP2) over one connection, with one absolute deadline over connecting, reading and writing.

redis-py sets its time-outs for each read: against a server that drips a byte a second none of them ever fires, in any version.
"""

import errno
import socket
import threading
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Self, TypeAlias

from stackaudit.model.deadline import Deadline
from stackaudit.model.values import dataclass

if TYPE_CHECKING:
    # Only a rediss:// URL pays for its import.
    import ssl

_LONGEST_LINE = 64 * 1024
_LARGEST_BULK = 64 * 1024 * 1024
_DEEPEST = 8


class Kind(StrEnum):
    """What kept a conversation from happening; each was seen, none is a guess."""

    NO_NAME = "no name"
    NO_ROUTE = "no route"
    NO_CONNECTION = "no connection"
    NO_SOCKET = "no socket"
    NOT_ALLOWED = "not allowed"
    REFUSED = "refused"
    SILENT = "silent"
    CLOSED = "closed"
    FOREIGN = "foreign"
    NOT_TLS = "not tls"
    UNTRUSTED = "untrusted"
    EXPIRED = "expired"
    WRONG_NAME = "wrong name"
    CLIENT_CERTIFICATE = "client certificate"
    TLS_FILES = "tls files"
    TLS_FAILED = "tls failed"


class Trouble(Exception):  # noqa: N818 - it is named for what it tells, and never leaves the probes
    """The conversation ended before an answer. `seen` are the bytes that came in and were not understood."""

    def __init__(self, kind: Kind, seen: bytes = b"") -> None:
        super().__init__(kind.value)
        self.kind = kind
        self.seen = seen


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerError:
    """An error reply: its first word (`NOAUTH`, `ERR`) and the rest."""

    kind: str
    text: str


_SocketAddress: TypeAlias = "str | tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]"
Reply: TypeAlias = "str | int | ServerError | list[Reply] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """How to speak TLS: whether the certificate is verified and must carry the host's name, and the files for it."""

    verify: bool = True
    check_name: bool = True
    ca_file: str | None = None
    ca_path: str | None = None
    certificate: str | None = None
    key: str | None = None


class Connection:
    """One connection to a server of the Redis protocol. `deadline` may be replaced between questions."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self.deadline = deadline
        self._socket = sock
        self._buffer = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def ask(self, *words: str) -> Reply:
        """The reply to one command.

        Raises:
            Trouble: no reply came, or none in this protocol.
        """
        return self.ask_all([words])[0]

    def ask_all(self, commands: Sequence[Sequence[str]]) -> list[Reply]:
        """The replies to `commands`, sent in one go.

        Raises:
            Trouble: not every reply came.
        """
        self._send(b"".join(_packed(words) for words in commands))
        return [self._reply() for _ in commands]

    def _send(self, data: bytes) -> None:
        self._socket.settimeout(self._left())
        try:
            self._socket.sendall(data)
        except TimeoutError:
            raise Trouble(Kind.SILENT) from None
        except OSError:
            # A server that hung up may have said why before: reading tells.
            return

    def _left(self) -> float:
        left = self.deadline.remaining()
        if left <= 0:
            raise Trouble(Kind.SILENT, bytes(self._buffer))
        return left

    def _fill(self) -> None:
        self._socket.settimeout(self._left())
        try:
            chunk = self._socket.recv(65536)
        except TimeoutError:
            raise Trouble(Kind.SILENT, bytes(self._buffer)) from None
        except OSError as error:
            wants_certificate = "CERTIFICATE_REQUIRED" in str(getattr(error, "reason", ""))
            kind = Kind.CLIENT_CERTIFICATE if wants_certificate else Kind.CLOSED
            raise Trouble(kind, bytes(self._buffer)) from None
        if not chunk:
            raise Trouble(Kind.CLOSED, bytes(self._buffer))
        self._buffer += chunk

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if self._buffer and self._buffer[:1] not in b"+-:$*":
                raise Trouble(Kind.FOREIGN, bytes(self._buffer[:256]))
            if len(self._buffer) > _LONGEST_LINE:
                raise Trouble(Kind.FOREIGN, bytes(self._buffer[:256]))
            self._fill()
        line = bytes(self._buffer[:end])
        if line[:1] not in (b"+", b"-", b":", b"$", b"*"):
            raise Trouble(Kind.FOREIGN, bytes(self._buffer[:256]))
        del self._buffer[: end + 2]
        return line

    def _reply(self, depth: int = 0) -> Reply:
        line = self._line()
        mark, rest = line[:1], line[1:].decode(errors="replace")
        if mark == b"+":
            return rest
        if mark == b"-":
            kind, _, text = rest.partition(" ")
            return ServerError(kind=kind, text=text)
        number = _number(rest, line)
        if mark == b":":
            return number
        if number < 0:
            return None
        if mark == b"$":
            return self._bulk(number)
        if depth >= _DEEPEST:
            raise Trouble(Kind.FOREIGN, line[:256])
        return [self._reply(depth + 1) for _ in range(number)]

    def _bulk(self, length: int) -> str:
        if length > _LARGEST_BULK:
            raise Trouble(Kind.FOREIGN)
        while len(self._buffer) < length + 2:
            self._fill()
        text = self._buffer[:length].decode(errors="replace")
        del self._buffer[: length + 2]
        return text


def _number(text: str, line: bytes) -> int:
    try:
        return int(text)
    except ValueError:
        raise Trouble(Kind.FOREIGN, line[:256]) from None


def _packed(words: Sequence[str]) -> bytes:
    coded = [word.encode() for word in words]
    return b"".join(
        [b"*%d\r\n" % len(coded), *(b"$%d\r\n%b\r\n" % (len(each), each) for each in coded)],
    )


def connect_unix(path: str, deadline: Deadline) -> Connection:
    """A connection to the Unix socket at `path`.

    Raises:
        Trouble: `NO_SOCKET`, `NOT_ALLOWED`, `REFUSED` (nobody listens), `NO_CONNECTION` (nobody accepts in time).
    """
    return Connection(_connected(socket.AF_UNIX, path, deadline), deadline)


def connect(host: str, port: int, deadline: Deadline) -> Connection:
    """A connection to `host` and `port`; each address of the name is tried in turn.

    Raises:
        Trouble: `NO_NAME`, `REFUSED`, `NO_ROUTE`, `NO_CONNECTION` (no answer to the connection itself in time).
    """
    trouble = Trouble(Kind.NO_NAME)
    for family, address in _resolve(host, port, deadline):
        try:
            return Connection(_connected(family, address, deadline), deadline)
        except Trouble as each:
            trouble = each
    raise trouble


def secure(connection: Connection, host: str, tls: Tls, deadline: Deadline) -> Connection:
    """`connection` with TLS on top; to be done before anything is said.

    Raises:
        Trouble: the handshake failed; `SILENT` where it did not end in time.
    """
    import ssl

    connection.deadline = deadline
    try:
        context = _context(tls)
    except (OSError, ValueError):
        raise Trouble(Kind.TLS_FILES) from None
    raw = connection._socket  # noqa: SLF001 - this function belongs to the class; only the import of ssl keeps it apart
    raw.settimeout(max(deadline.remaining(), 0.001))
    try:
        wrapped = context.wrap_socket(raw, server_hostname=host)
    except TimeoutError:
        raise Trouble(Kind.SILENT) from None
    except ssl.SSLCertVerificationError as error:
        raise Trouble(_verification(error.verify_code)) from None
    except ssl.SSLError as error:
        foreign = error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"}
        raise Trouble(Kind.NOT_TLS if foreign else Kind.TLS_FAILED) from None
    except OSError:
        raise Trouble(Kind.CLOSED) from None
    return Connection(wrapped, deadline)


def _context(tls: Tls) -> "ssl.SSLContext":
    import ssl

    context = ssl.create_default_context(cafile=tls.ca_file, capath=tls.ca_path)
    context.check_hostname = tls.verify and tls.check_name
    context.verify_mode = ssl.CERT_REQUIRED if tls.verify else ssl.CERT_NONE
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key)
    return context


def _verification(code: int) -> Kind:
    """OpenSSL's X509_V_ERR_* numbers in our words."""
    if code in {9, 10}:
        return Kind.EXPIRED
    return Kind.WRONG_NAME if code in {62, 64} else Kind.UNTRUSTED


def _connected(family: socket.AddressFamily, address: _SocketAddress, deadline: Deadline) -> socket.socket:
    left = deadline.remaining()
    if left <= 0:
        raise Trouble(Kind.NO_CONNECTION)
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.settimeout(left)
    try:
        sock.connect(address)
    except OSError as error:
        sock.close()
        raise Trouble(_connecting(error)) from None
    if family != socket.AF_UNIX:
        # The latencies told are the server's: without this they are Nagle's.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _connecting(error: OSError) -> Kind:
    match error:
        case ConnectionRefusedError():
            return Kind.REFUSED
        case FileNotFoundError():
            return Kind.NO_SOCKET
        case PermissionError():
            return Kind.NOT_ALLOWED
        case TimeoutError() | BlockingIOError():
            return Kind.NO_CONNECTION
        case ConnectionResetError():
            return Kind.CLOSED
        case _ if error.errno == errno.ENOTSOCK:
            return Kind.NO_SOCKET
        case _:
            return Kind.NO_ROUTE


def _resolve(host: str, port: int, deadline: Deadline) -> "list[tuple[socket.AddressFamily, _SocketAddress]]":
    """The addresses of `host`. The resolver knows no deadline, so it is asked from a thread that may be left behind."""
    found: list[tuple[socket.AddressFamily, _SocketAddress]] = []
    failed: list[Kind] = []

    def ask() -> None:
        try:
            found.extend((each[0], each[4]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError):
            failed.append(Kind.NO_NAME)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(deadline.remaining())
    if not found:
        raise Trouble(failed[0] if failed else Kind.NO_CONNECTION)
    return list(dict.fromkeys(found))
