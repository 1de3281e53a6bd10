"""Tries whether a Redis lets in a visitor who shows neither password nor certificate."""

from collections.abc import Sequence
from dataclasses import replace

from stackaudit.model.facts.services import Door, ServiceState
from stackaudit.model.snapshot import Unseen
from stackaudit.model.values import dataclass
from stackaudit.outside.resp import Connection, ServerError
from stackaudit.probes._redis_session import NotSeen, Patience, Seen, Session, reach, refusal, telling

_A_KEY = "_kombu.binding.celery"
"""The key that a visitor asks about: where Celery keeps which queues there are. Whether it exists does not matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Why something about a server is not known, and what to do; `knowable` is False where nobody could see it from here."""

    cause: str
    remedy: str
    knowable: bool = True

    def unseen(self, subject: str, kinds: Sequence[str]) -> Unseen:
        """That as what blinds all facts of `kinds` about `subject`."""
        return Unseen(
            subject=subject, yields=tuple(kinds), cause=self.cause, remedy=self.remedy, knowable=self.knowable
        )


_NOT_TRIED = Gap(
    cause="whether it lets anybody in without a password was not seen: a second connection got no answer",
    remedy="ask again when the server is less busy",
)


def door(entered: Session, subject: str, patience: Patience) -> Door | Gap:
    """Knock without the login of the URL. No permission is needed for that: who may not come in is told so."""
    address = entered.address
    certified = address.tls is not None and address.tls.certificate is not None
    stranger = replace(
        address,
        user=None,
        password=None,
        tls=None if address.tls is None else replace(address.tls, certificate=None, key=None),
    )
    try:
        if stranger == address:
            with telling(address, patience):
                entered.connection.deadline = patience.next()
                return _knock(entered.connection, subject, local=address.local)
        with reach(stranger, patience) as connection, telling(stranger, patience):
            connection.deadline = patience.next()
            return _knock(connection, subject, local=address.local)
    except Seen as seen:
        # With a certificate it let us in, and without one it hangs up, in whatever way its TLS library does that.
        if certified and seen.state in {ServiceState.TLS, ServiceState.CLOSED}:
            return _shut(subject, local=address.local)
        return _NOT_TRIED
    except NotSeen:
        return _NOT_TRIED


def _knock(connection: Connection, subject: str, *, local: bool) -> Door | Gap:
    ping, key = connection.ask_all([("PING",), ("EXISTS", _A_KEY)])
    seen = refusal(ping)
    if seen is not None:
        return _shut(subject, local=local) if seen.state is ServiceState.DENIED else _NOT_TRIED
    if ping != "PONG" and not (isinstance(ping, ServerError) and ping.kind == "NOPERM"):
        return _NOT_TRIED
    # A cluster or a replica may send elsewhere who may read: only NOPERM says that he may not.
    reads = not (isinstance(key, ServerError) and key.kind == "NOPERM")
    return Door(endpoint=subject, open=True, reads=reads, local=local)


def _shut(subject: str, *, local: bool) -> Door:
    return Door(endpoint=subject, open=False, reads=False, local=local)
