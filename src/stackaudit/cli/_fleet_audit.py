"""One audit of a fleet from settings to verdict: what is declared, what the workers say, what is known, judged and gated."""

import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from stackaudit import sockets
from stackaudit.audit import gather, judge
from stackaudit.checks._fleet_check import CHECK
from stackaudit.cli.choosing import Choice, choose
from stackaudit.cli.output import write
from stackaudit.cli.ticker import Tick, ticking
from stackaudit.fleet.asking import ask
from stackaudit.gate.verdict import gated
from stackaudit.gate.waivers import waive
from stackaudit.inputs import declare as declaring
from stackaudit.inputs import fitting, project
from stackaudit.inputs.settings import Settings
from stackaudit.model.audit import Audit, Case, Observed, Policy
from stackaudit.model.deadline import Deadline
from stackaudit.model.errors import Fault, UsageError
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.facts.fleet import VersionSet
from stackaudit.model.manifest import Endpoint, Manifest, Setting
from stackaudit.model.matrix import Matrix
from stackaudit.model.snapshot import Snapshot
from stackaudit.model.values import dataclass
from stackaudit.probes import interpreter


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is asked of whom: the broker, what is declared for its workers, the matrices to choose from, the most seconds it may take."""

    broker: Endpoint
    manifest: Manifest
    choice: Choice
    seconds: float


def call_of(settings: Settings) -> Call:
    """The call that the settings make.

    Raises:
        UsageError: no broker is named.
        InputError: a URL, a named file or the matrix is wrong.
    """
    broker = next((each for each in declaring.endpoints(settings, os.environ) if each.role == "broker"), None)
    if broker is None:
        raise UsageError(
            "there is no broker to ask: none is named", hint="name it with --broker-url URL, or set CELERY_BROKER_URL"
        )
    manifest = replace(_declared(settings), endpoints=(broker,), programs=(), settings=_settings(settings))
    return Call(
        broker=broker,
        manifest=manifest,
        choice=choose(settings, Path.cwd(), (CHECK,)),
        seconds=settings.number("timeout"),
    )


def _declared(settings: Settings) -> Manifest:
    """What the workers are held against: declared pins, else an environment; nothing, where there is neither.

    An environment is looked at where it is named, or nothing is declared: a developer's is seldom what is deployed.
    """
    folder = Path.cwd()
    try:
        declaration = declaring.declare(settings, declaring.Call(folder=folder, environ=os.environ))
    except UsageError:
        # No environment: the files that lie beside count all the same.
        found = project.read_files(project.declared_files(settings.root), folder, os.environ, named=False)
        claims = project.read_pythons(settings.root, folder)
        _warn((*found.faults, *claims.faults))
        return Manifest(
            requirements=found.requirements,
            pythons=(*found.pythons, *claims.pythons),
            sources=found.sources,
            terms=found.terms,
        )
    _warn(declaration.warnings)
    manifest = declaration.manifest
    named = settings.text("python") is not None
    if named and not settings.texts("requirements"):
        return replace(manifest, requirements=(), sources=())
    return manifest if not manifest.requirements else replace(manifest, interpreter=None)


def _warn(faults: Iterable[Fault]) -> None:
    for fault in faults:
        write(f"warning: {fault}\n", sys.stderr)


def _settings(settings: Settings) -> tuple[Setting, ...]:
    """The settings that the asking and the rules may know; `--expect 5` is a number and no name."""
    expect = settings.get("expect")
    values: Sequence[str] = settings.texts("expect")
    counts = [int(each) for each in values if each.isdecimal() and each.isascii()]
    names = tuple(each for each in values if not (each.isdecimal() and each.isascii()))
    return (
        *(each for each in declaring.for_probes(settings) if each.name != "expect"),
        Setting(name="expect", value=names, where=expect.where),
        Setting(name="expect_count", value=max(counts, default=0), where=expect.where),
    )


def audit(call: Call, policy: Policy, *, progress: bool) -> Audit:
    """Ask, judge, gate."""
    with ticking(wanted=progress) as tick:
        observed = _observed(call, tick)
    case = Case(
        manifest=observed.manifest,
        snapshot=observed.snapshot,
        matrix=_matrix(call, observed.snapshot),
        today=observed.started_at.date(),
    )
    judgments = waive(judge(case, (CHECK,)), policy, case)
    return gated(case, judgments, policy, started_at=observed.started_at, finished_at=observed.finished_at)


def _observed(call: Call, tick: Tick) -> Observed:
    """The workers' answers, and side by side the environment that they are held against, where there is one."""
    started = datetime.now(UTC)
    deadline = Deadline(call.seconds)
    probes = (interpreter.PROBE,) if call.manifest.interpreter is not None else ()
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="fleet")
    try:
        asking = pool.submit(ask, call.manifest, call.broker, deadline, tick)
        # While the workers are on their way to answer: what they will be held against is loaded, and kept where it was loaded.
        sockets.rules_of(CHECK)
        call.choice.able({*fitting.names_of(call.manifest.requirements), "celery", "redis"}, call.broker.scheme)
        seen = gather(call.manifest, probes, deadline, started)
        snapshot = replace(seen, looks=(*asking.result(), *seen.looks))
    except BaseException:
        deadline.cancel()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return Observed(manifest=call.manifest, snapshot=snapshot, started_at=started, finished_at=datetime.now(UTC))


def _matrix(call: Call, snapshot: Snapshot) -> Matrix | None:
    """The matrix that is named, else the one that fits what is declared and what the workers run; None where none does, or several do."""
    if call.choice.named:
        return call.choice.own[0]
    names = set(fitting.names_of(call.manifest.requirements))
    names |= {name for each in snapshot.facts(VersionSet) for name, _ in each.packages}
    names |= {each.name for each in snapshot.facts(Distribution)}
    scheme = call.broker.scheme
    found = fitting.fitting(call.choice.able(names, scheme), names, scheme)
    return found[0] if len(found) == 1 else None
