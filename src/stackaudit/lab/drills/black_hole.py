"""The network between worker and broker forgets their connections, and tells neither."""

from collections.abc import Iterator

from stackaudit.lab.bench import IDLE, Bench, NotSetUp
from stackaudit.lab.drill import Drill, Tier
from stackaudit.model.facts.trials import RecoveryTrial
from stackaudit.model.wire import Json
from stackaudit.outside.relay import Relay

SILENT = 30.0
"""Seconds in which nothing gets through."""

RECONNECTED = 90
"""Seconds that a task may take after it: that is what noticing takes."""

CONF: dict[str, Json] = {
    "broker_transport_options": {"socket_timeout": 10, "socket_connect_timeout": 5, "health_check_interval": 5},
    "redis_socket_timeout": 10,
}
"""Without timeouts nobody can notice: this is what Redis behind a network is to be used with."""


def _run(bench: Bench) -> Iterator[str]:
    with Relay(bench.server.port) as relay:
        bench.worker(port=relay.port, **CONF)
        client = bench.client()
        trouble = client.trouble_with_a_task(IDLE)
        if trouble is not None:
            raise NotSetUp(f"before the fault was made a task {trouble}", "see why with `--drill round-trip`")
        relay.swallow()
        bench.pause(SILENT)
        relay.heal()
        trouble = client.trouble_with_a_task(RECONNECTED)
        if trouble is not None:
            yield f"a task that was sent after it {trouble}"


DRILL = Drill(
    name="black-hole",
    sentence="After the connections to the broker went silent for ever, and new ones are possible again, a task comes back",
    kind=RecoveryTrial,
    run=_run,
    tier=Tier.SLOW,
    source="https://github.com/celery/celery/issues/10502",
)
