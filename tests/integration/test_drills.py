"""Drills hold on a healthy stack, fail on a sabotaged one, and leave nothing behind."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from drilling import GOOD, copy_of, interrupted_after, looks_at, problems_of
from stackaudit.lab.bench import Bench, Lab, NotSetUp
from stackaudit.lab.copies import installed_in
from stackaudit.lab.drill import drills
from stackaudit.model.deadline import Deadline
from stackaudit.model.snapshot import Unseen
from stackaudit.outside.dialogue import Dialogue, NoAnswer
from stackaudit.outside.relay import Relay
from stackaudit.outside.service import start
from tools import require

CALM = tuple(each.name for each in drills() if each.calm and each.needs == "celery")
EVERYDAY = {"round-trip", "failing-task", "retry", "eta", "chord", "result-expiry"}
CONTROL = {"ping", "inspect", "report"}


@pytest.fixture(scope="module")
def healthy() -> Iterator[Lab]:
    require("redis-server")
    require("uv")
    with copy_of(GOOD) as lab:
        yield lab


def test_a_healthy_stack_does_its_everyday_work_and_survives_its_broker(healthy: Lab, tmp_path: Path) -> None:
    looks = looks_at(healthy, *CALM, "broker-killed", "client-kill", keep=tmp_path / "logs")
    assert EVERYDAY | CONTROL | {"imports", "deprecations", "worker-start"} == set(CALM)
    assert problems_of(looks) == dict.fromkeys((*CALM, "broker-killed", "client-kill"), ())
    assert not (tmp_path / "logs").exists()


def test_a_sabotaged_stack_fails_just_the_drills_that_it_should_and_its_logs_are_kept(
    healthy: Lab, tmp_path: Path
) -> None:
    sabotage = {
        # It gives up at the first lost connection, keeps results for ever, and lets nobody ask it anything.
        "broker_connection_retry": False,
        "result_expires": None,
        "worker_enable_remote_control": False,
    }
    looks = looks_at(healthy, "round-trip", "result-expiry", "ping", "client-kill", settings=sabotage, keep=tmp_path)
    problems = problems_of(looks)
    assert problems == {
        "round-trip": (),
        "result-expiry": ("a result has no time after which it goes away",),
        "ping": ("no worker answered ping, asked 3 times",),
        "client-kill": ("a task that was sent after it did not return within 20 s",),
    }
    kept = {path.name for path in (tmp_path / "cell").iterdir()}
    assert kept == {"result-expiry", "ping", "client-kill"}
    assert any("worker" in path.name for path in (tmp_path / "cell" / "client-kill").iterdir())


def test_what_the_next_python_is_without_is_warned_of_whether_the_copy_is_compiled_or_not() -> None:
    require("redis-server")
    require("uv")
    # On Python 3.12 the same pins can't be imported: tests/drills has it.
    with copy_of(["ffmpeg-python==0.2.0", "future==0.18.2"], "3.11") as lab:
        fresh = problems_of(looks_at(lab, "deprecations"))["deprecations"]
        subprocess.run([lab.python, "-m", "compileall", "-q", lab.python.parents[1] / "lib"], check=True)
        compiled = problems_of(looks_at(lab, "deprecations"))["deprecations"]
    assert any("the imp module is deprecated" in each and "removal in Python 3.12" in each for each in fresh), fresh
    assert compiled == fresh


def test_where_no_server_comes_up_every_drill_of_the_bench_is_told_so(healthy: Lab) -> None:
    bench = Bench(healthy, "late", Deadline(0))
    for _ in range(2):
        with pytest.raises(NotSetUp, match="no server came up"):
            _ = bench.server


def test_where_no_worker_starts_that_is_told_and_the_rest_is_unknown() -> None:
    require("redis-server")
    require("uv")
    with copy_of(["celery==5.4.0", "kombu==5.6.1", "redis==4.3.6"]) as lab:
        looks = looks_at(lab, "imports", "worker-start", "round-trip", "broker-restart")
    assert problems_of({"imports": looks.pop("imports")}) == {"imports": ()}
    (problem,) = problems_of({"worker-start": looks.pop("worker-start")})["worker-start"]
    assert "unexpected keyword argument 'credential_provider'" in problem
    assert {name: look.unseen.cause for name, look in looks.items() if look.unseen is not None} == {
        "round-trip": problem,
        "broker-restart": problem,
    }
    assert all(not look.facts for look in looks.values())


def echo_server() -> tuple[socket.socket, int]:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    return listener, listener.getsockname()[1]


def test_a_relay_that_swallows_tells_neither_side_and_passes_new_connections_on_once_it_is_healed() -> None:
    listener, port = echo_server()
    with listener, Relay(port) as relay:
        near = socket.create_connection(("127.0.0.1", relay.port), timeout=10)
        far, _ = listener.accept()
        near.sendall(b"before")
        assert far.recv(100) == b"before"
        assert relay.swallow() == 1
        near.sendall(b"lost")
        far.settimeout(0.3)
        with pytest.raises(TimeoutError):
            far.recv(100)
        relay.heal()
        near.sendall(b"still lost")
        with pytest.raises(TimeoutError):
            far.recv(100)
        again = socket.create_connection(("127.0.0.1", relay.port), timeout=10)
        other, _ = listener.accept()
        again.sendall(b"after")
        assert other.recv(100) == b"after"
        for each in (near, far, again, other):
            each.close()


TALKER = """\
import json, sys, time
for line in sys.stdin:
    question = json.loads(line)
    if question["say"] == "leave":
        break
    time.sleep(question["after"])
    print(json.dumps({"ask": question["ask"], "said": question["say"]}), flush=True)
"""


def test_an_answer_that_comes_too_late_is_not_taken_for_that_to_the_next_question(tmp_path: Path) -> None:
    service = start(
        [sys.executable, "-c", TALKER],
        env={"PATH": os.environ["PATH"]},
        cwd=tmp_path,
        log=tmp_path / "log",
        talking=True,
    )
    talk = Dialogue(service)
    assert talk.ask({"say": "one", "after": 0}, Deadline(20)) == {"ask": 1, "said": "one"}
    with pytest.raises(NoAnswer) as silence:
        talk.ask({"say": "late", "after": 1}, Deadline(0.2))
    assert not silence.value.ended
    assert talk.ask({"say": "three", "after": 0}, Deadline(20)) == {"ask": 3, "said": "three"}
    with pytest.raises(NoAnswer) as silence:
        talk.ask({"say": "leave", "after": 0}, Deadline(20))
    assert silence.value.ended
    talk.close()
    service.stop()


@pytest.mark.parametrize("seconds", [0.7, 4.0])
def test_an_interrupted_drill_leaves_no_process_and_no_folder(tmp_path: Path, seconds: float) -> None:
    require("redis-server")
    require("uv")
    assert interrupted_after(seconds, tmp_path, signal.SIGINT) == (130, [], [])


def test_an_interpreter_that_can_not_be_read_says_why(tmp_path: Path) -> None:
    unseen = installed_in(str(tmp_path / "python"), Deadline(30))
    assert isinstance(unseen, Unseen)
    assert str(tmp_path / "python") in unseen.cause
    assert unseen.remedy
