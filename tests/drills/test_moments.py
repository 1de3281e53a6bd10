"""What a drill says does not hang on the moment at which it makes the fault."""

import json
from contextlib import closing

from drilling import GOOD, copy_of, looks_at, problems_of, write_startup
from stackaudit.lab.bench import Bench
from stackaudit.lab.drill import drills
from stackaudit.model.deadline import Deadline
from tools import require

SERIES_52 = ("celery==5.2.7", "kombu==5.6.2", "redis==6.4.0")
"""Asked to end before it knows that a task began, its worker waits half a minute and hands the task back:
https://github.com/celery/celery/pull/7339."""

BUSY = """\
import os
import subprocess
import time

try:
    from billiard import pool
except ImportError:
    pool = None


def slowed(put):
    def say(message):
        if message[0] == pool.ACK:
            subprocess.Popen(["sh", "-c", "kill -STOP {0}; sleep 0.4; kill -CONT {0}".format(os.getppid())])
            time.sleep(0.1)
        put(message)

    return say


def workloop(self, *arguments, **options):
    self.outq.put = slowed(self.outq.put)
    return looped(self, *arguments, **options)


if pool is not None:
    looped = pool.Worker.workloop
    pool.Worker.workloop = workloop
"""
"""A worker that is busy when its pool tells it that a task began."""


def test_a_worker_that_was_busy_when_its_task_began_still_ends_in_time() -> None:
    require("redis-server")
    require("uv")
    with copy_of(SERIES_52, "3.11") as lab:
        write_startup(lab, BUSY)
        looks = looks_at(lab, "warm-shutdown", repeat=3)
    assert len(looks) == 3
    assert problems_of(looks) == dict.fromkeys(looks, ())


def test_a_solo_worker_is_asked_to_end_during_its_first_task() -> None:
    require("redis-server")
    require("uv")
    (drill,) = (each for each in drills() if each.name == "warm-shutdown")
    # It acknowledges a task once it ran.
    with copy_of(GOOD, pool="solo") as lab, closing(Bench(lab, "moment", Deadline(90))) as bench:
        assert tuple(drill.run(bench)) == ()
        noted = [json.loads(line) for line in (bench.folder / "runs").read_text(encoding="utf-8").splitlines()]
    first, *others = [each["pid"] for each in noted if each["event"] == "start"]
    assert len(others) == 3
    assert first not in others
