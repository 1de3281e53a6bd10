"""What passes says how strong its evidence is: the proof of exactly this combination on exactly this Python, else what is published."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.audit import judge
from stackaudit.checks import matrix
from stackaudit.gate.verdict import decide
from stackaudit.model.audit import Case, Judgment, Policy
from stackaudit.model.findings import Outcome
from stackaudit.model.matrix import Proof, Rung
from unit.checks.cases import SEED, SEED_LINES, case

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
WHOLE = {**SEED, "amqp": "5.3.1", "packaging": "26.3"}


def proof(
    packages: Mapping[str, str], python: str = "3.11", rung: Rung = Rung.RESOLVED, platform: str = "linux"
) -> Proof:
    pins = tuple(sorted((canonicalize_name(name), Version(version)) for name, version in packages.items()))
    return Proof(python=python, rung=rung, at=AT, by="uv 0.13.9", platform=platform, packages=pins, record="sha256:0")


def proved(*proofs: Proof, installed: Mapping[str, str] = WHOLE) -> Case:
    made = case(installed=installed, declared=SEED_LINES)
    assert made.matrix is not None
    return replace(made, matrix=replace(made.matrix, proofs=proofs))


def judged(made: Case) -> Judgment:
    (found,) = decide(judge(made, [matrix.CHECK]), Policy())
    return found


def rungs(made: Case) -> set[str | None]:
    return {each.rung for each in judged(made).findings if each.outcome is Outcome.PASS}


def test_without_a_proof_a_pass_is_as_strong_as_what_is_published() -> None:
    assert rungs(proved()) == {"published"}
    assert judged(proved()).summary.endswith("; rung: published")


@pytest.mark.parametrize("rung", [each for each in Rung if each.earns_tick])
def test_a_proof_of_this_combination_on_this_python_is_the_rung_of_every_pass(rung: Rung) -> None:
    here = proved(proof(WHOLE, rung=rung))
    assert rungs(here) == {rung.value}
    assert judged(here).rung is rung
    assert judged(here).summary.endswith(f"; rung: {rung} (2026-11-22, uv 0.13.9)")


def test_packages_that_the_matrix_does_not_name_may_differ() -> None:
    assert rungs(proved(proof({**WHOLE, "tzdata": "2026.6", "packaging": "25.0"}))) == {"resolved"}


@pytest.mark.parametrize(
    "other",
    [
        proof(WHOLE, python="3.12"),
        proof({**WHOLE, "kombu": "5.6.2"}),
        proof({name: version for name, version in WHOLE.items() if name != "kombu"}),
        proof({**WHOLE, "amqp": "5.4.2"}),
    ],
)
def test_a_proof_of_another_python_or_of_another_combination_proves_nothing_here(other: Proof) -> None:
    assert rungs(proved(other)) == {"published"}


def test_a_proof_of_more_of_the_stack_proves_nothing_of_less() -> None:
    some = {name: version for name, version in WHOLE.items() if name != "vine"}
    assert "resolved" not in rungs(proved(proof(WHOLE), installed=some))


def test_what_comes_along_and_runs_in_no_stack_like_this_may_be_missing() -> None:
    without = {name: version for name, version in WHOLE.items() if name != "amqp"}
    assert rungs(proved(proof(WHOLE), installed=without)) == {"resolved"}


def test_of_several_proofs_the_strongest_counts() -> None:
    assert rungs(proved(proof(WHOLE), proof(WHOLE, rung=Rung.SURVIVED), proof(WHOLE, rung=Rung.IMPORTED))) == {
        "survived"
    }


def test_a_proof_of_another_platform_is_told_with_it() -> None:
    summary = judged(proved(proof(WHOLE, platform="macosx-14.0-arm64"))).summary
    assert summary.endswith("; rung: resolved (2026-11-22, uv 0.13.9, on macosx-14.0-arm64)")


def test_a_combination_that_breaks_a_bound_is_not_called_published() -> None:
    broken = proved(installed={**WHOLE, "celery": "5.7.0"})
    assert "rung" not in judged(broken).summary


def missing_classifier(made: Case) -> str:
    return next(
        each.message for each in judged(made).findings if each.rule == "MX204" and each.subject.startswith("ffmpeg")
    )


def test_a_missing_classifier_is_told_with_what_was_proved_all_the_same() -> None:
    plain = missing_classifier(proved())
    assert missing_classifier(proved(proof(WHOLE))) == plain
    assert missing_classifier(proved(proof(WHOLE, rung=Rung.IMPORTED))) == (
        f"{plain}; these versions were imported together on Python 3.11 (2026-11-22, uv 0.13.9)"
    )
