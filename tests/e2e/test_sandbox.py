"""`check --sandbox` from outside: a whole stack out of nothing, told as such, and gone afterwards."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from command import CLEAN, COMMAND
from osv_service import OsvService
from tools import require

ADVISORIES = Path(__file__).parent.parent / "advisories"
DYING = ("celery[redis]==5.4.0", "kombu==5.7.0", "redis==5.3.1")
"""kombu 5.7.0 asks for a redis-py that the extra of celery 5.4.0 does not admit: no installer objects, and the worker dies at its start."""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A temporary folder of the test's own: what is left behind is seen in it, and nobody else's sandbox is."""
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture
def start(folder: Path, temporary: Path) -> Iterator[Start]:
    """Start `check --sandbox` in `folder` with advisories from loopback."""
    require("redis-server")
    require("ffmpeg")
    with OsvService(ADVISORIES) as service:

        def started(*arguments: str) -> "subprocess.Popen[str]":
            command = [COMMAND, "check", "--sandbox", "--advisories", service.url, *arguments]
            environment = {**CLEAN, "TMPDIR": str(temporary), "PATH": CLEAN["PATH"]}
            return subprocess.Popen(
                command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )

        yield started


def finished(process: "subprocess.Popen[str]") -> tuple[str, str]:
    try:
        return process.communicate(timeout=300)
    finally:
        process.kill()


def processes_in(folder: Path) -> list[str]:
    """The command lines that name `folder`."""
    # Without `ww` it cuts the lines where a terminal would.
    shown = subprocess.run([require("ps"), "-ewwo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in shown.splitlines() if str(folder) in line]


def leaves_nothing(folder: Path) -> bool:
    return list(folder.iterdir()) == [] and processes_in(folder) == []


def test_an_empty_folder_is_audited_as_a_throwaway_copy_of_the_matrix(start: Start, temporary: Path) -> None:
    process = start("--no-progress")
    text, errors = finished(process)
    assert process.returncode == 0, text + errors
    lines = [line for line in text.splitlines() if line.startswith(("  ok  ", "  warn"))]
    assert len(lines) == 8
    assert all(" sandbox: " in line for line in lines), text
    assert leaves_nothing(temporary)


def test_the_record_of_a_sandbox_says_so_and_names_nothing_by_its_port(start: Start, temporary: Path) -> None:
    process = start("--only", "redis,celery", "--format", "json")
    output, errors = finished(process)
    assert process.returncode == 0, output + errors
    document: dict[str, Any] = json.loads(output)
    assert document["target"]["kind"] == "sandbox"
    subjects: set[str] = {each["subject"] for check in document["checks"] for each in check["findings"]}
    assert "redis://sandbox" in subjects
    assert not any("127.0.0.1" in subject for subject in subjects), "a port that is another one tomorrow names nothing"
    assert str(temporary) not in output, "a folder that is gone by now says nothing to whoever reads of it"
    again = start("--only", "redis,celery", "--format", "json")
    assert json.loads(finished(again)[0])["digest"] == document["digest"]
    assert leaves_nothing(temporary)


def test_pins_that_bring_no_worker_up_fail_and_say_why_it_died(start: Start, folder: Path, temporary: Path) -> None:
    (folder / "requirements.txt").write_text("\n".join(DYING) + "\n", encoding="utf-8")
    process = start("-r", "requirements.txt", "--only", "matrix,redis,celery", "--no-progress")
    text, errors = finished(process)
    assert process.returncode == 1, text + errors
    assert "[MX206]" in text
    assert text.count("the sandbox's worker ended with exit status 1 before it was ready: ") == 1
    assert "error[CE101]" in text
    assert "error[CE102]" not in text, "one dead worker is told once"
    assert "  FAIL  celery" in text
    assert leaves_nothing(temporary)


def test_pins_without_celery_have_no_worker_to_miss(start: Start, folder: Path) -> None:
    (folder / "requirements.txt").write_text("redis==5.3.1\n", encoding="utf-8")
    text, errors = finished(start("-r", "requirements.txt", "--only", "redis,celery", "--no-progress"))
    assert "skip  celery" in text, text + errors
    assert "Redis 7" in text


def test_ctrl_c_in_the_middle_leaves_nothing_behind(start: Start, temporary: Path) -> None:
    process = start("--no-progress")
    try:
        until = time.monotonic() + 120
        while not any(" -m celery " in line for line in processes_in(temporary)):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until, "no worker was started"
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert leaves_nothing(temporary)
