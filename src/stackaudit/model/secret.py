"""Strings that may hold passwords, and the one way to show them."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_SENSITIVE = re.compile(r"pass|secret|token|key|credential|auth|signature", re.IGNORECASE)
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<rest>(?:(?!;[A-Za-z][A-Za-z0-9+.-]*://)[^\s\"'<>])+)")
# A list of servers is a list of URLs, each with a user part of its own: sentinel://:a@one;sentinel://:b@two
_QUERY = re.compile(
    r"(?P<name>[?&][^=&#\s]*(?:pass|secret|token|key|credential|auth|signature)[^=&#\s]*=)[^&#\s\"'<>]+", re.IGNORECASE
)


def redact(text: str) -> str:
    """`text` with the user, the password and the secret query values of every URL in it replaced by `***`.

    The whole user part goes, since tokens are often written as user names.
    """
    shown = _URL.sub(lambda url: url["scheme"] + "***@".join(_around_user(url["rest"])), text)
    return _QUERY.sub(r"\g<name>***", shown)


def _around_user(rest: str) -> tuple[str, ...]:
    """What stands before and after the user part of a URL's `rest` (nothing and the host), or all of it where there is none.

    A password may hold `/`, `?` or `#` unescaped, which end the authority for a strict parser. In doubt it is a password: what has a colon
    before the first of these and an `@` after it is cut at the last `@`, though a port and a path with an `@` look the same.
    """
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        return "", rest[authority.rindex("@") + 1 :]
    if ":" in authority and "@" in rest and not authority.startswith("["):
        return "", rest[rest.rindex("@") + 1 :]
    return (rest,)


class Secret:
    """A URL as it was given. Printing, `repr` and the record show it redacted; only `reveal()` shows it whole."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text as given: for a connection, or for a child's standard input; never for an output."""
        return self._text

    def __str__(self) -> str:
        return redact(self._text)

    def __repr__(self) -> str:
        return f"Secret({redact(self._text)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


def strip_secrets(url: str) -> str:
    """`url` without its user part and without secret query values: for comparing, and for naming a subject."""
    bare = _URL.sub(lambda found: found["scheme"] + _around_user(found["rest"])[-1], url)
    try:
        parts = urlsplit(bare)
    except ValueError:
        return redact(url)
    kept = [
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _SENSITIVE.search(name)
    ]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(kept), ""))
