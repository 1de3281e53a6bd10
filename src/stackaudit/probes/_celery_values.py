"""Reads single values as Celery writes them into its answers; what is of another shape is None."""

import re

from stackaudit.model.wire import Json

_LARGEST = 1e9
"""Numbers above it are no seconds, sizes or counts of anybody's; thirty years are not as long."""

_LONGEST = 255
"""Characters of a name or a word that are kept: whoever may write to the broker may answer a megabyte of it."""

_TIMEDELTA = re.compile(
    r"(?:(?P<days>-?\d{1,9}) days?, )?(?P<hours>\d{1,9}):(?P<minutes>\d\d):(?P<seconds>\d\d)(?:\.\d+)?", re.ASCII
)


def flag(value: Json) -> bool | None:
    """A boolean."""
    return value if isinstance(value, bool) else None


def short(text: str) -> str:
    """The beginning of a name or a word, on one line, which is all of an honest one: a line break would forge lines of the report."""
    return "".join(each if each.isprintable() else " " for each in text[:_LONGEST])


def whole(value: Json) -> int | None:
    """A whole number."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST else None


def number(value: Json) -> float | None:
    """A number, or a text that is one."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        return None
    return value


def limit(value: Json) -> float | None:
    """A limit in seconds; zero is none."""
    return number(value) or None


def seconds(value: Json) -> float | None:
    """A duration, which may be a number of seconds or a written timedelta."""
    found = _TIMEDELTA.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return number(value)
    parts = {name: int(part) for name, part in found.groupdict(default="0").items()}
    return number(((parts["days"] * 24 + parts["hours"]) * 60 + parts["minutes"]) * 60 + parts["seconds"])


def tls(ssl: Json) -> str:
    """How a Redis connection of kombu's is secured that is set to `ssl`: `off`, `ignored`, `verified` or `unverified`.

    True is no set of options: kombu can't apply it to Redis, says nothing, and speaks plain text (kombu/transport/redis.py, `_connparams`).
    """
    if isinstance(ssl, dict) and ssl:
        wanted = str(ssl.get("ssl_cert_reqs", "required")).lower()
        return "unverified" if wanted == "0" or wanted.endswith("none") or "cert_none" in wanted else "verified"
    return "ignored" if ssl is True else "off"
