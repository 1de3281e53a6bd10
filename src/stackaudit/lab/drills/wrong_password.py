"""The broker comes back with another password, and then with the right one."""

from collections.abc import Iterator

from stackaudit.lab.bench import WITHIN, Bench, NotSetUp
from stackaudit.lab.drill import Drill
from stackaudit.model.facts.trials import RecoveryTrial

REFUSED = 3.0
"""Seconds in which the password is refused."""


def _run(bench: Bench) -> Iterator[str]:
    client = bench.ready()
    right = bench.server.password
    bench.server.stop()
    for password, pause in ((f"not-{right}", REFUSED), (right, 0.0)):
        bench.server.stop()
        if not bench.server.start(password):
            bench.check_time()
            raise NotSetUp("the broker did not come back", "run it again")
        bench.pause(pause)
    status = bench.newest_worker().exit_status()
    if status is not None:
        yield f"the worker ended with exit status {status} when its password was refused"
        return
    trouble = client.trouble_with_a_task(WITHIN)
    if trouble is not None:
        yield f"a task that was sent after it {trouble}"


DRILL = Drill(
    name="wrong-password",
    sentence="After the broker refused the password for a while, and then took it again, a task comes back",
    kind=RecoveryTrial,
    run=_run,
)
