"""Facts: which Celery workers answered, and what of."""

from stackaudit.model.facts.fact import Fact
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker(Fact):
    """One Celery node that should answer, or did.

    `expected_by` names who said that it should: `pidbox` (the broker's set of control mailboxes), `expect` (the configuration).
    Versions are those that the node reported of itself; None where it did not. `copies` is how many workers answered one question
    under this name. `driver` is the package that it reaches its broker with (`redis`, `py-amqp`).
    """

    node: str
    answered: bool
    expected_by: tuple[str, ...]
    celery: str | None = None
    kombu: str | None = None
    billiard: str | None = None
    python: str | None = None
    driver: str | None = None
    driver_version: str | None = None
    pool: str | None = None
    concurrency: int | None = None
    copies: int = 1

    @property
    def subject(self) -> str:
        """The node name."""
        return self.node


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast(Fact):
    """One control broadcast to all workers of a broker.

    `subscribers` is what PUBLISH counted, None where the transport cannot tell; `replies` how many nodes answered; `undecodable` how many
    answers were in a serialization that is never decoded here (pickle), `serializations` which those were, sorted. `elsewhere` are the
    other databases of the same server that know of workers, looked through where nobody answered. `problem` says in our words what was seen
    where the broker itself would not serve; then nobody was asked. `consumers` is how many clients wait for tasks in this database, None
    where that was not seen; `mailboxes` are control mailboxes of other names in it (`p:_kombu.binding.celery.pidbox`), sorted.
    `cut` says that the time was up while somebody could still have answered: nobody counts as silent then.
    """

    endpoint: str
    subscribers: int | None
    replies: int
    undecodable: int = 0
    serializations: tuple[str, ...] = ()
    elsewhere: tuple[int, ...] = ()
    problem: str | None = None
    consumers: int | None = None
    mailboxes: tuple[str, ...] = ()
    cut: bool = False

    @property
    def subject(self) -> str:
        """The redacted broker URL."""
        return self.endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState(Fact):
    """One queue that the broker knows of. `consumed` is whether a worker that answered takes from it.

    `waiting` is how many tasks lie in one that nobody who answered takes from, None for the others: there it is another number each second.
    """

    endpoint: str
    queue: str
    consumed: bool
    waiting: int | None = None

    @property
    def subject(self) -> str:
        """The queue's name."""
        return self.queue


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyLists(Fact):
    """The lists of answers that nobody fetched and that never expire, in one broker's database.

    `orphans` is how many were found; `complete` is False where the database has more keys than were looked through.
    """

    endpoint: str
    orphans: int
    complete: bool = True

    @property
    def subject(self) -> str:
        """The redacted broker URL."""
        return self.endpoint
