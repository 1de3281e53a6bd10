"""A task with a countdown waits for its time."""

from collections.abc import Iterator

from stackaudit.lab.bench import IDLE, Bench
from stackaudit.lab.drill import Drill
from stackaudit.model.facts.trials import ExerciseTrial

COUNTDOWN = 2.0
"""Seconds; at half of it nothing may have run."""


def _run(bench: Bench) -> Iterator[str]:
    client = bench.ready()
    sent = client.send("echo", "later", countdown=COUNTDOWN)
    if sent.trouble is not None:
        yield f"a task with a countdown {sent.trouble}"
        return
    bench.pause(COUNTDOWN / 2)
    if bench.runs(sent.id):
        yield "a task with a countdown ran at once"
    returned = client.returned(sent, COUNTDOWN + IDLE)
    if returned.trouble is not None:
        yield f"a task with a countdown {returned.trouble}"
    elif (runs := bench.runs(sent.id)) != 1:
        yield f"a task with a countdown ran {runs} times"


DRILL = Drill(
    name="eta",
    sentence="A task with a countdown runs once, and not before its time",
    kind=ExerciseTrial,
    run=_run,
    calm=True,
    source="https://docs.celeryq.dev/en/stable/userguide/calling.html#eta-and-countdown",
)
