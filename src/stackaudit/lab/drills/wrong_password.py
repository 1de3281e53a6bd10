"""The broker comes back with another password, and then with the right one."""

from collections.abc import Iterator

from stackaudit.lab.bench import Bench, NotSetUp
from stackaudit.lab.drill import Drill
from stackaudit.lab.drills._returning import keep_garbage, trouble_afterwards
from stackaudit.model.facts.trials import RecoveryTrial

REFUSED = 3.0
"""Seconds in which the password is refused."""


def _run(bench: Bench) -> Iterator[str]:
    _restart(bench, "right")
    bench.ready()
    keep_garbage(bench)
    _restart(bench, "wrong")
    bench.pause(REFUSED)
    _restart(bench, "right")
    status = bench.newest_worker().exit_status()
    if status is not None:
        yield f"the worker ended with exit status {status} when its password was refused"
        return
    yield from trouble_afterwards(bench)


def _restart(bench: Bench, password: str) -> None:
    """The throwaway server alone has these passwords, and its operator another one."""
    bench.server.stop()
    if not bench.server.start(password):
        bench.check_time()
        raise NotSetUp("the broker did not come back", "run it again")


DRILL = Drill(
    name="wrong-password",
    sentence="After the broker refused the password for a while, and then took it again, a task comes back",
    kind=RecoveryTrial,
    run=_run,
)
