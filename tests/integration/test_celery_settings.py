"""What real workers say that they run with, judged; a healthy one has no finding, and no answer's secret gets into the record."""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from celery import Celery

from asking import declared, gathered, judged, passed, told
from servers import RedisServer, redis_server
from stackaudit.model.audit import Case
from stackaudit.model.facts.celery_settings import CelerySettings
from stackaudit.model.findings import Outcome
from stackaudit.model.manifest import Interpreter, Setting
from stackaudit.model.places import Place
from stackaudit.model.wire import encode
from workers import HEALTHY, TRANSPORT, RunningWorker, running, start

SECRET = "hunter2-is-a-secret"

TASKS = """
@app.task(name="tested.late", acks_late=True, reject_on_worker_lost=True)
def late(): pass

@app.task(name="tested.plain")
def plain(): pass

@app.task(name="tested [in words]")
def named(): pass
"""

BAD = {
    "accept_content": ["json", "pickle"],
    "beat_schedule": {"x": {"task": "tested.plain", "args": [SECRET], "schedule": 3600}},
    "broker_transport_options": {"visibility_timeout": 60, "sentinel_kwargs": {"password": SECRET}},
    "broker_pool_limit": 0,
    "result_expires": None,
    "task_annotations": {"tested.plain": {"soft_time_limit": 20, "time_limit": 10}},
    "task_time_limit": 100,
    "worker_prefetch_multiplier": 4,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("celery-settings")


@pytest.fixture(scope="module")
def broker(folder: Path) -> Iterator[RedisServer]:
    with redis_server(folder / "redis", "--save", "") as server:
        yield server


@pytest.fixture(scope="module")
def pair(folder: Path, broker: RedisServer) -> Iterator[tuple[RunningWorker, ...]]:
    """A healthy worker in database 0 with its results in 1, and a bad one in database 2 with its results there too."""
    # Celery refuses to start as root with pickle accepted, which tests in containers are.
    os.environ["C_FORCE_ROOT"] = "1"
    try:
        options = {**TRANSPORT, "retry_on_timeout": True}
        settings = {**HEALTHY, "result_backend": broker.url(1), "broker_transport_options": options}
        good = start(
            folder / "good", broker.url(), "good@test", pool="prefork", settings=json.dumps(settings), lines=TASKS
        )
        settings = {**BAD, "result_backend": broker.url(2, user=f":{SECRET}@")}
        bad = start(
            folder / "bad", broker.url(2), "bad@test", pool="prefork", settings=json.dumps(settings), lines=TASKS
        )
    finally:
        del os.environ["C_FORCE_ROOT"]
    with running(good, bad) as workers:
        yield workers


def asked(broker: RedisServer, database: int = 0) -> Case:
    return gathered(declared(broker=broker.url(database)), "redis", "celery")


def test_a_healthy_worker_has_no_finding(broker: RedisServer, pair: tuple[RunningWorker, ...]) -> None:
    assert len(pair) == 2
    case = asked(broker)
    assert [each for each in judged(case, "CE") if each.outcome is not Outcome.PASS] == []
    assert {each.value("retry_on_timeout") for each in case.facts(CelerySettings)} == {True}
    rules = {rule for rule, _ in passed(case, "CE")}
    assert rules >= {
        *("CE101", "CE102", "CE105", "CE106", "CE201", "CE202", "CE204", "CE205", "CE206", "CE207", "CE208"),
        *("CE301", "CE302", "CE304", "CE305", "CE306", "CE307", "CE308", "CE401", "CE402", "CE403"),
        *("CE501", "CE502", "CE503"),
    }


def test_each_fault_of_a_bad_worker_is_told_once(broker: RedisServer, pair: tuple[RunningWorker, ...]) -> None:
    assert len(pair) == 2
    assert told(asked(broker, 2), "CE") == [
        ("CE201", "high", "bad@test"),
        ("CE204", "medium", "bad@test"),
        ("CE205", "low", "bad@test"),
        ("CE206", "low", "bad@test"),
        ("CE207", "low", "bad@test"),
        ("CE208", "low", "bad@test"),
        ("CE301", "medium", "bad@test"),
        ("CE305", "medium", "bad@test"),
        ("CE308", "low", "bad@test"),
        ("CE401", "low", "bad@test"),
        ("CE402", "low", "bad@test"),
        ("CE403", "low", "bad@test"),
    ]


def test_what_is_recorded_of_workers_holds_no_secret_of_theirs(
    broker: RedisServer, pair: tuple[RunningWorker, ...]
) -> None:
    assert len(pair) == 2
    case = asked(broker, 2)
    (settings,) = case.facts(CelerySettings)
    assert settings.text("result_backend") == broker.url(2)
    assert settings.text("broker") == broker.url(2)
    assert [group.names for group in settings.tasks if group.acks_late] == [("tested.late",)]
    assert SECRET not in json.dumps(encode(case.snapshot))
    assert SECRET not in repr(judged(case, "CE"))


def test_a_task_that_waits_longer_than_the_broker_does_is_told(
    broker: RedisServer, pair: tuple[RunningWorker, ...]
) -> None:
    assert len(pair) == 2
    with Celery(broker=broker.url(2), set_as_current=False) as app:
        sent = app.send_task("tested.plain", args=[SECRET], countdown=3000)
        try:
            case = _once_held(broker)
        finally:
            app.control.revoke(sent.id)
    assert ("CE302", "high", "bad@test") in told(case, "CE")
    assert SECRET not in json.dumps(encode(case.snapshot))


def _once_held(broker: RedisServer) -> Case:
    """What is seen as soon as the worker holds the task."""
    case = asked(broker, 2)
    for _ in range(20):
        if any(each.far for each in case.facts(CelerySettings)):
            break
        case = asked(broker, 2)
    return case


@pytest.mark.parametrize(
    ("name", "outcome"),
    [("tested.plain", Outcome.PASS), ("tested [in words]", Outcome.PASS), ("tested.new", Outcome.FAIL)],
)
def test_a_task_of_the_application_is_known_by_a_worker_or_told(
    name: str,
    outcome: Outcome,
    broker: RedisServer,
    pair: tuple[RunningWorker, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(pair) == 2
    lines = f'from celery import Celery\napp = Celery("shop")\n@app.task(name="{name}")\ndef task(): pass\n'
    (tmp_path / "shop.py").write_text(lines, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    option = Place(path="option")
    manifest = replace(
        declared(broker=broker.url()),
        settings=(Setting(name="app", value="shop:app", where=option),),
        interpreter=Interpreter(path=sys.executable, where=option),
    )
    (finding,) = judged(gathered(manifest, "redis", "celery", "application"), "CE504")
    assert (finding.outcome, finding.subject) == (outcome, "application shop:app")
    assert ("tested.new" in finding.message) == (outcome is Outcome.FAIL)
