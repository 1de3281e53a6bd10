"""The check that a fleet's workers make up: how it is placed, and how it is summed up."""

from collections.abc import Sequence

from stackaudit.checks import celery
from stackaudit.checks._fleet import sets
from stackaudit.model.audit import Case
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.findings import Finding
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Check


def asked_by(manifest: Manifest) -> str | None:
    """Where there is a broker."""
    return celery.asked_by(manifest)


def summarize(case: Case, findings: Sequence[Finding]) -> str:
    """How many answered of how many, and in how many version sets they run."""
    workers = case.facts(Worker)
    answered = sum(1 for each in workers if each.answered)
    if not answered:
        return celery.summarize(case, findings)
    hidden = sum(each.undecodable for each in case.facts(Broadcast))
    many = f"{answered} of {max(len(workers), int(case.manifest.number('expect_count', 0)))} workers answered"
    if any(each.cut for each in case.facts(Broadcast)):
        many = f"{answered} worker{'s' * (answered != 1)} had answered when the time was up"
    found = sets(case)
    parts = [many, f"{len(found)} version set{'s' * (len(found) != 1)}"]
    partial = sum(len(each.nodes) for each in found if not each.whole)
    parts += [f"{partial} without the worker step"] if partial else []
    parts += [f"{hidden} answered in what is never decoded"] if hidden else []
    if not case.manifest.requirements and case.manifest.interpreter is None:
        parts.append("no pins to hold them against")
    return "; ".join(parts)


CHECK = Check(id="fleet", code="FL", title="The fleet's workers", order=110, asked_by=asked_by, summarize=summarize)
