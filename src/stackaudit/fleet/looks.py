"""Makes looks of what a broker's workers said: who answered, and the version sets that they run."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from stackaudit.fleet.snapshots import COMMAND, Snapshots
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.fleet import Replaced, VersionSet
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.manifest import Endpoint
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.wire import encode

_RUNS = ("Replaced", "VersionSet")
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
    sets = version_sets(workers, snapshots)
    replaced = [
        Replaced(node=worker.node, name=name, started_with=then, now=now)
        for worker in workers
        if (mark := snapshots.marks.get(worker.node)) is not None
        for name, then, now in mark.replaced
    ]
    facts: tuple[Fact, ...] = (*sets, *replaced)
    unseen = [*_unread(workers, snapshots), *([_hidden(broker, hidden)] if hidden else [])]
    mute = [replace(look, unseen=_widened(look.unseen)) for look in census if look.unseen is not None]
    told = [look for look in census if look.unseen is None]
    return numbered([*told, *mute, _look(broker, facts), *(replace(_look(broker, ()), unseen=each) for each in unseen)])


def version_sets(workers: Sequence[Worker], snapshots: Snapshots) -> tuple[VersionSet, ...]:
    """What `workers` run, each set of versions once, the one that most run first."""
    nodes: dict[str, list[str]] = {}
    sets: dict[str, VersionSet] = {}
    parsed: dict[str, VersionSet] = {}
    for worker in workers:
        mark = snapshots.marks.get(worker.node)
        told = snapshots.told.get(mark.digest) if mark is not None else None
        if told is None or mark is None:
            found = _partial(worker)
        else:
            # Thousands of workers share one snapshot: its digest is worked out once.
            found = parsed.get(mark.digest) or _identified(
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
                    settings=told.settings,
                )
            )
            parsed[mark.digest] = found
        if found is not None:
            sets[found.id] = found
            nodes.setdefault(found.id, []).append(worker.node)
    every = (replace(each, nodes=tuple(sorted(nodes[each.id]))) for each in sets.values())
    return tuple(sorted(every, key=lambda each: (-len(each.nodes), each.nodes)))


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
    canonical = json.dumps(encode(found), sort_keys=True, ensure_ascii=False)
    return replace(found, id=hashlib.sha256(canonical.encode(errors="replace")).hexdigest()[:_ID])


def _unread(workers: Sequence[Worker], snapshots: Snapshots) -> Iterator[Unseen]:
    """The workers that have the step and whose snapshot did not come."""
    for worker in workers:
        mark = snapshots.marks.get(worker.node)
        if mark is not None and (mark.problem or snapshots.told.get(mark.digest) is None):
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


def _look(broker: Endpoint, facts: tuple[Fact, ...]) -> Look:
    return Look(
        probe="fleet",
        asked=broker.subject,
        evidence=Evidence(tool="celery control", command=("ping", "report", "stats", COMMAND)),
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
