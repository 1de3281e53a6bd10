"""Each drill catches what it is for: a combination or a sabotaged stack on which it does not hold, and stacks on which all hold.

These take minutes. Every run of the tests has a quick selection: `tests/integration/test_drills.py`.
"""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from drilling import GOOD, copy_of, looks_at, problems_of, server_with, write_startup
from stackaudit.lab.bench import Lab
from stackaudit.lab.copies import Wanted, chosen_drills
from stackaudit.lab.drill import POOLS
from stackaudit.model.wire import Json
from tools import require

NEWEST = ("celery[redis]==5.7.0", "kombu==5.7.0", "redis==8.1.0", "billiard==4.3.2")
OLDER = ("celery==5.4.0", "kombu==5.4.0", "redis==5.0.8")
LATE = "did not return within"


@pytest.fixture(scope="module")
def healthy() -> Iterator[Lab]:
    require("redis-server")
    require("uv")
    with copy_of(GOOD) as lab:
        yield lab


@pytest.mark.parametrize(
    ("pins", "pool", "slow"),
    [
        # Of the newest the black hole does not hold: it loses a task (test_black_hole.py).
        (NEWEST, "prefork", False),
        (OLDER, "prefork", False),
        (OLDER, "threads", False),
        (GOOD, "prefork", True),
        (GOOD, "solo", True),
        (GOOD, "threads", False),
    ],
)
def test_the_drills_hold_on_a_good_combination(pins: tuple[str, ...], pool: str, *, slow: bool) -> None:
    require("redis-server")
    require("uv")
    chosen = chosen_drills(Wanted(pins=(), slow=slow), pool, frozenset({"celery"}))
    names = [each.name for each in chosen]
    with copy_of(pins, pool=pool) as lab:
        assert problems_of(looks_at(lab, *names)) == dict.fromkeys(names, ())


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("pins", [GOOD, OLDER])
def test_a_task_whose_worker_was_killed_is_run_again_in_every_pool(pins: tuple[str, ...], pool: str) -> None:
    require("redis-server")
    require("uv")
    with copy_of(pins, pool=pool) as lab:
        assert problems_of(looks_at(lab, "redelivery")) == {"redelivery": ()}


@pytest.mark.parametrize(
    ("drill", "settings", "words"),
    [
        ("round-trip", {"task_routes": {"drill.*": {"queue": "nobodys"}}}, LATE),
        ("failing-task", {"task_ignore_result": True}, "raises"),
        ("retry", {"task_annotations": {"drill.again": {"max_retries": 1}}}, "MaxRetriesExceededError"),
        ("eta", {"task_routes": {"drill.*": {"queue": "nobodys"}}}, LATE),
        ("chord", {"task_routes": {"drill.total": {"queue": "nobodys"}}}, LATE),
        ("result-expiry", {"result_expires": None}, "no time"),
        ("ping", {"worker_enable_remote_control": False}, "no worker answered"),
        ("inspect", {"worker_enable_remote_control": False}, "no worker answered"),
        ("report", {"worker_enable_remote_control": False}, "no worker answered"),
        ("broker-restart", {"broker_connection_retry": False}, LATE),
        ("broker-killed", {"broker_connection_retry": False}, LATE),
        ("client-kill", {"broker_connection_retry": False}, LATE),
        # A short timeout, as people set it: the task ran, and nobody is told so.
        ("broker-stall", {"redis_socket_timeout": 1}, "a task that ran meanwhile failed with TimeoutError"),
        ("wrong-password", {"broker_connection_retry": False}, "ended with exit status"),
        ("child-killed", {"task_annotations": {"drill.nap": {"acks_late": False}}}, "WorkerLostError"),
        ("black-hole", {"broker_connection_retry": False}, LATE),
    ],
)
def test_a_drill_does_not_hold_on_a_stack_that_is_sabotaged(
    healthy: Lab, drill: str, settings: dict[str, Json], words: str
) -> None:
    (problems,) = problems_of(looks_at(healthy, drill, settings=settings)).values()
    assert any(words in problem for problem in problems), problems


# A worker of the pool solo acknowledges nothing before it has run the task, whatever its settings say.
@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_a_task_that_was_acknowledged_before_its_worker_was_killed_is_told_as_lost(healthy: Lab, pool: str) -> None:
    early: dict[str, Json] = {"task_annotations": {"drill.nap": {"acks_late": False}}}
    (problems,) = problems_of(looks_at(replace(healthy, pool=pool), "redelivery", settings=early)).values()
    assert problems == (f"the task whose worker was killed {LATE} 150 s",)


@pytest.mark.parametrize("pool", POOLS)
def test_a_broker_that_evicts_is_caught_by_the_tasks_that_are_lost(
    healthy: Lab, pool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = server_with(tmp_path, "--maxmemory-policy allkeys-lru")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    (problems,) = problems_of(looks_at(replace(healthy, pool=pool), "memory-full")).values()
    assert any("tasks that waited while the broker was full never ran" in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("pool", "words"),
    [("prefork", "the task that ran was not finished"), ("threads", "ran 2 times")],
)
def test_a_worker_for_which_every_shutdown_is_a_cold_one_is_caught(pool: str, words: str) -> None:
    require("redis-server")
    require("uv")
    # Celery's own switch, in a copy of its own: https://docs.celeryq.dev/en/stable/userguide/workers.html#process-signals.
    with copy_of(GOOD, pool=pool) as lab:
        write_startup(lab, "import os\nos.environ['REMAP_SIGTERM'] = 'SIGQUIT'\n")
        (problems,) = problems_of(looks_at(lab, "warm-shutdown")).values()
    assert any(words in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("pins", "python", "drill", "words"),
    [
        (("celery==5.4.0", "kombu==5.3.7", "redis==5.0.8"), "3.11", "broker-restart", LATE),
        (("celery==5.4.0", "kombu==5.3.7", "redis==5.0.8"), "3.11", "broker-killed", LATE),
        (("celery==5.4.0", "kombu==5.3.7", "redis==5.0.8"), "3.11", "wrong-password", LATE),
        (("celery==5.4.0", "kombu==5.6.1", "redis==4.3.6"), "3.11", "worker-start", "credential_provider"),
        (("celery==5.6.3", "kombu==5.6.2", "redis==4.6.0"), "3.11", "backend-restart", "raised TypeError"),
        (("celery==5.2.7", "kombu==5.2.4", "redis==4.6.0"), "3.12", "imports", "raises AttributeError"),
        (("ffmpeg-python==0.2.0", "future==0.18.2"), "3.12", "imports", "raises ModuleNotFoundError"),
        (("celery==4.2.1", "kombu==4.2.1", "redis==3.0.0", "vine<5"), "3.6", "round-trip", LATE),
        (("celery==5.1.2", "kombu==5.2.0", "redis==3.3.11"), "3.8", "worker-start", "keyword argument 'username'"),
        (("celery==4.1.0", "kombu==4.2.0", "redis==2.10.6", "vine<5"), "3.6", "worker-start", "kombu.async"),
        (
            ("celery==5.2.7", "kombu==5.2.4", "redis==4.3.6", "importlib-metadata==5.0.0"),
            "3.7",
            "imports",
            "raises AttributeError",
        ),
        (("ffmpeg-python==0.2.0", "future==0.18.2"), "3.11", "deprecations", "slated for removal in Python 3.12"),
        (
            ("celery==4.3.0", "kombu==4.6.4", "redis==3.3.11", "vine==1.3.0", "importlib-metadata<5"),
            "3.7",
            "ping",
            "no worker answered",
        ),
    ],
)
def test_a_bad_combination_is_caught_three_times_of_three(
    pins: tuple[str, ...], python: str, drill: str, words: str
) -> None:
    require("redis-server")
    require("uv")
    with copy_of(pins, python) as lab:
        looks = looks_at(lab, drill, repeat=3)
        assert len(looks) == 3
        for problems in problems_of(looks).values():
            assert any(words in problem for problem in problems), problems


@pytest.mark.parametrize("pool", ["prefork", "solo"])
def test_a_worker_that_goes_deaf_when_its_garbage_is_collected_is_caught_whenever_that_is(pool: str) -> None:
    require("redis-server")
    require("uv")
    drills = ("broker-restart", "wrong-password")
    with copy_of(("celery==5.4.0", "kombu==5.3.7", "redis==5.0.8"), "3.11", pool) as lab:
        # As pip installs it: with bytecode there is less to allocate, and by itself the collector comes before the worker has reconnected.
        subprocess.run([lab.python, "-m", "compileall", "-q", lab.python.parent.parent / "lib"], check=True)
        found = problems_of(looks_at(lab, *drills))
    assert found.keys() == set(drills)
    for problems in found.values():
        assert any(LATE in problem for problem in problems), problems
