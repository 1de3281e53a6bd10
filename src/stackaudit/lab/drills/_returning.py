"""Makes a fault while the worker's garbage is kept, and asks whether tasks come back at once, and when it is collected at last.

Connections that a fault broke end for good when Python's garbage collector finds them. Where that is after the worker has reconnected,
kombu before 5.4.0 stops to listen on the new connection (https://github.com/celery/kombu/pull/2007). When the collector comes is chance: it
depends on all that the worker allocates, down to whether there is bytecode. So a drill takes the latest moment, on purpose.
"""

from collections.abc import Iterator

from stackaudit.lab.bench import IDLE, WITHIN, Bench, NotSetUp


def keep_garbage(bench: Bench) -> None:
    """Have the worker collect nothing from now on; to be called before the fault."""
    if not bench.switch_collector("kept", IDLE):
        raise NotSetUp("the worker did not stop its garbage collector when it was asked to", "run it again")


def trouble_afterwards(bench: Bench) -> Iterator[str]:
    """Send a task, have the worker collect its garbage, and send more; what was wrong with the first that did not come back."""
    client = bench.ready()
    trouble = client.trouble_with_a_task(WITHIN)
    if trouble is not None:
        yield f"a task that was sent after it {trouble}"
        return
    if not bench.switch_collector("collected", IDLE):
        raise NotSetUp("the worker did not collect its garbage when it was asked to", "run it again")
    # A worker that does not ask for more still gets the one task that it had asked for.
    for _ in range(2):
        trouble = client.trouble_with_a_task(WITHIN)
        if trouble is not None:
            yield f"a task that was sent after it came back, but after the worker had collected its garbage one {trouble}"
            return
