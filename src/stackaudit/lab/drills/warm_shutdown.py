"""A worker is asked to end while it works, as every deployment does."""

from collections.abc import Iterator

from stackaudit.lab.bench import IDLE, WITHIN, Bench, NotSetUp
from stackaudit.lab.drill import Drill
from stackaudit.model.facts.trials import CustodyTrial

NAP = 2.0
"""Seconds of each task."""

TASKS = 4
"""More than run at once: where the pool lets it, the worker has fetched the others too when it is asked."""

SETTLED = 0.5
"""Seconds that the worker is given to read what its pool tells it of the task that runs."""


def _run(bench: Bench) -> Iterator[str]:
    worker = bench.worker()
    client = bench.client()
    sent = [client.send("nap", NAP) for _ in range(TASKS)]
    if not bench.wait_until(lambda: bench.runs(sent[0].id) > 0 and _knows(bench), IDLE):
        raise NotSetUp(
            "a task did not begin, or was not acknowledged, before the worker was asked to end",
            "see why with `--drill round-trip`",
        )
    bench.pause(SETTLED)
    status = worker.shut_down(bench.deadline.within(WITHIN))
    bench.check_time()
    if status is None:
        yield f"the worker did not end within {WITHIN} s"
        worker.kill()
    elif status != 0:
        yield f"the worker ended with exit status {status}"
    if bench.runs(sent[0].id, "end") != 1:
        yield "the task that ran was not finished"
    bench.worker()
    for number, each in enumerate(sent, 1):
        returned = client.returned(each, WITHIN)
        if returned.trouble is not None:
            yield f"task {number} of {TASKS} {returned.trouble}"
        elif (runs := bench.runs(each.id)) != 1:
            yield f"task {number} of {TASKS} ran {runs} times"


def _knows(bench: Bench) -> bool:
    """Whether the worker knows that its task began, and has acknowledged it: then the broker holds the others alone, fetched or not.

    celery 5.2 runs it twice where it is asked to end before that: a moment which chance decides, and no deployment aims at.
    """
    if bench.lab.pool == "solo":
        # It runs the task itself, and acknowledges it afterwards.
        return True
    held = "return redis.call('LLEN', 'celery') + redis.call('HLEN', 'unacked')"
    return bench.server.command("EVAL", held, 0) == TASKS - 1


DRILL = Drill(
    name="warm-shutdown",
    sentence="A worker that is asked to end finishes its task and hands back the others: each runs once",
    kind=CustodyTrial,
    run=_run,
    source="https://docs.celeryq.dev/en/stable/userguide/workers.html#stopping-the-worker",
)
