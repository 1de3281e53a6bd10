"""Asks Celery workers through Celery itself, for the brokers whose mailboxes are not ours to speak to."""

import re
from collections.abc import Sequence
from functools import partial

from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.services import ServiceState
from stackaudit.model.secret import strip_secrets
from stackaudit.model.wire import Json
from stackaudit.probes._pidbox import BASIC, Census, Hearing, Question, content
from stackaudit.probes._pidbox_words import Command
from stackaudit.probes._redis_session import NotSeen, Seen

_CONNECTING = 5.0
"""Seconds for the connection and the login; kombu has no limit of its own for them."""

_SILENCE = 1.5
"""Seconds without a reply after which nobody else is waited for. Such a broker does not tell who is listening."""


def census(url: str, deadline: Deadline, hearing: Hearing = content, commands: Sequence[Command] = BASIC) -> Census:
    """Who answers `commands` over the broker at `url`, the first of which is a ping; `hearing` is told each answer as it comes.

    Its steps are bounded one by one; that a broker which drips does not bound them is what the process around this is killed for.

    Raises:
        Seen: the broker was met, and would not.
        NotSeen: no broker was met.
    """
    try:
        return _asked(url, deadline, hearing, commands)
    except Exception as error:  # noqa: BLE001 - each transport raises its own library's; the cause is found in the chain
        raise _told(error, url) from None


def _asked(url: str, deadline: Deadline, hearing: Hearing, commands: Sequence[Command]) -> Census:
    from celery import Celery
    from kombu.exceptions import ContentDisallowed

    found = Census(known=())
    more: list[Question] = []

    def hear(method: str, reply: dict[str, Json]) -> None:
        for node, answer in reply.items():
            more.extend(hearing(node, method, answer))

    app = Celery("stackaudit", broker=url, set_as_current=False)
    app.conf.update(broker_connection_timeout=min(_CONNECTING, deadline.remaining()), broker_heartbeat=0)
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=_CONNECTING)
        for command in commands:
            method = command.method
            # The first question finds out who is there; only they are waited for with the others.
            limit = len(found.answers) if found.answers else None
            try:
                replies = app.control.broadcast(
                    method,
                    arguments=dict(command.arguments),
                    reply=True,
                    timeout=_SILENCE,
                    limit=limit,
                    connection=connection,
                    callback=partial(hear, method),
                )
            except ContentDisallowed:
                found.undecodable["not JSON"] += 1
                break
            for reply in replies or ():
                for node, answer in reply.items():
                    found.answers.setdefault(node, {})[method] = answer
                    found.copies[node] += method == "ping"
            if not found.answers:
                break
        while more:
            one = more.pop(0)
            app.control.broadcast(
                one.method,
                reply=True,
                destination=[one.node],
                timeout=_SILENCE,
                limit=1,
                connection=connection,
                callback=partial(hear, one.method),
            )
    found.heard = found.copies.total() + found.undecodable.total()
    return found


def _told(error: BaseException, url: str) -> Seen | NotSeen:
    """The cause at the bottom of the chain, in our words."""
    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in chain:
        chain.append(at)
        at = at.__cause__ or at.__context__
    scheme, _, rest = strip_secrets(url.partition(";")[0]).partition("://")
    host = re.split("[/?]", rest, maxsplit=1)[0] or "localhost"
    for each in chain:
        match each:
            case ConnectionRefusedError():
                return Seen(ServiceState.REFUSED, f"nothing listens on {host}")
            case ConnectionResetError() | BrokenPipeError():
                return Seen(ServiceState.CLOSED, f"{host} hangs up without an answer")
            case _ if type(each).__name__ in {"AccessRefused", "NotAllowed"}:
                return Seen(
                    ServiceState.DENIED, f"{host} rejects the user, the password or the virtual host of the URL"
                )
            case _ if type(each).__name__ == "gaierror":
                return NotSeen(
                    f"there is no host called `{host.partition(':')[0]}`", "mend the host name, or the name service"
                )
            case TimeoutError():
                return NotSeen(f"{host} gave no answer in time", "look at the network between here and there")
            case KeyError() if "No such transport" in str(each):
                return Seen(ServiceState.PROTOCOL, f"Celery knows no broker of the scheme {scheme}://")
            case KeyError() | ImportError():
                return NotSeen(
                    f"the transport `{scheme}` can't be used from here",
                    "install what kombu needs for it beside stackaudit",
                )
            case _:
                continue
    return NotSeen(f"the broker at {host} could not be asked", f"look at it with: celery -b {scheme}://… inspect ping")
