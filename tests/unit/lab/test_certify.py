"""A row is proved by an installer that took it, and by nothing else."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.gate.verdict import decide
from stackaudit.lab.certify import Cell, cells, judge_cells, look_of, named_cells, proofs_of
from stackaudit.model.audit import Case, Judgment, Policy
from stackaudit.model.errors import UsageError
from stackaudit.model.findings import Outcome, Verdict
from stackaudit.model.manifest import Manifest
from stackaudit.model.matrix import Rung
from stackaudit.model.snapshot import Look, Snapshot
from stackaudit.outside.installers import Cause, Refusal
from stackaudit.outside.process import Ending
from stackaudit.outside.resolving import Answer
from unit.checks.cases import shipped_matrix

TODAY = date(2026, 11, 22)
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


def case(*looks: Look) -> Case:
    return Case(
        manifest=Manifest(),
        snapshot=Snapshot(taken_at=NOW, host="", looks=looks),
        matrix=shipped_matrix(),
        today=TODAY,
    )


def judged(answer: Answer) -> tuple[Case, Judgment]:
    made = case(look_of(CELL, answer, "linux-x86_64"))
    (found,) = decide(judge_cells(made), Policy())
    return made, found


def test_a_row_that_an_installer_takes_passes_at_the_rung_resolved_and_is_a_proof() -> None:
    made, found = judged(YES)
    assert (found.check, found.verdict, found.rung) == ("3.11:5.4", Verdict.PASS, Rung.RESOLVED)
    (proof,) = proofs_of(made, [found], NOW)
    assert (proof.python, proof.rung, proof.by, proof.packages) == ("3.11", Rung.RESOLVED, "uv 0.13.9", TAKEN)
    assert proof.at == NOW.replace(microsecond=0)
    assert proof.record.startswith("sha256:")


def test_the_digest_is_that_of_the_look_and_another_answer_has_another() -> None:
    first, second = (
        proofs_of(made, [found], NOW)[0].record for made, found in (judged(YES), judged(replace(YES, sha256="1")))
    )
    assert first != second
    assert first == proofs_of(*_both(judged(YES)), NOW)[0].record


def _both(made: tuple[Case, Judgment]) -> tuple[Case, list[Judgment]]:
    return made[0], [made[1]]


def test_a_row_that_no_installer_takes_fails_with_its_words_and_proves_nothing() -> None:
    made, found = judged(no(Cause.UNSOLVABLE))
    assert found.verdict is Verdict.FAIL
    assert found.findings[0].message.endswith("no installer takes celery[redis]==5.4.0, redis==5.0.8: because")
    assert proofs_of(made, [found], NOW) == ()


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
    made, found = judged(answer)
    assert found.verdict is Verdict.UNKNOWN
    assert found.rung is None
    assert all(each.fix for each in found.findings)
    assert proofs_of(made, [found], NOW) == ()


def test_a_package_that_would_have_to_be_built_is_uncheckable() -> None:
    _, found = judged(no(Cause.NO_WHEEL))
    assert [each.outcome for each in found.findings] == [Outcome.UNCHECKABLE]
    assert found.rung is None


def test_an_answer_that_leaves_a_pin_out_is_no_proof() -> None:
    _, found = judged(replace(YES, packages=TAKEN[1:]))
    assert found.verdict is Verdict.FAIL
    assert found.findings[0].message == "the installer answered, and did not take celery==5.4.0"


def test_each_cell_is_judged_by_its_own_look_alone() -> None:
    other = replace(CELL, series="5.5")
    looks = (look_of(CELL, YES, "linux"), look_of(other, no(Cause.UNSOLVABLE), "linux"))
    assert [each.verdict for each in decide(judge_cells(case(*looks)), Policy())] == [Verdict.PASS, Verdict.FAIL]


def test_the_cells_are_the_rows_of_each_series_on_each_python_that_has_not_ended_long_ago() -> None:
    found = cells(shipped_matrix(), TODAY)
    assert {each.python for each in found} == {"3.9", "3.10", "3.11", "3.12", "3.13", "3.14"}
    assert {each.series for each in found} == {"5.2", "5.3", "5.4", "5.5", "5.6", "5.7"}
    assert not [each for each in found if each.id == "3.9:5.7"]
    for each in found:
        assert each.row[0].startswith(f"celery[redis]=={each.series}.")
    assert "3.8" in {each.python for each in cells(shipped_matrix(), TODAY, every=True)}


def test_cells_are_named_by_python_or_by_python_and_series() -> None:
    named = named_cells(shipped_matrix(), ["3.11:5.4", "3.8", "3.8:5.5"], TODAY)
    assert [each.id for each in named if each.python == "3.11"] == ["3.11:5.4"]
    assert len([each for each in named if each.python == "3.8"]) > 1
    assert len(named) == len({each.id for each in named})


@pytest.mark.parametrize("name", ["3.9:5.7", "2.7", "", "3.11:", "celery"])
def test_a_cell_that_there_is_not_is_refused_with_those_that_there_are(name: str) -> None:
    with pytest.raises(UsageError, match="has no row for") as told:
        named_cells(shipped_matrix(), [name], TODAY)
    assert "3.11:5.4" in str(told.value.hint)
