"""Bounds hold in every direction: hard ones, those of extras in use, those in the code, and what is known to break."""

import pytest

from stackaudit.model.findings import Outcome, Severity
from unit.checks.cases import SEED, SEED_LINES, case
from unit.checks.test_matrix import AS_RESOLVED, BESIDE, failed, judged, passed

C57 = {"celery": "5.7.0", "kombu": "5.7.0", "redis": "8.1.0", "billiard": "4.3.2", "vine": "5.1.0", **BESIDE}
"""A stack whose bounds all hold."""


def test_the_newest_stack_holds_all_its_bounds() -> None:
    stack = case(installed=C57, broker="redis://localhost/0")
    assert not [each for rule in ("MX205", "MX207", "MX206", "MX208") for each in failed(stack, rule)]
    assert "kombu==5.7.0" in passed(stack, "MX207")
    assert "kombu==5.7.0" in passed(stack, "MX206")


def test_a_hard_bound_that_is_broken_is_high() -> None:
    stack = case(installed={**C57, "kombu": "5.6.2"})
    (finding,) = failed(stack, "MX205")
    assert (finding.subject, finding.severity) == ("celery==5.7.0", Severity.HIGH)
    assert finding.message == "celery 5.7.0 requires kombu>=5.7.0, and kombu is 5.6.2"
    assert finding.fix == "pin kombu==5.7.0"
    assert "celery==5.7.0" not in passed(stack, "MX205")


def test_a_hard_dependency_that_is_missing_is_high_where_an_environment_was_seen() -> None:
    without_vine = {name: version for name, version in C57.items() if name != "vine"}
    messages = {each.message for each in failed(case(installed=without_vine), "MX205")}
    assert "kombu 5.7.0 requires vine==5.1.0, and vine is not installed" in messages
    lines = [f"{name}=={version}" for name, version in without_vine.items()]
    assert not failed(case(declared=lines), "MX205")


def test_celery_5_7_with_an_old_redis_client_fails_with_the_pin_that_mends_it() -> None:
    (finding,) = failed(case(installed={**C57, "redis": "5.0.8"}), "MX206")
    assert (finding.subject, finding.severity, finding.fix) == ("kombu==5.7.0", Severity.HIGH, "pin redis==8.1.0")


def test_files_alone_that_leave_no_version_of_what_they_do_not_pin_fail() -> None:
    (finding,) = failed(case(declared=["celery==5.7.0", "redis==5.0.8"]), "MX205")
    assert finding.severity is Severity.HIGH
    assert finding.message == "celery 5.7.0 requires kombu>=5.7.0, and no listed kombu goes with redis 5.0.8"
    assert not failed(case(declared=["celery==5.7.0", "redis==8.1.0"]), "MX205")


def test_a_redis_client_outside_both_extras_is_medium_for_each() -> None:
    stack = case(installed={**SEED, **BESIDE, "redis": "8.1.0"})
    findings = failed(stack, "MX207")
    assert {(each.subject, each.severity) for each in findings} == {
        ("celery==5.4.0", Severity.MEDIUM),
        ("kombu==5.6.1", Severity.MEDIUM),
    }
    assert {each.fix for each in findings} == {"pin redis==5.3.1"}


def test_the_bound_of_a_declared_extra_is_high() -> None:
    stack = case(
        installed={**SEED, **BESIDE, "redis": "8.1.0"}, declared=["celery[redis]==5.4.0", "kombu[redis]==5.6.1"]
    )
    assert {each.severity for each in failed(stack, "MX207")} == {Severity.HIGH}
    assert "requirements.txt:1 asks for celery[redis]" in failed(stack, "MX207")[0].message


def test_an_extra_that_a_declared_extra_brings_along_is_declared_too() -> None:
    stack = case(installed={**C57, "redis": "5.0.8"}, declared=["celery[redis]==5.7.0"])
    (finding,) = failed(stack, "MX207")
    assert (finding.subject, finding.severity) == ("kombu==5.7.0", Severity.HIGH)


@pytest.mark.parametrize("broker", ["redis://h/0", "rediss://h/0", "sentinel://h:26379", "redis+socket:///r.sock"])
def test_a_redis_broker_puts_the_redis_extra_to_use(broker: str) -> None:
    no_client = {name: version for name, version in C57.items() if name != "redis"}
    (finding,) = failed(case(installed=no_client, broker=broker), "MX207")
    assert finding.message.startswith("kombu[redis] 5.7.0 asks for redis>=6.4.0,<9.0.0, and redis is not installed")
    assert not failed(case(installed=no_client, broker="amqp://h//"), "MX207")


def test_a_package_that_an_extra_in_use_needs_is_missed() -> None:
    no_packaging = {name: version for name, version in C57.items() if name != "packaging"}
    (undeclared,) = failed(case(installed=no_packaging), "MX207")
    assert undeclared.severity is Severity.HIGH
    assert "asks for packaging==26.3, and packaging is not installed" in undeclared.message
    assert undeclared.fix == "install `packaging==26.3`"
    (declared,) = failed(case(installed=no_packaging, declared=["kombu[redis]==5.7.0"]), "MX207")
    assert declared.severity is Severity.HIGH


def test_what_does_not_go_with_the_others_anyway_is_not_to_be_installed_again() -> None:
    dead = {name: version for name, version in AS_RESOLVED.items() if name != "packaging"}
    assert {each.fix for each in failed(case(installed=dead), "MX207")} == {"pin kombu==5.6.2"}


def test_another_version_of_a_helper_that_an_extra_pins_is_advice() -> None:
    (finding,) = failed(case(installed={**C57, "packaging": "26.1"}), "MX207")
    assert finding.severity is Severity.LOW


def test_files_alone_cannot_tell_whether_an_undeclared_extra_gets_its_helper() -> None:
    lines = [f"{name}=={version}" for name, version in C57.items() if name != "packaging"]
    told = [each for each in judged(case(declared=lines)).findings if each.outcome is Outcome.UNCHECKABLE]
    assert [(each.rule, each.subject) for each in told] == [("MX207", "kombu==5.7.0")]
    assert not [
        each
        for each in judged(case(declared=[*lines, "kombu[redis]==5.7.0"])).findings
        if each.outcome is Outcome.UNCHECKABLE
    ]


@pytest.mark.parametrize(
    ("installed", "python", "subject", "severity"),
    [
        ({**SEED, "kombu": "5.3.7"}, "3.11.7", "kombu==5.3.7", Severity.HIGH),
        ({**SEED, "redis": "4.3.6"}, "3.11.7", "kombu==5.6.1", Severity.HIGH),
        ({**C57, "celery": "5.6.3", "kombu": "5.6.2", "redis": "4.6.0"}, "3.11.7", "celery==5.6.3", Severity.HIGH),
        ({**C57, "celery": "5.6.3", "kombu": "5.6.2"}, "3.11.7", "kombu==5.6.2", Severity.LOW),
        ({"celery": "5.2.7", "kombu": "5.2.4", "redis": "4.6.0"}, "3.12.1", "celery==5.2.7", Severity.HIGH),
        ({"ffmpeg-python": "0.2.0", "future": "0.18.2"}, "3.12.1", "ffmpeg-python==0.2.0", Severity.HIGH),
    ],
)
def test_a_combination_known_to_break_is_told(
    installed: dict[str, str], python: str, subject: str, severity: Severity
) -> None:
    found = {each.subject: each.severity for each in failed(case(installed=installed, python=python), "MX208")}
    assert found[subject] is severity


@pytest.mark.parametrize(
    ("installed", "python"),
    [
        ({**SEED, "kombu": "5.4.0"}, "3.11.7"),
        ({**C57, "celery": "5.6.3", "kombu": "5.6.2", "redis": "6.4.0"}, "3.11.7"),
        ({"celery": "5.2.7", "kombu": "5.2.4", "redis": "4.0.2"}, "3.11.7"),
        ({"ffmpeg-python": "0.2.0", "future": "1.0.0"}, "3.12.1"),
    ],
)
def test_a_combination_without_known_faults_is_told_nothing(installed: dict[str, str], python: str) -> None:
    stack = case(installed=installed, python=python)
    assert not failed(stack, "MX208")
    assert passed(stack, "MX208")


def test_each_advised_pin_really_holds() -> None:
    for wrong in (AS_RESOLVED, {**C57, "redis": "5.0.8"}, {**SEED, **BESIDE, "redis": "8.1.0"}):
        findings = [each for rule in ("MX205", "MX207", "MX206") for each in failed(case(installed=wrong), rule)]
        fixes = {each.fix for each in findings}
        assert findings
        for fix in fixes:
            assert fix is not None
            name, _, version = fix.removeprefix("pin ").partition("==")
            mended = case(installed={**wrong, name: version})
            assert not [each for rule in ("MX205", "MX207", "MX206") for each in failed(mended, rule)]


def test_the_seed_pins_keep_the_bounds_of_the_extras_that_redis_puts_to_use() -> None:
    stack = case(installed={**SEED, **BESIDE}, declared=SEED_LINES)
    assert passed(stack, "MX207") == {"celery==5.4.0", "kombu==5.6.1"}
