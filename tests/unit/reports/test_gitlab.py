"""GitLab's report has an entry for each finding, with all that GitLab asks for."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from stackaudit.model.audit import Audit, Judgment
from stackaudit.model.findings import Outcome, Severity, Verdict, Waived
from stackaudit.model.places import Place
from stackaudit.reports._told import told
from stackaudit.reports.gitlab import render
from tellings import Parts, a_finding, judged, parts, told_audit


def entries(audit: Audit) -> list[dict[str, Any]]:
    found = json.loads(render(audit).encode())
    assert isinstance(found, list)
    return [each for each in found if each["check_name"] != "vulnerabilities"]


@given(parts)
@settings(max_examples=100)
def test_each_finding_is_an_entry_with_a_fingerprint_of_its_own(parts: Parts) -> None:
    audit = parts.audit()
    found = entries(audit)
    assert len(found) == len(told(audit))
    assert bool(found) == (audit.verdict is not Verdict.PASS)
    assert len({each["fingerprint"] for each in found}) == len(found)
    for each in found:
        assert set(each) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert each["description"].isprintable()
        assert each["location"]["path"]
        assert each["location"]["lines"]["begin"] >= 1


@pytest.mark.parametrize(
    ("severity", "said"), [("low", "minor"), ("medium", "major"), ("high", "critical"), ("critical", "blocker")]
)
def test_a_severity_has_gitlabs_word(severity: str, said: str) -> None:
    for outcome in (Outcome.FAIL, Outcome.UNKNOWN):
        (entry,) = entries(judged([a_finding(outcome, Severity(severity))]))
        assert entry["severity"] == said


def test_what_was_accepted_or_nobody_can_check_is_info() -> None:
    waived = replace(a_finding(), waiver=Waived(reason="not reachable"))
    assert [each["severity"] for each in entries(judged([waived, a_finding(Outcome.UNCHECKABLE)]))] == ["info", "info"]


def test_a_place_counts_from_the_root_of_the_repository() -> None:
    shell = replace(a_finding(), where=Place(path="environment REDIS_URL"))
    assert [each["location"] for each in entries(judged([a_finding()], [shell]))] == [
        {"path": "services/api/requirements.txt", "lines": {"begin": 2}},
        {"path": "services/api/requirements.txt", "lines": {"begin": 1}},
    ]


def test_the_same_audit_gives_the_same_bytes() -> None:
    assert render(told_audit()) == render(told_audit())


def test_how_many_packages_were_audited_is_told_even_where_nothing_was_found() -> None:
    audited = Judgment(check="vulnerabilities", title="Known", verdict=Verdict.PASS, summary="3 of 5 packages audited")
    (counted,) = json.loads(render(replace(told_audit(), judgments=(audited,))))
    assert (counted["severity"], counted["description"]) == ("info", "Known: 3 of 5 packages audited")
    assert json.loads(render(replace(told_audit(), judgments=(replace(audited, verdict=Verdict.SKIPPED),)))) == []
