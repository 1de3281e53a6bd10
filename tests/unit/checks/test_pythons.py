"""The Python must be the declared one, and a supported one."""

import pytest

from stackaudit.model.findings import Severity
from unit.checks.cases import SEED, SEED_LINES, case, claim
from unit.checks.test_matrix import failed, judged, passed


@pytest.mark.parametrize(
    ("specifier", "severity"),
    [
        (">=3.11", None),
        ("==3.11.*", None),
        ("==3.11.7", None),
        ("==3.11.14", Severity.LOW),
        ("==3.12.*", Severity.MEDIUM),
        ("<3.11", Severity.MEDIUM),
    ],
)
def test_a_python_that_the_project_does_not_declare_is_told(specifier: str, severity: Severity | None) -> None:
    claims = [claim(specifier, "a claim", file=".python-version")]
    findings = failed(case(installed=SEED, python="3.11.7", claims=claims), "MX401")
    assert [each.severity for each in findings] == ([severity] if severity else [])
    assert all(each.message == ".python-version:1 says a claim, and this is Python 3.11.7" for each in findings)
    assert bool(passed(case(installed=SEED, claims=claims), "MX401")) is (severity is None)


def test_files_alone_are_held_against_the_minor_version() -> None:
    assert not failed(case(declared=SEED_LINES, python="3.11", claims=[claim("==3.11.4", "3.11.4")]), "MX401")
    assert failed(case(declared=SEED_LINES, python="3.11", claims=[claim("==3.12.4", "3.12.4")]), "MX401")


def test_every_claim_is_held_by_itself() -> None:
    claims = [claim(">=3.9", "requires-python"), claim("==3.12.*", "FROM python:3.12", file="Dockerfile")]
    (finding,) = failed(case(installed=SEED, claims=claims), "MX401")
    assert str(finding.where) == "Dockerfile:1"


def test_nothing_is_said_where_nothing_is_claimed() -> None:
    assert not [each for each in judged(case(installed=SEED)).findings if each.rule == "MX401"]


@pytest.mark.parametrize(("python", "ended"), [("3.9.18", "2025-10-31"), ("3.10.13", "2026-10-31")])
def test_a_python_whose_support_has_ended_is_told_as_advice(python: str, ended: str) -> None:
    (finding,) = failed(case(installed=SEED, python=python), "MX402")
    assert (finding.subject, finding.severity) == (f"Python {python}", Severity.LOW)
    assert finding.message.endswith(f"ended on {ended}")
    assert finding.fix == "move to Python 3.11 or newer"


@pytest.mark.parametrize(
    ("pins", "advice"),
    [
        (
            {"celery": "5.2.7", "kombu": "5.4.2", "redis": "4.0.2"},
            "move to Python 3.11: these versions do not go with the other newer ones",
        ),
        (
            {"celery": "5.2.7", "kombu": "5.4.2", "billiard": "3.6.4.0"},
            "move to Python 3.11 or newer, and to newer versions of the stack with it: these do not go with it",
        ),
    ],
)
def test_no_python_is_advised_on_which_the_stack_breaks(pins: dict[str, str], advice: str) -> None:
    (finding,) = failed(case(installed=pins, python="3.9.18"), "MX402")
    assert finding.fix == advice


def test_a_python_that_the_matrix_does_not_know_is_medium() -> None:
    (finding,) = failed(case(installed=SEED, python="3.15.0"), "MX402")
    assert finding.severity is Severity.MEDIUM
    assert "has no Python 3.15" in finding.message


def test_a_supported_python_passes() -> None:
    assert passed(case(installed=SEED, python="3.13.0"), "MX402") == {"Python 3.13.0"}
    assert passed(case(declared=SEED_LINES, python="3.13"), "MX402") == {"Python 3.13"}
