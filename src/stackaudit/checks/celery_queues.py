"""Judges what lies in a broker and nobody takes: tasks, also those that nobody knows, answers, and workers that can't be asked."""

from collections.abc import Iterable, Iterator

from stackaudit.checks._celery_set import over_redis
from stackaudit.model.audit import Case
from stackaudit.model.facts.tasks import KnownTasks
from stackaudit.model.facts.workers import Broadcast, QueueState, ReplyLists, Worker
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Rule, rule

_MANY = 1000
"""Forgotten lists from which on they are told as a leak that can hurt: somebody's monitoring makes them all day."""

_ORPHANS = "https://github.com/celery/kombu/issues/294"


def _silent(case: Case) -> int:
    """How many may take tasks and were not heard: they are subscribed and did not answer, answered in pickle, or can't be asked."""
    silent = 0
    for asked in case.facts(Broadcast):
        heard = sum(worker.copies for worker in case.facts(Worker) if worker.answered)
        silent = max(silent, (asked.subscribers or 0) - heard, (asked.consumers or 0) - heard)
    return silent


def _answered(case: Case) -> bool:
    return any(worker.answered for worker in case.facts(Worker))


@rule(
    "CE501",
    "Every queue with tasks in it has a worker",
    severity="high",
    reads=[QueueState, Broadcast, Worker],
    about=lambda case: [each.queue for each in case.facts(QueueState) if _answered(case)],
    why="nobody takes what lies there: it waits until somebody notices, or until its result is asked for in vain",
    fix="start a worker for the queue (celery worker -Q NAME), or mend the route that sends there",
    source="https://docs.celeryq.dev/en/stable/userguide/workers.html#queues",
    asked_by=over_redis,
)
def taken(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the broker's bindings and the queues that the workers say they take from; who was not heard may take from it."""
    for state in case.facts(QueueState):
        if not state.waiting:
            continue
        many = "1 task waits" if state.waiting == 1 else f"{state.waiting} tasks wait"
        if silent := _silent(case):
            who = "1 that did" if silent == 1 else f"{silent} that did"
            yield rule.uncheckable(state.queue, f"{many} in it; whether the {who} not answer takes them can't be seen")
        else:
            cause = None if _answered(case) else f"no worker answered on {state.endpoint}"
            yield rule.fails(state.queue, f"{many} in it, and no worker takes from it", cause=cause)


@rule(
    "CE502",
    "No answers to remote control lie forgotten in the broker",
    severity="low",
    reads=[ReplyLists],
    why="an inspect that ends early leaves its list behind, which never expires: they fill the broker's memory",
    fix="delete the keys *.reply.celery.pidbox, and find who asks so often: a health check or a dashboard that inspects workers",
    source=_ORPHANS,
    asked_by=over_redis,
)
def nothing_forgotten(rule: Rule, case: Case) -> Iterator[Finding]:
    """Lists with no time to live that nobody touched for a while; of a large database a part is looked through."""
    for lists in case.facts(ReplyLists):
        least = "" if lists.complete else "at least "
        if lists.orphans:
            message = f"{least}{lists.orphans} list{'s' if lists.orphans > 1 else ''} of answers that nobody fetched, with no time to live"
            severity = Severity.MEDIUM if lists.orphans >= _MANY else None
            yield rule.fails(lists.endpoint, message, severity=severity)
        elif not lists.complete:
            message = "the database has more keys than were looked through, and none of those is such a list"
            yield rule.uncheckable(lists.endpoint, message)


def _counted(case: Case) -> Iterable[str]:
    return [each.endpoint for each in case.facts(Broadcast) if each.consumers is not None and each.replies]


@rule(
    "CE503",
    "Every worker that takes tasks can be asked",
    severity="low",
    reads=[Broadcast, Worker],
    about=_counted,
    why="a worker that hears no remote control is in no audit and no dashboard, and can't be told to stop or to revoke",
    fix="set worker_enable_remote_control = True there, or name its control_exchange, global_keyprefix or fanout_prefix to this audit",
    source="https://docs.celeryq.dev/en/stable/userguide/configuration.html#worker-enable-remote-control",
    asked_by=over_redis,
)
def can_be_asked(rule: Rule, case: Case) -> Iterator[Finding]:
    """By how many clients wait for tasks in the database; where nobody answered at all, CE101 says so."""
    for asked in case.facts(Broadcast):
        if asked.consumers is None or not asked.replies:
            continue
        more = asked.consumers - max(asked.subscribers or 0, asked.replies)
        if more > 0:
            others = f" ({', '.join(asked.mailboxes)})" if asked.mailboxes else ""
            who = "1 more client waits" if more == 1 else f"{more} more clients wait"
            yield rule.fails(asked.endpoint, f"{who} for tasks there than can be asked{others}")


_MOST_TASKS = 5


def _no_application(manifest: Manifest) -> str | None:
    if manifest.text("app") is None:
        return "no application is named"
    return None if manifest.endpoint("broker") is not None else "no broker URL"


def _applications(case: Case) -> list[KnownTasks]:
    """The applications whose tasks were told, where workers answered that may know them."""
    return [each for each in case.facts(KnownTasks) if each.application and each.names] if _answered(case) else []


@rule(
    "CE504",
    "Every task of the application is known by a worker",
    severity="high",
    reads=[KnownTasks, Broadcast, Worker],
    about=lambda case: [each.subject for each in _applications(case)],
    why="a worker that takes a task which it does not know throws the message away: the task is lost, and only its log says so",
    fix="deploy the application's code to the workers, and have them import its tasks (imports, include, autodiscover_tasks)",
    source="https://docs.celeryq.dev/en/stable/userguide/tasks.html#names",
    asked_by=_no_application,
)
def known(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the names that the application registers when it is imported, and those that its workers say they know."""
    told = [each for each in case.facts(KnownTasks) if not each.application]
    names = {name for each in told for name in each.names}
    answered = {each.node for each in case.facts(Worker) if each.answered}
    silent = max(_silent(case), 0) + len(answered.difference(*(each.nodes for each in told)))
    counted = all(asked.subscribers is not None for asked in case.facts(Broadcast))
    for application in _applications(case):
        unknown = [each for each in application.names if each not in names]
        more = f" and {len(unknown) - _MOST_TASKS} more" if len(unknown) > _MOST_TASKS else ""
        named = f"task{'s' * (len(unknown) != 1)} {', '.join(unknown[:_MOST_TASKS])}{more}"
        message = f"no worker that answered knows its {named}"
        if unknown and silent:
            who = f"{silent} worker{'s' * (silent != 1)} did not tell which it knows"
            yield rule.uncheckable(application.subject, f"{message}; {who}")
        elif unknown and not counted:
            others = "over this broker it can't be seen whether there are other workers"
            yield rule.uncheckable(application.subject, f"{message}; {others}")
        elif unknown:
            yield rule.fails(application.subject, message)
