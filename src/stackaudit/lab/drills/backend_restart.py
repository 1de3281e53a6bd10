"""The server of the results is restarted under a client that waits for one."""

from collections.abc import Iterator

from stackaudit.lab.bench import IDLE, WITHIN, Bench, NotSetUp
from stackaudit.lab.drill import Drill
from stackaudit.model.facts.trials import RecoveryTrial

AWAY = 1.0
"""Seconds that it is away."""

NAP = 2.5
"""Seconds of the task that runs meanwhile."""


def _run(bench: Bench) -> Iterator[str]:
    backend = bench.backend()
    client = bench.ready()
    trouble = client.trouble_with_a_task(IDLE)
    if trouble is not None:
        raise NotSetUp(f"before the fault was made a task {trouble}", "see why with `--drill round-trip`")
    sent = client.send("nap", NAP)
    backend.stop()
    bench.pause(AWAY)
    if not backend.start():
        bench.check_time()
        raise NotSetUp("the result backend did not come back", "run it again")
    returned = client.returned(sent, WITHIN)
    if returned.trouble is not None:
        yield f"a task that ran meanwhile {returned.trouble}"
    for order in ("first", "second"):
        trouble = client.trouble_with_a_task(WITHIN)
        if trouble is not None:
            yield f"the {order} task that was sent after it {trouble}"


DRILL = Drill(
    name="backend-restart",
    sentence="A client that waits for a result while the result backend is restarted gets it, and the next one too",
    kind=RecoveryTrial,
    run=_run,
    source="https://github.com/celery/celery/issues/10294",
)
