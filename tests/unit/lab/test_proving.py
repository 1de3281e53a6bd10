"""A cell reaches a rung where all that the rung asks was seen and held, and proves that rung and nothing above."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.gate.verdict import decide
from stackaudit.lab.answers import look_of
from stackaudit.lab.cells import Cell
from stackaudit.lab.installing import absent
from stackaudit.lab.proving import Tried, failed, holds, judge_cells, proofs_of
from stackaudit.model.audit import Judgment, Policy
from stackaudit.model.facts.rows import RowImport, RowInstall
from stackaudit.model.facts.trials import ExerciseTrial, RecoveryTrial, Trial, WarningTrial
from stackaudit.model.findings import Outcome, Verdict
from stackaudit.model.matrix import Rung
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.outside.installers import Cause, Refusal
from stackaudit.outside.process import Ending
from stackaudit.outside.resolving import Answer

NOW = datetime(2026, 11, 22, 12, 0, 0, 5, tzinfo=UTC)
CELL = Cell(python="3.11", series="5.4", row=("celery[redis]==5.4.0", "redis==5.0.8"))
TAKEN = tuple(
    (canonicalize_name(name), Version(version))
    for name, version in (("celery", "5.4.0"), ("redis", "5.0.8"), ("tzdata", "2026.6"))
)
YES = Answer(
    tool="uv", version="0.13.9", command=("uv",), ending=Ending.EXITED, exit_status=0, sha256="0", packages=TAKEN
)


def no(cause: Cause) -> Answer:
    return replace(YES, packages=(), exit_status=1, refusal=Refusal(cause=cause, reason="because"))


def resolved(answer: Answer = YES) -> Look:
    return look_of(CELL, answer, "linux-x86_64")


INSTALLED = RowInstall(
    cell=CELL.id, row=CELL.names, python="cpython 3.11.7", platform="linux-x86_64", taken=TAKEN, packages=TAKEN
)
IMPORTS = tuple(RowImport(cell=CELL.id, name=name, statement=f"import {name}") for name, _ in TAKEN[:2])


def installed(fact: RowInstall = INSTALLED, imports: tuple[RowImport, ...] = IMPORTS) -> Look:
    return Look(
        probe="certify",
        asked="the same installed",
        evidence=Evidence(tool="cpython", tool_version="3.11.7"),
        facts=(fact, *imports),
        yields=("RowInstall", "RowImport"),
        id=f"certify.{CELL.id}.install",
    )


def judged(*looks: Look, asked: Rung = Rung.RESOLVED) -> tuple[Tried, Judgment]:
    tried = Tried(cell=CELL, looks=looks, asked=asked)
    (found,) = decide(judge_cells([tried]), Policy())
    return tried, found


def test_a_row_that_an_installer_takes_passes_at_the_rung_resolved_and_is_a_proof() -> None:
    tried, found = judged(resolved())
    assert (found.check, found.verdict, found.rung) == ("3.11:5.4", Verdict.PASS, Rung.RESOLVED)
    (proof,) = proofs_of([tried], [found], NOW)
    assert (proof.python, proof.rung, proof.by, proof.packages) == ("3.11", Rung.RESOLVED, "uv 0.13.9", TAKEN)
    assert proof.at == NOW.replace(microsecond=0)
    assert proof.record.startswith("sha256:")


def test_the_digest_is_that_of_the_look_and_another_answer_has_another() -> None:
    def record(*looks: Look, asked: Rung = Rung.RESOLVED) -> str:
        tried, found = judged(*looks, asked=asked)
        return proofs_of([tried], [found], NOW)[0].record

    assert record(resolved()) == record(resolved())
    assert record(resolved()) != record(resolved(replace(YES, sha256="1")))
    imported = record(resolved(), installed(), asked=Rung.IMPORTED)
    other = replace(INSTALLED, python="cpython 3.11.9")
    assert len({record(resolved()), imported, record(resolved(), installed(other), asked=Rung.IMPORTED)}) == 3


def test_a_row_that_no_installer_takes_fails_with_its_words_and_proves_nothing() -> None:
    tried, found = judged(resolved(no(Cause.UNSOLVABLE)))
    assert found.verdict is Verdict.FAIL
    assert found.findings[0].message.endswith("no installer takes celery[redis]==5.4.0, redis==5.0.8: because")
    assert proofs_of([tried], [found], NOW) == ()
    assert failed(tried) is Rung.RESOLVED


@pytest.mark.parametrize(
    "answer",
    [
        no(Cause.UNREACHABLE),
        no(Cause.OTHER),
        no(Cause.NO_PYTHON),
        replace(YES, ending=Ending.TIMED_OUT, exit_status=None, packages=(), sha256=None),
        replace(YES, ending=Ending.NOT_EXECUTABLE, exit_status=None, packages=(), sha256=None),
        Answer(tool="", version=None, command=(), ending=Ending.NOT_FOUND),
    ],
)
def test_what_could_not_be_asked_is_unknown_and_says_what_to_do(answer: Answer) -> None:
    tried, found = judged(resolved(answer))
    assert found.verdict is Verdict.UNKNOWN
    assert found.rung is None
    assert all(each.fix for each in found.findings)
    assert proofs_of([tried], [found], NOW) == ()
    assert failed(tried) is None


def test_a_package_that_would_have_to_be_built_is_uncheckable() -> None:
    _, found = judged(resolved(no(Cause.NO_WHEEL)))
    assert [each.outcome for each in found.findings] == [Outcome.UNCHECKABLE]
    assert found.rung is None


def test_an_answer_that_leaves_a_pin_out_is_no_proof() -> None:
    _, found = judged(resolved(replace(YES, packages=TAKEN[1:])))
    assert found.verdict is Verdict.FAIL
    assert found.findings[0].message == "the installer answered, and did not take celery==5.4.0"


def test_each_cell_is_judged_by_its_own_looks_alone() -> None:
    other = replace(CELL, series="5.5")
    looks = (resolved(), look_of(other, no(Cause.UNSOLVABLE), "linux"))
    tried = [
        Tried(cell=each, looks=(look,), asked=Rung.RESOLVED) for each, look in zip((CELL, other), looks, strict=True)
    ]
    verdicts = [each.verdict for each in decide(judge_cells(tried), Policy())]
    assert verdicts == [Verdict.PASS, Verdict.FAIL]


def test_a_row_that_was_installed_and_imported_is_proved_so_by_both_who_showed_it() -> None:
    tried, found = judged(resolved(), installed(), asked=Rung.IMPORTED)
    assert (found.verdict, found.rung) == (Verdict.PASS, Rung.IMPORTED)
    (proof,) = proofs_of([tried], [found], NOW)
    assert (proof.rung, proof.by) == (Rung.IMPORTED, "uv 0.13.9, cpython 3.11.7")


BROKEN_IMPORT = (*IMPORTS[:1], replace(IMPORTS[1], problem="ModuleNotFoundError of imp"))


@pytest.mark.parametrize(
    ("look", "words"),
    [
        (installed(imports=BROKEN_IMPORT), "`import redis` ends in ModuleNotFoundError of imp"),
        (installed(replace(INSTALLED, broken="a wants b")), "the installed packages do not go together: a wants b"),
        (installed(replace(INSTALLED, packages=TAKEN[1:])), "celery==5.4.0 is not there"),
        (installed(replace(INSTALLED, packages=(*TAKEN, (canonicalize_name("x"), Version("1"))))), "x==1 is"),
    ],
)
def test_a_row_that_fails_above_resolved_fails_and_proves_no_more_than_resolved(look: Look, words: str) -> None:
    tried, found = judged(resolved(), look, asked=Rung.IMPORTED)
    assert (found.verdict, found.rung) == (Verdict.FAIL, Rung.RESOLVED)
    assert any(words in each.message for each in found.findings)
    (proof,) = proofs_of([tried], [found], NOW)
    assert (proof.rung, proof.by) == (Rung.RESOLVED, "uv 0.13.9")
    assert failed(tried) is Rung.IMPORTED


def blind() -> Look:
    unseen = Unseen(subject=CELL.id, yields=("RowInstall", "RowImport"), cause="it was not built", remedy="again")
    return replace(installed(), facts=(), unseen=unseen)


@pytest.mark.parametrize("looks", [(absent(CELL),), (blind(),), ()])
def test_what_was_not_run_is_unknown_and_proves_no_more_than_was_seen(looks: tuple[Look, ...]) -> None:
    tried, found = judged(resolved(), *looks, asked=Rung.IMPORTED)
    assert (found.verdict, found.rung) == (Verdict.UNKNOWN, Rung.RESOLVED)
    assert [each.rung for each in proofs_of([tried], [found], NOW)] == [Rung.RESOLVED]
    assert failed(tried) is None


def test_a_row_of_which_nothing_could_be_imported_was_not_imported() -> None:
    _, found = judged(resolved(), installed(imports=()), asked=Rung.IMPORTED)
    assert (found.verdict, found.rung) == (Verdict.WARN, Rung.RESOLVED)


def test_a_package_without_a_module_is_told_and_does_not_hide_that_the_others_were_imported() -> None:
    _, found = judged(resolved(), installed(imports=IMPORTS[:1]), asked=Rung.IMPORTED)
    assert (found.verdict, found.rung) == (Verdict.WARN, Rung.IMPORTED)
    assert [each.subject for each in found.findings if each.outcome is Outcome.UNCHECKABLE] == ["3.11:5.4 redis"]


def test_what_an_earlier_run_saw_is_dated_by_that_run_and_told_as_such() -> None:
    earlier = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    tried = Tried(cell=CELL, looks=(resolved(), installed()), asked=Rung.IMPORTED, kept=earlier)
    (found,) = decide(judge_cells([tried]), Policy())
    assert "kept from 2026-11-20 08:30 UTC" in found.summary
    assert [each.at for each in proofs_of([tried], [found], NOW)] == [earlier]


def drill(kind: type[Trial], *problems: str, run: int = 1, unseen: bool = False) -> Look:
    """One run of a drill that is named by what it is of."""
    name = kind.__name__.removesuffix("Trial").lower()
    fact = kind(cell=CELL.id, drill=name, sentence="it holds", run=run, problems=problems)
    blind = Unseen(subject=name, yields=(kind.__name__,), cause="no worker came up", remedy="see why")
    return Look(
        probe="drill",
        asked="it holds",
        evidence=Evidence(tool="redis-server", tool_version="7.0.15"),
        facts=() if unseen else (fact,),
        unseen=blind if unseen else None,
        yields=(kind.__name__,),
        id=f"drill.{CELL.id}.{name}.{run}",
    )


KINDS = frozenset({ExerciseTrial, WarningTrial, RecoveryTrial})
WELL = (drill(ExerciseTrial), drill(WarningTrial), drill(RecoveryTrial))


def drilled(*looks: Look, asked: Rung = Rung.SURVIVED) -> tuple[Tried, Judgment]:
    tried = Tried(cell=CELL, looks=(resolved(), installed(), *looks), asked=asked, drilled=KINDS)
    (found,) = decide(judge_cells([tried]), Policy())
    return tried, found


def test_a_row_that_held_in_all_drills_survived_and_says_what_it_was_tried_with() -> None:
    tried, found = drilled(*WELL, *(drill(each, run=2) for each in sorted(KINDS, key=str)))
    assert (found.verdict, found.rung, holds(tried)) == (Verdict.PASS, Rung.SURVIVED, True)
    (proof,) = proofs_of([tried], [found], NOW)
    assert proof.by == "uv 0.13.9, cpython 3.11.7, redis-server 7.0.15, 3 drills 2 times"
    assert {each.subject for each in found.findings if each.rule == "DR204"} == {"3.11:5.4 recovery"}


def test_one_run_of_many_that_did_not_hold_takes_the_rung_away() -> None:
    tried, found = drilled(*WELL, drill(RecoveryTrial, "the worker is deaf", run=2))
    assert (found.verdict, found.rung, failed(tried)) == (Verdict.FAIL, Rung.EXERCISED, Rung.SURVIVED)
    assert any("the worker is deaf (1 of 2 runs)" in each.message for each in found.findings)
    assert [each.rung for each in proofs_of([tried], [found], NOW)] == [Rung.EXERCISED]


def test_an_exercise_that_did_not_hold_leaves_no_more_than_imported_and_its_faults_are_not_judged() -> None:
    tried, found = drilled(drill(ExerciseTrial, "a task did not return"), *WELL[1:])
    assert (found.verdict, found.rung, failed(tried)) == (Verdict.FAIL, Rung.IMPORTED, Rung.EXERCISED)
    assert "DR204" not in {each.rule for each in found.findings}


@pytest.mark.parametrize("looks", [(*WELL[:2], drill(RecoveryTrial, unseen=True)), WELL[:2]])
def test_a_drill_that_was_not_seen_is_unknown_and_no_rung(looks: tuple[Look, ...]) -> None:
    tried, found = drilled(*looks)
    assert (found.verdict, found.rung, holds(tried)) == (Verdict.UNKNOWN, Rung.EXERCISED, False)
    assert failed(tried) is None


def test_what_is_only_warned_of_is_told_and_takes_no_rung() -> None:
    tried, found = drilled(WELL[0], drill(WarningTrial, "celery warns of utcnow"), WELL[2])
    assert (found.verdict, found.rung, holds(tried)) == (Verdict.WARN, Rung.SURVIVED, True)
