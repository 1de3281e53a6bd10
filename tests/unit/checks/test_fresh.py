"""What a fresh install gives is judged like what is installed, told apart from it, and passed only where it was resolved."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from packaging.utils import canonicalize_name

from stackaudit.model.audit import Case
from stackaudit.model.facts.published import Resolution
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.manifest import Terms
from stackaudit.model.snapshot import Look, Unseen
from unit.checks.cases import SEED, case, look
from unit.checks.test_matrix import AS_RESOLVED, BESIDE, failed, judged, passed

PINS = ("celery==5.4.0", "redis==5.0.8")
TODAY = {**AS_RESOLVED, "redis": "5.0.8"}
BEFORE = {**TODAY, "kombu": "5.6.2", "billiard": "4.3.1", "amqp": "5.4.1"}


def resolution(versions: Mapping[str, str], *, until: datetime | None = None, refusal: str | None = None) -> Look:
    packages = tuple(sorted((canonicalize_name(name), version) for name, version in versions.items()))
    files = ("requirements.txt",)
    fact = Resolution(files=files, python="3.11.7", packages=packages, until=until, refusal=refusal)
    return look("resolver", Resolution, [fact])


def unseen(*, knowable: bool) -> Look:
    cause = "the package index did not answer"
    told = Unseen(subject="", yields=("Resolution",), cause=cause, remedy="try again", knowable=knowable)
    return look("resolver", Resolution, unseen=told)


def building(stack: Case, fresh: Look) -> Case:
    """`stack` with files that leave something open, and the look at what a fresh install of them gives."""
    looks = (*stack.snapshot.looks, fresh)
    manifest = replace(stack.manifest, terms=Terms())
    return replace(stack, manifest=manifest, snapshot=replace(stack.snapshot, looks=looks))


def told(stack: Case, rule: str, outcome: Outcome) -> list[Finding]:
    return [each for each in judged(stack).findings if each.rule == rule and each.outcome is outcome]


def test_pins_that_run_alone_and_are_dead_in_todays_install_fail_with_the_pin_that_prevents_it() -> None:
    stack = building(case(declared=PINS), resolution(TODAY))
    (finding,) = [each for each in failed(stack, "MX210") if "refuses" in each.message]
    assert (finding.subject, finding.severity, finding.fix) == ("kombu==5.7.0", Severity.HIGH, "pin kombu==5.6.2")
    assert finding.message == (
        "a fresh install of requirements.txt gives kombu 5.7.0, whose code refuses to run without redis>=6.1.0, and redis is 5.0.8"
    )
    assert str(finding.where) == "requirements.txt:2"
    assert "kombu==5.7.0" not in passed(stack, "MX210")


def test_pins_that_resolve_to_what_goes_together_pass_for_what_was_resolved_alone() -> None:
    stack = building(case(declared=PINS), resolution(BEFORE))
    assert failed(stack, "MX210") == []
    assert passed(stack, "MX210") == {
        f"{name}=={BEFORE[name]}" for name in ("celery", "kombu", "redis", "billiard", "vine", "amqp")
    }
    assert passed(stack, "MX211") == {"a fresh install of requirements.txt"}


def test_an_environment_that_is_fine_is_told_apart_from_its_next_build() -> None:
    stack = building(case(installed={**SEED, **BESIDE}, declared=PINS), resolution(TODAY))
    assert failed(stack, "MX206") == []
    (finding,) = [each for each in failed(stack, "MX210") if "refuses" in each.message]
    assert finding.message.startswith(
        "runs today on this machine, dead on the next build: a fresh install of requirements.txt gives kombu 5.7.0"
    )


def test_what_is_told_of_the_installed_set_is_not_told_again_and_not_passed() -> None:
    stack = building(case(installed=TODAY, declared=PINS), resolution(TODAY))
    assert [each.subject for each in failed(stack, "MX206")] == ["kombu==5.7.0"]
    assert failed(stack, "MX210") == []
    assert "kombu==5.7.0" not in passed(stack, "MX210")
    assert "celery==5.4.0" in passed(stack, "MX210")


def test_a_fault_weighs_in_a_fresh_install_what_it_weighs_when_installed() -> None:
    drifted = {**SEED, **BESIDE, "redis": "8.1.0"}
    alone = case(installed=drifted, declared=["celery==5.4.0"])
    fresh = building(case(installed={**SEED, **BESIDE}, declared=["celery==5.4.0"]), resolution(drifted))
    expected = {(each.subject, each.severity) for each in failed(alone, "MX207")}
    assert expected
    assert expected <= {(each.subject, each.severity) for each in failed(fresh, "MX210")}
    assert any(
        each.message.startswith("not so on this machine, but on the next build") for each in failed(fresh, "MX210")
    )


def test_a_python_that_a_resolved_package_refuses_is_told() -> None:
    stack = building(case(declared=PINS, python="3.8.18"), resolution(BEFORE))
    assert any("which requires Python" in each.message for each in failed(stack, "MX210"))


def test_a_past_days_install_is_told_as_that() -> None:
    stack = building(case(declared=PINS), resolution(TODAY, until=datetime(2026, 11, 20, tzinfo=UTC)))
    starts = "on 2026-11-20 a fresh install of requirements.txt gave kombu 5.7.0, "
    assert {each.message.startswith(starts) for each in failed(stack, "MX210")} == {True}
    assert f"a fresh install gave {len(TODAY)} packages on 2026-11-20" in judged(stack).summary


def test_the_pin_that_is_advised_keeps_what_the_files_say() -> None:
    stack = building(case(declared=[*PINS, "kombu<5.6"]), resolution({**TODAY, "kombu": "5.7.0"}))
    assert {each.fix for each in failed(stack, "MX210")} == {"pin kombu==5.5.4"}


def test_requirements_that_nothing_can_keep_fail_by_the_installers_own_account() -> None:
    reason = "celery 5.5.3 depends on kombu<5.6"
    stack = building(case(declared=["celery==5.5.3", "redis==5.0.8", "kombu==5.7.0"]), resolution({}, refusal=reason))
    (finding,) = failed(stack, "MX211")
    assert (finding.severity, finding.message) == (
        Severity.HIGH,
        f"a fresh install of requirements.txt ends with an error: {reason}",
    )
    assert passed(stack, "MX210") == passed(stack, "MX211") == set()


def test_what_could_not_be_asked_is_unknown_once_and_passes_nothing() -> None:
    stack = building(case(declared=PINS), unseen(knowable=True))
    (finding,) = [each for each in judged(stack).findings if each.outcome is Outcome.UNKNOWN]
    assert (finding.rule, finding.fix) == ("MX210", "try again")
    assert passed(stack, "MX210") == passed(stack, "MX211") == set()
    assert "what a fresh install gives was not seen" in judged(stack).summary
    assert "what is installed could not be seen" not in judged(stack).summary


def test_what_nobody_can_know_from_here_is_told_and_gates_nothing() -> None:
    stack = building(case(declared=PINS), unseen(knowable=False))
    assert told(stack, "MX210", Outcome.UNKNOWN) == []
    assert len(told(stack, "MX210", Outcome.UNCHECKABLE)) == 1
    assert passed(stack, "MX210") == passed(stack, "MX211") == set()


def test_a_version_that_the_matrix_does_not_know_is_told_and_not_ticked() -> None:
    stack = building(case(declared=PINS), resolution({**BEFORE, "kombu": "99.0"}))
    (finding,) = told(stack, "MX210", Outcome.UNCHECKABLE)
    assert finding.subject == "kombu==99.0"
    assert "does not vouch" in finding.message
    assert "kombu==99.0" not in passed(stack, "MX210")


@pytest.mark.parametrize("rule", ["MX210", "MX211"])
def test_files_that_list_everything_are_not_asked_about(rule: str) -> None:
    findings = judged(case(declared=PINS)).findings
    assert [each for each in findings if each.rule == rule] == []


def test_a_pass_says_that_an_installer_resolved_it_whatever_was_proved_of_the_versions_that_are_installed() -> None:
    stack = building(case(installed={**SEED, **BESIDE}, declared=PINS), resolution(BEFORE))
    findings = [each for each in judged(stack).findings if each.rule in {"MX210", "MX211"}]
    assert {(each.outcome, each.rung) for each in findings} == {(Outcome.PASS, "resolved")}
