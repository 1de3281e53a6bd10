"""What a service URL's scheme says about who should answer there."""

from stackaudit.model.manifest import Endpoint, Manifest

REDIS_SCHEMES = frozenset({"redis", "rediss", "redis+socket", "sentinel", "unix", "valkey", "valkeys"})
"""Schemes behind which a server of the Redis protocol is expected; `unix` is redis-py's, `redis+socket` and `sentinel` are Celery's."""


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
