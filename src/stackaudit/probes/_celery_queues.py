"""Looks through a broker's database for what nobody takes: queues, and answers to remote control; reads names, lengths and lives only."""

import re
from collections.abc import Iterable, Iterator, Sequence

from stackaudit.model.deadline import Deadline
from stackaudit.model.values import dataclass
from stackaudit.outside.resp import Connection, Reply, ServerError
from stackaudit.probes._pidbox import Refused
from stackaudit.probes._pidbox_words import Naming, queue_of

MOST_HELD = 1000
"""Tasks that workers may hold for us to ask which: each answer carries all of them."""

_PRIORITIES = range(1, 10)
"""Those that stand behind a queue's name: kombu's own are 3, 6 and 9, and a setting may name any."""

_BATCH = "2000"
_BATCHES = 100
"""How much of a database is looked through: at most so many times so many keys, a millisecond or so each."""

_LIVING = 10
"""Seconds for which a list of answers may lie there: whoever asked may be about to fetch them."""

_MOST = 5000
"""Lists whose lives are looked at."""

_OTHERS = ("celeryev", "reply.")
"""The beginnings of exchanges that carry events and answers, and no tasks."""

_CLIENT = re.compile(r"^(?=.*\bdb=(?P<database>\d+)\b)(?=.*\bcmd=brpop\b)(?=.*\bflags=\w*b)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What lies in a database: queues with their lengths, sorted; lists of answers that never expire; mailboxes of other names.

    `complete` is False where there are more keys than were looked through. `consumers` is how many clients wait for tasks, None where this
    user may not see that.
    """

    queues: tuple[tuple[str, int], ...]
    orphans: int
    mailboxes: tuple[str, ...]
    complete: bool
    consumers: int | None


def survey(connection: Connection, database: int, naming: Naming, deadline: Deadline) -> Survey:
    """Look through the selected `database`; what `naming` names are our own mailboxes.

    Raises:
        Refused: the broker would not let this user look.
        Trouble: the connection broke.
    """
    connection.deadline = deadline
    consumers = _consumers(connection, database)
    bindings, all_bindings = _scanned(connection, f"{naming.prefix}_kombu.binding.*", deadline)
    # With a prefix of their own, the mailboxes of others lie under other names altogether.
    pidboxes, all_pidboxes = _scanned(connection, "*.pidbox", deadline)
    found = set(bindings) | set(pidboxes)
    lists = sorted(each for each in found if ".reply." in each and "_kombu.binding." not in each)
    others = {each for each in found if "_kombu.binding." in each and each.endswith(".pidbox")}
    others -= {each for each in others if "_kombu.binding.reply." in each} | {naming.mailboxes}
    names = _queues(connection, sorted(each for each in bindings if not each.endswith(".pidbox")), naming)
    return Survey(
        queues=tuple(_lengths(connection, names, naming)),
        orphans=_orphans(connection, lists[:_MOST]),
        mailboxes=tuple(sorted(others)),
        complete=all_bindings and all_pidboxes and len(lists) <= _MOST,
        consumers=consumers,
    )


def held(connection: Connection, naming: Naming) -> int | None:
    """How many tasks workers hold that they have not acknowledged; None where this user may not see that."""
    reply = connection.ask("ZCARD", f"{naming.prefix}unacked_index")
    return reply if isinstance(reply, int) else None


def _consumers(connection: Connection, database: int) -> int | None:
    reply = connection.ask("CLIENT", "LIST")
    if not isinstance(reply, str):
        return None
    return sum(1 for each in _CLIENT.finditer(reply) if int(each["database"]) == database)


def _scanned(connection: Connection, pattern: str, deadline: Deadline) -> tuple[list[str], bool]:
    """The keys that match `pattern`, and whether all keys were looked through."""
    found: list[str] = []
    cursor = "0"
    for _ in range(_BATCHES):
        match _granted(connection, [("SCAN", cursor, "MATCH", pattern, "COUNT", _BATCH)])[0]:
            case [str(cursor), [*keys]]:
                found += [each for each in keys if isinstance(each, str)]
            case _:
                return found, False
        if cursor == "0":
            return found, True
        if deadline.remaining() <= 0:
            break
    return found, False


def _queues(connection: Connection, bindings: Sequence[str], naming: Naming) -> list[str]:
    """The queues behind the keys `bindings`, but for those of events and answers."""
    exchanges = [each.removeprefix(f"{naming.prefix}_kombu.binding.") for each in bindings]
    kept = [
        key
        for key, exchange in zip(bindings, exchanges, strict=True)
        if not exchange.startswith(_OTHERS) and not exchange.endswith(".pidbox")
    ]
    # What is no set was not written by kombu's bindings: an error there says nothing of the others.
    replies = connection.ask_all([("SMEMBERS", key) for key in kept])
    _refuse("SMEMBERS", replies)
    members = [each for reply in replies if isinstance(reply, list) for each in reply if isinstance(each, str)]
    return sorted({queue_of(each, naming.separator) for each in members} - {""})


def _lengths(connection: Connection, names: Sequence[str], naming: Naming) -> Iterator[tuple[str, int]]:
    """Each queue with the number of its tasks, over all priorities."""
    steps = ("", *(f"{naming.separator}{priority}" for priority in _PRIORITIES))
    replies = connection.ask_all([("LLEN", f"{naming.prefix}{name}{step}") for name in names for step in steps])
    _refuse("LLEN", replies)
    for index, name in enumerate(names):
        own = replies[index * len(steps) : (index + 1) * len(steps)]
        yield name, sum(each for each in own if isinstance(each, int))


def _orphans(connection: Connection, lists: Sequence[str]) -> int:
    """How many of `lists` never expire and were touched by nobody for a while."""
    lives = connection.ask_all([("TTL", each) for each in lists])
    _refuse("TTL", lives)
    eternal = [key for key, life in zip(lists, lives, strict=True) if life == -1]
    idle = connection.ask_all([("OBJECT", "IDLETIME", each) for each in eternal])
    # Under an LFU policy nobody knows how long a key was idle: then all count.
    return sum(1 for each in idle if not isinstance(each, int) or each >= _LIVING)


def _granted(connection: Connection, commands: Sequence[Sequence[str]]) -> list[Reply]:
    replies = connection.ask_all(commands)
    for command, reply in zip(commands, replies, strict=True):
        if isinstance(reply, ServerError):
            raise Refused(command[0], reply)
    return replies


def _refuse(command: str, replies: Iterable[Reply]) -> None:
    """Raises Refused where this user may not run `command`; another error is about one key alone."""
    for reply in replies:
        if isinstance(reply, ServerError) and reply.kind == "NOPERM":
            raise Refused(command, reply)
