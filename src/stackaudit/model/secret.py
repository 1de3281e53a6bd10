"""Strings that may hold passwords, and the one way to show them."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode

_WORDS = "pass|secret|token|key|credential|auth|signature"
_SENSITIVE = re.compile(_WORDS, re.IGNORECASE)
# Bounded: of a long word without a URL each letter would be tried as the beginning of one, to the word's end.
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]{0,60}://"
_URL = re.compile(rf"(?P<scheme>{_SCHEME})(?P<rest>(?:(?!;{_SCHEME})[^\s\"'<>])+)")
# A list of servers is a list of URLs, each with a user part of its own: sentinel://:a@one;sentinel://:b@two
_LIST = re.compile(rf";(?={_SCHEME})")
_QUERY = re.compile(rf"(?P<name>[?&][^=&#\s]*(?:{_WORDS})[^=&#\s]*=)[^&#\s\"'<>]+", re.IGNORECASE)


def is_sensitive(name: str) -> bool:
    """Whether what is called `name` may be a secret by its name."""
    return _SENSITIVE.search(name) is not None


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
    if "@" in rest and (":" in authority or "@" in rest.partition("#")[2]) and not authority.startswith("["):
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
        # In free text a blank or a quote ends a URL; here all of the text is one, with or without its scheme.
        return ";".join(
            scheme + _QUERY_VALUE.sub(r"\g<name>***", f"***@{bare}" if user else bare)
            for scheme, user, bare in _urls(self._text)
        )

    def __repr__(self) -> str:
        return f"Secret({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


_QUERY_VALUE = re.compile(rf"(?P<name>[?&][^=&#]*(?:{_WORDS})[^=&#]*=)[^&#]+", re.IGNORECASE)


def strip_secrets(url: str) -> str:
    """`url` without its user part and without secret query values: for comparing, and for naming a subject."""
    return ";".join(_stripped(scheme, bare) for scheme, _, bare in _urls(url))


def _stripped(scheme: str, bare: str) -> str:
    address, _, query = bare.partition("#")[0].partition("?")
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if not _SENSITIVE.search(name)]
    return f"{scheme}{address}?{urlencode(kept, safe='/:,')}" if kept else scheme + address


def _urls(text: str) -> Iterator[tuple[str, bool, str]]:
    """Each URL of a list: its scheme with `://`, whether a user part stands behind it, and what follows that."""
    for part in _LIST.split(text):
        scheme, separator, rest = part.partition("://")
        if separator and "@" not in scheme:
            *user, bare = _around_user(rest)
            yield scheme.lower() + separator, bool(user), bare
        else:
            # Nobody knows how this is meant: what stands before an @ is taken for a user.
            _, user_sign, bare = part.rpartition("@")
            yield "", bool(user_sign), bare
