"""A task that asks for it is run again."""

from collections.abc import Iterator

from stackaudit.lab.bench import IDLE, Bench
from stackaudit.lab.drill import Drill
from stackaudit.model.facts.trials import ExerciseTrial

RUNS = 3


def _run(bench: Bench) -> Iterator[str]:
    client = bench.ready()
    sent = client.send("again", 2)
    returned = client.returned(sent, IDLE)
    if returned.trouble is not None:
        yield f"a task that asks for two retries {returned.trouble}"
    elif (runs := bench.runs(sent.id)) != RUNS:
        yield f"a task that asks for two retries ran {runs} times, not {RUNS}"


DRILL = Drill(
    name="retry",
    sentence="A task that asks to be run again twice runs three times, and then returns",
    kind=ExerciseTrial,
    run=_run,
    calm=True,
    source="https://docs.celeryq.dev/en/stable/userguide/tasks.html#retrying",
)
