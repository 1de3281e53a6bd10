"""The application that a drill's worker and its client share; it runs in the sandbox's interpreter and imports Celery alone.

STACKAUDIT_DRILL names a JSON file: `broker` and `backend` are URLs, `conf` Celery's settings, and `runs` the file that takes a line for
each beginning and end of a task.
"""

# mypy: disallow-untyped-decorators=False
# ruff: noqa: ANN401 - the values of tasks are anything, and Celery says nothing of the types of its own

import json
import os
import time
from pathlib import Path
from typing import Any

from celery import Celery

SETTINGS = json.loads(Path(os.environ["STACKAUDIT_DRILL"]).read_text())

app = Celery("drill", broker=SETTINGS["broker"], backend=SETTINGS["backend"])
app.conf.update(SETTINGS["conf"])


def note(task: Any, event: str) -> None:
    """Add a line: who did what when, and in which process."""
    line = json.dumps({"id": task.request.id, "event": event, "pid": os.getpid(), "at": time.time()})
    with Path(SETTINGS["runs"]).open("a") as runs:
        runs.write(line + "\n")


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
