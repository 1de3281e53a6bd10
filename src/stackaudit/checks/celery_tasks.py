"""Judges what becomes of the tasks that Celery's workers run: run twice, lost, or never ended."""

from collections.abc import Iterable, Iterator

from stackaudit.checks._celery_set import (
    CONFIGURATION,
    REDIS_BROKER,
    about,
    fails,
    late,
    named,
    over_redis,
    seconds,
    telling,
)
from stackaudit.model.audit import Case
from stackaudit.model.facts.celery_settings import CelerySettings, TaskOptions
from stackaudit.model.facts.workers import Broadcast
from stackaudit.model.findings import Finding
from stackaudit.model.parts import Rule, rule

VISIBILITY = f"{REDIS_BROKER}#visibility-timeout"
_ENDING = frozenset({"gevent", "prefork"})
"""The pools that end a task at its hard limit; the others know none."""


def _hard(told: CelerySettings, group: TaskOptions) -> float | None:
    """Seconds after which tasks of `group` are ended; None where nothing ends them."""
    if told.tells("pool") and told.text("pool") not in _ENDING:
        return None
    return group.hard_limit or told.number("task_time_limit")


def _bounded(case: Case) -> Iterator[tuple[CelerySettings, float, list[TaskOptions]]]:
    """Those with tasks that are acknowledged late and end by themselves: the visibility timeout, and those tasks."""
    for told in telling(case, "visibility_timeout"):
        visible = told.number("visibility_timeout")
        ending = [each for each in late(told) if _hard(told, each) is not None]
        if visible is not None and ending:
            yield told, visible, ending


@rule(
    "CE301",
    "A task that is acknowledged late ends before the broker gives it to another worker",
    severity="medium",
    reads=[CelerySettings],
    about=lambda case: [told.subject for told, _, _ in _bounded(case)],
    why="a Redis broker hands out again what was not acknowledged within the visibility timeout: the task then runs twice at once",
    fix="set visibility_timeout above the longest time limit, in broker_transport_options and result_backend_transport_options",
    source=VISIBILITY,
)
def ended_in_time(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the hard time limits; what has none is told by CE304."""
    for told, visible, ending in _bounded(case):
        longer = [each for each in ending if (_hard(told, each) or 0) > visible]
        if longer:
            most = max(_hard(told, each) or 0 for each in longer)
            message = f"the visibility timeout is {seconds(visible)}, and {named(longer)} may run {seconds(most)}"
            yield fails(rule, told, message)


def _holding(case: Case) -> list[CelerySettings]:
    return [each for each in telling(case, "visibility_timeout") if each.origin == "worker"]


@rule(
    "CE302",
    "Every task that waits for its time is due before the broker gives it to another worker",
    severity="high",
    reads=[CelerySettings],
    about=lambda case: [each.subject for each in _holding(case)],
    why="a worker holds such a task unacknowledged; a Redis broker hands it out again each visibility timeout, and it runs as often",
    fix="set visibility_timeout above the longest ETA, countdown and retry delay in all that share the broker, or let beat send such tasks",
    source=VISIBILITY,
)
def due_in_time(rule: Rule, case: Case) -> Iterator[Finding]:
    """By what the workers hold right now."""
    for told in _holding(case):
        visible = seconds(told.number("visibility_timeout") or 0)
        if told.far is None:
            message = (
                "what it holds for later was not asked: its answer would carry all of the many tasks that workers hold"
            )
            yield rule.uncheckable(told.subject, message, cause=f"{rule.code}: {message}")
        elif told.far:
            many = "1 task" if told.far == 1 else f"{told.far} tasks"
            yield rule.fails(told.subject, f"it holds {many} for later than the visibility timeout, which is {visible}")


def _shared(case: Case) -> dict[float, list[str]]:
    """The visibility timeouts in force, each with the workers that have it."""
    found: dict[float, list[str]] = {}
    for told in _holding(case):
        visible = told.number("visibility_timeout")
        if visible is not None:
            found.setdefault(visible, []).append(told.subject)
    return found


@rule(
    "CE303",
    "All workers of a broker have the same visibility timeout",
    severity="medium",
    reads=[CelerySettings, Broadcast],
    about=lambda case: [each.endpoint for each in case.facts(Broadcast) if len(_holding(case)) > 1],
    why="the worker with the shortest hands out again what the others still work on",
    fix="set the same visibility_timeout in all applications that share the broker, or give each a database of its own",
    source=VISIBILITY,
    asked_by=over_redis,
)
def alike(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the options in force in each."""
    found = _shared(case)
    if len(found) > 1:
        runs = "; ".join(f"{seconds(each)} on {', '.join(sorted(found[each]))}" for each in sorted(found))
        for asked in case.facts(Broadcast):
            yield rule.fails(asked.endpoint, f"the shortest visibility timeout counts for all: {runs}")


@rule(
    "CE304",
    "Something ends a task that hangs",
    severity="low",
    reads=[CelerySettings],
    about=about("pool"),
    why="ffmpeg and network calls can hang for ever; the task then holds its process until somebody kills it",
    fix="set task_time_limit, with the prefork pool: soft limit < hard limit < visibility timeout",
    source=f"{CONFIGURATION}#task-time-limit",
)
def ended(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the limits of the pool and of each task; only prefork and gevent end a task."""
    for told in telling(case, "pool"):
        if told.text("pool") not in _ENDING:
            yield fails(rule, told, f"its pool ({told.text('pool')}) ends no task, whatever the limits")
        elif told.number("task_time_limit") is None:
            endless = [each for each in told.tasks if each.hard_limit is None]
            if endless or not told.tasks:
                yield fails(rule, told, f"no time limit ends {named(endless) or 'its tasks'}")


def _limits(told: CelerySettings) -> Iterator[tuple[str, float, float]]:
    """Who is limited twice: the name, the soft limit, the hard one."""
    own = told.number("task_soft_time_limit"), told.number("task_time_limit")
    if own[0] is not None and own[1] is not None:
        yield "every task", own[0], own[1]
    for group in told.tasks:
        soft, hard = group.soft_limit or own[0], group.hard_limit or own[1]
        if (group.soft_limit or group.hard_limit) and soft is not None and hard is not None:
            yield group.told, soft, hard


def _limited(case: Case) -> Iterable[str]:
    return [told.subject for told in case.facts(CelerySettings) if any(_limits(told))]


@rule(
    "CE305",
    "A soft time limit comes before the hard one",
    severity="medium",
    reads=[CelerySettings],
    about=_limited,
    why="at the hard limit the process is killed: a soft one that comes no earlier never lets the task clean up",
    fix="set the soft limit some seconds below the hard one",
    source=f"{CONFIGURATION}#task-soft-time-limit",
)
def softly(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the limits of the pool and of each task."""
    for told in case.facts(CelerySettings):
        for who, soft, hard in _limits(told):
            if soft >= hard:
                yield fails(rule, told, f"the soft limit of {who} is {seconds(soft)}, the hard one {seconds(hard)}")


def _acknowledging(case: Case) -> list[CelerySettings]:
    """Those that have tasks at all."""
    return [each for each in telling(case, "task_acks_late") if each.tasks or each.value("task_acks_late") is True]


@rule(
    "CE306",
    "A task is run again whose worker died",
    severity="low",
    reads=[CelerySettings],
    about=lambda case: [each.subject for each in _acknowledging(case)],
    why="a task is acknowledged when it begins: with the worker or the machine, the running one is lost",
    fix="set acks_late for the tasks that may run twice (idempotent ones), or task_acks_late for all",
    source=f"{CONFIGURATION}#task-acks-late",
)
def run_again(rule: Rule, case: Case) -> Iterator[Finding]:
    """Told where no task at all is acknowledged late; whether one may run twice only its author knows."""
    for told in _acknowledging(case):
        if told.value("task_acks_late") is not True and not late(told):
            yield fails(rule, told, "no task is acknowledged late: the running one is lost with its worker")


@rule(
    "CE307",
    "A task is given back whose process was killed",
    severity="low",
    reads=[CelerySettings],
    about=lambda case: [told.subject for told in case.facts(CelerySettings) if late(told)],
    why="acks_late alone does not help there: where the kernel kills the process for its memory, the task counts as done",
    fix="set reject_on_worker_lost for tasks that don't kill their process each time: one that does would come back for ever",
    source=f"{CONFIGURATION}#task-reject-on-worker-lost",
)
def given_back(rule: Rule, case: Case) -> Iterator[Finding]:
    """For the tasks that are acknowledged late."""
    for told in case.facts(CelerySettings):
        default = told.value("task_reject_on_worker_lost") is True
        lost = [
            each
            for each in late(told)
            if not (default if each.reject_on_worker_lost is None else each.reject_on_worker_lost)
        ]
        if lost:
            yield fails(rule, told, f"{named(lost)}: acknowledged late, and lost with a killed process")


_CANCEL = "worker_cancel_long_running_tasks_on_connection_loss"


def _cancelling(case: Case) -> list[CelerySettings]:
    return [told for told in telling(case, _CANCEL) if late(told)]


@rule(
    "CE308",
    "A worker that lost its broker ends the tasks that it can't acknowledge any more",
    severity="low",
    reads=[CelerySettings],
    about=lambda case: [told.subject for told in _cancelling(case)],
    why="after a reconnect the broker hands them out again while they still run: they run twice",
    fix=f"set {_CANCEL} = True",
    source=f"{CONFIGURATION}#worker-cancel-long-running-tasks-on-connection-loss",
)
def cancelled(rule: Rule, case: Case) -> Iterator[Finding]:
    """For workers with tasks that are acknowledged late."""
    for told in _cancelling(case):
        if told.value(_CANCEL) is not True:
            yield fails(rule, told, f"{_CANCEL} is off, and tasks are acknowledged late")
