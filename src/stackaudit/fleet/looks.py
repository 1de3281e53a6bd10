"""Makes looks of what a broker's workers said: who answered, and the version sets that they run."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from stackaudit.fleet.snapshots import COMMAND, Snapshots, Told
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.fleet import Replaced, SettingSet, VersionSet
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.manifest import Endpoint
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.wire import encode

_RUNS = ("Replaced", "SettingSet", "VersionSet")
YIELDS = ("Broadcast", *_RUNS, "Worker")
DRIVERS = {"redis": "redis", "py-amqp": "amqp"}
"""The packages behind the drivers that a worker names."""

_ID = 12


def looks_of(broker: Endpoint, census: Sequence[Look], snapshots: Snapshots) -> tuple[Look, ...]:
    """The looks of a census, and one at what the workers run; a worker that would not say is unseen there too.

    `census` are the looks of the celery probe.
    """
    workers = [fact for look in census for fact in look.facts if isinstance(fact, Worker) and fact.answered]
    hidden = sum(fact.undecodable for look in census for fact in look.facts if isinstance(fact, Broadcast))
    facts: tuple[Fact, ...] = (
        *version_sets(workers, snapshots),
        *setting_sets(workers, snapshots),
        *replaced(workers, snapshots),
    )
    unseen = [*_unread(workers, snapshots), *([_hidden(broker, hidden)] if hidden else [])]
    mute = [replace(look, unseen=_widened(look.unseen)) for look in census if look.unseen is not None]
    told = [look for look in census if look.unseen is None]
    more = (COMMAND,) if snapshots.marks else ()
    mine = _look(broker, facts, more)
    return numbered([*told, *mute, mine, *(replace(mine, facts=(), unseen=each) for each in unseen)])


def version_sets(workers: Sequence[Worker], snapshots: Snapshots) -> tuple[VersionSet, ...]:
    """What `workers` run, each set of versions once, the one that most run first."""
    nodes: dict[str, list[str]] = {}
    sets: dict[str, VersionSet] = {}
    # Thousands of workers share one snapshot: its own digest is worked out once.
    known: dict[str, VersionSet] = {}
    for worker in workers:
        mark, told = snapshots.of(worker.node)
        if told is None or mark is None:
            found = _partial(worker)
        else:
            found = known[mark.digest] = known.get(mark.digest) or _whole(told)
        if found is not None:
            sets[found.id] = found
            nodes.setdefault(found.id, []).append(worker.node)
    every = (replace(each, nodes=tuple(sorted(nodes[each.id]))) for each in sets.values())
    return tuple(sorted(every, key=lambda each: (-len(each.nodes), each.nodes)))


def setting_sets(workers: Sequence[Worker], snapshots: Snapshots) -> tuple[SettingSet, ...]:
    """What settings `workers` run with, each set of them once, the one that most run with first."""
    nodes: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for worker in workers:
        _, told = snapshots.of(worker.node)
        if told is not None:
            nodes.setdefault(told.settings, []).append(worker.node)
    every = (
        SettingSet(id=_digest(settings), nodes=tuple(sorted(each)), settings=settings)
        for settings, each in nodes.items()
    )
    return tuple(sorted(every, key=lambda each: (-len(each.nodes), each.nodes)))


def replaced(workers: Sequence[Worker], snapshots: Snapshots) -> tuple[Replaced, ...]:
    """What was replaced under `workers` while they ran."""
    return tuple(
        Replaced(node=worker.node, name=name, started_with=then, now=now)
        for worker in workers
        if (mark := snapshots.marks.get(worker.node)) is not None
        for name, then, now in mark.replaced
    )


def _whole(told: Told) -> VersionSet:
    return _identified(
        VersionSet(
            id="",
            nodes=(),
            whole=True,
            packages=told.packages,
            python=told.python,
            implementation=told.implementation,
            platform=told.platform,
            system=told.system,
            programs=told.programs,
        )
    )


def _partial(worker: Worker) -> VersionSet | None:
    """What a worker without the step reports; None where it did not even do that."""
    if worker.celery is None:
        return None
    driver = DRIVERS.get(worker.driver or "")
    versions = {"celery": worker.celery, "kombu": worker.kombu, "billiard": worker.billiard}
    if driver is not None:
        versions[driver] = worker.driver_version
    packages = tuple(sorted((name, version) for name, version in versions.items() if version is not None))
    return _identified(VersionSet(id="", nodes=(), whole=False, packages=packages, python=worker.python))


def _identified(found: VersionSet) -> VersionSet:
    return replace(found, id=_digest(found))


def _digest(value: object) -> str:
    canonical = json.dumps(encode(value), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode(errors="replace")).hexdigest()[:_ID]


def _unread(workers: Sequence[Worker], snapshots: Snapshots) -> Iterator[Unseen]:
    """The workers that have the step and whose snapshot did not come."""
    for worker in workers:
        mark, told = snapshots.of(worker.node)
        if mark is not None and (mark.problem or told is None):
            came = mark.digest in snapshots.told
            yield Unseen(
                subject=worker.node,
                yields=_RUNS,
                cause="the worker step could not take its snapshot" if came else "the worker step gave no snapshot",
                remedy="copy the worker step anew and restart the worker" if came else "ask again when it is less busy",
            )


def _hidden(broker: Endpoint, count: int) -> Unseen:
    return Unseen(
        subject=broker.subject,
        yields=_RUNS,
        cause=f"what {count} worker{'s' * (count != 1)} run{'s' * (count == 1)} is not known: the answer is never decoded here",
        remedy='set task_serializer = "json" and accept_content = ["json"] in the application',
    )


def _widened(unseen: Unseen | None) -> Unseen | None:
    return None if unseen is None else replace(unseen, yields=tuple(sorted({*unseen.yields, *_RUNS})))


def _look(broker: Endpoint, facts: tuple[Fact, ...], more: tuple[str, ...] = ()) -> Look:
    return Look(
        probe="fleet",
        asked=broker.subject,
        evidence=Evidence(tool="celery control", command=("ping", "report", "stats", *more)),
        facts=facts,
        yields=_RUNS,
    )


def broken(broker: Endpoint, detail: str) -> tuple[Look, ...]:
    """The look at a broker that was met and does not serve, and at workers that could not be asked because of it."""
    fact = Broadcast(
        endpoint=broker.subject, subscribers=None, replies=0, problem=f"the broker does not serve: {detail}"
    )
    return numbered([replace(_look(broker, (fact,)), yields=YIELDS)])


def blind(broker: Endpoint, cause: str, remedy: str) -> tuple[Look, ...]:
    """The look of which nothing came."""
    unseen = Unseen(subject="", yields=YIELDS, cause=cause, remedy=remedy)
    return numbered([replace(_look(broker, ()), yields=YIELDS, unseen=unseen)])


def numbered(looks: Sequence[Look]) -> tuple[Look, ...]:
    """`looks` with ids: `fleet`, or `fleet.1` and so on where there are several."""
    every = [replace(look, probe="fleet", id=f"fleet.{index}") for index, look in enumerate(looks, 1)]
    return (replace(every[0], id="fleet"),) if len(every) == 1 else tuple(every)
