"""Facts: what Celery workers and applications are set to."""

from stackaudit.model.facts.fact import Fact
from stackaudit.model.manifest import SettingValue
from stackaudit.model.values import dataclass

APPLICATION = "application"
"""The `origin` of what an application says of itself; a worker's is `worker`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOptions:
    """Tasks that are set alike: `count` of them, `names` sorted, the first few of a worker's.

    Limits are seconds; None where the task itself has none.
    """

    count: int
    names: tuple[str, ...]
    acks_late: bool | None = None
    reject_on_worker_lost: bool | None = None
    hard_limit: float | None = None
    soft_limit: float | None = None
    serializer: str | None = None

    @property
    def told(self) -> str:
        """Their names, or the first of them and how many there are."""
        more = f" and {self.count - len(self.names)} more" if self.count > len(self.names) else ""
        return ", ".join(self.names) + more


@dataclass(frozen=True, slots=True, kw_only=True)
class CelerySettings(Fact):
    """What one worker really runs with, or what one application says, by Celery's names of settings.

    `values` are the few that rules read, sorted; one that is not among them was not told. From a worker they are what is in force, whatever
    its configuration says. Besides Celery's own there are `broker` and `result_backend` (addresses with no login), `broker_tls` (`off`,
    `verified`, `unverified`, `ignored`), `pool`, `concurrency`, `prefetch_count`, and of the transport `visibility_timeout`,
    `health_check_interval`, `socket_timeout`, `retry_on_timeout`. Times are seconds, `worker_max_memory_per_child` is KiB; None is "none",
    such as no limit.

    `far` is how many tasks a worker holds for a time that is further off than its visibility timeout, None where that was not asked.
    """

    node: str
    origin: str
    celery: str | None = None
    values: tuple[tuple[str, SettingValue], ...]
    tasks: tuple[TaskOptions, ...] = ()
    far: int | None = None

    @property
    def subject(self) -> str:
        """The node's name, or the application's."""
        return self.node

    def tells(self, *names: str) -> bool:
        """Whether all of `names` were told."""
        told = {name for name, _ in self.values}
        return told.issuperset(names)

    def value(self, name: str) -> SettingValue:
        """The value of `name`; None where it is none, or was not told."""
        return next((value for each, value in self.values if each == name), None)

    def number(self, name: str) -> float | None:
        """The value of `name` where it is a number."""
        value = self.value(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def text(self, name: str) -> str | None:
        """The value of `name` where it is a text."""
        value = self.value(name)
        return value if isinstance(value, str) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """The value of `name` where it is a list of texts."""
        value = self.value(name)
        return value if isinstance(value, tuple) else ()
