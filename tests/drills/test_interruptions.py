"""Whenever a drill is interrupted, nothing of it is left: no process, no folder."""

import random
import signal
from pathlib import Path

import pytest

from drilling import KILLED, interrupted_after, killed_when, run_again
from tools import require

MOMENTS = [round(random.Random(2026).uniform(0.2, 12.0), 2) for _ in range(10)]


@pytest.mark.parametrize("seconds", MOMENTS)
def test_a_drill_that_is_interrupted_leaves_nothing(tmp_path: Path, seconds: float) -> None:
    require("redis-server")
    require("uv")
    assert interrupted_after(seconds, tmp_path, signal.SIGINT) == (130, [], [])


def test_a_drill_that_is_asked_to_end_leaves_nothing(tmp_path: Path) -> None:
    require("redis-server")
    require("uv")
    assert interrupted_after(5, tmp_path, signal.SIGTERM) == (130, [], [])


@pytest.mark.parametrize("command", KILLED)
@pytest.mark.parametrize("moment", ["", " pip install ", "redis-server ", "drill_client.py"])
def test_what_a_killed_run_leaves_is_taken_down_by_the_next(tmp_path: Path, command: str, moment: str) -> None:
    require("redis-server")
    require("uv")
    folders, _ = killed_when(moment, tmp_path, command)
    assert folders != []
    assert run_again(tmp_path) == ([], [])
