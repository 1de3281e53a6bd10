"""Facts: what the surroundings of a process hold, and who reads it."""

from stackaudit.model.facts.fact import Fact
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRead(Fact):
    """What the Python source of some components shows: who reads which of the variables that were asked about.

    `searched` are the components whose source was read, `asked` the variables that are named like theirs, `readers` pairs of one of these
    and where it is read (`celery: celery/bin/worker.py`).
    `coroutines` counts the `async def` of each component.
    """

    searched: tuple[str, ...]
    asked: tuple[str, ...] = ()
    readers: tuple[tuple[str, str], ...] = ()
    coroutines: tuple[tuple[str, int], ...] = ()

    @property
    def subject(self) -> str:
        """`source of celery, kombu`."""
        return f"source of {', '.join(self.searched)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable(Fact):
    """One environment variable that is set, in this shell (`shell`) or by deployment files at `places`; never its value.

    `readers` are the components that read it, sorted; `searched` names those whose code was searched for that, empty where there was none
    to search. `note` says where it is read. `agrees` says whether its value is the broker that the manifest declares, without regard to
    logins; None where the two can't be compared.
    """

    name: str
    readers: tuple[str, ...]
    note: str | None = None
    searched: tuple[str, ...] = ()
    agrees: bool | None = None
    shell: bool = True
    places: tuple[Place, ...] = ()

    @property
    def subject(self) -> str:
        """The variable's name."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Fact):
    """The account that this audit runs under."""

    uid: int
    name: str

    @property
    def subject(self) -> str:
        """`account root`."""
        return f"account {self.name}"
