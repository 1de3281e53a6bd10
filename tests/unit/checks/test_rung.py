"""What passes says how strong its evidence is: the proof of exactly this combination on exactly this Python, else what is published."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.audit import judge
from stackaudit.checks import matrix
from stackaudit.checks._rung import machine_of
from stackaudit.gate.verdict import decide
from stackaudit.model.audit import Case, Judgment, Policy
from stackaudit.model.facts.environment import InterpreterFact
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.services import Pulse, ServiceState
from stackaudit.model.facts.workers import Worker
from stackaudit.model.findings import Outcome, Verdict
from stackaudit.model.matrix import Proof, Rung
from unit.checks.cases import SEED, SEED_LINES, case, interpreter, look

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


MAC = "macosx-14.0-arm64"


def test_a_proof_of_another_platform_ticks_nothing_here_and_is_told_with_why() -> None:
    here = proved(proof(WHOLE, rung=Rung.SURVIVED, platform=MAC))
    assert rungs(here) == {"published"}
    assert judged(here).summary.endswith(
        "; rung: published, not survived (2026-11-22, uv 0.13.9, on macosx-14.0-arm64): this is linux"
    )
    (required,) = decide(judge(here, [matrix.CHECK]), Policy(require=frozenset({"resolved"})))
    assert required.verdict is Verdict.UNKNOWN


def test_a_weaker_proof_of_this_platform_counts_before_a_stronger_one_of_another() -> None:
    here = proved(proof(WHOLE, rung=Rung.SURVIVED, platform=MAC), proof(WHOLE, rung=Rung.IMPORTED))
    assert rungs(here) == {"imported"}
    assert judged(here).summary.endswith("; rung: imported (2026-11-22, uv 0.13.9)")


def test_where_the_platform_is_not_known_the_proof_is_told_with_its_own() -> None:
    files = case(declared=SEED_LINES)
    assert files.matrix is not None
    made = replace(files, matrix=replace(files.matrix, proofs=(proof(SEED, rung=Rung.SURVIVED, platform=MAC),)))
    assert judged(made).summary.endswith("; rung: survived (2026-11-22, uv 0.13.9, on macosx-14.0-arm64)")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (MAC, "darwin-arm64", True),
        ("macosx-11.0-arm64", MAC, True),
        ("linux-x86_64", "linux-x86_64", True),
        ("linux-x86_64", "linux-aarch64", False),
        ("macosx-10.9-x86_64", "linux-x86_64", False),
    ],
)
def test_a_platform_is_a_system_and_a_machine_of_any_release(one: str, other: str, same: bool) -> None:  # noqa: FBT001
    assert (machine_of(one) == machine_of(other)) is same


def running(*facts: Fact, on: str = "redis-server 7.0.15", packages: Mapping[str, str] = WHOLE) -> Case:
    """A case with a row that survived on a server, and what was seen to run."""
    survived = replace(proof(WHOLE, rung=Rung.SURVIVED), by=f"uv 0.13.9, cpython 3.11.7, {on}, 27 drills")
    made = proved(survived, installed=packages)
    looks = tuple(look(f"live.{number}", type(each), [each]) for number, each in enumerate(facts))
    return replace(made, snapshot=replace(made.snapshot, looks=(*made.snapshot.looks, *looks)))


def pulse(product: str, version: str, role: str = "broker") -> Pulse:
    return Pulse(
        endpoint="redis://h:6379/0", state=ServiceState.UP, detail="", product=product, version=version, roles=(role,)
    )


def worker(pool: str) -> Worker:
    return Worker(node="celery@h", answered=True, expected_by=(), pool=pool)


@pytest.mark.parametrize(
    "alike",
    [
        running(),
        running(pulse("redis", "7.4.1"), worker("prefork")),
        running(pulse("valkey", "8.1.0"), on="valkey-server 8.0.1"),
        running(pulse("valkey", "8.1.0", role="backend")),
    ],
)
def test_what_survived_counts_where_the_like_of_it_runs(alike: Case) -> None:
    assert rungs(alike) == {"survived"}


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (running(pulse("valkey", "8.0.1")), "the broker is valkey 8.0.1"),
        (running(pulse("redis", "8.2.1")), "the broker is redis 8.2.1"),
        (running(pulse("redis", "7.0.15"), on="valkey-server 7.2.5"), "the broker is redis 7.0.15"),
        (running(worker("gevent"), worker("prefork")), "a worker has the pool gevent"),
        (running(packages={**WHOLE, "hiredis": "3.2.1"}), "hiredis is there too"),
    ],
)
def test_what_survived_with_another_server_pool_or_parser_was_imported_here_and_no_more(other: Case, why: str) -> None:
    assert rungs(other) == {"imported"}
    summary = judged(other).summary
    assert "; rung: imported, not survived (2026-11-22, uv 0.13.9, cpython 3.11.7, " in summary
    assert summary.endswith(f": {why}")


def test_a_proof_of_cpython_proves_nothing_of_another_implementation() -> None:
    made = proved(proof(WHOLE))
    python = replace(interpreter("3.11.7"), implementation="PyPy")
    looks = [each for each in made.snapshot.looks if each.probe != "interpreter"]
    other = replace(
        made, snapshot=replace(made.snapshot, looks=(look("interpreter", InterpreterFact, [python]), *looks))
    )
    assert rungs(other) == {"published"}
    assert judged(other).summary.endswith(": this is PyPy")


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
