"""The broker is restarted as an operator does it."""

from collections.abc import Iterator

from stackaudit.lab.bench import Bench
from stackaudit.lab.drill import Drill
from stackaudit.lab.drills._restarting import restart
from stackaudit.model.facts.trials import RecoveryTrial


def _run(bench: Bench) -> Iterator[str]:
    bench.ready()
    yield from restart(bench, bench.server.stop)


DRILL = Drill(
    name="broker-restart",
    sentence="After the broker was restarted a task comes back, and one that ran meanwhile ran once",
    kind=RecoveryTrial,
    run=_run,
    source="https://github.com/celery/celery/discussions/7276",
)
