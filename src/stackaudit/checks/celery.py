"""Judges the Celery workers: do those answer that should, and do they run what is pinned."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from stackaudit.checks._celery_silence import silence
from stackaudit.checks.round_trips import told
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.facts.round_trips import RoundTrip
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Check, Rule, rule
from stackaudit.model.versions import admits, parse_version

_DRIVERS = {"redis": "redis", "py-amqp": "amqp"}
"""The packages behind the drivers that a worker names."""

_NAMED = 3
"""Workers that the summary names; it counts the rest."""

_SILENCERS = (
    "a worker hears and is silent with worker_enable_remote_control off, with accept_content without json, "
    "when it is stopped, and with the solo pool while it works on a task; it does not hear with another database, "
    "control_exchange, global_keyprefix or fanout_prefix than the default"
)


def asked_by(manifest: Manifest) -> str | None:
    """Asked where there is a broker, or an application is named."""
    named = manifest.endpoint("broker") is not None or manifest.text("app") is not None
    return None if named else "no broker URL"


def summarize(case: Case, findings: Sequence[Finding]) -> str:
    """Who answered, and who is missing."""
    answered = [worker for worker in case.facts(Worker) if worker.answered]
    if not case.facts(Broadcast):
        cause = next((each.cause for each in findings if each.outcome is Outcome.UNKNOWN and each.cause), None)
        return f"not asked: {cause}" if cause else "not asked"
    problem = next((each.problem for each in case.facts(Broadcast) if each.problem is not None), None)
    if problem is not None or not answered:
        return problem or "no worker answered"
    names = [f"{each.node} (celery {each.celery})" if each.celery else each.node for each in answered[:_NAMED]]
    more = f" and {len(answered) - _NAMED} more" if len(answered) > _NAMED else ""
    missing = sum(1 for worker in case.facts(Worker) if not worker.answered)
    silent = f"; {missing} more should have" if missing else ""
    if any(each.cut for each in case.facts(Broadcast)):
        silent = "; not all that may answer had when the time was up"
    who = f"{len(answered)} worker{'s' if len(answered) > 1 else ''} answered: {', '.join(names)}{more}{silent}"
    return who + told(case.facts(RoundTrip))


CHECK = Check(id="celery", code="CE", title="Celery", order=60, asked_by=asked_by, summarize=summarize)


def _answered(case: Case) -> list[Worker]:
    return [worker for worker in case.facts(Worker) if worker.answered]


@rule(
    "CE101",
    "At least one worker answers",
    severity="high",
    reads=[Broadcast, Worker],
    why="with no worker every task that is sent waits in its queue; an empty answer is no proof that all is well",
    fix="start a worker on this broker, or name the broker and database that the workers use",
    source="https://docs.celeryq.dev/en/stable/userguide/workers.html#remote-control",
)
def somebody_answers(rule: Rule, case: Case) -> Iterator[Finding]:
    """Nobody there, nobody answering, or a broker that would not serve."""
    broker = case.manifest.endpoint("broker")
    for finding in _nobody(rule, case):
        yield replace(finding, where=broker.where if broker is not None else None)


def _nobody(rule: Rule, case: Case) -> Iterator[Finding]:
    known = sum(1 for worker in case.facts(Worker) if "pidbox" in worker.expected_by)
    for asked in case.facts(Broadcast):
        if asked.problem is not None:
            yield rule.fails(
                asked.endpoint, asked.problem, fix="mend the broker, or name the right one with --broker-url"
            )
        elif not asked.replies and not asked.undecodable:
            trouble = case.manifest.text("trouble")
            cause = _nobody_there(asked)
            if trouble is not None:
                yield rule.fails(asked.endpoint, f"no worker answered: {trouble}", fix=_MEND, cause=cause)
            else:
                seen = silence(asked, known)
                why = _SILENCERS if asked.subscribers or not known else None
                yield rule.fails(asked.endpoint, seen.message, fix=seen.fix, why=why, cause=cause)


_MEND = "pin versions that go together, as the other findings say; or run the worker by hand with these pins and read its log"


def _nobody_there(asked: Broadcast) -> str | None:
    """The sentence that all findings share where nobody answered at all; None where somebody did."""
    return None if asked.replies or asked.undecodable else f"no worker answered on {asked.endpoint}"


@rule(
    "CE102",
    "Every expected worker answers",
    severity="high",
    reads=[Worker, Broadcast],
    about=lambda case: [worker.node for worker in _answered(case) if worker.expected_by],
    why="a worker that does not answer takes no task, or can't be steered: no shutdown, no revoke, no rate limit",
    fix="look at the worker's process and log, and restart it",
    source="https://docs.celeryq.dev/en/stable/userguide/workers.html#remote-control",
)
def everybody_answers(rule: Rule, case: Case) -> Iterator[Finding]:
    """Who is missing, by the broker's mailboxes and by the configuration; PUBLISH's count tells the silent from the dead."""
    for asked in case.facts(Broadcast):
        if asked.problem is not None or asked.cut:
            continue
        missing = [worker for worker in case.facts(Worker) if not worker.answered]
        mailboxes = sum(1 for worker in missing if "pidbox" in worker.expected_by)
        listening = _listening(case, asked)
        for worker in missing:
            finding = _missing(rule, worker, asked, (listening, mailboxes))
            # Of many that are missing alike a person is told once.
            yield replace(finding, cause=_nobody_there(asked) or f"{rule.code}: {finding.message}")
        if listening is not None and listening > mailboxes and not asked.undecodable:
            message = f"{listening - mailboxes} more heard the question and did not answer: workers with no name here, or watchers"
            fix = "look at who is subscribed: CLIENT LIST TYPE pubsub"
            yield rule.fails(asked.endpoint, message, severity=Severity.LOW, fix=fix, cause=_nobody_there(asked))


def _listening(case: Case, asked: Broadcast) -> int | None:
    """How many heard the question and did not answer; None where the broker does not tell."""
    if asked.subscribers is None:
        return None
    return max(0, asked.subscribers - asked.undecodable - sum(worker.copies for worker in _answered(case)))


def _missing(rule: Rule, worker: Worker, asked: Broadcast, counts: tuple[int | None, int]) -> Finding:
    listening, mailboxes = counts
    node = worker.node
    if "pidbox" not in worker.expected_by:
        return rule.fails(node, "it is expected by the configuration, and no such worker answered")
    if asked.undecodable:
        return rule.uncheckable(node, "it is dead, or its answer is among those that were not decoded (CE105)")
    if listening == 0:
        expected = "expect" in worker.expected_by
        message = "it is gone; its name stays in the broker where it was killed"
        fix = "start it again" if expected else "nothing, if it was meant to go; else start it again"
        return rule.fails(node, message, severity=rule.severity if expected else Severity.LOW, fix=fix)
    if listening is not None and listening < mailboxes:
        message = f"it did not answer; of the {mailboxes} that did not, {listening} still listen"
        return rule.fails(node, message, why=_SILENCERS)
    return rule.fails(node, "it listens, and did not answer", why=_SILENCERS)


def _drift(case: Case) -> Iterator[tuple[Worker, str, str, str, bool]]:
    """Each thing that a worker says it runs and that the stack has too: worker, name, its version, the stack's, and whether they agree."""
    ours = {str(package.name): package.version for package in case.packages()}
    for worker in _answered(case):
        for name, version in _versions(worker):
            own = ours.get(name)
            if version is not None and own is not None:
                yield worker, name, version, own, _equal(version, own)
        if worker.python is not None and case.interpreter is not None:
            own = case.interpreter.version
            yield worker, "Python", worker.python, own, _minor(worker.python) == _minor(own)
        elif worker.python is not None:
            for claim in case.manifest.pythons:
                yield worker, "Python", worker.python, claim.text, admits(claim.specifier, worker.python)


def _versions(worker: Worker) -> Iterator[tuple[str, str | None]]:
    yield from (("celery", worker.celery), ("kombu", worker.kombu), ("billiard", worker.billiard))
    if worker.driver in _DRIVERS:
        yield _DRIVERS[worker.driver], worker.driver_version


def _equal(one: str, other: str) -> bool:
    first, second = parse_version(one), parse_version(other)
    return first == second if first is not None and second is not None else one == other


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


@rule(
    "CE103",
    "The workers run what is pinned",
    severity="medium",
    reads=[Worker, Distribution, InterpreterFact],
    about=lambda case: [worker.node for worker, _, _, _, _ in _drift(case)],
    why="an audit of the pins says nothing of a worker that runs something else",
    fix="deploy the pinned versions to the worker, or pin what it runs",
    source="https://docs.celeryq.dev/en/stable/userguide/workers.html#inspecting-workers",
)
def as_pinned(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the worker's own report, once for each worker; a Python counts by its minor version."""
    others: dict[str, list[tuple[str, str, str]]] = {}
    for worker, name, version, own, agrees in _drift(case):
        if not agrees:
            others.setdefault(worker.node, []).append((name, f"{name} {version}", own))
    for node, ((first, runs, has), *more) in others.items():
        message = f"it runs {runs}, and this stack has {has}"
        message += "".join(f"; {version}, and {own}" for _, version, own in more)
        yield rule.fails(node, message, where=case.place_of(first))


def _reported(case: Case) -> Iterable[str]:
    reported = [worker for worker in _answered(case) if worker.celery is not None]
    return [asked.endpoint for asked in case.facts(Broadcast)] if len(reported) > 1 else []


@rule(
    "CE104",
    "All workers run the same versions",
    severity="medium",
    reads=[Worker, Broadcast],
    about=_reported,
    why="which code a task meets then depends on who takes it; messages of one version may be unreadable to the other",
    fix="deploy the same versions everywhere; while a rollout lasts this is expected",
    source="https://docs.celeryq.dev/en/stable/userguide/workers.html#inspecting-workers",
)
def alike(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the workers' own reports; Pythons count by their minor version."""
    seen: dict[str, dict[str, list[str]]] = {}
    for worker in _answered(case):
        python = _minor(worker.python) if worker.python is not None else None
        for name, version in (*_versions(worker), ("Python", python)):
            if version is not None:
                seen.setdefault(name, {}).setdefault(version, []).append(worker.node)
    differing = [
        f"{name}: " + "; ".join(f"{version} on {', '.join(sorted(versions[version]))}" for version in sorted(versions))
        for name, versions in sorted(seen.items())
        if len(versions) > 1
    ]
    for asked in case.facts(Broadcast) if differing else ():
        yield rule.fails(asked.endpoint, f"the workers differ in {', in '.join(differing)}")


@rule(
    "CE105",
    "The workers answer in JSON",
    severity="high",
    reads=[Broadcast],
    about=lambda case: [asked.endpoint for asked in case.facts(Broadcast) if asked.replies or asked.undecodable],
    why="who can write to a broker whose workers take pickle runs any code on them",
    fix='set task_serializer = "json" and accept_content = ["json"] in the application',
    source="https://docs.celeryq.dev/en/stable/userguide/security.html#serializers",
)
def in_json(rule: Rule, case: Case) -> Iterator[Finding]:
    """Answers in another serialization are counted, and never decoded."""
    for asked in case.facts(Broadcast):
        if asked.undecodable:
            pickled = any("python-serialize" in each or each == "not JSON" for each in asked.serializations)
            what = "pickle" if pickled else ", ".join(asked.serializations) or "another serialization"
            message = f"{asked.undecodable} answered in {what}, which is never decoded here"
            yield rule.fails(asked.endpoint, message, severity=None if pickled else Severity.MEDIUM)


@rule(
    "CE106",
    "Each worker has a name of its own",
    severity="medium",
    reads=[Worker],
    about=lambda case: [worker.node for worker in _answered(case)],
    why="workers of one name can't be told apart: control and monitoring reach one, both, or neither",
    fix="start each with its own name: celery worker -n NAME@%h",
    source="https://docs.celeryq.dev/en/stable/userguide/workers.html#starting-the-worker",
)
def named_once(rule: Rule, case: Case) -> Iterator[Finding]:
    """More than one answered one question under the same name."""
    for worker in _answered(case):
        if worker.copies > 1:
            yield rule.fails(worker.node, f"{worker.copies} workers answered under this name")
