"""What `stackaudit fleet` tells of real workers: of two version sets, with the worker step and without, stopped, killed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from environments import Environments, write_distribution
from fleets import ask, facts, failures, findings, recorded, start_with_step
from servers import RedisServer, redis_server
from stackaudit.fleet.snapshots import Snapshots
from stackaudit.model.deadline import Deadline
from stackaudit.probes import _celery_control
from workers import RunningWorker, running, start

SECRET = "s3cret"
STEPPED, OLDER, PLAIN = "stepped@test", "older@test", "plain@test"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fleet")


@pytest.fixture(scope="module")
def broker(folder: Path) -> Iterator[RedisServer]:
    with redis_server(folder / "redis", "--save", "", password=SECRET) as server:
        yield server


@pytest.fixture(scope="module")
def older(environments: Environments) -> str:
    """The interpreter of an environment as the first stack had it."""
    return environments.get("3.11", "celery==5.4.0", "kombu==5.6.1", "redis==5.0.8")


def url(broker: RedisServer, database: int = 0) -> str:
    return broker.url(database, user=f":{SECRET}@")


@pytest.fixture(scope="module")
def fleet(folder: Path, broker: RedisServer, older: str) -> Iterator[tuple[RunningWorker, ...]]:
    """Three workers in database 0: one of the newest Celery and one of an older with the step, and one of the newest without."""
    stepped = start_with_step(folder / "stepped", url(broker), STEPPED, settings=json.dumps({"task_acks_late": True}))
    old = start_with_step(folder / "older", url(broker), OLDER, python=older, pool="prefork")
    with running(stepped, old, start(folder / "plain", url(broker), PLAIN)) as workers:
        yield workers


def test_every_version_set_is_told_with_its_workers(
    broker: RedisServer, fleet: tuple[RunningWorker, ...], tmp_path: Path
) -> None:
    assert len(fleet) == 3
    before = broker.keys()
    record = recorded(ask(tmp_path, "--broker-url", url(broker), "--format", "json"))
    assert broker.keys() == before, "asking leaves no key behind"
    sets = {tuple(each["nodes"]): each for each in facts(record, "VersionSet")}
    assert set(sets) == {(STEPPED,), (OLDER,), (PLAIN,)}
    old = sets[OLDER,]
    assert old["whole"]
    versions = dict(old["packages"])
    assert (versions["celery"], versions["kombu"], versions["redis"]) == ("5.4.0", "5.6.1", "5.0.8")
    assert "vine" in versions, "the step tells what no worker reports of itself"
    assert old["python"].startswith("3.11.")
    late = {tuple(each["nodes"]): dict(each["settings"])["task_acks_late"] for each in facts(record, "SettingSet")}
    assert late == {(STEPPED,): "true", (OLDER,): "false"}
    plain = sets[PLAIN,]
    assert not plain["whole"]
    assert {name for name, _ in plain["packages"]} == {"billiard", "celery", "kombu", "redis"}
    assert {("FL201", "celery"), ("FL201", "redis"), ("FL205", "task_acks_late")} <= failures(record)
    assert record["verdict"] == "fail"
    (partial,) = [each for each in findings(record) if each["rule"] == "FL104"]
    assert (partial["outcome"], PLAIN in partial["message"]) == ("uncheckable", True)


def test_no_secret_of_a_worker_or_of_the_broker_is_told(
    broker: RedisServer, fleet: tuple[RunningWorker, ...], tmp_path: Path
) -> None:
    assert len(fleet) == 3
    settings = {
        "task_serializer": "json",
        "timezone": f"redis://user:{SECRET}@host/0",
        "broker_transport_options": {"visibility_timeout": 90, "sentinel_kwargs": {"password": SECRET}},
        "beat_schedule": {"x": {"task": "t", "schedule": 10, "args": [SECRET]}},
    }
    node = "leaky@test"
    with running(
        start_with_step(tmp_path / "leaky", url(broker, 1), node, settings=json.dumps({**settings, "timezone": "UTC"}))
    ):
        done = ask(tmp_path / "asking", "--broker-url", url(broker, 1), "--format", "json")
    assert SECRET not in done.stdout + done.stderr
    (told,) = facts(recorded(done), "SettingSet")
    assert dict(told["settings"])["broker_transport_options.visibility_timeout"] == "90"


def test_an_older_stack_is_held_against_the_pins_and_the_matrix(
    broker: RedisServer, fleet: tuple[RunningWorker, ...], tmp_path: Path
) -> None:
    assert len(fleet) == 3
    (tmp_path / "requirements.txt").write_text("celery==5.4.0\nkombu==5.6.1\nredis==5.0.8\nffmpeg-python==0.2.0\n")
    (tmp_path / ".python-version").write_text("3.12\n")
    record = recorded(ask(tmp_path, "--broker-url", url(broker), "--format", "json"))
    failed = failures(record)
    newest = dict(next(each for each in facts(record, "VersionSet") if each["nodes"] == [PLAIN])["packages"])
    assert ("FL301", f"celery=={newest['celery']}") in failed
    assert ("FL301", "celery==5.4.0") not in failed
    assert ("FL301", "ffmpeg-python") in failed, "pinned, and not there where the step tells all"
    pinned = next(each for each in findings(record) if each["subject"] == f"celery=={newest['celery']}")
    assert pinned["where"] == "requirements.txt:1"
    assert any(rule == "FL302" for rule, _ in failed)
    assert ("FL402", "kombu==5.6.1") not in failed


def test_a_stopped_worker_is_named_and_a_killed_one_is_a_name_alone(
    broker: RedisServer, folder: Path, older: str, tmp_path: Path
) -> None:
    here = url(broker, 2)
    names = ("alive@test", "stopped@test", "killed@test")
    workers = [start(folder / name, here, name, python=older) for name in names]
    with running(*workers):
        workers[2].kill()
        dead = ask(tmp_path, "--broker-url", here, "--format", "json")
        with workers[1].stopped():
            both = ask(tmp_path, "--broker-url", here, "--format", "json")
            text = ask(tmp_path, "--broker-url", here)
            cut = ask(tmp_path, "--broker-url", here, "--expect", "9", "--timeout", "1.5", "--format", "json")
    missing = {each["subject"]: each for each in findings(recorded(dead)) if each["rule"] == "FL102"}
    assert (missing["killed@test"]["outcome"], missing["killed@test"]["severity"]) == ("fail", "low")
    assert dead.returncode == 0
    missing = {each["subject"]: each for each in findings(recorded(both)) if each["rule"] == "FL102"}
    assert missing["stopped@test"]["severity"] == "high"
    assert both.returncode == 1
    assert (cut.returncode, failures(recorded(cut))) == (3, set()), "too little time is no fault of a worker's"
    assert "no answer, 2 workers: killed@test, stopped@test" in text.stdout
    assert "version set 1" in text.stdout, "always shown, where there is one alone too"


def test_how_many_are_expected_counts(broker: RedisServer, fleet: tuple[RunningWorker, ...], tmp_path: Path) -> None:
    assert len(fleet) == 3
    three = ask(tmp_path, "--broker-url", url(broker), "--expect", "3", "--expect", PLAIN, "--format", "json")
    assert not [each for each in failures(recorded(three)) if each[0] == "FL102"]
    four = ask(tmp_path, "--broker-url", url(broker), "--expect", "4", "--format", "json")
    assert [each for each in failures(recorded(four)) if each[0] == "FL102"] == [("FL102", broker.url())]
    named = ask(tmp_path, "--broker-url", url(broker), "--expect", "gone@test", "--format", "json")
    assert ("FL102", "gone@test") in failures(recorded(named))


def test_what_was_replaced_under_a_running_worker_is_told(broker: RedisServer, folder: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    write_distribution(site, "shifting", "1.0")
    lines = f"import sys\nsys.path.append({str(site)!r})\n"
    with running(start_with_step(folder / "shifting", url(broker, 3), "shifting@test", lines=lines)):
        still = recorded(ask(tmp_path / "asking", "--broker-url", url(broker, 3), "--format", "json"))
        (site / "shifting-1.0.dist-info" / "METADATA").unlink()
        (site / "shifting-1.0.dist-info").rmdir()
        write_distribution(site, "shifting", "2.0")
        moved = recorded(ask(tmp_path / "asking", "--broker-url", url(broker, 3), "--format", "json"))
    assert ("FL206", "shifting@test") not in failures(still)
    assert ("FL206", "shifting@test") in failures(moved)
    (fact,) = facts(moved, "Replaced")
    assert (fact["name"], fact["started_with"], fact["now"]) == ("shifting", "1.0", "2.0")


def test_nobody_answering_is_a_failure(broker: RedisServer, tmp_path: Path) -> None:
    done = ask(tmp_path, "--broker-url", url(broker, 9), "--format", "json")
    assert done.returncode == 1
    assert {rule for rule, _ in failures(recorded(done))} == {"FL101"}
    assert not [each for each in findings(recorded(done)) if each["outcome"] == "pass"]


def test_answers_in_pickle_are_counted_and_never_decoded(broker: RedisServer, folder: Path, tmp_path: Path) -> None:
    settings = json.dumps({"task_serializer": "pickle", "accept_content": ["json", "pickle"]})
    # Celery refuses to start as root with pickle accepted, which tests in containers are.
    lines = 'import os\nos.environ["C_FORCE_ROOT"] = "1"\n'
    here = url(broker, 4)
    pickling = start(folder / "pickle", here, "pickle@test", settings=settings, lines=lines)
    with running(pickling, start(folder / "beside", here, "beside@test")):
        done = ask(tmp_path, "--broker-url", here, "--format", "json")
    assert ("FL105", broker.url(4)) in failures(recorded(done))
    unseen = {each["rule"] for each in findings(recorded(done)) if each["outcome"] == "unknown"}
    assert "FL201" in unseen, "what it runs is not known, and is held to be the same by nobody"


def test_a_broker_that_hangs_or_is_no_redis_at_all_ends_in_time(broker: RedisServer, tmp_path: Path) -> None:
    with broker.stopped():
        hung = ask(tmp_path, "--broker-url", url(broker), "--timeout", "1.5", "--format", "json")
    assert hung.returncode == 3
    refused = ask(tmp_path, "--broker-url", "amqp://guest:guest@127.0.0.1:9//", "--format", "json")
    assert refused.returncode == 1
    assert {rule for rule, _ in failures(recorded(refused))} == {"FL101"}


def test_the_step_serves_the_oldest_python_and_celery_that_are_audited(
    broker: RedisServer, folder: Path, environments: Environments, tmp_path: Path
) -> None:
    python = environments.get("3.8", "celery==5.2.7", "redis==4.5.4", "importlib-metadata<5")
    with running(start_with_step(folder / "oldest", url(broker, 6), "oldest@test", python=python)):
        record = recorded(ask(tmp_path, "--broker-url", url(broker, 6), "--format", "json"))
    (told,) = facts(record, "VersionSet")
    assert (told["whole"], dict(told["packages"])["celery"]) == (True, "5.2.7")
    assert told["python"].startswith("3.8.")
    assert facts(record, "SettingSet")


def test_by_the_way_of_any_broker_the_step_is_asked_once_too(
    broker: RedisServer, fleet: tuple[RunningWorker, ...]
) -> None:
    assert len(fleet) == 3
    heard = Snapshots()
    found = _celery_control.census(url(broker), Deadline(30), heard.hear)
    assert sorted(found.answers) == [OLDER, PLAIN, STEPPED]
    assert sorted(heard.marks) == [OLDER, STEPPED]
    assert all(told is not None for told in heard.told.values())
    assert len(heard.told) == 2


def test_the_step_never_keeps_a_worker_from_starting(broker: RedisServer, folder: Path, tmp_path: Path) -> None:
    lines = "import stackaudit_step\nstackaudit_step.take = None\n"
    with running(start_with_step(folder / "faulty", url(broker, 5), "faulty@test", lines=lines)):
        done = ask(tmp_path, "--broker-url", url(broker, 5), "--format", "json")
    (told,) = facts(recorded(done), "VersionSet")
    assert (told["nodes"], told["whole"]) == (["faulty@test"], False)
    assert done.returncode == 3
    causes = {each["message"] for each in findings(recorded(done)) if each["outcome"] == "unknown"}
    assert causes == {"the worker step could not take its snapshot"}
