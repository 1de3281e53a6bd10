"""How kombu's control mailboxes are named in Redis, and how a question to them and an answer from them are written."""

import base64
import json
import re
import uuid
from collections.abc import Mapping, Sequence

from stackaudit.model.values import dataclass
from stackaudit.model.wire import Json

SEPARATOR = "\x06\x16"
"""What stands between the three parts of a binding, and between a queue's name and its priority."""

_BEFORE_QUEUE = re.compile(r"(\W{1,20})\1(?=\w)")
"""What a binding of a mailbox begins with: its first two parts are empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """The settings of the workers that name their mailboxes.

    Celery's `control_exchange`, and the transport's `global_keyprefix`, `fanout_prefix` and `sep` (`separator`).
    """

    exchange: str = "celery"
    prefix: str = ""
    fanout: bool = True
    separator: str = SEPARATOR

    @property
    def suffix(self) -> str:
        """What the name of each node's mailbox ends in."""
        return f".{self.exchange}.pidbox"

    @property
    def mailboxes(self) -> str:
        """The key of the set of all mailboxes."""
        return f"{self.prefix}_kombu.binding.{self.exchange}.pidbox"

    def topics(self, database: int, *, sentinel: bool) -> tuple[str, ...]:
        """The PUB/SUB topics of the mailboxes. Behind Sentinel kombu before 5.4 never filled in the number."""
        if not self.fanout:
            return (f"{self.prefix}{self.exchange}.pidbox",)
        own = f"{self.prefix}/{database}{self.suffix}"
        return (own, f"{self.prefix}/{{db}}{self.suffix}") if sentinel else (own,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A control command with its arguments; `destination` are the nodes that are to answer, None for all."""

    method: str
    arguments: tuple[tuple[str, Json], ...] = ()
    destination: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Where the answers go: an exchange, and the routing key of the one who asks."""

    exchange: str
    key: str


def written(command: Command, ticket: str, reply_to: Return, naming: Naming) -> str:
    """The message that asks `command`; `ticket` comes back with each answer."""
    body = {
        "method": command.method,
        "arguments": dict(command.arguments),
        "destination": command.destination,
        "pattern": None,
        "matcher": None,
        "ticket": ticket,
        "reply_to": {"exchange": reply_to.exchange, "routing_key": reply_to.key},
    }
    message = {
        "body": base64.b64encode(json.dumps(body).encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"clock": 1, "expires": 0},
        "properties": {
            "delivery_mode": 1,
            "delivery_info": {"exchange": f"{naming.exchange}.pidbox", "routing_key": ""},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid.uuid4()),
        },
    }
    return json.dumps(message)


def body_of(envelope: Mapping[str, Json]) -> dict[str, Json] | None:
    """What a node said, by node; None where it is not JSON: nothing else is ever decoded."""
    headers = envelope.get("headers")
    compressed = isinstance(headers, dict) and headers.get("compression")
    body, properties = envelope.get("body"), envelope.get("properties")
    if envelope.get("content-type") != "application/json" or compressed or not isinstance(body, str):
        return None
    if isinstance(properties, dict) and properties.get("body_encoding") == "base64":
        try:
            body = base64.b64decode(body, validate=True).decode()
        except ValueError:
            return None
    return parsed(body) or None


def parsed(text: str) -> dict[str, Json]:
    """The JSON object in `text`, empty where it is none."""
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def queue_of(member: str, separator: str) -> str:
    """The queue of a binding, as the members of a binding's set are written."""
    return member.rpartition(separator)[2]


def separator_of(members: Sequence[str]) -> str:
    """What stands between the parts of the bindings of mailboxes: the first two of them are empty. The default where there are none."""
    found = [each for each in map(_BEFORE_QUEUE.match, members) if each is not None]
    separators = sorted({each[1] for each in found})
    return separators[0] if separators and SEPARATOR not in separators else SEPARATOR
