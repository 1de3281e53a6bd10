"""Reads the dialects in which redis-py and Celery write where a Redis is."""

from collections.abc import Mapping
from dataclasses import field, replace
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from stackaudit.model.addresses import is_loopback
from stackaudit.model.facts.services import ServiceState
from stackaudit.model.services import SOCKET_SCHEMES, wrong_with
from stackaudit.model.values import dataclass
from stackaudit.outside.resp import Tls

_PORT = 6379
_SENTINEL_PORT = 26379
_TLS_SCHEMES = frozenset({"rediss", "valkeys"})


class BadUrl(Exception):  # noqa: N818 - it is named for what it tells, and never leaves the probes
    """The URL can't be used as it stands. `state` is set where every client of the stack would stumble over it too."""

    def __init__(self, words: str, remedy: str, state: ServiceState | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.remedy = remedy
        self.state = state


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a Redis is and how to enter.

    Either `path` (a Unix socket), or `sentinels` and the name of their `master` (None: it has to be the only one), or `host` and `port`.
    `others` counts the further addresses of a failover list, which are not asked.
    """

    host: str = ""
    port: int = _PORT
    path: str | None = None
    sentinels: tuple[tuple[str, int], ...] = ()
    master: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    database: int = 0
    tls: Tls | None = None
    others: int = 0

    @property
    def place(self) -> str:
        """How messages name it: the path, or `host:port`."""
        if self.path is not None:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def local(self) -> bool:
        """Whether the server shares this machine: a Unix socket or a loopback address."""
        return self.path is not None or self.host in {"localhost", "::1"} or self.host.startswith("127.")


def is_local(url: str) -> bool:
    """Whether the server in `url` shares this machine; of one that can't be read, and of Sentinels, nobody knows."""
    try:
        address = parse(url)
    except BadUrl:
        return is_loopback(url)
    return address.local and not address.sentinels


def parse(url: str) -> Address:
    """The address in `url`; of a failover list (`a;b`) the first, of Sentinels all.

    Raises:
        BadUrl: it can't be used, in our words and without its secrets.
    """
    wrong = wrong_with(url, "redis")
    if wrong is not None:
        words, remedy = wrong
        raise BadUrl(f"the URL can't be used: {words}", remedy)
    first, *others = url.split(";")
    rest = [each for each in others if each]
    scheme, _, tail = first.partition("://")
    scheme = scheme.lower()
    parts, host, port = _split(tail)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    address = Address(
        host=host,
        port=port or _PORT,
        user=unquote(parts.username or "") or None,
        password=unquote(parts.password or "") or None,
    )
    if scheme in SOCKET_SCHEMES:
        database = _database(query.get("virtual_host", query.get("db", "")))
        return replace(address, path=unquote(parts.netloc.rpartition("@")[2] + parts.path), database=database)
    address = replace(address, database=_database(unquote(parts.path.strip("/")) or query.get("db", "")))
    if scheme == "sentinel":
        sentinels = ((host, port or _SENTINEL_PORT), *(_sentinel(each) for each in rest))
        return replace(address, sentinels=sentinels, master=query.get("master_name") or _master(rest))
    return replace(address, tls=_tls(query) if scheme in _TLS_SCHEMES else None, others=len(rest))


def _split(tail: str) -> tuple[SplitResult, str, int | None]:
    """What follows the scheme, its host and its port. The syntax is that of http:// for all: kombu too reads them so."""
    parts = urlsplit(f"http://{tail}")
    return parts, unquote(parts.hostname or "") or "127.0.0.1", parts.port


def _database(text: str) -> int:
    text = text.strip("/")
    if not text:
        return 0
    if text.isascii() and text.isdigit():
        return int(text)
    raise BadUrl(
        f"`{text}` is not the number of a database: redis-py would take 0 in silence, and Celery refuses to start",
        "end the URL in a number, such as /0",
        ServiceState.DATABASE,
    )


def _sentinel(url: str) -> tuple[str, int]:
    _, host, port = _split(url.partition("://")[2] or url)
    return host, port or _SENTINEL_PORT


def _master(rest: list[str]) -> str | None:
    """The master's name where the last URL of the list carries the query, as one query of a joined list does."""
    for each in rest:
        parts, _, _ = _split(each.partition("://")[2])
        name = dict(parse_qsl(parts.query)).get("master_name")
        if name:
            return name
    return None


def _tls(query: Mapping[str, str]) -> Tls:
    given = query.get("ssl_cert_reqs", "required")
    wanted = given.lower().removeprefix("cert_")
    if wanted not in {"none", "optional", "required"}:
        raise BadUrl(
            f"`{given}` is no value of ssl_cert_reqs",
            "write ssl_cert_reqs=required (redis-py) or CERT_REQUIRED (Celery)",
            ServiceState.TLS,
        )
    return Tls(
        # For a client `optional` verifies as `required` does.
        verify=wanted != "none",
        check_name=query.get("ssl_check_hostname", "true").lower() not in {"false", "0", "no"},
        ca_file=query.get("ssl_ca_certs"),
        ca_path=query.get("ssl_ca_path"),
        certificate=query.get("ssl_certfile"),
        key=query.get("ssl_keyfile"),
    )
