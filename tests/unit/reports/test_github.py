"""The runner reads exactly the commands that were meant, whatever the world says: held by its own rules of parsing."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings

from stackaudit.model.audit import Policy
from stackaudit.model.findings import Outcome, Severity, Verdict, Waived
from stackaudit.model.places import Place
from stackaudit.reports._told import line, told
from stackaudit.reports.github import render
from tellings import Parts, a_finding, judged, parts, told_audit

COMMANDS = {
    "error",
    "warning",
    "notice",
    "debug",
    "group",
    "endgroup",
    "add-mask",
    "stop-commands",
    "set-output",
    "echo",
}


@dataclass(frozen=True)
class Command:
    name: str
    properties: dict[str, str]
    data: str


def runner(output: str) -> Iterator[Command | str]:
    """What GitHub's runner makes of `output`: a command where a line begins with `::`, or holds `##[`; else a line of the log."""
    for text in output.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n").split("\n"):
        stripped = text.lstrip()
        info, separator, data = stripped.removeprefix("::").partition("::")
        name, _, said = info.partition(" ")
        if stripped.startswith("::") and separator and name in COMMANDS:
            pairs = (each.split("=", 1) for each in said.split(",") if "=" in each)
            yield Command(name, {key: plain(value) for key, value in pairs}, plain(data, "\r\n%"))
        elif "##[" in text and "]" in text.partition("##[")[2]:
            inner, _, data = text.partition("##[")[2].partition("]")
            yield Command(inner.partition(" ")[0], {}, data)
        else:
            yield text


def plain(text: str, escaped: str = "\r\n:,%") -> str:
    for each in escaped:
        text = text.replace(f"%{ord(each):02X}", each)
    return text


def test_the_runner_of_this_test_can_be_fooled() -> None:
    fooled = list(runner("a\n::error file=x%2Cy,line=1::b%0Ac\nmy ##[error]d\n::nope::e"))
    assert fooled == [
        "a",
        Command("error", {"file": "x,y", "line": "1"}, "b\nc"),
        Command("error", {}, "d"),
        "::nope::e",
    ]


@given(parts)
@settings(max_examples=200)
def test_no_text_can_become_a_command_a_property_or_another_line(parts: Parts) -> None:
    audit = parts.audit()
    *others, last = runner(render(audit))
    assert isinstance(last, str)
    assert last.startswith(f"stackaudit: {audit.verdict}: ")
    assert len([each for each in others if isinstance(each, str)]) == len(audit.judgments)
    for each in others:
        if isinstance(each, str):
            assert each.startswith("stackaudit: ")
            continue
        assert each.name in {"error", "warning", "notice"}
        assert set(each.properties) <= {"file", "line", "title"}
        assert each.properties["title"]


@given(parts)
@settings(max_examples=200)
def test_every_finding_is_in_an_annotation_at_least_as_loud_as_itself(parts: Parts) -> None:
    audit = parts.audit()
    commands = [each for each in runner(render(audit)) if isinstance(each, Command)]
    assert {each.data.split("\n")[0] for each in commands} <= {each.sentence for each in told(audit)}
    for each in told(audit):
        named = line(" ".join(part for part in (each.finding.rule, each.finding.subject) if part))
        telling = [found for found in commands if named in found.data or found.properties["title"] == named]
        assert telling
        if each.finding.outcome is Outcome.UNKNOWN and not each.passes:
            assert any(found.name == "error" for found in telling)
    if audit.verdict is Verdict.UNKNOWN:
        assert any(each.name == "error" for each in commands)
    assert bool(commands) == (audit.verdict is not Verdict.PASS)


@pytest.mark.parametrize(
    ("severity", "level"), [("low", "notice"), ("medium", "warning"), ("high", "error"), ("critical", "error")]
)
def test_a_severity_is_a_level(severity: str, level: str) -> None:
    command, *_ = runner(render(judged([a_finding(severity=Severity(severity))])))
    assert isinstance(command, Command)
    assert command == Command(
        level,
        {"file": "services/api/requirements.txt", "line": "2", "title": "VU101 celery==5.4.0"},
        "celery 5.4.0 has it\nfix: celery>=5.4.1",
    )


def test_what_was_accepted_or_nobody_can_check_is_a_notice_and_an_allowed_unknown_a_warning() -> None:
    waived = replace(a_finding(), waiver=Waived(reason="not reachable"))
    allowed = Policy(allow_unknown=frozenset({"a"}))
    output = render(judged([waived, a_finding(Outcome.UNCHECKABLE), a_finding(Outcome.UNKNOWN)], policy=allowed))
    assert [each.name for each in runner(output) if isinstance(each, Command)] == ["warning", "notice", "notice"]


def test_what_is_in_no_file_names_none() -> None:
    command, *_ = runner(render(judged([replace(a_finding(), where=Place(path="environment REDIS_URL"))])))
    assert isinstance(command, Command)
    assert set(command.properties) == {"title"}


def test_what_one_cause_made_is_one_annotation_that_names_all() -> None:
    blind = [
        replace(a_finding(Outcome.UNKNOWN, advisory=None), subject="", rule=rule, cause="no answer") for rule in "ABC"
    ]
    command, *_ = runner(render(judged(blind)))
    assert isinstance(command, Command)
    assert command.properties == {"file": "services/api/requirements.txt", "line": "2", "title": "A"}
    assert command.data.endswith("also, of the same cause: B, C")


def test_the_worst_come_first_and_what_github_hides_is_told() -> None:
    found = [a_finding(severity=Severity.LOW, advisory=f"CVE-{number}") for number in range(11)] + [a_finding()]
    *commands, last = runner(render(judged(found)))
    assert [each.name for each in commands if isinstance(each, Command)] == ["error", *["notice"] * 11]
    assert last == (
        "stackaudit: fail: 1 error, 11 notices; GitHub shows the first 10 of each level, the step summary and this log have all"
    )


def test_a_password_in_a_title_is_out_before_it_is_escaped() -> None:
    output = render(judged([replace(a_finding(), subject="redis://:hunter2@host/0")]))
    assert "hunter2" not in output.partition("title=")[2].partition("::")[0]


def test_of_a_sandbox_the_last_line_says_so() -> None:
    audit = judged([a_finding()])
    sandbox = replace(audit, case=replace(audit.case, manifest=replace(audit.case.manifest, sandbox=True)))
    assert render(sandbox).splitlines()[-1].startswith("stackaudit: sandbox: fail: ")


def test_the_same_audit_gives_the_same_bytes() -> None:
    assert render(told_audit()) == render(told_audit())
