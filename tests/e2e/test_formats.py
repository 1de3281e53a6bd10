"""One audit in every format: the same findings, the same status, and files that their readers take."""

import json
import os
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from command import CLEAN, COMMAND, Run
from stackaudit import sockets

# In a folder of the repository, with a comment first: the lines are the file's own.
PINS = "# pins\ncelery==5.4.0\n\nredis==3.5.3\nkombu==5.6.1\nbilliard==4.2.4\nvine==5.1.0\nffmpeg-python==0.2.0\n"
ADVISORIES = {
    "id": "PYSEC-2099-7",
    # A copy whose newest record is old is a finding too.
    "modified": f"{datetime.now(UTC):%Y-%m-%dT00:00:00Z}",
    "published": "2026-11-20T00:00:00Z",
    "summary": "a | pipe, %0A::error::x and </failure>",
    "aliases": ["CVE-2099-7"],
    "affected": [
        {"package": {"ecosystem": "PyPI", "name": "vine"}, "versions": ["5.1.0"], "ranges": []},
    ],
}
AUDIT = ("check", "-r", "requirements.txt", "--python-version", "3.11", "--only", "matrix,vulnerabilities", "--offline")
FILES = ("a.sarif", "a.xml", "a.cdx.json", "a.json", "gl-code-quality-report.json")
MATRIX_ONLY = ("--python-version", "3.11", "--only", "matrix")
OUTPUTS = tuple(part for name in FILES for part in ("-o", name))
ANNOTATION = re.compile(r"::(?:error|warning|notice) (?:file=[^,]+,line=\d+,)?title=(?P<title>[^:]+)::")


@pytest.fixture
def project(folder: Path) -> Path:
    """Pins that break rules, and a local copy of advisories that speaks of one of them."""
    (folder / "requirements.txt").write_text(PINS, encoding="utf-8")
    copy = folder / "advisories"
    copy.mkdir()
    (copy / "PYSEC-2099-7.json").write_text(json.dumps(ADVISORIES), encoding="utf-8")
    return folder


def findings(record: dict[str, Any]) -> list[tuple[str, str]]:
    """The rule and subject of all that is told and no pass, as the record has it."""
    return sorted(
        (each["rule"], each["subject"])
        for check in record["checks"]
        for each in check["findings"]
        if each["outcome"] != "pass"
    )


@pytest.mark.usefixtures("project")
def test_all_formats_tell_the_same_findings_and_the_same_status(stackaudit: Run, folder: Path) -> None:
    summary = folder / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    done = stackaudit(
        *AUDIT, "--advisories", "advisories", *OUTPUTS, "--format", "github", env={"GITHUB_STEP_SUMMARY": str(summary)}
    )
    assert done.returncode == 1, done.stderr
    text = {name: (folder / name).read_text(encoding="utf-8") for name in FILES}
    expected = findings(json.loads(text["a.json"]))
    assert ("VU101", "vine==5.1.0") in expected
    assert {rule for rule, _ in expected} >= {"MX208", "VU101"}

    (run,) = json.loads(text["a.sarif"])["runs"]
    rules = [(each["ruleId"].partition("/")[0], each["properties"]["subject"]) for each in run["results"]]
    assert sorted(rules) == expected
    assert run["invocations"][0]["exitCode"] == done.returncode

    # A pass that is not proved is shown as skipped, and is no finding.
    cases = [
        each
        for each in ET.fromstring(text["a.xml"].encode()).iter("testcase")
        if len(each) and not each[0].attrib["message"].startswith("pass (")
    ]
    assert sorted(tuple(each.attrib["name"].split(" ")[:2]) for each in cases) == expected

    entries = json.loads(text["gl-code-quality-report.json"])
    assert sorted(each["check_name"] for each in entries) == [*(rule for rule, _ in expected), "vulnerabilities"]

    bill = json.loads(text["a.cdx.json"])
    assert [each["id"] for each in bill["vulnerabilities"]] == ["PYSEC-2099-7"]
    assert {each["name"]: each["value"] for each in bill["metadata"]["properties"]}["stackaudit:verdict"] == "fail"

    *lines, last = done.stdout.splitlines()
    commands = [each for each in lines if each.startswith("::")]
    titles = [match["title"] for match in map(ANNOTATION.match, commands) if match]
    assert len(titles) == len(commands)
    assert sorted(tuple(each.split(" ")) for each in titles) == expected
    assert last.startswith("stackaudit: fail: ")

    for name in FILES:
        assert "6 of 6 packages audited, 1 known vulnerability" in text[name], name
    assert "6 of 6 packages audited, 1 known vulnerability" in done.stdout

    page = summary.read_text(encoding="utf-8")
    assert page.startswith("before\n## stackaudit: ❌ fail\n")
    assert all(rule in page for rule, _ in expected)
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.usefixtures("project")
def test_no_format_changes_the_status(stackaudit: Run) -> None:
    assert stackaudit(*AUDIT, "--advisories", "advisories", "-o", "fail.json").returncode == 1
    judged = ("check", "--from", "fail.json", "--only", "matrix,vulnerabilities")
    for form in ("text", *(each.name for each in sockets.renderers())):
        assert stackaudit(*judged, "--format", form).returncode == 1, form
        assert stackaudit(*judged, "--format", form, "--exit-zero").returncode == 0, form


def test_a_source_that_does_not_answer_is_no_clean_file_in_any_format(stackaudit: Run, folder: Path) -> None:
    (folder / "requirements.txt").write_text("vine==5.1.0\n", encoding="utf-8")
    silent = ("--only", "vulnerabilities", "--advisories", "http://127.0.0.1:9/", "--timeout", "20")
    assert stackaudit("check", "-r", "requirements.txt", *silent, "-o", "unknown.json").returncode == 3
    told = {}
    for form in ("sarif", "junit", "github", "gitlab", "cyclonedx"):
        done = stackaudit("check", "--from", "unknown.json", "--only", "vulnerabilities", "--format", form)
        assert done.returncode == 3, done.stdout + done.stderr
        told[form] = done.stdout
    (run,) = json.loads(told["sarif"])["runs"]
    assert {each["level"] for each in run["results"]} == {"error"}
    assert not run["invocations"][0]["executionSuccessful"]
    assert int(ET.fromstring(told["junit"].encode()).attrib["errors"]) > 0
    assert told["github"].startswith("::error ")
    assert json.loads(told["gitlab"])
    (component,) = json.loads(told["cyclonedx"])["components"]
    assert component["properties"][0]["value"].startswith("unknown: ")


@pytest.mark.parametrize("called_in", [".", "services", "services/api"])
def test_a_result_points_at_the_files_own_line_from_the_root_of_the_repository(project: Path, called_in: str) -> None:
    inner = project / "services" / "api"
    inner.mkdir(parents=True)
    (project / "requirements.txt").rename(inner / "requirements.txt")
    pins = os.path.relpath(inner / "requirements.txt", project / called_in)
    command = [COMMAND, "check", "-r", pins, *MATRIX_ONLY, "--format", "sarif"]
    done = subprocess.run(
        command, cwd=project / called_in, env=CLEAN, capture_output=True, text=True, check=False, timeout=120
    )
    lines = PINS.splitlines()
    places = [each["locations"][0]["physicalLocation"] for each in json.loads(done.stdout)["runs"][0]["results"]]
    subjects = [each["properties"]["subject"] for each in json.loads(done.stdout)["runs"][0]["results"]]
    assert any("region" in each for each in places)
    for place, subject in zip(places, subjects, strict=True):
        assert place["artifactLocation"] == {"uri": "services/api/requirements.txt", "uriBaseId": "%SRCROOT%"}
        # Of two packages that do not go together, either line may be the one to change.
        assert lines[place["region"]["startLine"] - 1] in {subject, "redis==3.5.3"}


@pytest.mark.usefixtures("project")
def test_what_is_ignored_is_suppressed_in_sarif_and_vex_in_cyclonedx(stackaudit: Run, folder: Path) -> None:
    audit = (*AUDIT, "--advisories", "advisories", "--ignore", "CVE-2099-7", *OUTPUTS)
    assert stackaudit(*audit).returncode == 1
    (run,) = json.loads((folder / "a.sarif").read_text(encoding="utf-8"))["runs"]
    suppressed = [each["ruleId"] for each in run["results"] if each["suppressions"]]
    assert suppressed == ["VU101/CVE-2099-7"]
    bill = json.loads((folder / "a.cdx.json").read_text(encoding="utf-8"))
    assert bill["vulnerabilities"][0]["analysis"]["state"] == "exploitable"


@pytest.mark.usefixtures("project")
def test_the_bill_of_materials_can_be_audited_itself(stackaudit: Run, folder: Path) -> None:
    stackaudit("check", "-r", "requirements.txt", *MATRIX_ONLY, "-o", "a.cdx.json", "-o", "a.json")
    again = stackaudit("check", "-r", "a.cdx.json", *MATRIX_ONLY, "-o", "b.json")
    assert again.returncode == 1
    first, second = (json.loads((folder / name).read_text(encoding="utf-8")) for name in ("a.json", "b.json"))
    assert {rule for rule, _ in findings(first)} == {rule for rule, _ in findings(second)}


@pytest.mark.usefixtures("project")
def test_a_summary_that_cant_be_written_is_told_and_changes_nothing(stackaudit: Run) -> None:
    usual = stackaudit(*AUDIT, "--advisories", "advisories", "--format", "github")
    done = stackaudit(
        *AUDIT, "--advisories", "advisories", "--format", "github", env={"GITHUB_STEP_SUMMARY": "nowhere/summary.md"}
    )
    assert (done.returncode, done.stdout) == (1, usual.stdout)
    assert (
        done.stderr == "warning: GITHUB_STEP_SUMMARY: nowhere/summary.md can't be written: No such file or directory\n"
    )


@pytest.mark.usefixtures("project")
def test_other_formats_leave_the_summary_alone(stackaudit: Run, folder: Path) -> None:
    done = stackaudit(*AUDIT, "--format", "sarif", env={"GITHUB_STEP_SUMMARY": str(folder / "summary.md")})
    assert done.stdout.startswith("{")
    assert not (folder / "summary.md").exists()


def test_the_help_names_every_format_and_every_ending(stackaudit: Run) -> None:
    said = stackaudit("check", "--help", env={"COLUMNS": "200"}).stdout
    for renderer in sockets.renderers():
        assert re.search(rf"\b{renderer.name}\b", said), renderer.name
    for ending in (".json", ".md", ".html", ".sarif", ".xml", ".cdx.json"):
        assert ending in said


@pytest.mark.usefixtures("project")
def test_a_bill_of_materials_in_xml_is_refused_before_anything_is_asked(stackaudit: Run, folder: Path) -> None:
    done = stackaudit(*AUDIT, "-o", "a.cdx.xml")
    assert done.returncode == 2
    assert done.stderr.startswith("error: a.cdx.xml: CycloneDX is written as JSON alone\n")
    assert not (folder / "a.cdx.xml").exists()
