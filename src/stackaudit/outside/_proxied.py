"""Asks HTTP servers through a proxy, on urllib3, which can also reach one by TLS inside of TLS."""

import http.client
import ssl
from collections.abc import Iterator

import urllib3
from urllib3 import exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection

from stackaudit.outside._exchange import Question, Unanswered, unpacked
from stackaudit.outside._final import FinalResponse
from stackaudit.outside.ways import Kind

_PIECE = 65536


class _Connection(HTTPConnection):
    response_class = FinalResponse


class _SecuredConnection(HTTPSConnection):
    response_class = FinalResponse


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecuredPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecuredConnection


class Proxied:
    """Whatever is behind the proxy `url`, which is logged into by the header `login`; up to `most` connections are kept."""

    def __init__(self, url: str, login: str | None, context: ssl.SSLContext | None, most: int) -> None:
        """Find the proxy in `url`.

        Raises:
            Unanswered: it is none of a kind that can be used.
        """
        headers = {"proxy-authorization": login} if login else None
        try:
            self._pools = urllib3.ProxyManager(url, maxsize=most, ssl_context=context, proxy_headers=headers)
            self._pools.pool_classes_by_scheme = {"http": _Pool, "https": _SecuredPool}
        except (exceptions.HTTPError, ValueError) as error:
            raise Unanswered(Kind.PROXY) from error

    def ask(self, question: Question) -> "ProxiedReply":
        """The beginning of the answer; the same exceptions as any `Server`."""
        try:
            response = self._pools.request(
                question.method,
                question.url,
                body=question.body,
                headers=question.headers,
                timeout=urllib3.Timeout(connect=question.connecting, read=question.silence),
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
            )
        except exceptions.HTTPError as error:
            raise Unanswered(_meaning(error)) from error
        try:
            return ProxiedReply(response)
        except BaseException:
            response.close()
            raise

    def close(self) -> None:
        """Close the connections that nobody waits on."""
        self._pools.clear()


class ProxiedReply:
    """An answer whose body is still to be read."""

    def __init__(self, response: urllib3.BaseHTTPResponse) -> None:
        self._response = response
        self._body = unpacked(response, self.header("Content-Encoding"))

    @property
    def status(self) -> int:
        """Its HTTP status."""
        return self._response.status

    def header(self, name: str) -> str:
        """The value of a header, empty where there is none."""
        return self._response.headers.get(name, "")

    def read(self) -> bytes:
        """The next piece of the body, unpacked; empty at its end. The same exceptions as any `Reply`."""
        try:
            return self._body.read(_PIECE)
        except exceptions.HTTPError as error:
            raise Unanswered(_meaning(error)) from error

    def close(self) -> None:
        """Be done with it, whatever is unread."""
        self._response.close()


# In this order: what is more telling first, since each is wrapped in others, and some are kinds of others.
_SIGNS: tuple[tuple[type[BaseException], Kind], ...] = (
    (exceptions.ProxyError, Kind.PROXY),
    (exceptions.ProxySchemeUnknown, Kind.PROXY),
    (ssl.SSLCertVerificationError, Kind.UNTRUSTED),
    (ssl.SSLError, Kind.NOT_TLS),
    (exceptions.ReadTimeoutError, Kind.LATE),
    (exceptions.ConnectTimeoutError, Kind.NO_CONNECTION),
    (TimeoutError, Kind.LATE),
    (exceptions.DecodeError, Kind.BROKEN),
    (http.client.RemoteDisconnected, Kind.BROKEN),
    (http.client.IncompleteRead, Kind.BROKEN),
    (http.client.HTTPException, Kind.GARBLED),
    (exceptions.ProtocolError, Kind.BROKEN),
    (ConnectionError, Kind.BROKEN),
    (ValueError, Kind.ADDRESS),
)


def _meaning(error: exceptions.HTTPError) -> Kind:
    chain = list(_causes(error))
    return next((kind for sign, kind in _SIGNS if any(isinstance(each, sign) for each in chain)), Kind.OTHER)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and all that it wraps, however the library wrapped it."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
