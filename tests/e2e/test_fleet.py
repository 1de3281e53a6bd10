"""The command `fleet`, from outside: answers shown as they come, exit statuses, formats, and the page that documents the worker step."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from command import CLEAN, COMMAND, Run
from fleets import STEP, recorded
from servers import RedisServer, free_port, redis_server
from workers import RunningWorker, running, start

PAGE = (Path(__file__).parents[2] / "docs" / "fleet.md").read_text(encoding="utf-8")
SCHEMA = Path(__file__).parents[2] / "src" / "stackaudit" / "reports" / "record.schema.json"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis") / "redis", "--save", "") as server:
        yield server


@pytest.fixture(scope="module")
def workers(broker: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningWorker, ...]]:
    """Two workers that run the same; one of them has the step, as the page says."""
    folder = tmp_path_factory.mktemp("workers")
    printed = subprocess.run([COMMAND, "fleet", "--worker-step"], capture_output=True, text=True, check=True).stdout
    lines = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert lines is not None
    (folder / "one").mkdir()
    (folder / "one" / "stackaudit_step.py").write_text(printed, encoding="utf-8")
    one = start(folder / "one", broker.url(), "one@test", lines=lines[1])
    with running(one, start(folder / "two", broker.url(), "two@test")) as both:
        yield both


def test_the_step_is_printed_as_it_is() -> None:
    printed = subprocess.run([COMMAND, "fleet", "--worker-step"], capture_output=True, check=True).stdout
    assert printed == STEP.read_bytes()


def test_the_two_lines_of_the_page_let_a_worker_tell_all(
    stackaudit: Run, broker: RedisServer, workers: tuple[RunningWorker, ...]
) -> None:
    assert len(workers) == 2
    done = stackaudit("fleet", "--broker-url", broker.url())
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "2 of 2 workers answered; 2 version sets; 1 without the worker step; no pins to hold them against"
        in done.stdout
    )
    assert re.search(r"version set \d \(\w{12}\), 1 worker: one@test\n.* \d+ packages\n", done.stdout)


def test_the_first_answer_is_shown_while_others_are_still_waited_for(
    broker: RedisServer, workers: tuple[RunningWorker, ...], folder: Path
) -> None:
    master, slave = pty.openpty()
    command = [COMMAND, "fleet", "--broker-url", broker.url(), "--format", "json"]
    with workers[1].stopped():
        process = subprocess.Popen(command, cwd=folder, env=CLEAN, stdout=subprocess.PIPE, stderr=slave)
        os.close(slave)
        shown = b""
        while b"one@test" not in shown:
            shown += os.read(master, 4096)
    # Only now does the other go on: what was shown was not shown at the end.
    printed, _ = process.communicate(timeout=60)
    record = json.loads(printed)
    os.close(master)
    assert {
        each["node"]: each["answered"] for look in record["looks"] for each in look["facts"] if each["fact"] == "Worker"
    } == {
        "one@test": True,
        "two@test": True,
    }


def test_a_record_of_a_fleet_is_one_by_the_schema_and_the_same_again(
    stackaudit: Run, broker: RedisServer, workers: tuple[RunningWorker, ...]
) -> None:
    assert len(workers) == 2
    records = [recorded(stackaudit("fleet", "--broker-url", broker.url(), "--format", "json")) for _ in range(2)]
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(records[0])
    assert records[0]["digest"] == records[1]["digest"]
    assert [each["id"] for each in records[0]["checks"]] == ["fleet"]


def test_every_format_tells_the_same_verdict(
    stackaudit: Run, broker: RedisServer, workers: tuple[RunningWorker, ...], folder: Path
) -> None:
    assert len(workers) == 2
    names = ("fleet.json", "fleet.md", "fleet.html", "fleet.sarif", "fleet.xml")
    files = [part for name in names for part in ("-o", name)]
    (folder / "requirements.txt").write_text("celery==5.0.0\n")
    done = stackaudit("fleet", "--broker-url", broker.url(), *files)
    assert done.returncode == 1
    for name in names:
        assert "FL301" in (folder / name).read_text(encoding="utf-8"), name
    assert "one@test" in (folder / "fleet.md").read_text(encoding="utf-8")
    assert stackaudit("fleet", "--broker-url", broker.url(), "--ignore", "FL301", "-q").returncode == 0
    assert stackaudit("fleet", "--broker-url", broker.url(), "--exit-zero", "-qq").returncode == 0


def test_the_workers_are_held_against_an_environment_where_one_is_named(
    stackaudit: Run, broker: RedisServer, workers: tuple[RunningWorker, ...], folder: Path
) -> None:
    assert len(workers) == 2
    done = recorded(stackaudit("fleet", "--broker-url", broker.url(), "--python", sys.executable, "--format", "json"))
    passed = {
        (each["rule"], each["subject"].partition("=")[0])
        for each in done["checks"][0]["findings"]
        if each["outcome"] == "pass"
    }
    assert {("FL301", "celery"), ("FL301", "redis")} <= passed
    assert not (folder / "fleet.json").exists()


def test_without_a_broker_nothing_is_asked(stackaudit: Run) -> None:
    done = stackaudit("fleet")
    assert done.returncode == 2
    assert "there is no broker to ask" in done.stderr


def test_a_broker_that_is_down_is_a_failure(stackaudit: Run) -> None:
    done = stackaudit("fleet", env={"CELERY_BROKER_URL": f"redis://127.0.0.1:{free_port()}/0"})
    assert done.returncode == 1
    assert "error[FL101]" in done.stdout


def test_an_interruption_ends_the_asking(broker: RedisServer, folder: Path) -> None:
    master, slave = pty.openpty()
    with broker.stopped():
        process = subprocess.Popen(
            [COMMAND, "fleet", "--broker-url", broker.url()], cwd=folder, env=CLEAN, stderr=slave
        )
        os.close(slave)
        shown = b""
        while b"asking the workers" not in shown:
            shown += os.read(master, 4096)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
    os.close(master)


def test_a_wrong_matrix_is_told_before_anybody_is_asked(stackaudit: Run) -> None:
    done = stackaudit("fleet", "--broker-url", f"redis://127.0.0.1:{free_port()}/0", "--matrix", "none.toml")
    assert done.returncode == 2


@pytest.mark.parametrize("code", ["FL101", "FL201", "FL301", "FL402"])
def test_its_rules_are_explained(stackaudit: Run, code: str) -> None:
    done = stackaudit("explain", code)
    assert done.returncode == 0
    assert code in done.stdout
