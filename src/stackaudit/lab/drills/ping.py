"""Somebody asks whether a worker is there."""

from collections.abc import Iterator

from stackaudit.lab.bench import Bench
from stackaudit.lab.drill import Drill
from stackaudit.lab.drills._asking import unanswered
from stackaudit.model.facts.trials import ControlTrial


def _run(bench: Bench) -> Iterator[str]:
    yield from unanswered(bench, "ping")


DRILL = Drill(
    name="ping",
    sentence="A worker answers a ping",
    kind=ControlTrial,
    run=_run,
    calm=True,
    source="https://docs.celeryq.dev/en/stable/userguide/workers.html#inspecting-workers",
)
