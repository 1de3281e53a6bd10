"""What is sent to real workers comes back, of whatever Celery they are; where it does not, it is told why; and nothing is left behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from asking import declared, gathered, joined, judged
from environments import Environments
from servers import RedisServer, redis_server
from stackaudit.model.audit import Case
from stackaudit.model.facts.round_trips import RoundTrip, Route
from stackaudit.model.facts.workers import QueueState
from stackaudit.model.findings import Finding, Outcome
from stackaudit.model.manifest import Endpoint, Setting
from stackaudit.model.places import Place
from stackaudit.model.secret import Secret
from stackaudit.model.wire import Json
from stackaudit.probes import round_trip
from workers import running, start

PLACE = Place(path="option")
OLDER = {
    "5.2": ("celery==5.2.7", "kombu==5.2.4", "redis==4.6.0", "billiard==3.6.4.0", "vine==5.0.0", "setuptools<81"),
    "5.4": ("celery==5.4.0", "kombu==5.6.1", "redis==5.0.8"),
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with redis_server(tmp_path / "redis", "--save", "") as running_server:
        yield running_server


def tried(url: str, route: str = "task", *, seconds: float | None = None, backend: str = "", **settings: str) -> Case:
    """The case of an audit with a round trip; with `seconds`, the round trip alone has no more than these."""
    given = tuple(Setting(name=name, value=value, where=PLACE) for name, value in settings.items())
    manifest = declared(broker=url)
    endpoints = (Endpoint(role="backend", url=Secret(backend), where=PLACE),) if backend else ()
    manifest = replace(
        manifest,
        endpoints=(*manifest.endpoints, *endpoints),
        settings=(*manifest.settings, Setting(name="round_trip", value=route, where=PLACE), *given),
    )
    if seconds is not None:
        return joined(gathered(manifest, "redis", "celery"), round_trip.PROBE, seconds)
    return gathered(manifest, "redis", "celery", "round_trip")


def found(case: Case) -> list[Finding]:
    return [each for each in judged(case, "CE901") if each.outcome is not Outcome.PASS]


@pytest.mark.parametrize("celery", ["5.2", "5.4", "newest"])
def test_a_task_goes_round_through_each_queue_and_leaves_no_key(
    celery: str, server: RedisServer, tmp_path: Path, environments: Environments
) -> None:
    python = sys.executable if celery == "newest" else environments.get("3.11", *OLDER[celery])
    settings = json.dumps({"result_backend": server.url(1), "task_queues": None, "task_default_queue": "films"})
    with running(start(tmp_path / "w", server.url(), "w@test", pool="prefork", python=python, settings=settings)):
        before = server.keys()
        case = tried(server.url())
        assert server.keys() == before
    (trip,) = case.facts(RoundTrip)
    assert trip == RoundTrip(route=Route.TASK, through="films", task="celery.accumulate", sent=10, back=10)
    assert found(case) == []
    times = {name.removeprefix(trip.subject): took for look in case.snapshot.looks for name, took in look.measured}
    assert 0 < times[" p50"] <= times[" p99"]


@pytest.mark.parametrize(
    ("transport", "prefix"),
    [
        ({"global_keyprefix": "shop:"}, "shop:"),
        # As Celery's own page on priorities has it.
        ({"sep": ":", "priority_steps": list(range(10)), "queue_order_strategy": "priority"}, ""),
    ],
)
def test_a_task_goes_round_whatever_the_workers_call_their_keys(
    transport: dict[str, Json], prefix: str, server: RedisServer, tmp_path: Path
) -> None:
    settings = json.dumps({"result_backend": server.url(1), "broker_transport_options": transport})
    with running(start(tmp_path / "w", server.url(), "w@test", settings=settings)) as (worker,):
        before = server.keys()
        case = tried(server.url(), global_keyprefix=prefix)
        assert server.keys() == before
        assert b"ERROR" not in worker.log.read_bytes()
    assert [(each.through, each.back) for each in case.facts(RoundTrip)] == [("celery", 10)]
    assert [(each.queue, each.consumed) for each in case.facts(QueueState)] == [("celery", True)]
    assert found(case) == []


def test_results_under_a_prefix_that_celery_hides_are_seen_by_nobody(server: RedisServer, tmp_path: Path) -> None:
    options = {"result_backend": server.url(1), "result_backend_transport_options": {"global_keyprefix": "r:"}}
    with running(start(tmp_path / "w", server.url(), "w@test", settings=json.dumps(options))):
        before = server.keys()
        case = tried(server.url())
        assert server.keys() == before
    (missing,) = found(case)
    assert missing.outcome is Outcome.UNCHECKABLE
    assert "(global_keyprefix) they hide" in missing.message


def test_a_result_that_is_not_json_came_back_and_how_it_ended_nobody_here_decodes(
    server: RedisServer, tmp_path: Path
) -> None:
    settings = json.dumps(
        {"result_backend": server.url(1), "result_serializer": "yaml", "accept_content": ["json", "yaml"]}
    )
    with running(start(tmp_path / "w", server.url(), "w@test", settings=settings)):
        before = server.keys()
        case = tried(server.url())
        assert server.keys() == before
    (missing,) = found(case)
    assert missing.outcome is Outcome.UNCHECKABLE
    assert "and how it ended is not decoded here" in missing.message


def test_where_no_task_may_be_sent_a_control_message_goes_round_and_is_told_apart(
    server: RedisServer, tmp_path: Path
) -> None:
    with running(start(tmp_path / "w", server.url(), "w@test")):
        agreed, unasked = tried(server.url(), "control"), tried(server.url(), "unasked")
    trip = RoundTrip(route=Route.CONTROL, through=server.url(), sent=10, back=10)
    assert agreed.facts(RoundTrip) == unasked.facts(RoundTrip) == (trip,)
    assert found(agreed) == []
    (missing,) = found(unasked)
    assert missing.outcome is Outcome.UNKNOWN
    assert "nobody said that a task may be sent" in missing.message


def test_workers_that_keep_no_results_make_a_round_trip_nobody_can_see(server: RedisServer, tmp_path: Path) -> None:
    with running(start(tmp_path / "w", server.url(), "w@test")):
        case = tried(server.url())
        assert server.client().llen("celery") == 0
    (missing,) = found(case)
    assert missing.outcome is Outcome.UNCHECKABLE
    assert "the workers keep no results" in missing.message


def test_results_behind_a_password_take_one_that_is_known(server: RedisServer, tmp_path: Path) -> None:
    with redis_server(tmp_path / "results", "--save", "", password="s3cret") as results:
        backend = f"redis://:s3cret@127.0.0.1:{results.port}/3"
        settings = json.dumps({"result_backend": backend})
        with running(start(tmp_path / "w", server.url(), "w@test", settings=settings)):
            blind, known = tried(server.url()), tried(server.url(), backend=backend)
    (missing,) = found(blind)
    assert missing.outcome is Outcome.UNKNOWN
    assert "its password is not known" in missing.message
    assert "s3cret" not in str(blind) + str(known)
    assert found(known) == []
    assert [each.back for each in known.facts(RoundTrip)] == [10]


def test_a_task_or_a_queue_that_no_worker_knows_fails_and_is_not_sent(server: RedisServer, tmp_path: Path) -> None:
    settings = json.dumps({"result_backend": server.url(1)})
    with running(start(tmp_path / "w", server.url(), "w@test", settings=settings)):
        before = server.keys()
        no_task, no_queue = tried(server.url(), task="shop.bill"), tried(server.url(), queue="films")
        assert server.keys() == before
    assert [each.message for each in found(no_task)] == [
        "no worker that takes from the queue offers the task: w@test do not know it"
    ]
    assert [each.message for each in found(no_queue)] == [
        "no worker that answered takes from this queue; they take from celery"
    ]


def test_a_worker_whose_pool_hangs_answers_control_and_fails_the_round_trip(
    server: RedisServer, tmp_path: Path
) -> None:
    settings = json.dumps({"result_backend": server.url(1)})
    with running(start(tmp_path / "w", server.url(), "w@test", pool="prefork", settings=settings)) as (worker,):
        children = subprocess.run(["pgrep", "-P", str(worker.process.pid)], capture_output=True, text=True, check=True)
        for child in children.stdout.split():
            os.kill(int(child), signal.SIGSTOP)
        hurried, patient = tried(server.url(), seconds=4), tried(server.url())
    (late,) = found(hurried)
    assert late.outcome is Outcome.UNKNOWN
    assert "the time for the audit was up" in late.message
    (stuck,) = found(patient)
    assert stuck.outcome is Outcome.FAIL
    assert stuck.message == "a worker took it from the queue, and no result of it came within 15 s"


def test_no_worker_is_the_same_cause_that_the_other_rules_tell(server: RedisServer) -> None:
    case = tried(server.url())
    causes = {each.cause for each in judged(case, "CE") if each.outcome is Outcome.FAIL}
    assert causes == {f"no worker answered on {server.url()}"}


def test_a_user_who_may_not_put_a_task_into_the_queue_is_told_so(server: RedisServer, tmp_path: Path) -> None:
    server.client().acl_setuser(
        "looker", enabled=True, passwords=["+pw"], keys=["*"], channels=["*"], categories=["+@all"], commands=["-lpush"]
    )
    settings = json.dumps({"result_backend": server.url(1)})
    with running(start(tmp_path / "w", server.url(), "w@test", settings=settings)):
        case = tried(server.url(user="looker:pw@"))
    (missing,) = found(case)
    assert missing.outcome is Outcome.UNKNOWN
    assert "the broker refused LPUSH" in missing.message


def test_a_task_of_ones_own_has_the_audits_time_and_no_fault_for_being_slow(
    server: RedisServer, tmp_path: Path
) -> None:
    settings = json.dumps({"result_backend": server.url(1)})
    lines = '@app.task(name="shop.film")\ndef film():\n    import time\n    time.sleep(30)\n'
    with running(start(tmp_path / "w", server.url(), "w@test", pool="threads", settings=settings, lines=lines)):
        case = tried(server.url(), task="shop.film", seconds=5)
    (missing,) = found(case)
    assert missing.outcome is Outcome.UNKNOWN
    assert "the time for the audit was up" in missing.message
