"""The network between worker and broker forgets their connections, and tells neither."""

from collections.abc import Iterator

from stackaudit.lab.bench import IDLE, WITHIN, Bench, NotSetUp
from stackaudit.lab.drill import Drill, Tier
from stackaudit.model.facts.trials import RecoveryTrial
from stackaudit.model.wire import Json
from stackaudit.outside.relay import Relay

SILENT = 30.0
"""Seconds in which nothing gets through."""

RECONNECTED = 180
"""Seconds that a task may take after it.

kombu before 5.7 notices when it next looks for unacknowledged messages, which it does every hundred seconds, and takes up to half a minute
more to time out, to connect and to greet the others.
"""

SETTLED = 1.0
"""Seconds of rest before it: a worker that is answered nothing while it waits for that notices sooner than an idle one."""

TRANSPORT: dict[str, Json] = {"socket_timeout": 10, "socket_connect_timeout": 5, "health_check_interval": 5}
"""Without timeouts nobody can notice: this is what kombu's documentation asks for where the broker can vanish without a word."""

BACKEND: dict[str, Json] = {"redis_socket_timeout": 10, "redis_retry_on_timeout": True}
"""The result backend has its own connections: they are to notice too, and try again."""


def black_hole(bench: Bench, transport: dict[str, Json]) -> Iterator[str]:
    """Let the connections of a worker with these transport options go silent for good, and send a task once new ones are possible.

    The kernels notice nothing: a relay takes what is sent, and answers keepalive probes. What is tried is what the packages do.
    """
    with Relay(bench.server.port) as relay:
        bench.worker(port=relay.port, broker_transport_options=transport, **BACKEND)
        client = bench.client()
        trouble = client.trouble_with_a_task(IDLE)
        if trouble is not None:
            raise NotSetUp(f"before the fault was made a task {trouble}", "see why with `--drill round-trip`")
        if not bench.wait_until(lambda: bench.server.command("HLEN", "unacked") == 0, IDLE):
            raise NotSetUp("before the fault was made a task was not acknowledged", "see why with `--drill round-trip`")
        bench.pause(SETTLED)
        relay.swallow()
        bench.pause(SILENT)
        relay.heal()
        sent = client.send("echo", "hello")
        returned = client.returned(sent, RECONNECTED)
        if returned.trouble is None:
            return
        later = client.trouble_with_a_task(WITHIN)
        if later is not None:
            fate = f", and one that was sent later {later}"
        elif bench.runs(sent.id) == 0:
            fate = " and never ran, while one that was sent later came back: it is lost"
        else:
            fate = ", while one that was sent later came back"
        yield f"a task that was sent after it {returned.trouble}{fate}"


def _run(bench: Bench) -> Iterator[str]:
    return black_hole(bench, TRANSPORT)


DRILL = Drill(
    name="black-hole",
    sentence="After the connections to the broker went silent for ever, and new ones are possible again, a task comes back",
    kind=RecoveryTrial,
    run=_run,
    tier=Tier.SLOW,
    source="https://github.com/celery/celery/issues/10502",
)
