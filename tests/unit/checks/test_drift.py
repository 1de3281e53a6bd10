"""What is declared and what is installed must be the same, and the files must agree."""

import time
from dataclasses import replace

from packaging.version import Version

from stackaudit.model.findings import Outcome, Severity
from stackaudit.model.places import Place
from unit.checks.cases import SEED, SEED_LINES, case, requirement
from unit.checks.test_matrix import BESIDE, failed, judged, passed

THERE = {**SEED, **BESIDE}


def test_a_pin_that_is_not_what_is_installed_is_medium_and_names_both() -> None:
    stack = case(installed={**THERE, "redis": "5.0.7"}, declared=SEED_LINES)
    (finding,) = failed(stack, "MX301")
    assert (finding.subject, finding.severity, finding.scope) == ("redis==5.0.7", Severity.MEDIUM, "stack")
    assert finding.message == "requirements.txt:2 pins redis 5.0.8, and 5.0.7 is installed"
    assert "redis==5.0.7" not in passed(stack, "MX301") | passed(stack, "MX302")
    assert "celery==5.4.0" in passed(stack, "MX301")


def test_a_local_version_keeps_its_pin() -> None:
    assert not failed(case(installed={**THERE, "torch": "2.9.1+cpu"}, declared=["torch==2.9.1"]), "MX301")


def test_what_is_declared_and_not_installed_is_medium_for_any_package() -> None:
    (finding,) = failed(case(installed=THERE, declared=[*SEED_LINES, "requests>=2"]), "MX302")
    assert (finding.subject, finding.scope) == ("requests", "other")
    assert finding.message == "requirements.txt:7 asks for requests>=2, which is not installed"


def test_a_lock_may_list_what_is_for_another_platform() -> None:
    lock = requirement("pywin32==311", file="uv.lock", direct=False)
    assert not failed(case(installed=THERE, declared=[*SEED_LINES, lock]), "MX302")


def test_a_marker_that_does_not_hold_asks_for_nothing() -> None:
    stack = case(installed=THERE, declared=[*SEED_LINES, "tomli==2.0.1; python_version < '3.11'"])
    assert not failed(stack, "MX302")
    older = case(installed=THERE, declared=[*SEED_LINES, "tomli==2.0.1; python_version < '3.11'"], python="3.10.13")
    assert [each.subject for each in failed(older, "MX302")] == ["tomli"]


def test_an_installed_version_outside_the_declared_range_is_medium() -> None:
    stack = case(installed={**THERE, "requests": "2.20.0"}, declared=[*SEED_LINES, "requests>=2.31"])
    (finding,) = failed(stack, "MX302")
    assert finding.message == "requirements.txt:7 asks for requests>=2.31, and 2.20.0 is installed"


def test_two_files_that_pin_differently_are_told_once() -> None:
    other = requirement("redis==5.0.7", file="requirements-worker.txt", line=3)
    for stack in (case(installed=THERE, declared=[*SEED_LINES, other]), case(declared=[*SEED_LINES, other])):
        (finding,) = failed(stack, "MX303")
        assert finding.severity is Severity.MEDIUM
        assert finding.message == "requirements-worker.txt:3 pins redis 5.0.7, and requirements.txt:2 pins 5.0.8"
        assert "celery==5.4.0" in passed(stack, "MX303")


def test_a_lock_with_a_version_for_each_platform_does_not_contradict_itself() -> None:
    forks = [requirement(f"numpy=={each}", file="uv.lock", direct=False) for each in ("2.0.2", "2.3.1")]
    assert not failed(case(declared=[*SEED_LINES, *forks]), "MX303")
    assert forks[0].pin == Version("2.0.2")


def test_drift_is_not_asked_of_files_alone_nor_of_an_environment_alone() -> None:
    for stack in (case(declared=SEED_LINES), case(installed=THERE)):
        drift = [each for each in judged(stack).findings if each.rule in {"MX301", "MX302"}]
        assert drift == []


def test_nothing_is_called_absent_where_nothing_was_seen() -> None:
    stack = case(installed=THERE, declared=SEED_LINES)
    assert {each.outcome for each in judged(stack).findings if each.rule == "MX302"} == {Outcome.PASS}


def test_a_lock_of_ten_thousand_lines_is_judged_in_seconds() -> None:
    lines = [requirement(f"p{number}=={number}; python_version > '3.8'", line=number + 1) for number in range(10_000)]
    started = time.monotonic()
    judgment = judged(case(declared=[*lines, *SEED_LINES]))
    # Seconds; where each line is held against each other one it is ten minutes.
    assert time.monotonic() - started < 60
    assert sum(each.rule == "MX303" for each in judgment.findings) == 10_000 + len(SEED_LINES)


def test_two_pins_of_one_package_with_and_without_a_line_are_compared() -> None:
    nowhere = replace(requirement("celery==5.3.0"), where=Place(path="bom.json"))
    stack = case(declared=[requirement("celery==5.4.0", file="bom.json", line=3), nowhere, "redis==5.0.8"])
    (finding,) = failed(stack, "MX303")
    assert finding.message == "bom.json pins celery 5.3.0, and bom.json:3 pins 5.4.0"
