"""The broker has no memory left and refuses to take more."""

from collections.abc import Iterator

from stackaudit.lab.bench import IDLE, WITHIN, Bench, NotSetUp
from stackaudit.lab.client import Sent
from stackaudit.lab.drill import Drill
from stackaudit.model.facts.trials import CustodyTrial

FULL = 2.0
"""Seconds that it stays full."""

SETTLED = 1.0
"""Seconds in which a worker that fetches ahead has taken one more task, even on a machine that is busy."""

NAP = 8.0
"""Seconds of the task that keeps the worker busy until there is memory again.

A worker whose task ends before that, or that fetches one, ends with an error in every version so far: https://github.com/celery/celery/issues/5716.
"""

WAITING = 8
"""More tasks than a worker of one process fetches ahead: some are in the broker alone while it is full."""


def _run(bench: Bench) -> Iterator[str]:
    client = bench.ready()
    busy = client.send("nap", NAP)
    if not bench.wait_until(lambda: bench.runs(busy.id) > 0, IDLE):
        raise NotSetUp("a task did not begin before the fault was made", "see why with `--drill round-trip`")
    waiting = [client.send("echo", number) for number in range(WAITING)]
    if not _settled(bench):
        raise NotSetUp("the worker did not stop to fetch tasks before the fault was made", "run it again: --jobs 1")
    # What becomes of what it holds is its own policy's affair: that of a server that nobody configured evicts nothing.
    bench.server.command("CONFIG", "SET", "maxmemory", 1)
    sent = client.send("echo", "refused?")
    bench.pause(FULL)
    bench.server.command("CONFIG", "SET", "maxmemory", 0)
    if bench.runs(busy.id, "end") > 0:
        raise NotSetUp("the worker was not busy for as long as the broker was full", "run it again: --jobs 1")
    if sent.trouble is None:
        returned = client.returned(sent, WITHIN)
        if returned.trouble is not None:
            yield f"a task that was taken while the broker was full {returned.trouble}"
    elif "hung" in sent.trouble:
        yield f"a task that was sent to a full broker {sent.trouble}"
        client = bench.client()
    status = bench.newest_worker().exit_status()
    if status is not None:
        yield f"the worker ended with exit status {status} while the broker was full"
        return
    trouble = client.trouble_with_a_task(WITHIN)
    if trouble is not None:
        yield f"a task that was sent after there was memory again {trouble}"
    yield from _lost(bench, waiting)


def _settled(bench: Bench) -> bool:
    """Whether the worker has fetched ahead all that it will while its first task runs."""
    left, before = bench.server.command("LLEN", "celery"), None
    for _ in range(int((NAP - FULL) / SETTLED) - 1):
        if left == before:
            return True
        bench.pause(SETTLED)
        left, before = bench.server.command("LLEN", "celery"), left
    return left == before


def _lost(bench: Bench, waiting: list[Sent]) -> Iterator[str]:
    """What became of the tasks that the broker held; what has not begun within the time of a task is lost."""
    bench.wait_until(lambda: all(bench.runs(each.id) > 0 for each in waiting), WITHIN)
    runs = [bench.runs(each.id) for each in waiting]
    if lost := runs.count(0):
        yield f"{lost} of {WAITING} tasks that waited while the broker was full never ran"
    if more := sum(1 for each in runs if each > 1):
        yield f"{more} of {WAITING} tasks that waited while the broker was full ran more than once"


DRILL = Drill(
    name="memory-full",
    sentence="A broker that is full for as long as its worker is busy refuses a task openly, and those that wait in it run once each",
    kind=CustodyTrial,
    run=_run,
    source="https://redis.io/docs/latest/develop/reference/eviction/",
)
