"""`stackaudit drill`: a copy of the pins is drilled, judged as any audit is, and gone afterwards."""

import json
from pathlib import Path

import jsonschema
import pytest

from command import Run
from drilling import KILLED, killed_when, run_again
from matrices_of_one import HERE
from tools import require

SCHEMA = Path(__file__).parents[2] / "src" / "stackaudit" / "reports" / "record.schema.json"
GOOD = "celery[redis]==5.4.0\nkombu==5.6.1\nredis==5.0.8\nbilliard==4.2.4\nvine==5.1.0\n"
BAD = "celery==5.4.0\nkombu==5.6.1\nredis==4.3.6\n"


@pytest.fixture(autouse=True)
def tools() -> None:
    require("redis-server")
    require("uv")


def test_two_drills_of_the_same_pins_say_the_same_and_leave_nothing(
    stackaudit: Run, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (folder / "requirements.txt").write_text(GOOD)
    temporary = tmp_path_factory.mktemp("temporary")
    records = []
    for _ in range(2):
        run = stackaudit(
            "drill",
            "-r",
            "requirements.txt",
            "--drill",
            "round-trip,ping",
            "--format",
            "json",
            env={"TMPDIR": str(temporary)},
        )
        assert run.returncode == 0, run.stderr
        record = json.loads(run.stdout)
        jsonschema.validate(record, json.loads(SCHEMA.read_text()))
        (check,) = record["checks"]
        assert {each["subject"]: each["outcome"] for each in check["findings"]} == {
            "ping": "pass",
            "round-trip": "pass",
        }
        assert str(temporary) not in run.stdout
        assert record["target"]["python"]["version"].startswith(f"{HERE}.")
        assert record["target"]["platform"]
        records.append(record)
    assert len({each["digest"] for each in records}) == 1
    assert list(temporary.iterdir()) == []
    (folder / "drill.json").write_text(json.dumps(records[0]))
    told = stackaudit("report", "--from", "drill.json")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("# Drills of a copy of requirements.txt\n")
    assert "| ping | A worker answers a ping | ✅ held | 1 |" in told.stdout
    again = stackaudit("check", "--from", "drill.json")
    assert (again.returncode, "2 of 2 drills held on CPython" in again.stdout) == (0, True), again.stdout + again.stderr
    (folder / "stackaudit.toml").write_text('gate = "change"\n')
    again = stackaudit("check", "--from", "drill.json", "--fail-on", "critical")
    assert (again.returncode, again.stderr) == (0, "")
    refused = stackaudit("check", "--from", "drill.json", "--only", "matrix")
    assert (refused.returncode, "this one is of drills" in refused.stderr) == (2, True), refused.stderr


def test_a_drill_that_is_named_and_about_a_package_that_is_not_there_is_refused_and_not_left_out(
    stackaudit: Run, folder: Path
) -> None:
    (folder / "requirements.txt").write_text("vine==5.1.0\n")
    run = stackaudit("drill", "-r", "requirements.txt", "--drill", "ffmpeg-thumbnail")
    assert run.returncode == 2
    assert "the drill ffmpeg-thumbnail is about ffmpeg-python, and these pins do not install it" in run.stderr


def test_pins_that_bring_no_worker_up_fail_and_the_kept_logs_are_named(stackaudit: Run, folder: Path) -> None:
    (folder / "requirements.txt").write_text(BAD)
    state = folder / "state"
    run = stackaudit(
        "drill",
        "-r",
        "requirements.txt",
        "--drill",
        "worker-start",
        "--drill",
        "eta",
        env={"XDG_STATE_HOME": str(state)},
    )
    assert run.returncode == 1
    assert "error[DR201]: worker-start: " in run.stdout
    assert "unknown[DR201]: eta: " in run.stdout
    (logs,) = (state / "stackaudit" / "drills").iterdir()
    assert f"the logs of the drills that did not hold are in {logs}" in run.stderr
    assert any("worker" in path.name for path in logs.glob("*/worker-start/*.log"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--drill", "broker-restarts"), "there is no drill broker-restarts"),
        (("--pool", "gevent"), "--pool can't be gevent"),
        (("--repeat", "0"), "--repeat is a number from 1"),
        (("--jobs", "0"), "--jobs is a number from 1"),
        (("--timeout", "0"), "--timeout is a number of seconds"),
        (
            ("--pool", "solo", "--drill", "child-killed", "-r", "requirements.txt"),
            "the drill child-killed is not for workers",
        ),
        ((), "there is no environment to copy"),
    ],
)
def test_what_can_not_be_drilled_is_refused(
    stackaudit: Run, folder: Path, arguments: tuple[str, ...], words: str
) -> None:
    (folder / "requirements.txt").write_text("vine==5.1.0\n")
    run = stackaudit("drill", *arguments)
    assert run.returncode == 2
    assert words in run.stderr


def test_no_broker_can_be_named(stackaudit: Run, folder: Path) -> None:
    (folder / "requirements.txt").write_text(GOOD)
    told = stackaudit("drill", "--help").stdout
    assert "--broker-url" not in told
    assert "--redis-url" not in told
    assert stackaudit("drill", "-r", "requirements.txt", "--broker-url", "redis://127.0.0.1:9/0").returncode == 2


@pytest.mark.parametrize("command", KILLED)
def test_what_a_killed_run_leaves_is_taken_down_by_the_next(folder: Path, command: str) -> None:
    folders, processes = killed_when(" -m celery ", folder, command)
    assert folders != []
    assert any("redis-server" in each for each in processes)
    assert run_again(folder) == ([], [])


@pytest.mark.parametrize(
    ("pins", "index", "status", "words"),
    [
        ("celery==5.4.0\n", "http://127.0.0.1:1/simple", 3, "the package index did not answer as it should"),
        ("celery==5.4.0\nvine==1.3.0\n", None, 2, "the pins can't be installed together"),
    ],
)
def test_what_the_world_denies_is_unknown_and_what_the_pins_deny_is_wrong_input(
    stackaudit: Run, folder: Path, pins: str, index: str | None, status: int, words: str
) -> None:
    (folder / "requirements.txt").write_text(pins)
    dead = dict.fromkeys(("UV_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_INDEX_URL"), index or "")
    env = {"UV_CACHE_DIR": str(folder / "cache"), "UV_HTTP_RETRIES": "0", **(dead if index else {})}
    done = stackaudit("drill", "-r", "requirements.txt", "--drill", "imports", env=env)
    assert (done.returncode, words in done.stderr) == (status, True), done.stderr
