"""The kernel kills the process that runs a task."""

from collections.abc import Iterator

from stackaudit.lab.bench import IDLE, WITHIN, Bench, NotSetUp
from stackaudit.lab.drill import Drill
from stackaudit.model.facts.trials import CustodyTrial

NAP = 2.0
"""Seconds of the task."""

TWICE = 2


def _run(bench: Bench) -> Iterator[str]:
    bench.worker(task_acks_late=True, task_reject_on_worker_lost=True)
    client = bench.client()
    sent = client.send("nap", NAP)
    if not bench.wait_until(lambda: bench.runs(sent.id) > 0, IDLE):
        raise NotSetUp("a task did not begin before the fault was made", "see why with `--drill round-trip`")
    pid = bench.process_of(sent.id)
    if pid is None or pid == bench.newest_worker().pid:
        raise NotSetUp("the task runs in no process of its own", "leave the drill out of this pool")
    bench.newest_worker().kill_child(pid)
    returned = client.returned(sent, WITHIN)
    if returned.trouble is not None:
        yield f"the task whose process was killed {returned.trouble}"
    elif (runs := bench.runs(sent.id)) != TWICE:
        yield f"the task whose process was killed began {runs} times, not {TWICE}"
    trouble = client.trouble_with_a_task(WITHIN)
    if trouble is not None:
        yield f"the task after it {trouble}"


DRILL = Drill(
    name="child-killed",
    sentence="With acks_late and reject_on_worker_lost a task whose process was killed is run again, and returns",
    kind=CustodyTrial,
    run=_run,
    pools=("prefork",),
    source="https://docs.celeryq.dev/en/stable/userguide/configuration.html#task-reject-on-worker-lost",
)
