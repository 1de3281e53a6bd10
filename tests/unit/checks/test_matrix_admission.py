"""Each version is held against what its makers published, on this Python."""

import pytest

from stackaudit.model.findings import Severity
from unit.checks.cases import SEED, SEED_LINES, case
from unit.checks.test_matrix import failed, passed


def test_a_listed_version_passes_and_a_newer_patch_of_its_series_is_advice() -> None:
    assert passed(case(declared=SEED_LINES), "MX201") == {f"{name}=={version}" for name, version in SEED.items()}
    (finding,) = failed(case(declared=["redis==5.0.99"]), "MX201")
    assert (finding.subject, finding.severity) == ("redis==5.0.99", Severity.LOW)
    assert "covers redis 5.0 and does not list 5.0.99 itself" in finding.message


def test_what_came_before_a_covered_series_begins_is_not_said_to_be_of_no_covered_series() -> None:
    (finding,) = failed(case(declared=["celery==5.2.0"]), "MX201")
    assert finding.severity is Severity.MEDIUM
    assert "vouches for no celery 5.2.0, only for 5.2.1 to 5." in finding.message


@pytest.mark.parametrize("version", ["9.0.0", "2.10.6", "5.4.1", "5.1.0b1"])
def test_a_series_that_nobody_vouches_for_is_medium_and_a_pre_release_too(version: str) -> None:
    stack = case(declared=[f"redis=={version}"])
    (finding,) = failed(stack, "MX201")
    assert finding.severity is Severity.MEDIUM
    assert finding.subject == f"redis=={version}"
    assert not passed(stack, "MX201")


def test_a_version_that_nobody_vouches_for_passes_no_bound() -> None:
    stack = case(declared=["redis==9.0.0"])
    assert not any("redis==9.0.0" in passed(stack, rule) for rule in ("MX202", "MX203", "MX204", "MX205", "MX208"))


def test_an_installed_version_that_is_none_is_told() -> None:
    (finding,) = failed(case(installed={"redis": "local-build"}), "MX201")
    assert "is no version by PEP 440" in finding.message


@pytest.mark.parametrize("version", ["5.2.5", "5.3.2"])
def test_a_withdrawn_version_is_medium(version: str) -> None:
    (finding,) = failed(case(declared=[f"celery=={version}"]), "MX202")
    assert finding.severity is Severity.MEDIUM
    assert f"celery {version} was withdrawn by its makers" in finding.message
    assert not failed(case(declared=[f"celery=={version}"]), "MX201")


def test_a_python_that_the_metadata_forbids_is_high_and_names_what_would_do() -> None:
    stack = case(declared=SEED_LINES, python="3.8")
    (finding,) = failed(stack, "MX203")
    assert (finding.subject, finding.severity) == ("kombu==5.6.1", Severity.HIGH)
    assert finding.message == "kombu 5.6.1 requires Python >=3.9, and this is Python 3.8"
    assert finding.fix == "pin kombu==5.5.4"
    assert finding.where is not None
    assert str(finding.where) == "requirements.txt:3"
    assert "kombu==5.6.1" not in passed(stack, "MX204")


def test_a_classifier_that_is_missing_is_advice() -> None:
    stack = case(declared=SEED_LINES, python="3.13")
    findings = {each.subject: each for each in failed(stack, "MX204")}
    assert set(findings) == {"celery==5.4.0", "redis==5.0.8", "vine==5.1.0", "ffmpeg-python==0.2.0"}
    assert {each.severity for each in findings.values()} == {Severity.LOW}
    # 5.6.3 is newer, and its result backend does not go with redis 5.0.8.
    assert findings["celery==5.4.0"].fix == "celery 5.6.2 is the newest that names Python 3.13 and goes with the others"
    assert passed(stack, "MX204") == {"kombu==5.6.1", "billiard==4.2.4"}


def test_documentation_that_asks_for_a_newer_python_than_the_metadata_is_advice() -> None:
    (finding,) = failed(case(declared=["celery==5.7.0"], python="3.10"), "MX204")
    assert finding.severity is Severity.LOW
    assert "asks for Python >=3.11, its metadata >=3.10" in finding.message
    assert not failed(case(declared=["celery==5.7.0"], python="3.11"), "MX204")
