"""A policy that requires a rung lets nothing weaker pass, and says how far the evidence reaches."""

import pytest

from stackaudit.gate.rungs import WEAK
from stackaudit.gate.verdict import decide
from stackaudit.model.audit import Judgment, Policy
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict
from stackaudit.model.matrix import Rung


def judgment(*rungs: str, check: str = "matrix", verdict: Verdict = Verdict.UNKNOWN) -> Judgment:
    """A judgment with a pass for each of `rungs`."""
    findings = tuple(
        Finding(rule="MX201", outcome=Outcome.PASS, severity=Severity.LOW, subject=str(number), message="m", rung=rung)
        for number, rung in enumerate(rungs)
    )
    return Judgment(check=check, title="t", verdict=verdict, summary="s", findings=findings)


def gated(judged: Judgment, *required: str, allow: str = "") -> Judgment:
    (found,) = decide([judged], Policy(require=frozenset(required), allow_unknown=frozenset({allow})))
    return found


@pytest.mark.parametrize("required", list(Rung))
@pytest.mark.parametrize("has", list(Rung))
def test_a_rung_passes_where_it_is_reached_and_is_unknown_where_not(has: Rung, required: Rung) -> None:
    assert gated(judgment(has), required).verdict is (Verdict.PASS if has.rank >= required.rank else Verdict.UNKNOWN)


def test_the_weakest_of_the_passes_counts_and_the_strongest_of_the_demands() -> None:
    assert gated(judgment("survived", "published"), "resolved").verdict is Verdict.UNKNOWN
    assert gated(judgment("imported"), "resolved", "exercised").verdict is Verdict.UNKNOWN


def test_what_is_lacking_is_said_with_what_there_is_and_what_to_do() -> None:
    (told,) = [each for each in gated(judgment("published"), "exercised").findings if each.rule == WEAK.code]
    assert told.message == (
        "the policy requires the rung `exercised`, and the evidence for this combination is no more than `published`"
    )
    assert "stackaudit matrix certify" in str(told.fix)


def test_a_judgment_without_any_rung_reaches_none() -> None:
    assert gated(judgment(), "stated").findings[0].message.endswith("is none")


def test_a_rung_that_is_required_asks_for_the_check_of_the_matrix_to_run() -> None:
    skipped = judgment(verdict=Verdict.SKIPPED)
    assert gated(skipped, "stated").verdict is Verdict.UNKNOWN
    assert gated(skipped).verdict is Verdict.SKIPPED
    assert gated(judgment(check="redis", verdict=Verdict.SKIPPED), "stated").verdict is Verdict.SKIPPED


def test_other_checks_need_no_rung() -> None:
    other = Finding(rule="RD101", outcome=Outcome.PASS, severity=Severity.LOW, subject="x", message="m")
    alive = Judgment(check="redis", title="t", verdict=Verdict.UNKNOWN, summary="s", findings=(other,))
    assert gated(alive, "survived").verdict is Verdict.PASS


def test_it_can_be_let_through_like_any_unknown() -> None:
    assert gated(judgment("published"), "resolved", allow=WEAK.code).verdict is Verdict.WARN
