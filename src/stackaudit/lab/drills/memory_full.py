"""The broker has no memory left and refuses to take more."""

from collections.abc import Iterator

from stackaudit.lab.bench import WITHIN, Bench
from stackaudit.lab.drill import Drill
from stackaudit.model.facts.trials import CustodyTrial

FULL = 2.0
"""Seconds that it stays full."""


def _run(bench: Bench) -> Iterator[str]:
    client = bench.ready()
    server = bench.server
    server.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    server.command("CONFIG", "SET", "maxmemory", 1)
    sent = client.send("echo", "refused?")
    bench.pause(FULL)
    server.command("CONFIG", "SET", "maxmemory", 0)
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


DRILL = Drill(
    name="memory-full",
    sentence="A full broker refuses a task to the face of its sender, and once there is memory again a task comes back",
    kind=CustodyTrial,
    run=_run,
    source="https://redis.io/docs/latest/develop/reference/eviction/",
)
