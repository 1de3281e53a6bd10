"""Tasks side by side, and one with all of their results."""

from collections.abc import Iterator

from stackaudit.lab.bench import IDLE, Bench
from stackaudit.lab.drill import Drill
from stackaudit.model.facts.trials import ExerciseTrial

VALUES = (1, 2, 3)


def _run(bench: Bench) -> Iterator[str]:
    client = bench.ready()
    returned = client.returned(client.send_chord(list(VALUES)), IDLE)
    if returned.trouble is not None:
        yield f"the end of a chord {returned.trouble}"
    elif returned.value != 2 * sum(VALUES):
        yield "the end of a chord got other results than its tasks gave"


DRILL = Drill(
    name="chord",
    sentence="The end of a chord gets the results of all its tasks",
    kind=ExerciseTrial,
    run=_run,
    calm=True,
    source="https://docs.celeryq.dev/en/stable/userguide/canvas.html#chords",
)
