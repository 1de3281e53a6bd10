"""Judges how containers run Celery, by what Dockerfiles and compose files say: signals, time to stop, health checks, brokers."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from stackaudit.checks._containers import own, shared, subjects, workers
from stackaudit.model.addresses import is_loopback
from stackaudit.model.audit import Case
from stackaudit.model.deployment import Container, DeclaredVariable, Form
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.parts import Rule, rule

GRACE = 10.0
"""Seconds that Docker gives a container to stop where nothing else is said."""
SELDOM = 60.0
"""Seconds between two health checks below which starting Celery for each is a load of its own."""
_NAMING = frozenset({"BROKER_URL", "CELERY_BROKER_URL"})


def _starts(case: Case) -> list[tuple[str, Container]]:
    return shared(workers(case), lambda each: each.start and each.start.where)


@rule(
    "EN405",
    "A worker is its container's first process",
    severity="medium",
    reads=[],
    about=lambda case: subjects(_starts(case)),
    why="Docker asks the first process to stop, and a shell there hands that on to nobody: the worker is killed with its tasks instead",
    fix='write the command as a list (CMD ["celery", …]), or begin the last command of the shell with `exec`',
    source="https://docs.docker.com/reference/dockerfile/#shell-form-entrypoint-example",
)
def is_first_process(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the form of its command; what a script does with it is for the script to say."""
    for subject, each in _starts(case):
        if each.start is None:
            continue
        if each.start.form is Form.SHELL:
            yield rule.fails(subject, "a shell starts it and stays before it", where=each.start.where)
        elif each.start.form is Form.SCRIPT:
            message = "a script starts it: whether that gives its place to the worker (`exec`), no deployment file says"
            yield rule.uncheckable(subject, message, where=each.start.where)


def _checked(case: Case) -> list[tuple[str, Container]]:
    return shared([each for each in workers(case) if each.health], lambda each: each.health and each.health.where)


@rule(
    "EN406",
    "Health checks by Celery are seldom, and ask one node",
    severity="low",
    reads=[],
    about=lambda case: subjects(_checked(case)),
    why="each one starts Celery anew, which takes seconds of processor time, and without a destination it asks every worker there is",
    fix="ask `celery inspect ping -d celery@$HOSTNAME`, once a minute or less often; or look at a file that the worker touches",
    source="https://docs.celeryq.dev/en/stable/userguide/workers.html#ping",
)
def health_is_cheap(rule: Rule, case: Case) -> Iterator[Finding]:
    """Seen: 2 to 3.7 s a start."""
    for subject, each in _checked(case):
        if each.health is None:
            continue
        wrong = [f"it starts Celery every {each.health.every:g} s"] if each.health.every < SELDOM else []
        wrong += [] if each.health.addressed else ["it names no node with -d, so that all workers answer"]
        if wrong:
            yield rule.fails(subject, "; ".join(wrong), where=each.health.where)


def _services(case: Case) -> list[Container]:
    return [each for each in workers(case) if each.composed]


@rule(
    "EN501",
    "A worker is given time to finish what it runs",
    severity="medium",
    reads=[],
    about=lambda case: (each.name for each in _services(case)),
    why="when the time to stop is over, Docker kills it: what it worked on is lost, or with late acknowledgement done again",
    fix="set the service's stop_grace_period above the longest task's time limit",
    source="https://docs.docker.com/reference/compose-file/services/#stop_grace_period",
)
def has_time_to_stop(rule: Rule, case: Case) -> Iterator[Finding]:
    """Against the time limit in its command or variables, where there is one; else that any is said at all."""
    for each in _services(case):
        limit = each.start.time_limit if each.start is not None else None
        grace = GRACE if each.grace is None else each.grace
        if limit is not None and grace >= limit:
            continue
        told = f", and a task may take {limit:g} s by its time limit" if limit is not None else ""
        if each.grace is None and not each.whole:
            message = "whether it is given time to stop, a file says that is not read here"
            yield rule.uncheckable(each.name, message, where=each.where)
        elif each.grace is None:
            message = f"no stop_grace_period is set: it is killed after {GRACE:g} s{told}"
            yield rule.fails(each.name, message, where=each.where)
        elif limit is not None:
            yield rule.fails(each.name, f"it is killed after {grace:g} s{told}", where=each.where)


def _brokers(case: Case) -> list[DeclaredVariable]:
    """The variables of our containers that name a broker; each place once, whichever services share it."""
    ours = [*own(case), *(each for each in case.manifest.deployment.containers if each.runs_celery)]
    found = [one for each in ours for one in each.variables if one.name in _NAMING and one.broker is not None]
    return list({(each.where, each.name, each.broker): each for each in found}.values())


def _about_brokers(case: Case) -> Iterator[str]:
    files = [each for each in case.manifest.deployment.variables if each.name in _NAMING and each.broker is not None]
    return (each.name for each in (*_brokers(case), *files))


@rule(
    "EN502",
    "Every file names the same broker",
    severity="medium",
    reads=[],
    about=_about_brokers,
    why="tasks that one service sends to one broker never reach the workers of another, and nothing fails",
    fix="say it once, and let each service take it from there: `env_file`, or a `${CELERY_BROKER_URL}` in the compose file",
    source="https://docs.docker.com/compose/how-tos/environment-variables/best-practices/",
)
def one_broker(rule: Rule, case: Case) -> Iterator[Finding]:
    """Logins are not compared. What `.env` says is advice, and no difference where it names this machine and services another one."""
    services = _brokers(case)
    names = dict.fromkeys(each.name for each in services)
    for name in names:
        said = [each for each in services if each.name == name]
        if len({each.broker for each in said}) > 1:
            told = ", ".join(f"{each.broker} ({each.where}, {each.holder})" for each in said)
            yield rule.fails(name, f"services are given different ones: {told}", where=said[1].where)
            continue
        for each in case.manifest.deployment.variables:
            if each.name == name and each.broker is not None and not _same(each.broker, said[0].broker or ""):
                message = f"{each.holder} names {each.broker}, and {said[0].where} {said[0].broker}"
                yield rule.fails(name, message, where=each.where, severity=Severity.LOW)


def _same(file: str, service: str) -> bool:
    if file == service:
        return True
    one, other = urlsplit(file), urlsplit(service)
    return is_loopback(file) and (one.scheme, one.port, one.path) == (other.scheme, other.port, other.path)
