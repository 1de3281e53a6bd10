"""Facts: what went through the broker to workers and came back."""

from enum import StrEnum

from stackaudit.model.facts.fact import Fact
from stackaudit.model.values import dataclass


class Route(StrEnum):
    """What went round: a task through a queue and a pool, or a control message, which passes both by."""

    TASK = "task"
    CONTROL = "control"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip(Fact):
    """Some messages sent to workers, and how many of them came back.

    `through` is the queue of a task, the broker's redacted URL for control messages; `task` is the task's name. `sent` and `back` are
    counts. `problem` says in our words why not all came back, None where they did; their times are measured beside it.
    """

    route: Route
    through: str
    sent: int
    back: int
    task: str | None = None
    problem: str | None = None

    @property
    def subject(self) -> str:
        """`task celery.accumulate through queue celery`, `control message through redis://host/0`."""
        return (
            f"task {self.task} through queue {self.through}" if self.task else f"control message through {self.through}"
        )
