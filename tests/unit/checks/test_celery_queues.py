"""What the rules say of tasks and answers that nobody takes, and of why nobody answers."""

import pytest

from asking import case_of, declared, judged, passed, told
from stackaudit.checks._celery_silence import silence
from stackaudit.model.audit import Case
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.workers import Broadcast, QueueState, ReplyLists, Worker
from stackaudit.model.findings import Outcome

URL = "redis://broker.test:6379/0"
WORKER = Worker(node="a@h", answered=True, expected_by=("pidbox",))


def asked(
    subscribers: int = 1, replies: int = 1, consumers: int | None = 1, mailboxes: tuple[str, ...] = ()
) -> Broadcast:
    return Broadcast(endpoint=URL, subscribers=subscribers, replies=replies, consumers=consumers, mailboxes=mailboxes)


def queue(waiting: int | None, *, consumed: bool = False) -> QueueState:
    return QueueState(endpoint=URL, queue="video", consumed=consumed, waiting=waiting)


def lists(orphans: int, *, complete: bool = True) -> ReplyLists:
    return ReplyLists(endpoint=URL, orphans=orphans, complete=complete)


def case(*facts: Fact) -> Case:
    return case_of(declared(broker=URL), *facts)


def outcomes(found: Case, code: str) -> list[Outcome]:
    return [each.outcome for each in judged(found, code) if each.outcome is not Outcome.UNKNOWN]


def test_tasks_that_no_worker_takes_fail_and_others_pass() -> None:
    assert told(case(asked(), WORKER, queue(3)), "CE501") == [("CE501", "high", "video")]
    assert passed(case(asked(), WORKER, queue(0)), "CE501") == [("CE501", "video")]
    assert passed(case(asked(), WORKER, queue(None, consumed=True)), "CE501") == [("CE501", "video")]


@pytest.mark.parametrize("broadcast", [asked(subscribers=2), asked(consumers=2)])
def test_who_was_not_heard_may_take_them(broadcast: Broadcast) -> None:
    assert outcomes(case(broadcast, WORKER, queue(3)), "CE501") == [Outcome.UNCHECKABLE]


def test_that_nobody_answers_is_told_once_with_the_tasks_that_wait() -> None:
    nobody = case(asked(0, 0, 0), queue(3))
    assert len({each.cause for each in judged(nobody, "CE") if each.outcome is Outcome.FAIL}) == 1
    assert passed(case(asked(0, 0, 0), queue(0)), "CE501") == []


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (lists(0), []),
        (lists(3), [("CE502", "low", URL)]),
        (lists(1000), [("CE502", "medium", URL)]),
        (lists(3, complete=False), [("CE502", "low", URL)]),
    ],
)
def test_answers_that_nobody_fetched_are_told_by_their_number(
    found: ReplyLists, expected: list[tuple[str, str, str]]
) -> None:
    assert told(case(asked(), WORKER, found), "CE502") == expected


def test_a_database_that_was_looked_through_in_part_passes_nothing() -> None:
    assert outcomes(case(asked(), WORKER, lists(0, complete=False)), "CE502") == [Outcome.UNCHECKABLE]
    assert outcomes(case(asked(), WORKER, lists(0)), "CE502") == [Outcome.PASS]


def test_more_takers_than_can_be_asked_are_told() -> None:
    (finding,) = judged(case(asked(consumers=3, mailboxes=("p:_kombu.binding.celery.pidbox",)), WORKER), "CE503")
    assert finding.message == "2 more clients wait for tasks there than can be asked (p:_kombu.binding.celery.pidbox)"
    assert outcomes(case(asked(), WORKER), "CE503") == [Outcome.PASS]
    # What this user may not see is no pass, and where nobody answers CE101 says so.
    assert outcomes(case(asked(consumers=None), WORKER), "CE503") == []
    assert outcomes(case(asked(0, 0, 2)), "CE503") == []


def test_the_queues_of_a_broker_that_is_not_redis_are_not_asked_about() -> None:
    amqp = case_of(declared(broker="amqp://broker.test//"), asked(), WORKER)
    assert judged(amqp, "CE5") == []


@pytest.mark.parametrize(
    ("broadcast", "known", "words", "advice"),
    [
        (asked(2, 0), 2, "2 heard", None),
        (asked(0, 0, 1, ("_kombu.binding.shop.pidbox",)), 0, "another name", 'control-exchange = "shop"'),
        (asked(0, 0, 1, ("p:_kombu.binding.celery.pidbox",)), 0, "another name", 'global-keyprefix = "p:"'),
        (
            asked(0, 0, 1, ("p:_kombu.binding.shop.pidbox",)),
            0,
            "another name",
            'global-keyprefix = "p:" and control-exchange = "shop"',
        ),
        (asked(0, 0, 1), 1, "listen elsewhere", "fanout-prefix = false"),
        (asked(0, 0, 2), 0, "2 clients take tasks", "worker_enable_remote_control = True"),
        (asked(0, 0, 0), 2, "none of them listens", None),
        (asked(0, 0, None), 0, "no worker answered", None),
    ],
)
def test_why_nobody_answers_is_told_by_what_lies_in_the_broker(
    broadcast: Broadcast, known: int, words: str, advice: str | None
) -> None:
    said = silence(broadcast, known)
    assert words in said.message
    assert (said.fix is None) == (advice is None)
    assert (advice or "") in (said.fix or "")
