"""One audit from settings to verdict: declare, gather, judge, gate."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from stackaudit import __version__, sockets
from stackaudit.audit import gather, judge
from stackaudit.cli import stacks
from stackaudit.cli.choosing import chosen_checks, fitting_matrix, matrix_choice, policy_of
from stackaudit.cli.output import write
from stackaudit.cli.progress import live
from stackaudit.gate.verdict import decide, overall
from stackaudit.inputs.settings import Settings
from stackaudit.model.audit import Audit, Case, Policy
from stackaudit.model.deadline import Deadline


def audit_project(settings: Settings, folder: Path, *, progress: bool, sandbox: bool) -> tuple[Audit, Policy]:
    """Audit the project that `settings` describe, called in `folder`; with `sandbox`, a throwaway copy of it.

    Raises:
        StackauditError: the settings or the files are wrong, or there is nothing to audit; nothing was asked then.
    """
    policy = policy_of(settings)
    chosen = chosen_checks(settings)
    choice = matrix_choice(settings, folder, chosen)
    with live(wanted=progress) as tick:
        stack = stacks.throwaway(settings, folder, choice, tick) if sandbox else stacks.declared(settings, folder)
        with stack as declaration:
            manifest = declaration.manifest
            for warning in declaration.warnings:
                write(f"warning: {warning}\n", sys.stderr)
            if manifest.interpreter is None:
                # Nothing more will be seen: a misfit is told before anything is asked.
                fitting_matrix(choice, manifest, None)
            started = datetime.now(UTC)
            deadline = Deadline(settings.number("timeout"))
            snapshot = gather(manifest, sockets.needed(chosen, manifest), deadline, started, tick)
    matrix = fitting_matrix(choice, manifest, snapshot)
    case = Case(manifest=manifest, snapshot=snapshot, matrix=matrix, today=started.date())
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
