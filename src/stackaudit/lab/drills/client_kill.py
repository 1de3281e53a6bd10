"""An operator, or a firewall that resets, ends every connection to the broker."""

from collections.abc import Iterator

from stackaudit.lab.bench import WITHIN, Bench
from stackaudit.lab.drill import Drill
from stackaudit.model.facts.trials import RecoveryTrial


def _run(bench: Bench) -> Iterator[str]:
    client = bench.ready()
    for kind in ("normal", "pubsub"):
        bench.server.command("CLIENT", "KILL", "TYPE", kind)
    trouble = client.trouble_with_a_task(WITHIN)
    if trouble is not None:
        yield f"a task that was sent after it {trouble}"


DRILL = Drill(
    name="client-kill",
    sentence="After all connections to the broker were killed a task comes back",
    kind=RecoveryTrial,
    run=_run,
    source="https://redis.io/docs/latest/commands/client-kill/",
)
