"""The XML can be read whatever the world says, and a suite is red exactly where its check is."""

from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree as ET

from hypothesis import given, settings

from stackaudit.model.audit import Audit, Policy
from stackaudit.model.findings import Outcome, Severity, Verdict, Waived
from stackaudit.reports._told import told
from stackaudit.reports.junit import render
from tellings import Parts, a_finding, judged, parts, told_audit


def suites_of(audit: Audit) -> dict[str, ET.Element]:
    root = ET.fromstring(render(audit).encode())
    return {each.attrib["name"]: each for each in root}


def endings(suite: ET.Element) -> list[str | None]:
    return [next((each.tag for each in case), None) for case in suite.iter("testcase")]


@given(parts)
@settings(max_examples=150)
def test_a_suite_is_red_exactly_where_its_check_is(parts: Parts) -> None:
    audit = parts.audit()
    suites = suites_of(audit)
    for judgment in audit.judgments:
        found = endings(suites[judgment.check])
        assert ("failure" in found) == (judgment.verdict is Verdict.FAIL)
        if judgment.verdict is Verdict.UNKNOWN:
            assert "error" in found
        if judgment.verdict in {Verdict.PASS, Verdict.WARN, Verdict.SKIPPED}:
            assert set(found) <= {None, "skipped"}
        if judgment.verdict in {Verdict.WARN, Verdict.SKIPPED}:
            assert "skipped" in found
    red = any(ending in {"failure", "error"} for each in suites.values() for ending in endings(each))
    assert red == (audit.verdict in {Verdict.FAIL, Verdict.UNKNOWN})


@given(parts)
@settings(max_examples=150)
def test_whatever_the_world_says_it_is_read_back_and_counted_right(parts: Parts) -> None:
    audit = parts.audit()
    root = ET.fromstring(render(audit).encode())
    totals: Counter[str] = Counter()
    for suite in root:
        found = Counter(endings(suite))
        assert int(suite.attrib["tests"]) == sum(found.values())
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[name]) == found[tag]
        names = [each.attrib["name"] for each in suite.iter("testcase")]
        assert len(set(names)) == len(names)
        totals.update({each: int(suite.attrib[each]) for each in ("tests", "failures", "errors")})
    assert {each: int(root.attrib[each]) for each in ("tests", "failures", "errors")} == dict(totals)
    passes = sum(each.outcome is Outcome.PASS for judgment in audit.judgments for each in judgment.findings)
    # What a failure kept from being asked is told with that failure.
    assert totals["tests"] >= passes + len(told(audit))


def test_a_case_says_what_is_so_where_it_is_and_what_to_do() -> None:
    (case,) = suites_of(judged([a_finding()]))["a"].iter("testcase")
    assert case.attrib == {
        "classname": "stackaudit.a",
        "name": "VU101 celery==5.4.0 PYSEC-2099-1",
        "file": "services/api/requirements.txt",
        "line": "2",
    }
    (failure,) = case
    assert (failure.tag, failure.attrib) == ("failure", {"message": "celery 5.4.0 has it", "type": "high"})
    assert failure.text == "celery 5.4.0 has it\nfix: celery>=5.4.1"


def test_the_text_of_the_world_is_shown_as_it_is() -> None:
    said = "a <b> & \"c\" ]]> 'd' é"
    (case,) = suites_of(judged([replace(a_finding(), subject="", message=said)]))["a"].iter("testcase")
    assert case[0].attrib["message"] == said


def test_what_the_gate_lets_pass_is_skipped_with_the_reason() -> None:
    low = a_finding(severity=Severity.LOW)
    waived = replace(a_finding(), waiver=Waived(reason="not reachable", until="2027-01-31"))
    foreign = a_finding(Outcome.UNCHECKABLE)
    suite = suites_of(judged([low, waived, foreign]))["a"]
    assert endings(suite) == ["skipped"] * 3
    text = "".join(suite.itertext())
    assert "accepted: not reachable, until 2027-01-31" in text
    assert "uncheckable: celery 5.4.0 has it" in text


def test_a_skipped_check_is_skipped_with_its_reason_and_an_error_where_it_was_required() -> None:
    skipped = suites_of(judged([a_finding(Outcome.PASS)], skipped="no broker URL"))["skipped"]
    (case,) = skipped.iter("testcase")
    assert (case[0].tag, case[0].attrib) == ("skipped", {"message": "no broker URL"})
    required = judged([a_finding(Outcome.PASS)], skipped="no broker URL", policy=Policy(require=frozenset({"skipped"})))
    assert endings(suites_of(required)["skipped"]) == ["error"]


def test_a_pass_that_is_not_proved_has_no_tick() -> None:
    passes = [
        replace(a_finding(Outcome.PASS, advisory=None), subject=rung, rung=rung) for rung in ("published", "resolved")
    ]
    suite = suites_of(judged(passes))["a"]
    assert endings(suite) == ["skipped", None]
    assert next(suite.iter("skipped")).attrib["message"] == "pass (published, not proved)"


def test_an_audit_in_which_nothing_ran_is_an_error() -> None:
    suites = suites_of(judged(skipped="offline"))
    assert {name: endings(each) for name, each in suites.items()} == {"skipped": ["skipped"], "audit": ["error"]}


def test_a_suite_says_its_verdict_in_words() -> None:
    (said,) = suites_of(judged([a_finding()]))["a"].iter("properties")
    assert {each.attrib["name"]: each.attrib["value"] for each in said} == {"verdict": "fail", "summary": "a in short"}


def test_the_same_audit_gives_the_same_bytes() -> None:
    assert render(told_audit()) == render(told_audit())
