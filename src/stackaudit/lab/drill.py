"""What a drill is: a sentence that must hold of a stack, and the exercise or the fault that tries it."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import cache

from stackaudit import sockets
from stackaudit.lab.bench import Bench
from stackaudit.model.facts.trials import Trial
from stackaudit.model.values import dataclass

POOLS = ("prefork", "solo", "threads")


class Tier(StrEnum):
    """How long a drill may take: all quick ones of a cell fit in a minute, a slow one may take minutes."""

    QUICK = "quick"
    SLOW = "slow"


class Witness(StrEnum):
    """Who shows whether a drill held: it stands in the evidence, with its version."""

    SERVER = "server"
    PYTHON = "python"
    FFMPEG = "ffmpeg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """One drill. `kind` is the kind of fact that it yields, and so the rule that judges it.

    `run` tries the sentence on a bench and yields what did not hold, one sentence each, in our words: no port, path or time of this run,
    no exception's text. Where it can't be set up it raises `NotSetUp`, and past the deadline the bench raises `OutOfTime`: nothing is
    known then. `calm` drills leave the bench as they found it, and share one. `needs` is the package that it is about; `needs_worker` says
    that without a worker that starts there is nothing to try; `witness` is who it is asked of.
    """

    name: str
    sentence: str
    kind: type[Trial]
    run: Callable[[Bench], Iterator[str]]
    tier: Tier = Tier.QUICK
    calm: bool = False
    pools: tuple[str, ...] = POOLS
    needs: str = "celery"
    needs_worker: bool = True
    witness: Witness = Witness.SERVER
    source: str | None = None


@cache
def drills() -> tuple[Drill, ...]:
    """All drills, by name.

    Raises:
        ValueError: two share a name.
    """
    found = tuple(sorted(sockets.parts("lab.drills", Drill), key=lambda each: each.name))
    sockets.refuse_doubles("drill", [each.name for each in found])
    return found
