"""What a service URL says about who should answer there, and whether it is one that a client can use."""

import re
from urllib.parse import urlsplit

from stackaudit.model.manifest import Endpoint, Manifest

REDIS_SCHEMES = frozenset({"redis", "rediss", "redis+socket", "sentinel", "unix", "valkey", "valkeys"})
"""Schemes behind which a server of the Redis protocol is expected; `unix` is redis-py's, `redis+socket` and `sentinel` are Celery's."""

SOCKET_SCHEMES = frozenset({"redis+socket", "unix"})
"""Schemes whose URLs name a Unix socket."""

_WITH_PORT = frozenset({"amqp", "amqps", "pyamqp", *REDIS_SCHEMES})
"""Schemes whose clients read a host and a port; others write what they like there."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+._-]*", re.ASCII)


def scheme_of(endpoint: Endpoint) -> str:
    """The URL's scheme, in lower case; empty where it has none."""
    scheme, separator, _ = endpoint.url.reveal().partition("://")
    return scheme.lower() if separator else ""


def speaks_redis(endpoint: Endpoint) -> bool:
    """Whether a server of the Redis protocol is expected behind `endpoint`."""
    return scheme_of(endpoint) in REDIS_SCHEMES


def redis_endpoints(manifest: Manifest) -> tuple[Endpoint, ...]:
    """The endpoints that the Redis probe asks: what is declared for Redis in any case, the broker where it is Redis."""
    return tuple(each for each in manifest.endpoints if each.role == "redis" or speaks_redis(each))


def wrong_with(url: str, role: str) -> tuple[str, str] | None:
    """What is wrong with the `url` of a service and how to write it, or None where a client can read it; nothing of the URL is quoted.

    `role` is an endpoint's: the URL of a `redis` has a scheme of Redis, a `broker` any.
    """
    example = "redis://HOST:6379/0"
    if not url.strip():
        return "it is empty", f"write it as {example}"
    if any(letter.isspace() or not letter.isprintable() for letter in url):
        return "it has a blank or a line break in it", "take that out, or percent-encode it: a blank is %20"
    scheme, separator, _ = url.partition("://")
    if not separator or not _SCHEME.fullmatch(scheme):
        return "it does not begin with a scheme such as redis:// or amqp://", f"write it as {example}"
    scheme = scheme.lower()
    if role == "redis" and scheme not in REDIS_SCHEMES:
        return "its scheme is not one of Redis", f"write it as {example}, rediss://… for TLS, unix:///PATH for a socket"
    # Of a list of servers those after the first may do without the scheme.
    parts = (each.rpartition("://")[2] for each in url.split(";"))
    return next((wrong for wrong in (_wrong_behind(scheme, rest) for rest in parts) if wrong is not None), None)


_ENCODE = "percent-encode what its user and password hold of / ? # @ : ; [ ] (a / is %2F, a # is %23, an @ is %40)"


def _wrong_behind(scheme: str, rest: str) -> tuple[str, str] | None:
    """The same for what stands behind the scheme of one URL."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "#" in rest:
        return "a `#` ends it for every client, and what follows is lost", _ENCODE
    if "@" in rest and authority and "@" not in authority:
        return "a `/` or `?` stands before its `@`, and ends the user and password there", _ENCODE
    if scheme in SOCKET_SCHEMES and not rest.partition("?")[0].rpartition("@")[2].strip("/"):
        return "it names no path of a socket", f"write it as {scheme}:///PATH"
    if scheme not in _WITH_PORT:
        return None
    try:
        port = urlsplit(f"//{rest}").port
    except ValueError:
        port = 0
    return ("its host and port can't be read: a port is a number from 1 to 65535", _ENCODE) if port == 0 else None
