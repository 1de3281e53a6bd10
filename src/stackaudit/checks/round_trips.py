"""Judges what went through the broker to workers and came back."""

from collections.abc import Iterator, Sequence

from stackaudit.model.audit import Case
from stackaudit.model.facts.round_trips import RoundTrip, Route
from stackaudit.model.findings import Finding
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Rule, rule


def _asked_by(manifest: Manifest) -> str | None:
    return None if manifest.text("round_trip") and manifest.endpoint("broker") is not None else "no round trip is made"


@rule(
    "CE901",
    "What is sent to a worker comes back",
    severity="high",
    reads=[RoundTrip],
    why="a broker that answers and a worker that listens are no proof yet that work gets done",
    fix="look at the worker's log from this moment",
    source="https://docs.celeryq.dev/en/stable/userguide/calling.html",
    asked_by=_asked_by,
)
def comes_back(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the result in the result backend for a task, by the answer for a control message: which of them it was stands in the subject."""
    for trip in case.facts(RoundTrip):
        if trip.problem is not None:
            sent = f"{trip.back} of {trip.sent} came back: " if trip.sent > 1 else ""
            # Where nothing could be sent at all, other rules may have told the same cause.
            yield rule.fails(trip.subject, f"{sent}{trip.problem}", cause=None if trip.sent else trip.problem)


def told(trips: Sequence[RoundTrip]) -> str:
    """`; 20 of 20 tasks came back through queues celery, video`: what went round, as the end of a summary; empty where nothing did."""
    tasks = [each for each in trips if each.route is Route.TASK]
    pings = [each for each in trips if each.route is Route.CONTROL]
    words = ""
    if tasks:
        queues = ", ".join(each.through for each in tasks)
        sent, back = sum(each.sent for each in tasks), sum(each.back for each in tasks)
        words += f"; {back} of {sent} task{'s' * (sent != 1)} came back through queue{'s' * (len(tasks) != 1)} {queues}"
    if pings:
        sent, back = sum(each.sent for each in pings), sum(each.back for each in pings)
        words += f"; {back} of {sent} control messages came back, and no task was sent"
    return words
