"""The way to an HTTP service, and what can go wrong on it."""

from enum import StrEnum

from stackaudit.model.secret import Secret
from stackaudit.model.values import dataclass

MOST_AT_ONCE = 16
"""Requests in flight at any moment, and connections kept open, where nothing else is said."""


class Kind(StrEnum):
    """Why no complete answer came, in our words: each goes after the service's name."""

    LATE = "no answer came in time"
    NO_NAME = "its name does not resolve"
    REFUSED = "it refused the connection"
    NO_WAY = "there is no way to it from this network"
    NO_CONNECTION = "no connection came about in time"
    PROXY = "the proxy did not let the question through"
    UNTRUSTED = "its TLS certificate is not trusted here"
    NOT_TLS = "it does not speak TLS as asked"
    NO_AUTHORITIES = "the configured file of certificate authorities can't be read"
    BROKEN = "the connection broke off"
    GARBLED = "what it sends is not HTTP as it was asked for"
    CIRCLE = "it redirects too often"
    DOWNGRADE = "it redirects from https to http, which anybody on the way can change"
    BUSY = "it is busy, and asks to be left alone for longer than there is time here"
    TOO_LONG = "its answer is too long to be one"
    ADDRESS = "its address is not one that can be asked"
    OTHER = "it could not be asked"

    @property
    def is_lasting(self) -> bool:
        """Whether the next request would fare no better: it is the way to the service that is closed, not this one answer."""
        return self not in {Kind.BROKEN, Kind.GARBLED, Kind.CIRCLE, Kind.DOWNGRADE, Kind.TOO_LONG, Kind.OTHER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How services are reached, and how many redirects are followed and requests are in flight at most.

    Where the authorities (a file or a folder) or the proxy (a URL) are None, the environment says (`REQUESTS_CA_BUNDLE`, `HTTPS_PROXY` and
    the like).
    """

    certificates: str | None = None
    proxy: Secret | None = None
    redirects: int = 0
    at_once: int = MOST_AT_ONCE
