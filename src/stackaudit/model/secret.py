"""Strings that may hold passwords, and the one way to show them."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_SENSITIVE = re.compile(r"pass|secret|token|key|credential|auth|signature", re.IGNORECASE)
_USERINFO = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^/?#\s\"'<>]*@")
_QUERY = re.compile(
    r"(?P<name>[?&][^=&#\s]*(?:pass|secret|token|key|credential|auth|signature)[^=&#\s]*=)[^&#\s\"'<>]+", re.IGNORECASE
)


def redact(text: str) -> str:
    """`text` with the user, the password and the secret query values of every URL in it replaced by `***`.

    The whole user part goes, since tokens are often written as user names.
    """
    return _QUERY.sub(r"\g<name>***", _USERINFO.sub(r"\g<scheme>***@", text))


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
    """`url` without its user part and without secret query values: for comparing, and for naming a subject.

    A password may hold a `/`, `?` or `#`, which ends the authority for a strict parser: what stands before the last `@`
    of anything that looks like a user part goes first.
    """
    parts = urlsplit(_USERINFO.sub(r"\g<scheme>", url))
    kept = [
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _SENSITIVE.search(name)
    ]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(kept), ""))
