"""`stackaudit smoke` from outside: it tries what the live stack is for, asks before it sends anything elsewhere, and says what it did."""

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import workers
from command import CLEAN, COMMAND, Run
from environments import Environments
from osv_service import OsvService
from servers import RedisServer, free_port, redis_server
from tools import require

PROJECTS = Path(__file__).parent.parent / "projects"
ADVISORIES = Path(__file__).parent.parent / "advisories"
PINS = tuple((PROJECTS / "seed" / "requirements.txt").read_text(encoding="utf-8").split())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(scope="module")
def python(environments: Environments) -> str:
    return environments.get("3.11", *PINS)


@pytest.fixture(scope="module", autouse=True)
def worker(
    server: RedisServer, python: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[workers.RunningWorker]:
    settings = json.dumps({"result_backend": server.url(1)})
    started = workers.start(
        tmp_path_factory.mktemp("worker"), server.url(), "w1@smoke", pool="prefork", python=python, settings=settings
    )
    with workers.running(started) as (one,):
        yield one


def checks(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    return {each["id"]: each for each in json.loads(done.stdout)["checks"]}


def test_a_healthy_stack_is_tried_from_its_dependencies_to_a_picture_and_nothing_is_left(
    server: RedisServer, python: str, stackaudit: Run
) -> None:
    require("ffmpeg")
    before = server.keys()
    with OsvService(ADVISORIES) as service:
        options = ("--python", python, "--broker-url", server.url(), "--advisories", service.url)
        told, recorded = stackaudit("smoke", *options), stackaudit("smoke", *options, "--format", "json")
    assert server.keys() == before
    assert told.returncode == recorded.returncode == 0, told.stdout + told.stderr
    found = checks(recorded)
    assert list(found) == ["conflicts", "vulnerabilities", "redis", "celery", "ffmpeg"]
    assert {each["verdict"] for each in found.values()} <= {"pass", "warn"}
    passes = {each["subject"] for each in found["celery"]["findings"] if each["rule"] == "CE901"}
    assert passes == {"task celery.accumulate through queue celery"}
    for subject in ("task celery.accumulate through queue celery", "ffmpeg thumbnail", "ffmpeg rotate", server.url()):
        assert any(line.split("  ")[1] == subject for line in told.stdout.splitlines() if line.startswith("  ")), (
            subject
        )
    assert "p99" in told.stdout


def test_an_audit_without_smoke_sends_no_task(server: RedisServer, python: str, stackaudit: Run) -> None:
    done = stackaudit("check", "--python", python, "--broker-url", server.url(), "--only", "celery", "--format", "json")
    assert "CE901" not in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--args", "[1]"], "--args are the arguments of a task"),
        (["--task", "a.b", "--args", "1"], "--args is no JSON list"),
        (["--only", "matrix"], "smoke has no check matrix"),
    ],
)
def test_what_can_not_be_meant_ends_with_two_before_anything_is_sent(
    options: list[str], message: str, python: str, stackaudit: Run
) -> None:
    done = stackaudit("smoke", "--python", python, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_dead_redis_fails_and_no_round_trip_is_ticked(python: str, stackaudit: Run) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    done = stackaudit("smoke", "--python", python, "--broker-url", url, "--only", "redis,celery", "--format", "json")
    found = checks(done)
    assert done.returncode == 1
    assert (found["redis"]["verdict"], found["celery"]["verdict"]) == ("fail", "unknown")
    assert not [each for each in found["celery"]["findings"] if each["outcome"] == "pass"]


def elsewhere(server: RedisServer) -> str:
    # Reaches this machine, and does not say so.
    return f"redis://0.0.0.0:{server.port}/0"


def test_elsewhere_nothing_is_enqueued_that_nobody_agreed_to(server: RedisServer, python: str, stackaudit: Run) -> None:
    options = ("--python", python, "--broker-url", elsewhere(server), "--only", "celery", "--format", "json")
    unasked, agreed = stackaudit("smoke", *options), stackaudit("smoke", *options, "--yes")
    (missing,) = [each for each in checks(unasked)["celery"]["findings"] if each["outcome"] == "unknown"]
    assert unasked.returncode == 3
    assert "--yes" in missing["fix"]
    trips = [each for each in checks(agreed)["celery"]["findings"] if each["rule"] == "CE901"]
    assert agreed.returncode == 0
    assert [(each["outcome"], each["subject"]) for each in trips] == [
        ("pass", "task celery.accumulate through queue celery")
    ]


@pytest.mark.parametrize(("answer", "route"), [("y", "task celery.accumulate"), ("n", "control message")])
def test_on_a_terminal_it_asks_first(answer: str, route: str, server: RedisServer, python: str, folder: Path) -> None:
    terminal, theirs = pty.openpty()
    command = [COMMAND, "smoke", "--python", python, "--broker-url", elsewhere(server), "--only", "celery"]
    try:
        with subprocess.Popen(
            [*command, "--no-progress"],
            cwd=folder,
            env=CLEAN,
            stdin=theirs,
            stderr=theirs,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            os.write(terminal, f"{answer}\n".encode())
            assert process.stdout is not None
            printed = process.stdout.read()
    finally:
        asked = os.read(terminal, 4096).decode()
        os.close(theirs)
        os.close(terminal)
    assert "is not on this machine. Send harmless tasks through it to its workers?" in asked
    assert process.returncode == 0
    assert route in printed


def test_a_task_of_ones_own_goes_once_and_its_failure_is_told_by_its_type(
    server: RedisServer, python: str, stackaudit: Run
) -> None:
    options = ("--python", python, "--broker-url", server.url(), "--only", "celery", "--format", "json")
    # With these arguments a task that Celery brings along raises.
    bad = stackaudit("smoke", *options, "--task", "celery.chunks", "--args", "[1, 2, 3]")
    good = stackaudit("smoke", *options, "--task", "celery.accumulate", "--args", '["a-customers-data", 1]')
    assert "a-customers-data" not in good.stdout + good.stderr
    (failed,) = [each for each in checks(bad)["celery"]["findings"] if each["rule"] == "CE901"]
    assert (bad.returncode, failed["outcome"]) == (1, "fail")
    assert "it ended in the state FAILURE with" in failed["message"]
    assert good.returncode == 0
    assert not any("task-meta" in each for each in (*server.keys(), *server.client(1).keys()))
