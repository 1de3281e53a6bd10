"""Asks the worker of a bench by remote control."""

from collections.abc import Iterator

from stackaudit.lab.bench import Bench

PATIENCE = 3.0
"""Seconds that a worker may take to answer: an idle one takes a hundredth of one, the first report of one a third."""

ATTEMPTS = 3
"""A worker that just started may not have subscribed yet: what was published before is lost, by design."""


def unanswered(bench: Bench, method: str) -> Iterator[str]:
    """Ask `method`; what was wrong with the answers."""
    client = bench.ready()
    trouble: str | None = None
    for _ in range(ATTEMPTS):
        nodes, trouble = client.control(method, PATIENCE)
        bench.check_time()
        if nodes:
            return
        if trouble is not None:
            break
    yield f"asking for {method}: {trouble}" if trouble else f"no worker answered {method}, asked {ATTEMPTS} times"
