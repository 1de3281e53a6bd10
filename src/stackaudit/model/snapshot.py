"""What was observed: looks, their evidence, and what stayed unseen."""

from collections.abc import Iterator
from datetime import datetime
from typing import TypeVar

from stackaudit.model.facts.fact import Fact
from stackaudit.model.values import dataclass

F = TypeVar("F", bound=Fact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a look stands on: who answered, in which version, to which command, with which exit status.

    `sha256` is the digest of the answer as it came, where there was one. A command holds no secret and no temporary path.
    """

    tool: str
    tool_version: str | None = None
    command: tuple[str, ...] = ()
    exit_status: int | None = None
    sha256: str | None = None

    @property
    def named(self) -> str:
        """`redis-server 7.0.15`: who answered, in which version where that is known."""
        return f"{self.tool} {self.tool_version or ''}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """What was asked about and not seen: a value, never an exception and never green.

    `subject` is what it would have been about; empty where it blinds the whole look. `yields` are the names of the fact types that are
    missing. `cause` is one sentence in our words, equal for all that one failure blinds; `remedy` says what to do.
    `knowable` is False where nobody could see it from here (`uncheckable`: told, never gates).
    """

    subject: str
    yields: tuple[str, ...]
    cause: str
    remedy: str
    knowable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One visit of a probe: what was asked of whom, the evidence, the facts, and what stayed unseen.

    `yields` are the names of the fact types that this look answers for, whether or not it found any. `measured` are durations and
    latencies in seconds by name, and memory in bytes where the name ends in ` bytes`: told, and outside the record's digest.
    """

    probe: str
    asked: str
    evidence: Evidence
    facts: tuple[Fact, ...] = ()
    unseen: Unseen | None = None
    yields: tuple[str, ...] = ()
    measured: tuple[tuple[str, float], ...] = ()
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The looks of one moment on one host, in order of their ids; `durations` are the seconds that each probe took."""

    taken_at: datetime
    host: str
    looks: tuple[Look, ...]
    durations: tuple[tuple[str, float], ...] = ()

    def facts(self, kind: type[F]) -> tuple[F, ...]:
        """All facts of `kind`, in the order of the looks."""
        return tuple([fact for look in self.looks for fact in look.facts if isinstance(fact, kind)])

    def unseen(self, kinds: frozenset[str]) -> Iterator[tuple[Look, Unseen]]:
        """What stayed unseen of any of `kinds` (names of fact types), with the look that says so."""
        for look in self.looks:
            if look.unseen is not None and kinds.intersection(look.unseen.yields):
                yield look, look.unseen

    def looked_for(self, kind: str) -> bool:
        """Whether any look answers for facts of `kind`, found or not."""
        return any(kind in look.yields for look in self.looks)
