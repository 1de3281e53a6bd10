"""The broker is killed, and started again."""

from collections.abc import Iterator

from stackaudit.lab.bench import Bench
from stackaudit.lab.drill import Drill
from stackaudit.lab.drills._restarting import restart
from stackaudit.model.facts.trials import RecoveryTrial


def _run(bench: Bench) -> Iterator[str]:
    bench.ready()
    yield from restart(bench, bench.server.kill)


DRILL = Drill(
    name="broker-killed",
    sentence="After the broker was killed and started again a task comes back, and one that ran meanwhile ran once",
    kind=RecoveryTrial,
    run=_run,
    source="https://github.com/celery/celery/discussions/7276",
)
