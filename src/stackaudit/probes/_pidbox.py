"""Asks Celery workers over Redis what kombu's mailboxes would ask, with a true deadline and nothing left behind.

The protocol is kombu's own and held by tests against real workers. kombu's client ends only after a silence, has no deadline against a
broker that hangs, and may leave a list behind that never expires.
"""

import contextlib
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from stackaudit.model.deadline import Deadline
from stackaudit.model.wire import Json
from stackaudit.outside.resp import Connection, Reply, ServerError, Trouble
from stackaudit.probes._celery_values import short
from stackaudit.probes._pidbox_words import (
    Command,
    Naming,
    Return,
    body_of,
    parsed,
    queue_of,
    separator_of,
    written,
)

BASIC = (Command(method="ping"), Command(method="report"), Command(method="stats"))
"""What tells who is there and what it runs."""

_NAMING = Naming()
_EXCHANGE = "reply.stackaudit.pidbox"
"""An exchange of our own: its binding may be given a time to live, the one that Celery's own clients share may not."""

_BINDING = f"_kombu.binding.{_EXCHANGE}"
_LIFE = "30"
"""Seconds after which Redis itself forgets our keys, should this process be killed."""

_AGAIN = 0.5
"""Seconds of silence after which everybody is asked once more: a worker that was just subscribing has missed the first."""

_CLEANING = 0.4
"""Seconds for taking away what is ours; less than the probe keeps back of the audit's time, so that what was seen still gets home."""

_SILENCE = 1.5
"""Seconds of silence after which a worker that is subscribed and did not answer is taken to be silent."""

_GHOSTS = 0.3
"""Seconds of silence that are enough where all that are subscribed have answered, and only names of the dead are left."""


class Refused(Exception):  # noqa: N818 - a conclusion, not an error
    """The broker would not do what asking takes: the command, and the error that it gave."""

    def __init__(self, command: str, error: ServerError) -> None:
        super().__init__(command)
        self.command = command
        self.error = error


@dataclass(slots=True)
class Census:
    """Who should answer and who did. `known` are the broker's mailboxes; `answers` what each node said, by method.

    `subscribers` is what the last PUBLISH counted; `heard` how many answers one ping got, the undecoded ones included. `consumers` and
    `mailboxes` are for whoever looks through the broker besides: how many clients wait for tasks, and mailboxes of other names; so is
    `naming`, with the separator that the workers use. `cut` says that the time was up while somebody could still have answered: nobody
    counts as silent then.
    """

    known: tuple[str, ...]
    subscribers: int = 0
    answers: dict[str, dict[str, Json]] = field(default_factory=dict)
    copies: Counter[str] = field(default_factory=Counter)
    undecodable: Counter[str] = field(default_factory=Counter)
    heard: int = 0
    consumers: int | None = None
    mailboxes: tuple[str, ...] = ()
    elsewhere: tuple[int, ...] = ()
    naming: Naming = _NAMING
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Where workers listen: the database, the topics (more than one behind Sentinel), and the nodes expected besides the known ones.

    `at_least` is how many are expected in all, whatever their names. `naming` are the workers' settings that name their mailboxes.
    """

    database: int
    topics: tuple[str, ...]
    expected: tuple[str, ...] = ()
    at_least: int = 0
    naming: Naming = _NAMING


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A control command that one node alone is to answer."""

    node: str
    method: str


Hearing: TypeAlias = Callable[[str, str, Json], Iterable[Question]]
"""Called with each answer as it comes (node, method, what it said); what it gives is asked at once, in the same conversation."""


def content(_node: str, _method: str, _answer: Json) -> Iterable[Question]:
    """The hearing that asks nothing more."""
    return ()


def census(
    connection: Connection,
    mailbox: Mailbox,
    deadline: Deadline,
    hearing: Hearing = content,
    commands: Sequence[Command] = BASIC,
) -> Census:
    """Ask all workers `commands`, `ping` among them; it ends as soon as all that should answer have.

    `hearing` is told each answer as it comes, and may ask more of a node; the answers to that are told to it as well.

    Raises:
        Refused: the broker would not take the question.
        Trouble: the connection broke.
    """
    connection.deadline = deadline
    reply = _granted(connection, [("SMEMBERS", mailbox.naming.mailboxes)])[0]
    members = [each for each in reply if isinstance(each, str)] if isinstance(reply, list) else []
    # A worker that comes upon a binding with another separator than its own answers nobody.
    naming = replace(mailbox.naming, separator=separator_of(members))
    mailbox = replace(mailbox, naming=naming)
    found = Census(known=_known(members, naming), naming=naming)
    asking = _Asking(connection, mailbox, found, (hearing, commands))
    with asking.listening():
        asking.run(deadline)
    if not found.answers and not found.undecodable and not found.cut:
        found.elsewhere = _elsewhere(connection, mailbox)
    return found


class _Asking:
    """One conversation: a reply list of our own, one or two rounds of questions, and what came back."""

    def __init__(
        self, connection: Connection, mailbox: Mailbox, found: Census, talk: tuple[Hearing, Sequence[Command]]
    ) -> None:
        self._connection = connection
        self._mailbox = mailbox
        self._found = found
        self._hearing, self._commands = talk
        self._methods = {each.method for each in self._commands}
        self._pending: set[tuple[str, str]] = set()
        self._id = str(uuid.uuid4())
        queue = f"{self._id}.{_EXCHANGE}"
        # Of a worker with a global_keyprefix each key has it; the queue that a binding names has it not.
        self._queue = mailbox.naming.prefix + queue
        self._bindings = mailbox.naming.prefix + _BINDING
        self._binding = mailbox.naming.separator.join((self._id, "", queue))
        self._tickets: dict[str, str] = {}
        self._taken = 0
        self._rounds: list[_Round] = []

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """While inside, replies find their way into a list of ours; after it nothing is left of that.

        The list holds a placeholder, so that it exists and has a time to live before the first reply comes.
        """
        _granted(
            self._connection,
            [
                ("MULTI",),
                ("RPUSH", self._queue, ""),
                ("EXPIRE", self._queue, _LIFE),
                ("SADD", self._bindings, self._binding),
                ("EXPIRE", self._bindings, _LIFE),
                ("EXEC",),
            ],
        )
        try:
            yield
        finally:
            self._connection.deadline = Deadline(_CLEANING)
            with contextlib.suppress(Trouble):
                self._connection.ask("SREM", self._bindings, self._binding)
                if self._found.heard < self._found.subscribers:
                    # A worker that has just looked up our binding is about to write: after it, not before.
                    time.sleep(0.02)
                self._connection.ask("DEL", self._queue)

    def run(self, deadline: Deadline) -> None:
        """Ask, gather, ask once more where somebody is missing, and stop when nobody else will answer."""
        self._publish()
        last = time.monotonic()
        pause = 0.005
        while deadline.remaining() > 0:
            if self._gather():
                last, pause = time.monotonic(), 0.005
            if self._complete():
                return
            quiet = time.monotonic() - last
            if len(self._rounds) == 1 and quiet >= _AGAIN:
                self._publish()
                last = time.monotonic()
            elif len(self._rounds) > 1 and quiet >= self._patience():
                return
            time.sleep(min(pause, deadline.remaining()))
            pause = min(pause * 1.5, 0.05)
        self._found.cut = not self._accounted()

    def _patience(self) -> float:
        if self._found.subscribers == 0:
            return 0.0
        return _SILENCE if self._found.heard < self._found.subscribers or self._unfinished() else _GHOSTS

    def _complete(self) -> bool:
        return self._accounted() and self._found.answers.keys() >= set(self._found.known)

    def _accounted(self) -> bool:
        """Whether all that hear and all that are expected have answered: what is left are names of the dead."""
        enough = max(1, self._found.subscribers) <= self._found.heard >= self._mailbox.at_least
        expected = self._found.answers.keys() >= set(self._mailbox.expected)
        return enough and expected and not self._unfinished()

    def _unfinished(self) -> bool:
        return bool(self._pending) or any(len(answers) < len(self._methods) for answers in self._found.answers.values())

    def _publish(self) -> None:
        commands = []
        for command in self._commands:
            ticket = str(uuid.uuid4())
            self._tickets[ticket] = f"{command.method} {len(self._rounds)}"
            # The same message on every topic: a worker that hears both takes it once, by its delivery tag.
            question = self._written(command, ticket)
            commands += [("PUBLISH", topic, question) for topic in self._mailbox.topics]
        self._rounds.append(_Round())
        counts = [each for each in _granted(self._connection, commands) if isinstance(each, int)]
        # Each method went to the same topics: the first ones' counts stand for all.
        self._found.subscribers = sum(counts[: len(self._mailbox.topics)])

    def _publish_to(self, question: Question) -> None:
        ticket = str(uuid.uuid4())
        self._tickets[ticket] = f"{question.method} {len(self._rounds) - 1}"
        self._pending.add((question.node, question.method))
        text = self._written(Command(method=question.method, destination=[question.node]), ticket)
        _granted(self._connection, [("PUBLISH", topic, text) for topic in self._mailbox.topics])

    def _written(self, command: Command, ticket: str) -> str:
        return written(command, ticket, Return(exchange=_EXCHANGE, key=self._id), self._mailbox.naming)

    def _gather(self) -> bool:
        """Take what is new in the reply list, whether there was anything. New replies stand before older ones and the placeholder."""
        reply = _granted(self._connection, [("LRANGE", self._queue, "0", str(-2 - self._taken))])[0]
        new = [each for each in reply if isinstance(each, str)] if isinstance(reply, list) else []
        for text in reversed(new):
            self._take(text)
        if new:
            # Once for all that came: to unite the rounds takes as long as there are workers.
            self._count()
        self._taken += len(new)
        return bool(new)

    def _take(self, text: str) -> None:
        envelope = parsed(text)
        headers = envelope.get("headers")
        ticket = headers.get("ticket") if isinstance(headers, dict) else None
        method, _, number = self._tickets.get(str(ticket), "").partition(" ")
        if not method:
            return
        said = body_of(envelope)
        asked = self._rounds[int(number)]
        if said is None:
            if method == "ping":
                asked.undecodable[str(envelope.get("content-type") or "unreadable")] += 1
        else:
            said = {short(node): answer for node, answer in said.items()}
            for node, answer in said.items():
                if method in self._methods:
                    self._found.answers.setdefault(node, {})[method] = answer
                self._pending.discard((node, method))
                for question in self._hearing(node, method, answer):
                    self._publish_to(question)
            if method == "ping":
                asked.nodes.update(said.keys())

    def _count(self) -> None:
        """Who answered one of the rounds answered, who answered both is one worker."""
        found = self._found
        found.copies = _most(each.nodes for each in self._rounds)
        found.undecodable = _most(each.undecodable for each in self._rounds)
        found.heard = found.copies.total() + found.undecodable.total()


@dataclass(frozen=True, slots=True)
class _Round:
    """The answers to one ping: how many came under each node's name, and in each serialization that is not decoded."""

    nodes: Counter[str] = field(default_factory=Counter)
    undecodable: Counter[str] = field(default_factory=Counter)


def _most(rounds: Iterable[Counter[str]]) -> Counter[str]:
    union: Counter[str] = Counter()
    for each in rounds:
        union |= each
    return union


def _known(members: Sequence[str], naming: Naming) -> tuple[str, ...]:
    """The nodes of the set of control mailboxes; a worker that was killed stays in it, one that was stopped leaves."""
    queues = [queue_of(each, naming.separator) for each in members]
    nodes = (each.removesuffix(naming.suffix) for each in queues if each.endswith(naming.suffix))
    return tuple(sorted({short(each) for each in nodes}))


def _elsewhere(connection: Connection, mailbox: Mailbox) -> tuple[int, ...]:
    """The other databases that know of workers: the usual reason why nobody answers in this one."""
    found = []
    for number in range(16):
        replies = connection.ask_all([("SELECT", str(number)), ("EXISTS", mailbox.naming.mailboxes)])
        if isinstance(replies[0], ServerError):
            break
        if number != mailbox.database and replies[1] == 1:
            found.append(number)
    connection.ask("SELECT", str(mailbox.database))
    return tuple(found)


def _granted(connection: Connection, commands: Sequence[Sequence[str]]) -> list[Reply]:
    replies = connection.ask_all(commands)
    for command, reply in zip(commands, replies, strict=True):
        for each in reply if isinstance(reply, list) else [reply]:
            if isinstance(each, ServerError):
                raise Refused(command[0], each)
    return replies
