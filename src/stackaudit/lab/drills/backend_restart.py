"""The server of the results is restarted under a client that waits for one."""

from collections.abc import Iterator

from stackaudit.lab.bench import IDLE, WITHIN, Bench, NotSetUp
from stackaudit.lab.drill import Drill
from stackaudit.model.facts.trials import RecoveryTrial

AWAY = 1.0
"""Seconds that it is away."""

NAP = 2.5
"""Seconds of the task that runs meanwhile."""

STORING = 1.0
"""Seconds that storing the result of a task may take."""


def _run(bench: Bench) -> Iterator[str]:
    bench.backend()
    client = bench.ready()
    trouble = client.trouble_with_a_task(IDLE)
    if trouble is not None:
        raise NotSetUp(f"before the fault was made a task {trouble}", "see why with `--drill round-trip`")
    # Two paths of a client: what it waits for is there when it has reconnected, and it is not.
    stored = client.send("echo", "stored")
    if not bench.wait_until(lambda: bench.runs(stored.id) > 0, IDLE):
        raise NotSetUp("a task did not run before the fault was made", "see why with `--drill round-trip`")
    bench.pause(STORING)
    _restart(bench)
    returned = client.returned(stored, WITHIN)
    if returned.trouble is not None:
        yield f"a task whose result was stored before it {returned.trouble}"
    running = client.send("nap", NAP)
    _restart(bench)
    returned = client.returned(running, WITHIN)
    if returned.trouble is not None:
        yield f"a task that ran meanwhile {returned.trouble}"
    trouble = client.trouble_with_a_task(WITHIN)
    if trouble is not None:
        yield f"a task that was sent after it {trouble}"


def _restart(bench: Bench) -> None:
    backend = bench.backend()
    backend.stop()
    bench.pause(AWAY)
    if not backend.start():
        bench.check_time()
        raise NotSetUp("the result backend did not come back", "run it again")


DRILL = Drill(
    name="backend-restart",
    sentence="A client that waits for a result while the result backend is restarted gets it, and the next one too",
    kind=RecoveryTrial,
    run=_run,
    source="https://github.com/celery/celery/issues/10294",
)
