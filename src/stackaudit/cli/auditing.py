"""One audit from settings to verdict: declare, gather, judge, gate."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from stackaudit import sockets
from stackaudit.audit import Progress, gather, judge
from stackaudit.cli import stacks
from stackaudit.cli.choosing import Choice, choose, fitting_matrix, policy_of
from stackaudit.cli.output import write
from stackaudit.cli.progress import live
from stackaudit.gate.rungs import is_required
from stackaudit.gate.verdict import gated
from stackaudit.gate.waivers import waive
from stackaudit.inputs.setting_keys import CHECKS
from stackaudit.inputs.settings import Settings
from stackaudit.model.audit import Audit, Case, Judgment, Observed, Policy, Recorded
from stackaudit.model.deadline import Deadline
from stackaudit.model.errors import UsageError
from stackaudit.model.facts.environment import ImportTrial
from stackaudit.model.facts.fact import Fact
from stackaudit.model.findings import Verdict
from stackaudit.model.manifest import Manifest, Setting
from stackaudit.model.parts import Check
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the facts come from: the project called in `folder`, a throwaway copy of it (`sandbox`), or a saved `record`.

    `measure` is True where it is also measured what importing the stack costs. `besides` are settings that this command alone has.
    """

    folder: Path
    sandbox: bool = False
    record: Path | None = None
    measure: bool = False
    besides: tuple[Setting, ...] = ()


def audit(settings: Settings, source: Source, *, progress: bool) -> tuple[Audit, Policy]:
    """Observe `source` and judge it by today's matrix and policy.

    Raises:
        StackauditError: the settings or the files are wrong, or there is nothing to audit; nothing was asked then.
    """
    observed = None if source.record is None else _recorded(source.record, source.folder)
    if observed is not None and _is_of_drills(observed):
        from stackaudit.cli.drilled import judged_again

        return judged_again(observed, settings, source.folder)
    policy = policy_of(settings, source.folder)
    choice = choose(settings, source.folder)
    baseline = _baseline(settings, source.folder)
    if observed is None:
        with live(wanted=progress) as tick:
            observed = _observe(settings, source, choice, tick)
    matrix = fitting_matrix(choice, observed.manifest, observed.snapshot)
    today = datetime.now(UTC).date()
    case = Case(manifest=observed.manifest, snapshot=observed.snapshot, matrix=matrix, today=today)
    judgments = (*_judged(case, choice.checks, policy, baseline), *_left_out(choice.checks, policy))
    told = gated(case, judgments, policy, started_at=observed.started_at, finished_at=observed.finished_at)
    return replace(told, baseline=None if baseline is None else baseline.digest), policy


def _recorded(path: Path, folder: Path) -> Observed:
    from stackaudit.inputs import records

    observed = records.read(path, folder)
    if any(look.probe == "certify" for look in observed.snapshot.looks):
        raise UsageError(
            f"{path} is the record of rows of a matrix that were proved, and no audit of a stack",
            hint="tell it as it was with: stackaudit report --from RECORD",
        )
    return observed


def _is_of_drills(observed: Observed) -> bool:
    from stackaudit.model.facts.trials import DrilledStack

    return bool(observed.snapshot.facts(DrilledStack))


def _baseline(settings: Settings, folder: Path) -> Recorded | None:
    named = settings.text("baseline")
    if named is None:
        return None
    from stackaudit.inputs import records

    return records.read_whole(Path(named), folder)


def _judged(case: Case, checks: Sequence[Check], policy: Policy, baseline: Recorded | None) -> tuple[Judgment, ...]:
    """What `checks` say of `case`, with what is accepted, and what brought it since `baseline`."""
    judgments = waive(judge(case, checks), policy, case)
    if baseline is not None:
        from stackaudit.gate.changes import Before, case_before, label

        past = case_before(baseline, case)
        before = Before(told=baseline.judgments, case=past, again=judge(past, checks))
        judgments = label(judgments, case, before)
    return judgments


def _left_out(checks: Sequence[Check], policy: Policy) -> Iterator[Judgment]:
    """The checks that the policy requires and that were not chosen: they must not pass by their absence."""
    chosen = {each.id for each in checks}
    for name in CHECKS:
        if name not in chosen and is_required(name, policy):
            summary = "the policy requires it, and --only or --skip left it out"
            yield Judgment(check=name, title=sockets.check(name).title, verdict=Verdict.SKIPPED, summary=summary)


def _observe(settings: Settings, source: Source, choice: Choice, progress: Progress) -> Observed:
    """Declare the stack, or build its copy, and look at it."""
    throwaway = stacks.throwaway(settings, source.folder, choice, progress)
    with throwaway if source.sandbox else stacks.declared(settings, source.folder) as declaration:
        manifest = replace(declaration.manifest, settings=(*declaration.manifest.settings, *source.besides))
        for warning in declaration.warnings:
            write(f"warning: {warning}\n", sys.stderr)
        if manifest.interpreter is None:
            # Nothing more will be seen: a misfit is told before anything is asked.
            fitting_matrix(choice, manifest, None)
        started = datetime.now(UTC)
        deadline = Deadline(settings.number("timeout"))
        probes = sockets.needed(choice.checks, manifest, _besides(source, manifest))
        snapshot = gather(manifest, probes, deadline, started, progress)
        observed = Observed(manifest=manifest, snapshot=snapshot, started_at=started, finished_at=datetime.now(UTC))
        return stacks.without_place(observed) if source.sandbox else observed


def _besides(source: Source, manifest: Manifest) -> tuple[type[Fact], ...]:
    return (ImportTrial,) if source.measure and manifest.interpreter is not None else ()
