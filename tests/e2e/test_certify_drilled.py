"""`matrix certify` drills a throwaway stack of each row: what survives is proved so, and nothing is left of either."""

import json
import signal
import subprocess
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from command import CLEAN, COMMAND
from environments import uv
from matrices_of_one import HERE, written
from tools import require

ROWS = {
    "lame": ("celery==5.6.3", "kombu==5.6.2", "redis==4.6.0"),
    "good": ("celery==5.4.0", "kombu==5.4.0", "redis==5.0.8"),
}
"""One that never finds its result backend again after a restart, though it passes pip check, a ping and a task, and one that does."""


@pytest.fixture
def environment(folder: Path) -> Mapping[str, str]:
    """Caches and temporary files of the test's own; what uv has downloaded before is taken."""
    require("redis-server")
    cache = subprocess.run([uv(), "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    (folder / "tmp").mkdir()
    own = {"TMPDIR": "tmp", "XDG_CACHE_HOME": "kept", "XDG_STATE_HOME": "state"}
    return {**CLEAN, "UV_CACHE_DIR": cache, **{name: str(folder / each) for name, each in own.items()}}


def start(folder: Path, environment: Mapping[str, str], *arguments: str) -> "subprocess.Popen[str]":
    command = [COMMAND, "matrix", "certify", *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def processes_in(folder: Path) -> list[str]:
    """The command lines that name `folder`."""
    shown = subprocess.run([require("ps"), "-ewwo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in shown.splitlines() if str(folder / "tmp") in line]


def leaves_nothing(folder: Path) -> bool:
    return list((folder / "tmp").iterdir()) == [] and processes_in(folder) == []


def proofs(folder: Path, name: str) -> list[dict[str, Any]]:
    path = folder / "matrices" / f"{name}.proof.toml"
    found: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["proof"]
    return found


def test_a_row_that_does_not_come_back_after_a_fault_is_exercised_and_has_not_survived(
    folder: Path, environment: Mapping[str, str]
) -> None:
    written(folder, "lame", ROWS["lame"])
    process = start(folder, environment, "lame", "--format", "json")
    output, errors = process.communicate(timeout=400)
    assert process.returncode == 1, output + errors
    (check,) = json.loads(output)["checks"]
    failing = {each["subject"]: each["rule"] for each in check["findings"] if each["outcome"] == "fail"}
    assert failing == {f"{HERE}:5.6 backend-restart": "DR204"}
    assert {each["rung"] for each in proofs(folder, "lame")} == {"exercised"}
    assert "the logs of the drills that did not hold are in " in errors
    assert list((folder / "state").rglob("backend-restart/*.worker-1.log")) != []
    assert leaves_nothing(folder)


def test_an_interruption_in_the_middle_of_a_drill_leaves_nothing_behind(
    folder: Path, environment: Mapping[str, str]
) -> None:
    written(folder, "good", ROWS["good"])
    process = start(folder, environment, "good")
    try:
        until = time.monotonic() + 120
        while not any(" -m celery " in line for line in processes_in(folder)):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until, "no worker was started"
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, output) == (130, "")
    assert "Traceback" not in errors
    assert not (folder / "matrices" / "good.proof.toml").exists()
    assert leaves_nothing(folder)
