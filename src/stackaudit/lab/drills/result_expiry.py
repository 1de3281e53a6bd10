"""The result of a task goes away when its time is over."""

from collections.abc import Iterator

from stackaudit.lab.bench import EXPIRES, IDLE, Bench
from stackaudit.lab.drill import Drill
from stackaudit.model.facts.trials import ExerciseTrial

NEVER = -1
"""What TTL answers of a key that stays for ever."""


def _run(bench: Bench) -> Iterator[str]:
    client = bench.ready()
    sent = client.send("echo", "stored")
    returned = client.returned(sent, IDLE)
    if returned.trouble is not None:
        yield f"a task {returned.trouble}"
        return
    left = bench.server.command("TTL", f"celery-task-meta-{sent.id}")
    if not isinstance(left, int) or not 0 < left <= EXPIRES:
        yield "a result has no time after which it goes away" if left == NEVER else "a result is not where it should be"


DRILL = Drill(
    name="result-expiry",
    sentence="A result is stored with the time after which it goes away",
    kind=ExerciseTrial,
    run=_run,
    calm=True,
    source="https://docs.celeryq.dev/en/stable/userguide/configuration.html#result-expires",
)
