"""Enters a Redis as the URL says, and tells in our words where that ends."""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import replace

from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.services import ServiceState
from stackaudit.model.values import dataclass
from stackaudit.outside.resp import Connection, Kind, Reply, ServerError, Tls, Trouble, connect, connect_unix, secure
from stackaudit.probes._redis_url import Address, BadUrl, parse

PATIENCE = 5.0
"""Seconds that a server may take for everything after it accepted, and the same again to accept."""

_MARGIN = 0.5
"""Seconds before the audit's deadline at which a probe stops by itself, so that what the others saw still gets home."""

_SECOND_GLANCE = 1.0
"""Seconds for finding out why a server that was spoken to in plain text, or in TLS, hung up."""


class Seen(Exception):  # noqa: N818 - a conclusion, not an error
    """The server was met and does not serve: its state, and that in words."""

    def __init__(self, state: ServiceState, detail: str) -> None:
        super().__init__(detail)
        self.state = state
        self.detail = detail


class NotSeen(Exception):  # noqa: N818 - a conclusion, not an error
    """Nothing was met from which to conclude anything: why, and what to do."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An open connection on which the login has succeeded. `note` says how it was found, where that was not straight from the URL."""

    connection: Connection
    address: Address
    note: str
    sentinel: bool


_NO_LOGIN = "it asks for a password, and the URL has none"
_BAD_LOGIN = "it rejects the user or the password of the URL"
_REFUSALS = (
    ("noauth ", ServiceState.DENIED, _NO_LOGIN),
    ("err operation not permitted", ServiceState.DENIED, _NO_LOGIN),
    ("wrongpass ", ServiceState.DENIED, _BAD_LOGIN),
    ("err invalid password", ServiceState.DENIED, _BAD_LOGIN),
    (
        "err .*(without any password configured|no password is set)",
        ServiceState.DENIED,
        "the URL has a password, and the server has none: clients fail on that",
    ),
    (
        "err wrong number of arguments for 'auth'",
        ServiceState.DENIED,
        "the URL names a user, and the server knows none: users came with Redis 6",
    ),
    ("denied ", ServiceState.DENIED, "its protected mode refuses connections from other machines"),
    ("err max number of clients", ServiceState.FULL, "it has all the clients that it takes (maxclients)"),
    ("loading ", ServiceState.LOADING, "it is still loading its data"),
    ("misconf ", ServiceState.MISCONF, "it can't save its data to disk, and refuses writes until it can"),
    ("busy ", ServiceState.SILENT, "a script keeps it busy, and it answers nothing else"),
)
"""The beginnings of the errors that can answer any command, in lower case, over all versions of Redis and Valkey."""


class Patience:
    """Deadlines for one endpoint: the probe's own, cut where the audit's comes first."""

    def __init__(self, audit: Deadline) -> None:
        self._audit = audit
        self._cut = False

    def next(self, most: float = PATIENCE) -> Deadline:
        """A fresh deadline of `most` seconds, or of what the audit still has."""
        left = max(0.0, self._audit.remaining() - _MARGIN)
        self._cut = self._cut or (most >= PATIENCE and left < most)
        return self._audit.within(min(most, left))

    @property
    def cut(self) -> bool:
        """Whether the audit's deadline left less than the probe's own: silence then proves nothing."""
        return self._cut


@contextlib.contextmanager
def session(url: str, patience: Patience) -> Iterator[Session]:
    """Connect, speak TLS where the URL says so, find a Sentinel's master, log in. The database is not selected yet.

    Raises:
        Seen: the server was met, and would not.
        NotSeen: no server was met.
    """
    try:
        address = parse(url)
    except BadUrl as error:
        if error.state is not None:
            raise Seen(error.state, error.words) from None
        raise NotSeen(error.words, error.remedy) from None
    note = f", the first of {address.others + 1} in the URL" if address.others else ""
    sentinel = bool(address.sentinels)
    if sentinel:
        address, note = _follow(address, patience)
    with reach(address, patience) as connection, telling(address, patience):
        connection.deadline = patience.next()
        _log_in(connection, address)
        yield Session(connection=connection, address=address, note=note, sentinel=sentinel)


@contextlib.contextmanager
def telling(address: Address, patience: Patience) -> Iterator[None]:
    """What breaks inside is told as what was seen of the server at `address`.

    Raises:
        Seen: the server was met, and would not.
        NotSeen: no server was met.
    """
    try:
        yield
    except Trouble as trouble:
        raise _told(trouble, address, patience) from None


def refusal(reply: Reply) -> Seen | None:
    """The state behind an error that can answer any command; None where there is none."""
    if not isinstance(reply, ServerError):
        return None
    line = f"{reply.kind} {reply.text}".lower()
    return next((Seen(state, words) for begins, state, words in _REFUSALS if re.match(begins, line)), None)


def select(entered: Session) -> Seen | None:
    """Enter the URL's database; what was seen where that fails."""
    number = entered.address.database
    reply = entered.connection.ask("SELECT", str(number))
    if not isinstance(reply, ServerError):
        return None if reply == "OK" else odd("SELECT")
    known = refusal(reply)
    if known is not None:
        return known
    if reply.kind == "NOPERM":
        return Seen(ServiceState.DENIED, f"this user may not enter database {number} (SELECT)")
    if "cluster" in reply.text.lower():
        return Seen(ServiceState.DATABASE, f"it is a cluster, which has database 0 alone, and the URL says {number}")
    return Seen(ServiceState.DATABASE, f"it has no database {number}")


def _log_in(connection: Connection, address: Address) -> None:
    if address.user is None and address.password is None:
        return
    words = [each for each in (address.user, address.password or "") if each is not None]
    reply = connection.ask("AUTH", *words)
    if isinstance(reply, ServerError):
        raise refusal(reply) or Seen(ServiceState.DENIED, "it does not accept a login of the kind that the URL has")
    if reply != "OK":
        raise odd("AUTH")


def odd(command: str) -> Seen:
    """What was seen of a server that answers `command` with neither what a Redis says nor an error that is known."""
    return Seen(ServiceState.PROTOCOL, f"it does not answer {command} as a Redis does")


def reach(address: Address, patience: Patience) -> Connection:
    """A connection to the server at `address`, over TLS where it says so; nothing was said yet, and nobody has logged in.

    Raises:
        Seen: the server was met, and would not.
        NotSeen: no server was met.
    """
    with telling(address, patience):
        if address.path is not None:
            return connect_unix(address.path, patience.next())
        connection = connect(address.host, address.port, patience.next())
        if address.tls is None:
            return connection
        return _secured(connection, address, address.tls, patience)


def _secured(connection: Connection, address: Address, tls: Tls, patience: Patience) -> Connection:
    """TLS on top. A plain Redis says nothing to a TLS greeting, it waits for the end of a line: then plain text is tried."""
    try:
        return secure(connection, address.host, tls, patience.next(PATIENCE / 2))
    except Trouble as trouble:
        connection.close()
        if trouble.kind is not Kind.SILENT:
            raise
    if _answers_plainly(address, patience):
        raise Trouble(Kind.NOT_TLS)
    with contextlib.ExitStack() as stack:
        again = stack.enter_context(connect(address.host, address.port, patience.next()))
        secured = secure(again, address.host, tls, patience.next(PATIENCE / 2))
        stack.pop_all()
        return secured


def _answers_plainly(address: Address, patience: Patience) -> bool:
    deadline = patience.next(_SECOND_GLANCE)
    try:
        with connect(address.host, address.port, deadline) as plain:
            plain.ask("PING")
    except Trouble:
        return False
    return True


def _answers_tls(address: Address, patience: Patience) -> bool:
    if address.path is not None:
        return False
    deadline = patience.next(_SECOND_GLANCE)
    try:
        with connect(address.host, address.port, deadline) as plain:
            secure(plain, address.host, Tls(verify=False), deadline).close()
    except Trouble as trouble:
        return trouble.kind is Kind.CLIENT_CERTIFICATE
    return True


def _follow(address: Address, patience: Patience) -> tuple[Address, str]:
    """The address of the master that the first answering Sentinel names."""
    last: Seen | NotSeen | None = None
    for host, port in address.sentinels:
        sentinel = replace(address, host=host, port=port, sentinels=())
        try:
            with reach(sentinel, patience) as connection, telling(sentinel, patience):
                connection.deadline = patience.next()
                named, at = _master_of(connection, sentinel)
                note = f", the master at {named}:{at} by the Sentinel at {sentinel.place}"
                return replace(sentinel, host=named, port=at), note
        except (Seen, NotSeen) as error:
            last = error
    raise last or NotSeen("the URL names no Sentinel", "write it as sentinel://HOST:26379")


def _master_of(connection: Connection, sentinel: Address) -> tuple[str, int]:
    if sentinel.password is not None and isinstance(connection.ask("PING"), ServerError):
        _log_in(connection, sentinel)
    name = sentinel.master
    if name is None:
        names = _masters(connection.ask("SENTINEL", "MASTERS"), sentinel)
        if len(names) != 1:
            raise NotSeen(
                f"the Sentinel at {sentinel.place} watches {len(names)} masters, and the URL does not say which",
                "name it in the URL: ?master_name=NAME",
            )
        name = names[0]
    reply = connection.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)
    if isinstance(reply, ServerError):
        raise refusal(reply) or _no_sentinel(sentinel)
    match reply:
        case [str(host), str(port)] if port.isdigit():
            return host, int(port)
        case _:
            raise Seen(ServiceState.PROTOCOL, f"the Sentinel at {sentinel.place} knows no master called `{name}`")


def _masters(reply: Reply, sentinel: Address) -> list[str]:
    if isinstance(reply, ServerError):
        raise refusal(reply) or _no_sentinel(sentinel)
    fields = [each for each in reply if isinstance(each, list)] if isinstance(reply, list) else []
    return [str(value) for each in fields for name, value in zip(each[::2], each[1::2], strict=False) if name == "name"]


def _no_sentinel(sentinel: Address) -> Seen:
    return Seen(ServiceState.PROTOCOL, f"a data server answers at {sentinel.place}, and no Sentinel")


_TLS_WORDS = {
    Kind.NOT_TLS: "it speaks no TLS there, and the URL (rediss://) asks for it",
    Kind.UNTRUSTED: "its certificate was not issued by anyone trusted here",
    Kind.EXPIRED: "its certificate has expired, or is not valid yet",
    Kind.WRONG_NAME: "its certificate is for another host name",
    Kind.CLIENT_CERTIFICATE: "it asks for a client's certificate, and the URL names none (ssl_certfile, ssl_keyfile)",
    Kind.TLS_FILES: "the certificate files that the URL names can't be read",
    Kind.TLS_FAILED: "the TLS handshake failed",
}


def _told(trouble: Trouble, address: Address, patience: Patience) -> Seen | NotSeen:
    place = address.place
    match trouble.kind:
        case Kind.SILENT:
            return _silence(trouble, place, patience)
        case Kind.CLOSED:
            if address.tls is None and _answers_tls(address, patience):
                return _tls_only(place)
            return Seen(ServiceState.CLOSED, f"{place} hangs up without an answer")
        case Kind.FOREIGN:
            # A TLS alert or handshake record.
            if trouble.seen[:1] in {b"\x15", b"\x16"}:
                return _tls_only(place)
            return Seen(ServiceState.PROTOCOL, f"{_stranger(trouble.seen)} answers on {place}")
        case kind if kind in _TLS_WORDS:
            return Seen(ServiceState.TLS, f"{place}: {_TLS_WORDS[kind]}")
        case kind:
            return _unmet(kind, address)


def _unmet(kind: Kind, address: Address) -> Seen | NotSeen:
    """What became of the attempt to connect."""
    place = address.place
    network = "look at the network between here and there"
    met_nobody: dict[Kind, Seen | NotSeen] = {
        Kind.REFUSED: Seen(ServiceState.REFUSED, f"nothing listens on {place}"),
        Kind.NO_SOCKET: Seen(ServiceState.REFUSED, f"there is no socket at {place}"),
        Kind.NO_NAME: NotSeen(f"there is no host called `{address.host}`", "mend the host name, or the name service"),
        Kind.NO_ROUTE: NotSeen(f"there is no way from here to {place}", network),
        Kind.NO_CONNECTION: NotSeen(f"{place} did not take up a connection in time", network),
        Kind.NOT_ALLOWED: NotSeen(f"this account may not open {place}", "run the audit as a user that may"),
    }
    return met_nobody[kind]


def _tls_only(place: str) -> Seen:
    return Seen(ServiceState.TLS, f"{place} speaks TLS, and the URL (redis://) asks for plain text")


def _silence(trouble: Trouble, place: str, patience: Patience) -> Seen | NotSeen:
    if patience.cut:
        return NotSeen(f"{place} gave no answer before the time for the audit was up", "give more --timeout")
    if trouble.seen:
        return Seen(ServiceState.SILENT, f"{place} sent part of an answer, and not all of it within {PATIENCE:.0f} s")
    return Seen(ServiceState.SILENT, f"{place} accepts connections and said nothing for {PATIENCE:.0f} s")


def _stranger(seen: bytes) -> str:
    head = seen[:64].lstrip()
    if head.startswith((b"HTTP/", b"<")):
        return "an HTTP server"
    if head.startswith(b"AMQP"):
        return "an AMQP broker"
    if head.startswith(b"SSH-"):
        return "an SSH server"
    return "something that does not speak the Redis protocol"
