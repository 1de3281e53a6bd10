"""What became of drills is judged: held in all runs is a pass, not held in one is a fault, not tried is unknown."""

from datetime import UTC, date, datetime

import pytest

from stackaudit.checks.trials import RULES
from stackaudit.gate.verdict import decide
from stackaudit.lab.copies import Wanted, chosen_drills, refuse_unfit
from stackaudit.lab.drill import POOLS, Tier, drills
from stackaudit.lab.outcomes import judge_drills
from stackaudit.model.audit import Case, Judgment, Policy
from stackaudit.model.errors import UsageError
from stackaudit.model.facts.trials import DrilledStack, ExerciseTrial, LeftOut, RecoveryTrial, Trial, WarningTrial
from stackaudit.model.findings import Outcome, Severity, Verdict
from stackaudit.model.manifest import Manifest
from stackaudit.model.snapshot import Evidence, Look, Snapshot, Unseen

CELL = "3.11:prefork"
SERVER = Evidence(tool="redis-server", tool_version="7.0.15")


def stack(cell: str = CELL) -> Look:
    fact = DrilledStack(cell=cell, pool=cell.partition(":")[2])
    left = [
        LeftOut(cell=cell, drill=name, sentence="it holds", reason=reason)
        for name, reason in (("redelivery", "slow"), ("black-hole", "slow"), ("chord", "not asked for"))
    ]
    kinds = (DrilledStack.__name__, LeftOut.__name__)
    return Look(probe="drill", asked="", evidence=SERVER, facts=(fact, *left), yields=kinds, id=f"drill.{cell}")


def trial(kind: type[Trial], drill: str, *problems: str, run: int = 1, cell: str = CELL) -> Look:
    fact = kind(cell=cell, drill=drill, sentence="it holds", run=run, problems=problems, source="https://example.org")
    identity = f"drill.{cell}.{drill}.{run}"
    return Look(probe="drill", asked="it holds", evidence=SERVER, facts=(fact,), yields=(kind.__name__,), id=identity)


def untried(kind: type[Trial], drill: str, cause: str) -> Look:
    unseen = Unseen(subject=drill, yields=(kind.__name__,), cause=cause, remedy="try again")
    identity = f"drill.{CELL}.{drill}.1"
    return Look(probe="drill", asked="it holds", evidence=SERVER, unseen=unseen, yields=(kind.__name__,), id=identity)


def judged(*looks: Look) -> tuple[Judgment, ...]:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    snapshot = Snapshot(taken_at=now, host="", looks=looks)
    case = Case(manifest=Manifest(), snapshot=snapshot, matrix=None, today=date(2026, 11, 22))
    return decide(judge_drills(case), Policy())


def test_what_held_in_all_of_its_runs_passes() -> None:
    (judgment,) = judged(stack(), trial(RecoveryTrial, "broker-restart"), trial(RecoveryTrial, "broker-restart", run=2))
    assert judgment.verdict is Verdict.PASS
    assert [(each.rule, each.subject, each.outcome) for each in judgment.findings] == [
        ("DR204", "broker-restart", Outcome.PASS)
    ]
    assert judgment.summary == (
        "1 of 1 drills held with redis-server 7.0.15, 2 times each; redelivery, black-hole not run: slow; "
        "chord not run: not asked for"
    )


def test_what_did_not_hold_in_one_of_three_runs_fails_and_says_so() -> None:
    (judgment,) = judged(
        stack(),
        trial(RecoveryTrial, "broker-restart"),
        trial(RecoveryTrial, "broker-restart", "a task did not return within 20 s", run=2),
        trial(RecoveryTrial, "broker-restart", run=3),
    )
    assert judgment.verdict is Verdict.FAIL
    (finding,) = judgment.findings
    assert finding.message == "a task did not return within 20 s (1 of 3 runs)"
    assert finding.source == "https://example.org"


def test_a_drill_that_could_not_be_tried_is_unknown_and_takes_no_other_one_with_it() -> None:
    (judgment,) = judged(
        stack(), trial(ExerciseTrial, "round-trip"), untried(ExerciseTrial, "eta", "no worker came up")
    )
    assert judgment.verdict is Verdict.UNKNOWN
    assert {each.subject: each.outcome for each in judgment.findings} == {
        "round-trip": Outcome.PASS,
        "eta": Outcome.UNKNOWN,
    }
    assert "eta could not be tried" in judgment.summary


def test_a_run_that_could_not_be_tried_takes_the_pass_from_those_that_held() -> None:
    (judgment,) = judged(
        stack(), trial(ExerciseTrial, "eta", run=2), untried(ExerciseTrial, "eta", "it was not done in time")
    )
    assert [each.outcome for each in judgment.findings] == [Outcome.UNKNOWN]


def test_what_is_deprecated_is_told_and_fails_nothing() -> None:
    (judgment,) = judged(stack(), trial(WarningTrial, "deprecations", "`import x` warns: y is gone in 3.14"))
    assert judgment.verdict is Verdict.WARN
    assert [each.severity for each in judgment.findings] == [Severity.LOW]


def test_no_drill_at_all_is_unknown() -> None:
    (judgment,) = judged(stack())
    assert judgment.verdict is Verdict.UNKNOWN


def test_each_cell_is_judged_by_its_own_drills() -> None:
    solo = "3.11:solo"
    first, second = judged(
        stack(),
        stack(solo),
        trial(RecoveryTrial, "broker-stall", "deaf", cell=solo),
        trial(RecoveryTrial, "broker-stall"),
    )
    assert [(each.check, each.verdict) for each in (first, second)] == [(CELL, Verdict.PASS), (solo, Verdict.FAIL)]
    assert [each.message for each in second.findings] == ["deaf, with the pool solo"]


def test_every_drill_is_judged_by_a_rule_and_says_in_a_sentence_what_must_hold() -> None:
    judged_kinds = {kind for rule in RULES for kind in rule.reads}
    for each in drills():
        assert each.kind in judged_kinds
        assert not each.sentence.endswith(".")
        assert each.pools
        assert set(each.pools) <= set(POOLS)


def test_a_quick_run_leaves_the_slow_ones_out_unless_they_are_named() -> None:
    installed = frozenset({"celery"})
    quick = {each.name for each in chosen_drills(Wanted(pins=()), "prefork", installed)}
    slow = {each.name for each in drills() if each.tier is Tier.SLOW and each.needs == "celery"}
    assert slow == {"redelivery", "black-hole"}
    assert not quick & slow
    everything = chosen_drills(Wanted(pins=(), slow=True), "prefork", installed)
    assert {each.name for each in everything} == quick | slow
    assert [each.name for each in chosen_drills(Wanted(pins=(), names=("redelivery",)), "prefork", installed)] == [
        "redelivery"
    ]


def test_no_drill_is_for_packages_that_are_not_installed_or_for_a_pool_that_it_is_not_for() -> None:
    assert chosen_drills(Wanted(pins=()), "prefork", frozenset()) == ()
    assert chosen_drills(Wanted(pins=(), names=("child-killed",)), "solo", frozenset({"celery"})) == ()


def test_a_drill_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError) as refused:
        refuse_unfit(["broker-restarts"], POOLS)
    assert "broker-restart," in str(refused.value.hint)


def test_a_drill_that_is_for_workers_of_none_of_the_pools_is_refused_and_not_left_out() -> None:
    with pytest.raises(UsageError, match="the drill child-killed is not for workers of the pool solo"):
        refuse_unfit(["ping", "child-killed"], ["solo"])
    refuse_unfit(["ping", "child-killed"], ["solo", "prefork"])
