"""An audit is as good as its worst check, and a check that found nothing to check proves nothing."""

from dataclasses import replace

import pytest

from stackaudit.gate.verdict import decide, overall
from stackaudit.model.audit import Judgment, Policy
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict

FAILED = Finding(rule="MX101", outcome=Outcome.FAIL, severity=Severity.MEDIUM, subject="celery", message="not pinned")
PASSED = replace(FAILED, outcome=Outcome.PASS)
UNKNOWN = replace(FAILED, outcome=Outcome.UNKNOWN)
UNCHECKABLE = replace(FAILED, outcome=Outcome.UNCHECKABLE)
LOW = replace(FAILED, severity=Severity.LOW)


def verdict(*findings: Finding, policy: Policy | None = None) -> Verdict:
    judgment = Judgment(check="matrix", title="Matrix", verdict=Verdict.UNKNOWN, summary="", findings=findings)
    return decide([judgment], policy or Policy())[0].verdict


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ([], Verdict.UNKNOWN),
        ([PASSED], Verdict.PASS),
        ([PASSED, UNCHECKABLE], Verdict.WARN),
        ([UNCHECKABLE], Verdict.WARN),
        ([PASSED, LOW], Verdict.WARN),
        ([PASSED, LOW, UNKNOWN], Verdict.UNKNOWN),
        ([PASSED, UNKNOWN, FAILED], Verdict.FAIL),
    ],
)
def test_a_check_is_as_good_as_its_worst_finding(findings: list[Finding], expected: Verdict) -> None:
    assert verdict(*findings) is expected


@pytest.mark.parametrize("written", ["MX101", "mx101", "cve-2099-1", "CVE-2099-1"])
def test_an_ignored_finding_still_shows_and_no_longer_fails(written: str) -> None:
    policy = Policy(ignore=frozenset({written}))
    assert verdict(PASSED, replace(FAILED, aliases=("CVE-2099-1",)), policy=policy) is Verdict.WARN


def test_an_unknown_that_is_let_through_is_a_warning_and_never_a_pass() -> None:
    assert verdict(UNKNOWN, policy=Policy(allow_unknown=frozenset({"matrix"}))) is Verdict.WARN
    assert verdict(UNKNOWN, policy=Policy(allow_unknown=frozenset({"MX101"}))) is Verdict.WARN


def test_a_required_check_that_was_skipped_is_unknown() -> None:
    skipped = Judgment(check="redis", title="Redis", verdict=Verdict.SKIPPED, summary="no broker URL")
    assert decide([skipped], Policy())[0].verdict is Verdict.SKIPPED
    assert decide([skipped], Policy(require=frozenset({"redis"})))[0].verdict is Verdict.UNKNOWN


def test_an_audit_that_checked_nothing_is_unknown() -> None:
    skipped = Judgment(check="redis", title="Redis", verdict=Verdict.SKIPPED, summary="no broker URL")
    assert overall([]) is Verdict.UNKNOWN
    assert overall([skipped]) is Verdict.UNKNOWN


def test_the_threshold_decides_what_fails() -> None:
    assert verdict(PASSED, FAILED, policy=Policy(fail_on=Severity.HIGH)) is Verdict.WARN
