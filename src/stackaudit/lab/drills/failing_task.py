"""A task that fails says so, with where, and the worker goes on."""

from collections.abc import Iterator

from stackaudit.lab.bench import IDLE, Bench
from stackaudit.lab.drill import Drill
from stackaudit.model.facts.trials import ExerciseTrial


def _run(bench: Bench) -> Iterator[str]:
    client = bench.ready()
    returned = client.returned(client.send("fail"), IDLE)
    if returned.failed is None:
        yield f"a task that raises {returned.trouble or 'returned a value'}"
    elif returned.failed != "ValueError":
        yield f"a task that raises ValueError is told as {returned.failed}"
    elif "drill_app.py" not in str(returned.traceback):
        yield "the traceback of a task that failed does not say where"
    trouble = client.trouble_with_a_task(IDLE)
    if trouble is not None:
        yield f"the task after one that failed {trouble}"


DRILL = Drill(
    name="failing-task",
    sentence="A task that fails is told as failed with its traceback, and the next one runs",
    kind=ExerciseTrial,
    run=_run,
    calm=True,
    source="https://docs.celeryq.dev/en/stable/userguide/calling.html",
)
