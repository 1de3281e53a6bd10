"""What the Celery probe sees of real workers, of the newest and of an older Celery, and what it leaves behind: nothing."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from asking import declared, gathered, joined, judged, passed, told
from environments import Environments
from servers import RedisServer, free_port, redis_server, sentinel, stays_silent, stranger
from stackaudit.model.audit import Case
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.findings import Outcome
from stackaudit.model.wire import Json, encode
from stackaudit.probes import celery
from workers import RunningWorker, running, start

PICKLE = {"task_serializer": "pickle", "accept_content": ["json", "pickle"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("celery")


@pytest.fixture(scope="module")
def broker(folder: Path) -> Iterator[RedisServer]:
    with redis_server(folder / "redis", "--save", "") as server:
        yield server


@pytest.fixture(scope="module")
def older(environments: Environments) -> str:
    """The interpreter of an environment as the first stack had it."""
    return environments.get("3.11", "celery==5.4.0", "kombu==5.6.1", "redis==5.0.8")


@pytest.fixture(scope="module")
def pair(folder: Path, broker: RedisServer, older: str) -> Iterator[tuple[RunningWorker, ...]]:
    """A solo worker of the newest Celery and a prefork one of an older Celery, both in database 0."""
    new = start(folder / "new", broker.url(), "new@test")
    old = start(folder / "old", broker.url(), "old@test", pool="prefork", python=older)
    with running(new, old) as workers:
        yield workers


def asked(broker: RedisServer, database: int = 0, *, expect: tuple[str, ...] = ()) -> Case:
    return gathered(declared(broker=broker.url(database), expect=expect), "redis", "celery")


def by_node(case: Case) -> dict[str, Worker]:
    return {each.node: each for each in case.facts(Worker)}


def test_workers_of_two_celeries_say_what_they_run(broker: RedisServer, pair: tuple[RunningWorker, ...]) -> None:
    assert len(pair) == 2
    before = broker.keys()
    case = asked(broker)
    assert broker.keys() == before, "asking leaves no key behind"
    workers = by_node(case)
    old = workers["old@test"]
    assert (old.celery, old.kombu, old.driver, old.driver_version) == ("5.4.0", "5.6.1", "redis", "5.0.8")
    assert (old.pool, old.concurrency, old.expected_by) == ("prefork", 1, ("pidbox",))
    assert workers["new@test"].pool == "solo"
    assert workers["new@test"].python == ".".join(str(each) for each in sys.version_info[:3])
    assert [(each.subscribers, each.replies, each.undecodable) for each in case.facts(Broadcast)] == [(2, 2, 0)]
    assert {rule for rule, _, _ in told(case, "CE1")} == {"CE104"}
    assert ("CE102", "old@test") in passed(case, "CE1")


def test_a_worker_that_is_stopped_is_silent_and_leaves_nothing_when_it_wakes_up(
    broker: RedisServer, pair: tuple[RunningWorker, ...]
) -> None:
    before = broker.keys()
    with pair[1].stopped():
        case = asked(broker)
    assert by_node(case)["old@test"].answered is False
    assert by_node(case)["new@test"].answered is True
    assert told(case, "CE1") == [("CE102", "high", "old@test")]
    until = time.monotonic() + 20
    while not by_node(asked(broker))["old@test"].answered and time.monotonic() < until:
        time.sleep(0.2)
    assert by_node(asked(broker))["old@test"].answered is True
    assert broker.keys() == before, "not even the answer that came too late"


def test_who_could_still_have_answered_when_the_time_was_up_is_unknown_and_not_silent(
    broker: RedisServer, pair: tuple[RunningWorker, ...]
) -> None:
    pulse = gathered(declared(broker=broker.url()), "redis")
    # Less than the silence after which a worker counts as silent.
    seconds = 2.2
    with pair[1].stopped():
        case = joined(pulse, celery.PROBE, seconds)
        assert by_node(case).keys() == {"new@test"}
        assert told(case, "CE1") == [], "nothing was seen to fail"
        unknown = {(each.rule, each.subject) for each in judged(case, "CE1") if each.outcome is Outcome.UNKNOWN}
        assert ("CE102", "old@test") in unknown
        with pair[0].stopped():
            nobody = joined(pulse, celery.PROBE, seconds)
    assert told(nobody, "CE1") == [], "that nobody answers was not seen either"
    assert ("CE101", "") in {
        (each.rule, each.subject) for each in judged(nobody, "CE1") if each.outcome is Outcome.UNKNOWN
    }
    until = time.monotonic() + 20
    while not all(each.answered for each in by_node(asked(broker)).values()) and time.monotonic() < until:
        time.sleep(0.2)


def test_an_audit_that_is_killed_leaves_only_what_expires(broker: RedisServer, pair: tuple[RunningWorker, ...]) -> None:
    with pair[1].stopped(), broker.client() as client:
        errand: dict[str, Json] = {
            "manifest": encode(declared(broker=broker.url()), reveal=True),
            "seen": {"taken_at": "2026-11-22T12:00:00", "host": "", "looks": []},
            "seconds": 60,
        }
        command = [sys.executable, "-P", "-m", "stackaudit.probes", "celery"]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert child.stdin is not None
        child.stdin.write(json.dumps(errand).encode())
        child.stdin.close()
        until = time.monotonic() + 20
        while not client.keys("*.reply.stackaudit.pidbox") and time.monotonic() < until:
            time.sleep(0.01)
        child.kill()
        child.wait()
        left = client.keys("*reply.stackaudit.pidbox")
        lives = [client.ttl(key) for key in left]
        client.delete(*left)
    assert len(left) == 2
    assert all(0 < life <= 30 for life in lives)


def test_a_configured_worker_that_nobody_knows_is_missing(broker: RedisServer, pair: tuple[RunningWorker, ...]) -> None:
    assert len(pair) == 2
    case = asked(broker, expect=("new@test", "gone@test"))
    assert ("CE102", "high", "gone@test") in told(case, "CE1")
    assert by_node(case)["new@test"].expected_by == ("expect", "pidbox")


def test_a_broker_with_no_worker_is_no_pass(broker: RedisServer, pair: tuple[RunningWorker, ...]) -> None:
    assert len(pair) == 2
    case = asked(broker, 7)
    assert told(case, "CE1") == [("CE101", "high", broker.url(7))]
    assert passed(case, "CE1") == []
    assert [each.elsewhere for each in case.facts(Broadcast)] == [(0,)]


def test_a_worker_that_was_killed_is_a_name_and_no_alarm(broker: RedisServer, folder: Path, older: str) -> None:
    url = broker.url(1)
    with running(start(folder / "a", url, "a@test", python=older), start(folder / "b", url, "b@test")) as (a, b):
        a.kill()
        case = asked(broker, 1)
        assert told(case, "CE1") == [("CE102", "low", "a@test")]
        b.kill()
        case = asked(broker, 1)
    assert ("CE101", "high", url) in told(case, "CE1")
    assert passed(case, "CE1") == []


def test_pickled_answers_are_counted_and_never_decoded(broker: RedisServer, folder: Path) -> None:
    settings = json.dumps(PICKLE)
    # Celery refuses to start as root with pickle accepted, which tests in containers are.
    os.environ["C_FORCE_ROOT"] = "1"
    try:
        worker = start(folder / "pickle", broker.url(2), "pickle@test", settings=settings)
    finally:
        del os.environ["C_FORCE_ROOT"]
    with running(worker):
        case = asked(broker, 2)
    assert [(each.replies, each.undecodable) for each in case.facts(Broadcast)] == [(0, 1)]
    assert told(case, "CE1") == [("CE105", "high", broker.url(2))]
    assert [each.subject for each in judged(case, "CE102") if each.outcome is Outcome.UNCHECKABLE] == ["pickle@test"]


def test_a_worker_with_remote_control_off_is_no_pass(broker: RedisServer, folder: Path) -> None:
    settings = json.dumps({"worker_enable_remote_control": False})
    with running(start(folder / "deaf", broker.url(3), "deaf@test", settings=settings)):
        case = asked(broker, 3)
    assert told(case, "CE1") == [("CE101", "high", broker.url(3))]
    assert passed(case, "CE1") == []


def test_two_workers_of_one_name_are_told(broker: RedisServer, folder: Path) -> None:
    twins = [start(folder / name, broker.url(4), "twin@test") for name in ("one", "two")]
    with running(*twins):
        case = asked(broker, 4)
    assert by_node(case)["twin@test"].copies == 2
    assert told(case, "CE1") == [("CE106", "medium", "twin@test")]


def test_workers_behind_a_sentinel_are_asked_at_its_master(broker: RedisServer, folder: Path) -> None:
    settings = json.dumps({"broker_transport_options": {"master_name": "lead"}})
    with sentinel(folder / "sentinel", broker, "lead") as port:
        url = f"sentinel://127.0.0.1:{port}/5"
        with running(start(folder / "led", url, "led@test", settings=settings)):
            case = gathered(declared(broker=f"{url}?master_name=lead"), "redis", "celery")
    assert told(case, "CE1") == []
    assert by_node(case)["led@test"].answered


def test_a_broker_that_does_not_serve_blinds_celery_with_the_same_cause() -> None:
    case = gathered(declared(broker=f"redis://127.0.0.1:{free_port()}/0"), "redis", "celery")
    (failed,) = [each for each in judged(case, "RD") if each.outcome is Outcome.FAIL]
    unknown = judged(case, "CE")
    assert {each.outcome for each in unknown} == {Outcome.UNKNOWN}
    assert {each.cause for each in unknown} == {failed.cause}


def test_a_user_who_may_not_ask_is_unknown(broker: RedisServer) -> None:
    with broker.client() as client:
        client.execute_command("ACL", "SETUSER", "reader", "on", ">pw", "~*", "&*", "+@all", "-publish", "-sadd")
    case = gathered(declared(broker=broker.url(user="reader:pw@")), "redis", "celery")
    assert {each.outcome for each in judged(case, "CE")} == {Outcome.UNKNOWN}


def test_a_broker_that_is_not_redis_is_asked_through_celery() -> None:
    case = gathered(declared(broker=f"amqp://guest:guest@127.0.0.1:{free_port()}//"), "redis", "celery")
    assert {rule for rule, _, _ in told(case, "CE1")} == {"CE101"}
    assert passed(case, "CE1") == []
    case = gathered(declared(broker="no-such-kind://broker.test"), "redis", "celery")
    (failed,) = [each for each in judged(case, "CE") if each.outcome is Outcome.FAIL]
    assert failed.message == "Celery knows no broker of the scheme no-such-kind://"
    with stranger(stays_silent) as port:
        case = gathered(declared(broker=f"amqp://guest:guest@127.0.0.1:{port}//"), "redis", "celery")
    assert {each.outcome for each in judged(case, "CE")} == {Outcome.UNKNOWN}
