"""Asks and judges as an audit does, for the tests of the live services."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from stackaudit import audit, sockets
from stackaudit.inputs import matrices
from stackaudit.model.audit import Case
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.services import Pulse
from stackaudit.model.findings import Finding, Outcome
from stackaudit.model.manifest import Endpoint, Manifest, Setting
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.places import Place
from stackaudit.model.secret import Secret
from stackaudit.model.snapshot import Evidence, Look, Snapshot
from stackaudit.probes import redis

OF_REDIS = tuple(kind.__name__ for kind in redis.PROBE.yields)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def declared(*urls: str, broker: str | None = None, expect: Sequence[str] = ()) -> Manifest:
    """A manifest with a broker and with other Redis URLs."""
    given = ([("broker", broker)] if broker else []) + [("redis", url) for url in urls]
    place = Place(path="option")
    settings = (Setting(name="expect", value=tuple(expect), where=place),) if expect else ()
    endpoints = tuple(Endpoint(role=role, url=Secret(url), where=place) for role, url in given)
    return Manifest(endpoints=endpoints, settings=settings)


def pulses(*urls: str, seconds: float = 60) -> list[Look]:
    """The Redis probe's looks at `urls`, in this process."""
    nothing = Snapshot(taken_at=NOW, host="", looks=())
    visit = Visit(manifest=declared(*urls), seen=nothing, deadline=Deadline(seconds))
    return list(redis.collect(visit))


def pulse(url: str) -> Pulse:
    """The pulse behind `url`; the test fails where it stayed unseen."""
    (fact,) = [fact for look in pulses(url) for fact in look.facts if isinstance(fact, Pulse)]
    return fact


def gathered(manifest: Manifest, *names: str, seconds: float = 60) -> Case:
    """The case that an audit with these probes sees, each in a process of its own."""
    chosen: list[Probe] = [each for each in sockets.probes() if each.name in names]
    snapshot = audit.gather(manifest, chosen, Deadline(seconds), NOW)
    return Case(
        manifest=manifest,
        snapshot=snapshot,
        matrix=matrices.read("celery-redis-ffmpeg", Path()),
        today=NOW.date(),
    )


def joined(case: Case, probe: Probe, seconds: float) -> Case:
    """`case` with what `probe` saw in `seconds`, in this process: of those seconds none goes into starting one."""
    visit = Visit(manifest=case.manifest, seen=case.snapshot, deadline=Deadline(seconds))
    looks = (*case.snapshot.looks, *probe.collect(visit))
    return replace(case, snapshot=replace(case.snapshot, looks=looks))


def case_of(manifest: Manifest, *facts: Fact) -> Case:
    """The case in which the live probes saw `facts`."""
    kinds = tuple(sorted({"Pulse", "Broadcast", "Worker", *(type(fact).__name__ for fact in facts), *OF_REDIS}))
    look = Look(probe="test", asked="test", evidence=Evidence(tool="test"), facts=facts, yields=kinds)
    return Case(
        manifest=manifest,
        snapshot=Snapshot(taken_at=NOW, host="", looks=(look,)),
        matrix=matrices.read("celery-redis-ffmpeg", Path()),
        today=NOW.date(),
    )


def judged(case: Case, code: str) -> list[Finding]:
    """What the rules whose code begins with `code` say."""
    rules = [each for each in sockets.rules() if each.code.startswith(code)]
    return [finding for rule in rules for finding in audit.apply(rule, case)]


def told(case: Case, code: str) -> list[tuple[str, str, str]]:
    """Rule, severity and subject of all that failed."""
    failed = [each for each in judged(case, code) if each.outcome is Outcome.FAIL]
    return sorted((each.rule, each.severity.value, each.subject) for each in failed)


def passed(case: Case, code: str) -> list[tuple[str, str]]:
    """Rule and subject of all that passed."""
    return sorted((each.rule, each.subject) for each in judged(case, code) if each.outcome is Outcome.PASS)
