"""Asks the workers in this process: `python -m stackaudit.fleet`, errand on standard input, answers as they come on standard output.

What talks to a socket runs here, so that it can be killed. Each line is a JSON list: `["heard", NODE, WORDS]`, and at the end
`["looks", LOOKS]`.
"""

import json
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from stackaudit.fleet import looks
from stackaudit.fleet.snapshots import Snapshots
from stackaudit.model.deadline import Deadline
from stackaudit.model.manifest import Endpoint, Manifest
from stackaudit.model.parts import Visit
from stackaudit.model.services import speaks_redis
from stackaudit.model.snapshot import Look, Snapshot
from stackaudit.model.wire import Json, decode, encode
from stackaudit.probes import _celery_control, _worker_words, celery
from stackaudit.probes._celery_looks import looks_at
from stackaudit.probes._pidbox import Question
from stackaudit.probes._redis_session import NotSeen, Seen

_MARGIN = 0.5
"""Seconds before the deadline at which the conversation ends by itself, so that what was heard gets home."""


def main() -> None:
    """Run the errand: a manifest with a broker, and the seconds that it may take."""
    errand = json.load(sys.stdin)
    # Should the parent itself be killed, nobody is left to kill this process: the alarm does.
    signal.setitimer(signal.ITIMER_REAL, errand["seconds"] + 1)
    manifest = decode(Manifest, errand["manifest"])
    visit = Visit(
        manifest=manifest,
        seen=Snapshot(taken_at=datetime.now(UTC), host="", looks=()),
        deadline=Deadline(errand["seconds"]),
    )
    broker = manifest.endpoint("broker")
    if broker is not None:
        _say("looks", [encode(each) for each in _asked(visit, broker)])


def _asked(visit: Visit, broker: Endpoint) -> tuple[Look, ...]:
    """All that the workers said, as looks."""
    snapshots, began = Snapshots(), time.monotonic()
    answers: list[float] = []

    def hear(node: str, method: str, answer: Json) -> Iterable[Question]:
        answers.append(time.monotonic() - began)
        if method == "report":
            found = _worker_words.worker(node, {"report": answer}, ())
            _say("heard", node, f"celery {found.celery} on Python {found.python}" if found.celery else "")
        elif method == "ping":
            _say("heard", node, "")
        return tuple(snapshots.hear(node, method, answer))

    seconds = max(0.0, visit.deadline.remaining() - _MARGIN)
    try:
        if speaks_redis(broker):
            census = celery.over_redis(visit, broker, hear, seconds)
        else:
            census = _celery_control.census(broker.url.reveal(), visit.deadline.within(seconds), hear)
        seen = looks_at(visit, broker, census)
    except Seen as problem:
        return looks.broken(broker, problem.detail)
    except NotSeen as missing:
        return looks.blind(broker, missing.cause, missing.remedy)
    found = looks.looks_of(broker, seen, snapshots)
    measured = (("first answer", answers[0]), ("last answer", answers[-1])) if answers else ()
    return (replace(found[0], measured=measured), *found[1:])


def _say(*line: Json) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
