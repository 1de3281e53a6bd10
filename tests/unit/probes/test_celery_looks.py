"""What becomes of the answers of workers that did not say everything: told as unseen, and passed for nothing."""

from stackaudit.model.facts.celery_settings import CelerySettings
from stackaudit.model.facts.workers import QueueState
from stackaudit.model.manifest import Endpoint
from stackaudit.model.places import Place
from stackaudit.model.secret import Secret
from stackaudit.model.wire import Json
from stackaudit.probes._celery_looks import settings_looks, survey_look
from stackaudit.probes._celery_queues import Survey
from stackaudit.probes._celery_settings import COMMANDS
from stackaudit.probes._pidbox import BASIC, Census

BROKER = Endpoint(role="broker", url=Secret("redis://broker.test:6379/0"), where=Place(path="test"))
WHOLE: dict[str, Json] = {
    "ping": {"ok": "pong"},
    "conf": {"task_serializer": "json", "accept_content": ["json"]},
    "registered": [],
    "active_queues": [{"name": "celery"}],
}
SURVEY = Survey(queues=(("celery", 4), ("video", 2)), orphans=0, mailboxes=(), complete=True, consumers=1)


def census(**changes: Json) -> Census:
    return Census(known=("a@h",), subscribers=1, heard=1, answers={"a@h": {**WHOLE, **changes}})


def test_a_worker_that_says_everything_is_seen() -> None:
    (look,) = settings_looks(BROKER, census(), (*BASIC, *COMMANDS))
    assert [type(fact) for fact in look.facts] == [CelerySettings]
    assert look.unseen is None


def test_a_worker_that_leaves_out_one_answer_is_not_passed() -> None:
    for change in ("conf", "registered", "active_queues"):
        broken: dict[str, Json] = {change: {"error": "KeyError"}}
        looks = settings_looks(BROKER, census(**broken), (*BASIC, *COMMANDS))
        assert [look.unseen.subject for look in looks if look.unseen is not None] == ["a@h"]


def test_of_queues_that_are_taken_from_nobody_counts_the_tasks() -> None:
    facts = survey_look(BROKER, census(), SURVEY).facts
    states = [(each.queue, each.consumed, each.waiting) for each in facts if isinstance(each, QueueState)]
    assert states == [("celery", True, None), ("video", False, 2)]


def test_while_one_worker_does_not_say_its_queues_no_other_queue_is_judged() -> None:
    look = survey_look(BROKER, census(active_queues=None), SURVEY)
    assert not any(isinstance(each, QueueState) for each in look.facts)
    assert look.unseen is not None
    assert look.unseen.yields == ("QueueState",)
    assert look.unseen.subject == ""
