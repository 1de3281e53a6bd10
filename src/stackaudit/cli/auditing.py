"""One audit from settings to verdict: declare, gather, judge, gate."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stackaudit import __version__, sockets
from stackaudit.audit import gather, judge
from stackaudit.cli.output import write
from stackaudit.cli.progress import live
from stackaudit.gate.verdict import decide, overall
from stackaudit.inputs import matrices
from stackaudit.inputs.declare import Call, declare
from stackaudit.inputs.settings import Settings
from stackaudit.model.audit import Audit, Case, Policy
from stackaudit.model.deadline import Deadline
from stackaudit.model.errors import Fault, UsageError
from stackaudit.model.facts import Distribution
from stackaudit.model.findings import Severity
from stackaudit.model.manifest import Manifest
from stackaudit.model.matrix import Matrix
from stackaudit.model.parts import Check
from stackaudit.model.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The matrices to choose from; `named` where the user named the one, `needed` where the check `matrix` is to run."""

    known: Sequence[Matrix]
    named: bool
    needed: bool


def audit_project(settings: Settings, folder: Path, *, progress: bool, sandbox: bool) -> tuple[Audit, Policy]:
    """Audit the project that `settings` describe, called in `folder`; with `sandbox`, a throwaway copy of it.

    Raises:
        StackauditError: the settings or the files are wrong, or there is nothing to audit; nothing was asked then.
    """
    policy = policy_of(settings)
    chosen = chosen_checks(settings)
    choice = Choice(
        known=known_matrices(settings, folder),
        named=settings.text("matrix") is not None,
        needed=any(each.id == "matrix" for each in chosen),
    )
    with _stack(settings, folder, sandbox=sandbox) as (manifest, warnings):
        for warning in warnings:
            write(f"warning: {warning}\n", sys.stderr)
        if manifest.interpreter is None:
            # Nothing more will be seen: a misfit is told before anything is asked.
            fitting_matrix(choice, manifest, None)
        started = datetime.now(UTC)
        deadline = Deadline(settings.number("timeout"))
        with live(wanted=progress) as tick:
            snapshot = gather(manifest, sockets.needed(chosen, manifest), deadline, started, tick)
    case = Case(
        manifest=manifest,
        snapshot=snapshot,
        matrix=fitting_matrix(choice, manifest, snapshot),
        today=started.date(),
    )
    judgments = decide(judge(case, chosen), policy)
    audit = Audit(
        tool_version=__version__,
        started_at=started,
        finished_at=datetime.now(UTC),
        case=case,
        judgments=judgments,
        verdict=overall(judgments),
    )
    return audit, policy


@contextmanager
def _stack(settings: Settings, folder: Path, *, sandbox: bool) -> Iterator[tuple[Manifest, tuple[Fault, ...]]]:
    """What is audited: the project as it is declared, or a throwaway copy of it that lives as long as this context."""
    call = Call(folder=folder, environ=os.environ)
    if not sandbox:
        declaration = declare(settings, call)
        yield declaration.manifest, declaration.warnings
        return
    raise UsageError("no sandbox yet")


def policy_of(settings: Settings) -> Policy:
    """The gate's settings."""
    return Policy(
        fail_on=Severity(settings.text("fail-on") or Severity.MEDIUM),
        ignore=frozenset(settings.texts("ignore")),
        allow_unknown=frozenset(settings.texts("allow-unknown")),
        require=frozenset(settings.texts("require")),
    )


def chosen_checks(settings: Settings) -> tuple[Check, ...]:
    """The checks to run: those of `only`, or all, without those of `skip`.

    Raises:
        UsageError: none is left.
    """
    only, skip = settings.texts("only"), settings.texts("skip")
    chosen = tuple(each for each in sockets.checks() if (not only or each.id in only) and each.id not in skip)
    if not chosen:
        raise UsageError("no check is left to run", hint="take one out of --skip, or put one into --only")
    return chosen


def known_matrices(settings: Settings, folder: Path) -> tuple[Matrix, ...]:
    """The matrix that the settings name, else all that ship."""
    setting = settings.get("matrix")
    if not isinstance(setting.value, str):
        return matrices.read_all()
    root = folder if setting.where.path.startswith(("option", "environment")) else settings.root
    return (matrices.read(setting.value, root),)


def fitting_matrix(choice: Choice, manifest: Manifest, snapshot: Snapshot | None) -> Matrix | None:
    """The one matrix that fits what is declared and seen; a named one fits always.

    None where the environment could not be read and nothing else tells, or where several or none fit and nobody asks.

    Raises:
        UsageError: none fits, or several do, and the check `matrix` is to run.
    """
    if choice.named:
        return choice.known[0]
    names = {each.name for each in manifest.requirements}
    if snapshot is not None:
        names |= {each.name for each in snapshot.facts(Distribution)}
    fitting = matrices.fitting(choice.known, names)
    unread = manifest.interpreter is not None and not (snapshot and snapshot.facts(Distribution))
    if len(fitting) == 1 or unread or not choice.needed:
        return fitting[0] if len(fitting) == 1 else None
    listed = ", ".join(each.name for each in (fitting or choice.known))
    if fitting:
        raise UsageError(f"several matrices fit this stack: {listed}", hint="choose one with --matrix NAME")
    raise UsageError(
        f"no shipped matrix fits these packages; there are: {listed}",
        hint="name one with --matrix, or leave it out with --skip matrix",
    )
