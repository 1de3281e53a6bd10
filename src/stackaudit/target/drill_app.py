"""The application that a drill's worker and its client share; it runs in the sandbox's interpreter and imports Celery alone.

STACKAUDIT_DRILL names a JSON file: `broker` and `backend` are URLs, `conf` Celery's settings, and `runs` the file that takes a line for
each beginning and end of a task, and each switch of a worker's garbage collector.
"""

# mypy: disallow-untyped-decorators=False
# ruff: noqa: ANN401 - the values of tasks are anything, and Celery says nothing of the types of its own

import gc
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_ready

SETTINGS = json.loads(Path(os.environ["STACKAUDIT_DRILL"]).read_text())

app = Celery("drill", broker=SETTINGS["broker"], backend=SETTINGS["backend"])
app.conf.update(SETTINGS["conf"])


def note(task: Any, event: str) -> None:
    """Add a line: who did what when, and in which process."""
    write(task.request.id, event)


def write(task: Any, event: str) -> None:
    """Add a line on the task of this id; None for what is of no task."""
    line = json.dumps({"id": task, "event": event, "pid": os.getpid(), "at": time.time()})
    with Path(SETTINGS["runs"]).open("a") as runs:
        runs.write(line + "\n")


def switch_collector(*_: Any) -> None:
    """Stop the garbage collector of this process; where it is stopped, collect what there is and start it again."""
    if gc.isenabled():
        gc.disable()
        write(None, "kept")
    else:
        gc.enable()
        gc.collect()
        write(None, "collected")


@worker_ready.connect
def switch_on_request(**_: Any) -> None:
    """Do so on SIGUSR2, for which a worker has no use of its own."""
    signal.signal(signal.SIGUSR2, switch_collector)


@app.task(name="drill.echo", bind=True)
def echo(self: Any, value: Any) -> Any:
    """Give the value back."""
    note(self, "start")
    return value


@app.task(name="drill.nap", bind=True)
def nap(self: Any, seconds: float) -> str:
    """Take that long."""
    note(self, "start")
    time.sleep(seconds)
    note(self, "end")
    return "rested"


@app.task(name="drill.fail", bind=True)
def fail(self: Any) -> None:
    """Raise."""
    note(self, "start")
    raise ValueError("made to fail")


@app.task(name="drill.again", bind=True, max_retries=3)
def again(self: Any, times: int) -> int:
    """Ask to be run again that many times, then say how often it was."""
    note(self, "start")
    if self.request.retries < times:
        raise self.retry(countdown=0.2)
    return int(self.request.retries)


@app.task(name="drill.double")
def double(value: int) -> int:
    """Twice the value."""
    return 2 * value


@app.task(name="drill.total")
def total(values: Any) -> int:
    """The sum."""
    return sum(values)
