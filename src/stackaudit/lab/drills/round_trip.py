"""A task and its result go through broker, worker and backend, and come back as they were."""

from collections.abc import Iterator

from stackaudit.lab.bench import IDLE, Bench
from stackaudit.lab.drill import Drill
from stackaudit.model.facts.trials import ExerciseTrial
from stackaudit.model.wire import Json

_VALUE: Json = {"text": "żółw 🐢", "list": [1, 2.5, None, True], "empty": {}}


def _run(bench: Bench) -> Iterator[str]:
    client = bench.ready()
    sent = client.send("echo", _VALUE)
    returned = client.returned(sent, IDLE)
    if returned.trouble is not None:
        yield f"a task {returned.trouble}"
    elif returned.value != _VALUE:
        yield "a task returned another value than it was given"
    elif (runs := bench.runs(sent.id)) != 1:
        yield f"a task ran {runs} times"


DRILL = Drill(
    name="round-trip",
    sentence="A task with a JSON value runs once and returns it",
    kind=ExerciseTrial,
    run=_run,
    calm=True,
    source="https://docs.celeryq.dev/en/stable/userguide/calling.html#serializers",
)
