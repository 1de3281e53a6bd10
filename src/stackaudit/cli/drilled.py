"""Judges what drills of a copy of the stack showed: after them, and again from their record."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from stackaudit.cli.choosing import policy_of
from stackaudit.gate.verdict import gated
from stackaudit.gate.waivers import waive
from stackaudit.inputs.settings import Settings
from stackaudit.lab.outcomes import judge_drills
from stackaudit.model.audit import Audit, Case, Observed, Policy
from stackaudit.model.errors import UsageError

_NOT_OF_DRILLS = ("only", "skip", "require", "matrix", "baseline", "gate")


def judged(observed: Observed, policy: Policy) -> Audit:
    """The drills in `observed`, judged today."""
    today = datetime.now(UTC).date()
    case = Case(manifest=observed.manifest, snapshot=observed.snapshot, matrix=None, today=today)
    # Waivers of what other commands find cover nothing here, and are not stale for that.
    own = replace(policy, waivers=tuple(each for each in policy.waivers if (each.rule or "").startswith("DR")))
    judgments = waive(judge_drills(case), own, case)
    return gated(case, judgments, own, started_at=observed.started_at, finished_at=observed.finished_at)


def judged_again(observed: Observed, settings: Settings, folder: Path) -> tuple[Audit, Policy]:
    """The drills of a record, judged by the policy of a call made in `folder`.

    Raises:
        StackauditError: the settings are wrong, or the command line asks what no drill asks.
    """
    _refuse_other_questions(settings)
    policy = policy_of(settings.without("gate"), folder)
    return judged(observed, policy), policy


def _refuse_other_questions(settings: Settings) -> None:
    for name in _NOT_OF_DRILLS:
        if settings.get(name).where.path.startswith("option"):
            raise UsageError(
                f"--{name} goes with the record of an audit, and this one is of drills",
                hint="leave it out: the drills are judged again, with today's waivers and threshold",
            )
