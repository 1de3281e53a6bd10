"""Which server and database a broker URL names, whoever logs in there."""

from urllib.parse import urlsplit

from stackaudit.model.secret import strip_secrets

_REDIS_PORT = 6379
_PORTS = {
    "redis": _REDIS_PORT,
    "rediss": _REDIS_PORT,
    "valkey": _REDIS_PORT,
    "amqp": 5672,
    "amqps": 5671,
    "pyamqp": 5672,
}


def server_of(url: str) -> str:
    """The server and database of `url` in one spelling, without login and query: `redis://broker:6379/0`."""
    bare = strip_secrets(url.strip())
    try:
        parts = urlsplit(bare)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return bare
    path = parts.path.strip("/") or ("0" if _PORTS.get(parts.scheme) == _REDIS_PORT else "")
    return f"{parts.scheme}://{parts.hostname or 'localhost'}{f':{port}' if port else ''}/{path}"


def same_broker(one: str, other: str) -> bool:
    """Whether two broker URLs name the same server and database, whoever logs in there."""
    return server_of(one) == server_of(other)
