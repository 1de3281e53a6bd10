"""The connections of one HTTP client, on urllib3, and what its errors mean."""

import errno
import http.client
import netrc
import os
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3 import exceptions

from stackaudit import __version__
from stackaudit.model.addresses import is_loopback
from stackaudit.outside.ways import Kind, Way


class Connections:
    """Pools of connections that threads share. What the environment says of proxies, logins (netrc) and authorities is read once."""

    def __init__(self, way: Way, most: int) -> None:
        self._way = way
        self._most = most
        self._context: ssl.SSLContext | None = None
        self._retries = urllib3.Retry(total=None, connect=0, read=0, redirect=way.redirects, status=0, other=0)
        self._hosts: dict[tuple[str, str], tuple[urllib3.PoolManager, Mapping[str, str]]] = {}
        self._lock = threading.Lock()

    def request(
        self, url: str, body: bytes | None, headers: Mapping[str, str], timeout: urllib3.Timeout
    ) -> urllib3.BaseHTTPResponse:
        """Ask, with a POST where there is a `body`; the answer's body is not read yet.

        Raises:
            Exception: there is no answer, or the certificate authorities can't be read; `kind_of` says what it means.
        """
        pools, own = self._to(url)
        return pools.request(
            "GET" if body is None else "POST",
            _without_login(url),
            body=body,
            headers={**own, **headers},
            timeout=timeout,
            redirect=self._way.redirects > 0,
            retries=self._retries,
            preload_content=False,
        )

    def _to(self, url: str) -> tuple[urllib3.PoolManager, Mapping[str, str]]:
        """The pools through which the host of `url` is reached, and the headers that it wants of us."""
        place = urlsplit(url)[:2]
        with self._lock:
            if place not in self._hosts:
                agent = f"stackaudit/{__version__}"
                headers = urllib3.make_headers(accept_encoding=True, user_agent=agent, basic_auth=_login(url))
                self._hosts[place] = self._pools(url, _proxy(url, self._way)), headers
            return self._hosts[place]

    def _pools(self, url: str, proxy: str | None) -> urllib3.PoolManager:
        plain = all(each.startswith("http:") for each in (url, proxy or "http:"))
        # Where nothing is asked by TLS they are not read: that takes longer than a connection, and so they are read once for all.
        if self._context is None and not (plain and self._way.redirects == 0):
            self._context = _trusted(self._way.certificates)
        if proxy is None:
            return urllib3.PoolManager(maxsize=self._most, ssl_context=self._context)
        login = _credentials(proxy)
        return urllib3.ProxyManager(
            _without_login(proxy),
            maxsize=self._most,
            ssl_context=self._context,
            proxy_headers=urllib3.make_headers(proxy_basic_auth=login) if login else None,
        )

    def close(self) -> None:
        """Close the connections that nobody waits on."""
        for pools, _ in self._hosts.values():
            pools.clear()


def _proxy(url: str, way: Way) -> str | None:
    """The proxy for `url`: it has no business with this machine's own services, whatever the environment says."""
    if is_loopback(url):
        return None
    if way.proxy is not None:
        return way.proxy.reveal()
    parts = urlsplit(url)
    if proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    proxies = getproxies()
    found = proxies.get(parts.scheme) or proxies.get("all")
    return f"http://{found}" if found and "://" not in found else found


def _login(url: str) -> str | None:
    """`user:password` from `url` itself, else from netrc."""
    own = _credentials(url)
    if own is not None:
        return own
    try:
        found = netrc.netrc(os.environ.get("NETRC")).authenticators(urlsplit(url).hostname or "")
    except (OSError, netrc.NetrcParseError):
        return None
    return None if found is None else f"{found[0] or found[1] or ''}:{found[2] or ''}"


def _credentials(url: str) -> str | None:
    user, at, _ = urlsplit(url).netloc.rpartition("@")
    name, _, password = user.partition(":")
    return f"{unquote(name)}:{unquote(password)}" if at else None


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


class _AuthoritiesError(OSError):
    """The configured certificate authorities can't be read."""


def _trusted(certificates: str | None) -> ssl.SSLContext:
    try:
        return _context(certificates)
    except OSError as error:
        raise _AuthoritiesError from error


def _context(certificates: str | None) -> ssl.SSLContext:
    """The authorities of `certificates`, else those that the environment names, else the system's and those of certifi, where it is."""
    named = certificates or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if named and Path(named).is_dir():
        return ssl.create_default_context(capath=named)
    if named:
        return ssl.create_default_context(cafile=named)
    context = ssl.create_default_context()
    try:
        import certifi
    except ImportError:
        return context
    context.load_verify_locations(certifi.where())
    return context


def kind_of(error: BaseException) -> Kind:
    """What `error`, which a request or the reading of its answer raised, means."""
    chain = list(_causes(error))
    kind = next((kind for sign, kind in _SIGNS if any(isinstance(each, sign) for each in chain)), Kind.OTHER)
    nowhere = any(isinstance(each, OSError) and each.errno in _NO_WAY for each in chain)
    return Kind.NO_WAY if nowhere and kind is Kind.NO_CONNECTION else kind


# In this order: what is more telling first, since each is wrapped in others, and some are kinds of others.
_SIGNS: tuple[tuple[type[BaseException], Kind], ...] = (
    (_AuthoritiesError, Kind.NO_AUTHORITIES),
    (exceptions.ProxyError, Kind.PROXY),
    (exceptions.ProxySchemeUnknown, Kind.PROXY),
    (ssl.SSLCertVerificationError, Kind.UNTRUSTED),
    (ssl.SSLError, Kind.NOT_TLS),
    (socket.gaierror, Kind.NO_NAME),
    (ConnectionRefusedError, Kind.REFUSED),
    (exceptions.ReadTimeoutError, Kind.LATE),
    (exceptions.ConnectTimeoutError, Kind.NO_CONNECTION),
    (TimeoutError, Kind.LATE),
    (exceptions.ResponseError, Kind.CIRCLE),
    (exceptions.DecodeError, Kind.BROKEN),
    (exceptions.ProtocolError, Kind.BROKEN),
    (http.client.HTTPException, Kind.BROKEN),
    (ConnectionError, Kind.BROKEN),
    (ValueError, Kind.ADDRESS),
)
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
