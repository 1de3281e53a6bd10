"""The connections of one HTTP client: which way leads to each server, and what the environment says of it."""

import contextlib
import netrc
import os
import threading
from base64 import b64encode
from dataclasses import replace
from ipaddress import ip_address, ip_network
from itertools import islice
from urllib.parse import unquote, urljoin, urlsplit

from stackaudit import __version__
from stackaudit.model.addresses import is_loopback
from stackaudit.outside._authorities import Authorities
from stackaudit.outside._direct import Direct
from stackaudit.outside._exchange import Question, Reply, Server, Unanswered, kind_of
from stackaudit.outside.ways import Kind, Way

_ELSEWHERE = frozenset({301, 302, 303, 307, 308})
_PIECES = 4
"""Of the answer that tells of another place: it is seldom longer, and read to its end it leaves its connection open."""


class Connections:
    """Servers that threads share. What the environment says of proxies, logins (netrc) and authorities is read once for each."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._authorities = Authorities(way.certificates)
        self._servers: dict[tuple[str, str], tuple[Server, str | None]] = {}
        self._lock = threading.Lock()

    def ask(self, question: Question) -> Reply:
        """The answer to `question`, without its login in the address; a place that a GET is sent on to is asked in its turn.

        Raises:
            Exception: there is no answer, or the certificate authorities can't be read; `kind_of` says what it means.
        """
        url, login = question.url, None
        for _ in range(self._way.redirects + 1):
            server, own = self._to(url)
            login = login or own
            headers = {"accept-encoding": "gzip", "user-agent": f"stackaudit/{__version__}", **question.headers}
            if login is not None:
                headers["authorization"] = login
            reply = self._answer(server, replace(question, url=_without_login(url), headers=headers))
            place = reply.header("Location") if reply.status in _ELSEWHERE else ""
            if not place or self._way.redirects == 0 or question.body is not None:
                return reply
            for _ in islice(iter(reply.read, b""), _PIECES):
                pass
            reply.close()
            there = urljoin(url, place)
            if urlsplit(url).scheme == "https" and urlsplit(there).scheme == "http":
                raise Unanswered(Kind.DOWNGRADE)
            # A login is for the server that it was given for.
            login = login if _origin(there) == _origin(url) else None
            url = there
        raise Unanswered(Kind.CIRCLE)

    def _answer(self, server: Server, question: Question) -> Reply:
        """What `server` answers; trusted by the first authorities that were read, else by all."""
        were_all = self._authorities.are_all
        try:
            return server.ask(question)
        except Exception as error:
            if were_all or kind_of(error) is not Kind.UNTRUSTED:
                raise
        self._authorities.add_all()
        return server.ask(question)

    def _to(self, url: str) -> tuple[Server, str | None]:
        """The server of `url`, and the header that logs in there."""
        parts = urlsplit(url)
        with self._lock:
            place = (parts.scheme, parts.netloc)
            if place not in self._servers:
                self._servers[place] = self._server(url, _proxy(url, self._way)), _basic(_login(url))
            return self._servers[place]

    def _server(self, url: str, proxy: str | None) -> Server:
        secured = any(each is not None and each.lower().startswith("https:") for each in (url, proxy))
        context = self._authorities.context() if secured else None
        if proxy is None:
            return Direct(url, context)
        from stackaudit.outside._proxied import Proxied

        return Proxied(_without_login(proxy), _basic(_credentials(proxy)), context, self._way.at_once)

    def close(self) -> None:
        """Close the connections that nobody waits on."""
        # A thread that nobody waits for any more may still add one.
        for server, _ in list(self._servers.values()):
            server.close()


def _proxy(url: str, way: Way) -> str | None:
    """The proxy for `url`: it has no business with this machine's own services, whatever the environment says."""
    if is_loopback(url):
        return None
    if way.proxy is not None:
        return way.proxy.reveal()
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    proxies = getproxies()
    if proxy_bypass(parts.netloc.rpartition("@")[2]) or _is_in(parts.hostname or "", proxies.get("no", "")):
        return None
    found = proxies.get(parts.scheme) or proxies.get("all")
    return f"http://{found}" if found and "://" not in found else found


def _is_in(host: str, networks: str) -> bool:
    """Whether `host` is an address in one of the `networks` of `no_proxy` (`10.0.0.0/8`), which the standard library passes over."""
    for each in networks.split(","):
        with contextlib.suppress(ValueError):
            if ip_address(host) in ip_network(each.strip(), strict=False):
                return True
    return False


def _login(url: str) -> str | None:
    """`user:password` from `url` itself, else from netrc."""
    own = _credentials(url)
    if own is not None:
        return own
    try:
        found = netrc.netrc(os.environ.get("NETRC")).authenticators(urlsplit(url).hostname or "")
    except (OSError, ValueError, netrc.NetrcParseError):
        return None
    return None if found is None else f"{found[0] or found[1] or ''}:{found[2] or ''}"


def _credentials(url: str) -> str | None:
    user, at, _ = urlsplit(url).netloc.rpartition("@")
    name, _, password = user.partition(":")
    return f"{unquote(name)}:{unquote(password)}" if at else None


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _basic(login: str | None) -> str | None:
    """What logs in as `login`, the way of RFC 7617: Latin-1 as ever, and UTF-8 where that has no such letters."""
    if login is None:
        return None
    try:
        written = login.encode("latin-1")
    except UnicodeEncodeError:
        written = login.encode()
    return f"Basic {b64encode(written).decode()}"


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2]
