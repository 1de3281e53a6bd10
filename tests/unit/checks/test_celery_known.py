"""A task that no worker knows is thrown away by whoever takes it: told where the application and its workers said which they know."""

from dataclasses import replace

import pytest

from asking import case_of, declared, judged, passed, told
from stackaudit.model.audit import Case
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.tasks import KnownTasks
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.findings import Outcome
from stackaudit.model.manifest import Setting
from stackaudit.model.places import Place

URL = "redis://broker.test:6379/0"
APP = KnownTasks(nodes=("application shop:app",), application=True, names=("shop.sell", "shop.ship"))


def asked(subscribers: int | None = 1, replies: int = 1, undecodable: int = 0) -> Broadcast:
    return Broadcast(endpoint=URL, subscribers=subscribers, replies=replies, undecodable=undecodable)


def worker(node: str = "a@h") -> Worker:
    return Worker(node=node, answered=True, expected_by=("pidbox",))


def knows(*names: str, nodes: tuple[str, ...] = ("a@h",)) -> KnownTasks:
    return KnownTasks(nodes=nodes, application=False, names=names)


def case(*facts: Fact, app: bool = True) -> Case:
    manifest = declared(broker=URL)
    setting = Setting(name="app", value="shop:app", where=Place(path="option --app"))
    return case_of(replace(manifest, settings=(setting,) if app else ()), *facts)


def test_a_task_that_no_worker_knows_is_high_and_named() -> None:
    lacking = case(APP, asked(), worker(), knows("shop.sell", "other.task"))
    assert told(lacking, "CE504") == [("CE504", "high", "application shop:app")]
    (finding,) = judged(lacking, "CE504")
    assert finding.message == "no worker that answered knows its task shop.ship"


def test_tasks_that_different_workers_know_pass() -> None:
    workers = (worker(), worker("b@h"), knows("shop.sell"), knows("shop.ship", nodes=("b@h",)))
    assert passed(case(APP, asked(2, 2), *workers), "CE504") == [("CE504", "application shop:app")]


@pytest.mark.parametrize(
    "facts",
    [
        (asked(2, 1), worker(), knows("shop.sell")),
        (asked(2, 2), worker(), worker("b@h"), knows("shop.sell")),
    ],
    ids=["one does not answer", "one does not tell its tasks"],
)
def test_who_did_not_tell_may_know_it(facts: tuple[Fact, ...]) -> None:
    (finding,) = judged(case(APP, *facts), "CE504")
    assert finding.outcome is Outcome.UNCHECKABLE
    assert finding.message.endswith("; 1 worker did not tell which it knows")


def test_where_nobody_can_count_the_workers_another_may_know_it() -> None:
    (finding,) = judged(case(APP, asked(None), worker(), knows("shop.sell")), "CE504")
    assert finding.outcome is Outcome.UNCHECKABLE
    assert finding.message.endswith("; over this broker it can't be seen whether there are other workers")
    assert passed(case(APP, asked(None), worker(), knows(*APP.names)), "CE504") == [("CE504", "application shop:app")]


def test_of_many_tasks_the_first_are_named() -> None:
    many = replace(APP, names=tuple(f"shop.t{number:02}" for number in range(20)))
    (finding,) = judged(case(many, asked(), worker(), knows("other.task")), "CE504")
    assert finding.message.endswith("knows its tasks shop.t00, shop.t01, shop.t02, shop.t03, shop.t04 and 15 more")


def test_where_no_worker_told_its_tasks_nothing_passes() -> None:
    silent = judged(case(APP, asked(1, 1), worker()), "CE504")
    assert [each.outcome for each in silent] == [Outcome.UNCHECKABLE]
    assert judged(case(APP, asked(0, 0)), "CE504") == []


def test_without_an_application_it_is_not_asked() -> None:
    assert judged(case(asked(), worker(), knows("shop.sell"), app=False), "CE504") == []
