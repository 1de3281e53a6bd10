"""One end for all: a step may end sooner than the audit, never later, and an interruption reaches every step."""

from stackaudit.model.deadline import Deadline


def test_a_step_never_outlives_the_whole() -> None:
    whole = Deadline(0.0)
    assert whole.within(60).remaining() == 0.0
    assert 0 < Deadline(60).within(1).remaining() <= 1


def test_cancelling_the_whole_kills_what_a_step_waits_for() -> None:
    whole = Deadline(60)
    killed: list[str] = []
    step = whole.within(30).within(20)
    with step.guarding(lambda: killed.append("step")):
        whole.cancel()
    assert killed == ["step"]
    assert step.remaining() == 0.0


def test_what_is_started_after_the_end_is_killed_at_once() -> None:
    whole = Deadline(60)
    whole.cancel()
    killed: list[str] = []
    with whole.guarding(lambda: killed.append("late")):
        pass
    assert killed == ["late"]


def test_what_ended_by_itself_is_not_killed() -> None:
    whole = Deadline(60)
    killed: list[str] = []
    with whole.guarding(lambda: killed.append("gone")):
        pass
    whole.cancel()
    assert killed == []


def test_a_nearer_deadline_that_is_cancelled_kills_what_waits_for_it_and_nothing_else() -> None:
    whole = Deadline(60)
    part = whole.within(30)
    killed: list[str] = []
    with whole.guarding(lambda: killed.append("whole")), part.guarding(lambda: killed.append("part")):
        part.cancel()
        assert killed == ["part"]
    assert part.remaining() == 0
    assert whole.remaining() > 0
