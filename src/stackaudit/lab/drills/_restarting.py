"""Takes the broker of a bench away and brings it back."""

from collections.abc import Callable, Iterator

from stackaudit.lab.bench import IDLE, WITHIN, Bench, NotSetUp
from stackaudit.lab.drills._returning import keep_garbage, trouble_afterwards

AWAY = 3.0
"""Seconds that the broker is away: longer than Celery's first pause between tries (2 s), after which some are deaf for ever."""

NAP = 4.5
"""Seconds of the task that runs meanwhile: it ends when the broker is back."""


def restart(bench: Bench, end: Callable[[], None]) -> Iterator[str]:
    """End the broker with `end` while a task runs, start it again, and send another task."""
    client = bench.ready()
    if bench.lab.pool == "solo":
        # It runs the task itself, and sees nothing meanwhile: what it does while the broker is away shows where it is idle.
        found = tuple(_take_away(bench, end))
        yield from found
        if found:
            return
    before = client.send("nap", NAP)
    if not bench.wait_until(lambda: bench.runs(before.id) > 0, IDLE):
        raise NotSetUp(
            "a task did not begin before the fault was made", "see why with `stackaudit drill --drill round-trip`"
        )
    yield from _take_away(bench, end)
    returned = client.returned(before, WITHIN)
    if returned.trouble is not None:
        yield f"a task that ran meanwhile {returned.trouble}"
    if (runs := bench.runs(before.id)) != 1:
        yield f"a task that ran meanwhile ran {runs} times"


def _take_away(bench: Bench, end: Callable[[], None]) -> Iterator[str]:
    """Have the broker away for a while; what was wrong with the tasks that were sent then."""
    keep_garbage(bench)
    end()
    bench.pause(AWAY)
    if not bench.server.start():
        bench.check_time()
        raise NotSetUp("the broker did not come back", "run it again")
    yield from trouble_afterwards(bench)
