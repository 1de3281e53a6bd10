"""Judges who of a fleet answers, and how much each worker tells; what they run is held against more in the files beside it."""

from collections.abc import Iterator
from dataclasses import replace

from stackaudit.checks import celery
from stackaudit.checks._fleet import named, sets
from stackaudit.model.audit import Case
from stackaudit.model.facts.fleet import VersionSet
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.findings import Finding
from stackaudit.model.parts import Rule, rule

_CONTROL = "https://docs.celeryq.dev/en/stable/userguide/workers.html#remote-control"


@rule(
    "FL101",
    "At least one worker answers",
    severity="high",
    reads=[Broadcast, Worker],
    why=celery.somebody_answers.why,
    fix=celery.somebody_answers.fix,
    source=_CONTROL,
)
def somebody_answers(rule: Rule, case: Case) -> Iterator[Finding]:
    """As CE101: nobody there, nobody answering, or a broker that would not serve."""
    yield from celery.somebody_answers.judge(rule, case)


@rule(
    "FL102",
    "Every expected worker answers",
    severity="high",
    reads=[Worker, Broadcast],
    about=celery.everybody_answers.about,
    why=celery.everybody_answers.why,
    fix=celery.everybody_answers.fix,
    source=_CONTROL,
)
def everybody_answers(rule: Rule, case: Case) -> Iterator[Finding]:
    """As CE102, by the broker's mailboxes, by name, and by how many there should be."""
    yield from celery.everybody_answers.judge(rule, case)
    wanted = int(case.manifest.number("expect_count", 0))
    for asked in case.facts(Broadcast):
        there = sum(each.copies for each in case.facts(Worker) if each.answered) + asked.undecodable
        if asked.problem is None and not asked.cut and 0 < there < wanted:
            yield rule.fails(asked.endpoint, f"{there} workers answered, and {wanted} are expected")


@rule(
    "FL103",
    "Each worker has a name of its own",
    severity="medium",
    reads=[Worker],
    about=celery.named_once.about,
    why=celery.named_once.why,
    fix=celery.named_once.fix,
    source=celery.named_once.source,
)
def named_once(rule: Rule, case: Case) -> Iterator[Finding]:
    """As CE106: what one of them runs hides what the other runs."""
    yield from celery.named_once.judge(rule, case)


@rule(
    "FL104",
    "Each worker tells all that it runs",
    severity="low",
    reads=[VersionSet, Broadcast],
    about=lambda case: [asked.endpoint for asked in case.facts(Broadcast) if sets(case)],
    why="of a worker without the worker step only celery, kombu, billiard, the broker's driver and the Python are known",
    fix="put the worker step beside the application: stackaudit fleet --worker-step prints it, with the two lines that it takes",
)
def tells_all(rule: Rule, case: Case) -> Iterator[Finding]:
    """Told and never gating: nothing is wrong with a worker that was not given the step."""
    partial = [node for each in sets(case) if not each.whole for node in each.nodes]
    count = sum(len(each.nodes) for each in sets(case))
    for asked in case.facts(Broadcast):
        if partial:
            who = "no worker has" if len(partial) == count else f"only {count - len(partial)} of {count} workers have"
            rest = f" of {named(partial)}" if len(partial) != count else ""
            message = f"{who} the worker step: other packages, ffmpeg, system and settings{rest} are not known"
            yield replace(rule.uncheckable(asked.endpoint, message, fix=rule.fix), why=rule.why)


@rule(
    "FL105",
    "The workers answer in JSON",
    severity="high",
    reads=[Broadcast],
    about=celery.in_json.about,
    why=celery.in_json.why,
    fix=celery.in_json.fix,
    source=celery.in_json.source,
)
def in_json(rule: Rule, case: Case) -> Iterator[Finding]:
    """As CE105: answers in another serialization are counted, and never decoded."""
    yield from celery.in_json.judge(rule, case)
