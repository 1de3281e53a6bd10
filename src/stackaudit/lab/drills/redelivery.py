"""A whole worker is killed in the middle of a task."""

from collections.abc import Iterator

from stackaudit.lab.bench import IDLE, Bench, NotSetUp
from stackaudit.lab.drill import Drill, Tier
from stackaudit.model.facts.trials import CustodyTrial
from stackaudit.model.wire import Json

VISIBILITY = 6
"""Seconds; more than the task takes."""

NAP = 3.0
"""Seconds of the task."""

REDELIVERED = 150
"""Seconds: kombu looks for what is to be delivered again every hundred seconds or so."""

TWICE = 2


def _run(bench: Bench) -> Iterator[str]:
    transport: dict[str, Json] = {"visibility_timeout": VISIBILITY}
    worker = bench.worker(task_acks_late=True, broker_transport_options=transport)
    client = bench.client(broker_transport_options=transport)
    sent = client.send("nap", NAP)
    if not bench.wait_until(lambda: bench.runs(sent.id) > 0, IDLE):
        raise NotSetUp("a task did not begin before the fault was made", "see why with `--drill round-trip`")
    worker.kill()
    bench.pause(VISIBILITY)
    bench.worker(task_acks_late=True, broker_transport_options=transport)
    returned = client.returned(sent, REDELIVERED)
    if returned.trouble is not None:
        yield f"the task whose worker was killed {returned.trouble}"
    elif (runs := bench.runs(sent.id)) != TWICE:
        yield f"the task whose worker was killed began {runs} times, not {TWICE}"


DRILL = Drill(
    name="redelivery",
    sentence="With acks_late a task whose worker was killed is run again by the next one once its visibility timeout is over",
    kind=CustodyTrial,
    run=_run,
    tier=Tier.SLOW,
    source="https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html#visibility-timeout",
)
