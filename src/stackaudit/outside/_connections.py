"""The connections of one HTTP client, on `requests`, and what its errors mean."""

import errno
import http.client
import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import requests
import requests.adapters

from stackaudit import __version__
from stackaudit.model.addresses import is_loopback
from stackaudit.outside.http import Kind, Way


class Connections:
    """A session that threads share. What the environment says of proxies, logins (netrc) and authorities is read once.

    Raises:
        OSError: the configured certificate authorities can't be read.
    """

    def __init__(self, way: Way, most: int) -> None:
        self._way = way
        self._proxies: dict[str, dict[str, str]] = {}
        self._logins: dict[str, tuple[str, str] | None] = {}
        self.session = requests.Session()
        self.session.headers["User-Agent"] = f"stackaudit/{__version__}"
        self.session.max_redirects = way.redirects
        # With it, requests reads netrc and looks up the proxies again for every request, and takes REQUESTS_CA_BUNDLE for ours.
        self.session.trust_env = False
        self.session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=most))
        self.session.mount("https://", _Adapter(_context(way.certificates), most))

    def close(self) -> None:
        """Close the connections that nobody waits on."""
        self.session.close()

    def proxies(self, url: str) -> dict[str, str]:
        """The proxies for `url`: a proxy has no business with this machine's own services, whatever the environment says."""
        host = urlsplit(url).netloc
        if host not in self._proxies:
            if is_loopback(url):
                self._proxies[host] = {}
            elif self._way.proxy is not None:
                self._proxies[host] = dict.fromkeys(("http", "https"), self._way.proxy.reveal())
            else:
                self._proxies[host] = requests.utils.get_environ_proxies(url)
        return self._proxies[host]

    def login(self, url: str) -> tuple[str, str] | None:
        """The user and the password that netrc holds for the host of `url`; None where the URL brings its own, or there is none."""
        host = urlsplit(url).netloc
        if "@" in host:
            return None
        if host not in self._logins:
            self._logins[host] = requests.utils.get_netrc_auth(url)
        return self._logins[host]

    def kind_of(self, error: BaseException) -> Kind:
        """What `error`, which a request raised, means."""
        chain = list(_causes(error))
        for sign, kind in _SIGNS:
            if any(isinstance(each, sign) for each in chain):
                return kind
        if any(isinstance(each, OSError) and each.errno in _NO_WAY for each in chain):
            return Kind.NO_WAY
        if any(isinstance(each, _BROKEN) for each in chain):
            return Kind.BROKEN
        return Kind.ADDRESS if isinstance(error, ValueError) else Kind.OTHER


class _Adapter(requests.adapters.HTTPAdapter):
    """Verifies with one context for all connections: read for each of them, the authorities cost more than the connection."""

    def __init__(self, context: ssl.SSLContext, most: int) -> None:
        self._context = context
        super().__init__(pool_maxsize=most)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: object) -> None:  # noqa: FBT001, FBT002 - the signature is requests'
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._context, **options)

    def proxy_manager_for(self, proxy: str, **options: object) -> object:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **options)

    def cert_verify(self, conn: object, url: str, verify: object, cert: object) -> None:
        """Nothing: the context requires a certificate and knows the authorities; here they would be read anew."""


def _context(certificates: str | None) -> ssl.SSLContext:
    """The authorities of `certificates`, else those that the environment names, else the system's and those that requests brings along."""
    named = certificates or os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if not named:
        context = ssl.create_default_context()
        context.load_verify_locations(requests.utils.DEFAULT_CA_BUNDLE_PATH)
    elif Path(named).is_dir():
        context = ssl.create_default_context(capath=named)
    else:
        context = ssl.create_default_context(cafile=named)
    return context


_SIGNS: tuple[tuple[type[BaseException], Kind], ...] = (
    (requests.exceptions.ProxyError, Kind.PROXY),
    (requests.exceptions.TooManyRedirects, Kind.CIRCLE),
    (requests.exceptions.ConnectTimeout, Kind.NO_CONNECTION),
    (requests.exceptions.Timeout, Kind.LATE),
    (ssl.SSLCertVerificationError, Kind.UNTRUSTED),
    (ssl.SSLError, Kind.NOT_TLS),
    (socket.gaierror, Kind.NO_NAME),
    (ConnectionRefusedError, Kind.REFUSED),
    (TimeoutError, Kind.LATE),
)
_BROKEN = (
    http.client.HTTPException,
    ConnectionError,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
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
