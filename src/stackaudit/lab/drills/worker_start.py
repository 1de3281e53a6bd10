"""A worker comes up on a broker that is there."""

from collections.abc import Iterator

from stackaudit.lab.bench import Bench, NotSetUp
from stackaudit.lab.drill import Drill
from stackaudit.model.facts.trials import ExerciseTrial


def _run(bench: Bench) -> Iterator[str]:
    # Without a server nothing is known of workers.
    port = bench.server.port
    try:
        bench.start_and_end(port)
    except NotSetUp as trouble:
        yield trouble.cause


DRILL = Drill(
    name="worker-start",
    sentence="A worker starts, and listens to its broker",
    kind=ExerciseTrial,
    run=_run,
    calm=True,
    needs_worker=False,
)
