"""Time for telling: past the deadline a probe's process is killed, answer and all."""

from stackaudit.model.deadline import Deadline


def before(deadline: Deadline) -> Deadline:
    """A little before `deadline`: what was seen by then can still be told."""
    left = deadline.remaining()
    return deadline.within(left - min(1.0, 0.15 * left))
