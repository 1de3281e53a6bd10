"""The broker is there and answers nothing for a while: it swaps, forks or its machine is paused."""

from collections.abc import Iterator

from stackaudit.lab.bench import IDLE, WITHIN, Bench, NotSetUp
from stackaudit.lab.drill import Drill
from stackaudit.model.facts.trials import RecoveryTrial

STALL = 10.0
"""Seconds: longer than the timeouts of redis-py 8 and the shortest that people set."""


def _run(bench: Bench) -> Iterator[str]:
    client = bench.ready()
    before = client.send("nap", 1)
    if not bench.wait_until(lambda: bench.runs(before.id) > 0, IDLE):
        raise NotSetUp("a task did not begin before the fault was made", "see why with `--drill round-trip`")
    with bench.server.paused():
        bench.pause(STALL)
    trouble = client.trouble_with_a_task(WITHIN)
    if trouble is not None:
        yield f"a task that was sent after it {trouble}"
    returned = client.returned(before, WITHIN)
    if returned.trouble is not None:
        yield f"a task that ran meanwhile {returned.trouble}"
    elif (runs := bench.runs(before.id)) != 1:
        yield f"a task that ran meanwhile ran {runs} times"


DRILL = Drill(
    name="broker-stall",
    sentence="After the broker said nothing for 10 s a task comes back, and one that was sent before ran once",
    kind=RecoveryTrial,
    run=_run,
)
