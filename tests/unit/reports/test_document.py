"""Every section of the document tells what was found, measured and not known, and no text from the world changes its form."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from documents import a_full_audit
from stackaudit import sockets
from stackaudit.model.audit import Audit
from stackaudit.model.deployment import Container, DeclaredVariable, Deployment, Form, Said, Start
from stackaudit.model.edition import Edition, Kept, TemplateText
from stackaudit.model.errors import InputError
from stackaudit.model.facts.round_trips import RoundTrip, Route
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.manifest import Setting
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Evidence, Look
from stackaudit.reports._ending import CHECKS
from stackaudit.reports._raw import table
from stackaudit.reports.markdown import refuse_bad_template, render
from stories import an_audit

SECTIONS = (
    "Overview",
    "Audit date",
    "Python version",
    "Core dependencies",
    "Version selection rationale",
    "Compatibility matrix",
    "Security assessment",
    "Dependency conflict check",
    "Performance",
    "Production deployment notes",
    "Testing and validation",
    "Maintenance and updates",
    "Troubleshooting",
    "Changes since the last audit",
    "Findings",
    "Waivers in force",
    "What was not checked",
    "Conclusion",
    "Appendix: evidence",
)


def tokens_of(document: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(document)


def section(document: str, name: str) -> str:
    return document.partition(f"## {name}\n")[2].partition("\n## ")[0]


def form_of(document: str) -> list[tuple[str, str]]:
    """What the document is made of, without its text: tags, links and HTML."""
    found = []
    for token in tokens_of(document):
        found.append((token.type, token.tag))
        kinds = [each for each in token.children or () if each.type not in {"text", "text_special"}]
        found += [(each.type, str(each.attrs.get("href", each.content))) for each in kinds]
    return found


def test_the_document_has_every_section_once_and_in_order() -> None:
    assert tuple(re.findall(r"^## (.+)$", render(a_full_audit()), re.MULTILINE)) == SECTIONS


def test_every_link_to_evidence_leads_to_a_heading() -> None:
    document = render(a_full_audit())
    headings = {
        re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-")
        for each in re.findall(r"^#+ (.+)$", document, re.MULTILINE)
    }
    links = set(re.findall(r"\]\(#([^)]+)\)", document))
    assert len(links) > 5
    assert links <= headings


def test_every_tick_stands_beside_a_link_to_its_evidence() -> None:
    ticked = [each for each in render(a_full_audit()).splitlines() if "\N{WHITE HEAVY CHECK MARK}" in each]
    assert ticked
    assert all("](#" in each for each in ticked)


NASTY = st.text(max_size=40) | st.text(alphabet="|`*_[]()<>&#\\!~-+.:1 \n\r\tax", max_size=40)
_PLAIN = form_of(render(a_full_audit("a word")))


@given(NASTY)
@example("<script>alert(1)</script> ![x](http://x) [y](javascript:z)")
@example("\n\n# heading\n\n<!-- stackaudit:keep celery -->\n\n```\n</details>")
@example("a | b \\| c")
@settings(max_examples=25)
def test_no_text_from_the_world_changes_the_form_of_the_document(text: str) -> None:
    assert form_of(render(a_full_audit(f"a{text}b"))) == _PLAIN


def test_the_rationale_says_who_requires_a_package_with_which_bounds_and_what_these_allow() -> None:
    told = render(a_full_audit()).partition("### redis 5.0.8\n")[2].partition("\n### ")[0]
    assert "| Declared | redis==5.0.8 at requirements.txt:6 |" not in told
    assert "at requirements.txt:" in told
    assert "celery\\[redis\\] 5.4.0 (\\>=4.5.2,\\<6.0.0); kombu\\[redis\\] 5.6.1 (\\>=4.5.2,\\!=5.0.2,\\<6.5)" in told
    assert "| Allowed by these | \\>=4.5.2,\\!=5.0.2,\\<6.0.0 |" in told
    vine = render(a_full_audit()).partition("### vine 5.1.0\n")[2].partition("\n### ")[0]
    assert "| Allowed by these | \\>=5.1.0,\\<6.0 |" in vine
    assert "| Newest of these for Python 3.11 | 5.3.1 of 2025-07-25" in told
    assert "| Newest published | 6.4.0 of 2025-08-" in told


def test_a_package_that_was_not_asked_about_is_not_called_free_of_vulnerabilities() -> None:
    document = render(a_full_audit())
    vine = document.partition("### vine 5.1.0\n")[2].partition("\n### ")[0]
    assert "| Vulnerabilities | unknown: the service does not know it |" in vine
    kombu = document.partition("### kombu 5.6.1\n")[2].partition("\n### ")[0]
    assert (
        "| Vulnerabilities | none known to the service that was asked, as of 2026-11-20 ([pip audit](#evidence-pip-audit)"
        in kombu
    )
    clean = document.partition("### Clean dependencies\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| ([^|]*==[^|]*|a word) \|", clean, re.MULTILINE) == [
        "billiard==4.2.4",
        "ffmpeg-python==0.2.0",
        "kombu==5.6.1",
        "redis==5.0.8",
    ]
    assert "Held against advisories of a word as of 2026-11-20: what was published since is not in them." in clean


def test_performance_tells_what_was_measured_and_of_all_else_that_it_was_not() -> None:
    told = section(render(a_full_audit()), "Performance")
    assert "| celery==5.4.0: from celery import Celery | 226.4 ms, 17.4 MiB of memory |" in told
    assert "p50 0.05 ms, max 7.9 ms" in told
    assert "242.7 ms" in told
    bare = section(render(an_audit()), "Performance")
    assert bare.count("not measured") == 4


def looked(audit: Audit, *looks: Look) -> Audit:
    """The audit with more looks."""
    snapshot = replace(audit.case.snapshot, looks=(*audit.case.snapshot.looks, *looks))
    return replace(audit, case=replace(audit.case, snapshot=snapshot))


@pytest.mark.parametrize(
    ("route", "task", "row"),
    [
        (
            Route.TASK,
            "celery.accumulate",
            "| Task round trip: task celery.accumulate through queue celery | p50 4.0 ms, ",
        ),
        (
            Route.CONTROL,
            None,
            "| Control round trip, which is no task's: control message through celery | p50 4.0 ms, ",
        ),
    ],
)
def test_a_round_trip_is_told_with_its_times_and_a_control_message_is_no_task(
    route: Route, task: str | None, row: str
) -> None:
    fact = RoundTrip(route=route, through="celery", sent=20, back=20, task=task)
    times = ((f"{fact.subject} p50", 0.004), (f"{fact.subject} p99", 0.012))
    look = Look(probe="trip", asked="it", evidence=Evidence(tool="celery"), facts=(fact,), measured=times)
    told = section(render(looked(an_audit(), look)), "Performance")
    assert f"{row}p99 12.0 ms; 20 of 20 came back |" in told
    assert ("| Task round trip | not measured: no task was sent" in told) is (route is Route.CONTROL)


def test_the_containers_of_the_project_are_told_and_where_there_are_none_it_says_so() -> None:
    audit = an_audit()
    bare = section(render(audit), "Production deployment notes")
    assert "No Dockerfile or compose file of the project was read." in bare
    place = Place(path="compose.yaml", line=7)
    worker = Container(
        name="service worker",
        where=place,
        composed=True,
        built=True,
        base=Said(text="python:3.11-slim", where=place),
        start=Start(where=place, form=Form.SHELL, runs="celery worker"),
        grace=10.0,
        variables=(DeclaredVariable(name="C_FORCE_ROOT", where=place, holder="service worker"),),
    )
    manifest = replace(audit.case.manifest, deployment=Deployment(containers=(worker,)))
    told = section(render(replace(audit, case=replace(audit.case, manifest=manifest))), "Production deployment notes")
    assert (
        "| service worker | python:3.11-slim | not said | celery worker, first process: shell | 10 s | none seen | compose"
        in told
    )
    assert "| C\\_FORCE\\_ROOT | service worker | compose.yaml:7 |" in told


def test_the_checks_that_an_audit_left_out_are_told() -> None:
    audit = an_audit()
    left = replace(audit, judgments=tuple(each for each in audit.judgments if each.check != "vulnerabilities"))
    document = render(left)
    assert "| vulnerabilities | the whole check | no part of this audit |" in section(document, "What was not checked")
    assert "vulnerabilities" in section(document, "Conclusion")


def test_the_checks_that_may_be_missed_are_those_of_an_audit() -> None:
    assert {each.id for each in sockets.checks()} >= set(CHECKS)


def test_every_package_is_listed_folded() -> None:
    told = section(render(a_full_audit()), "Core dependencies")
    assert "packages are installed</summary>" in told
    assert all(f"| {each.name} | {each.version} |" in told for each in a_full_audit().case.packages())


def test_without_an_interpreter_the_document_says_which_python_the_pins_were_judged_for() -> None:
    audit = an_audit()
    snapshot = replace(audit.case.snapshot, looks=())
    setting = Setting(name="python_version", value="3.12", where=Place(path="option --python-version"))
    manifest = replace(audit.case.manifest, interpreter=None, settings=(setting,))
    bare = replace(audit, case=replace(audit.case, snapshot=snapshot, manifest=manifest))
    told = section(render(bare), "Python version")
    assert "No interpreter was audited: the pins were judged for Python 3.12: branch 3.12 is supported until 20" in told


def test_of_what_is_as_bad_the_stacks_own_is_the_worst() -> None:
    audit = a_full_audit()
    mine, other = (
        Finding(rule=rule, outcome=Outcome.FAIL, severity=Severity.CRITICAL, subject=scope, message=scope, scope=scope)
        for rule, scope in (("ZZ999", "stack"), ("AA001", "other"))
    )
    first, *rest = audit.judgments
    worse = replace(audit, judgments=(replace(first, findings=(other, mine)), *rest))
    assert "The worst of them is ZZ999" in section(render(worse), "Conclusion")


def test_the_debug_commands_are_for_this_stack_and_hold_no_password() -> None:
    told = section(render(a_full_audit()), "Troubleshooting")
    assert "redis-cli -e -u redis://localhost:6379/0 ping" in told
    assert ".venv/bin/python -m pip check" in told
    assert "secret" not in render(a_full_audit())


def test_the_next_dates_are_worked_out() -> None:
    told = section(render(a_full_audit()), "Maintenance and updates")
    assert "| Python 3.11 | 2027-10-31 (in 343 days) |" in told
    assert "| redis 7.0 | 2024-07-29 (846 days ago) |" in told
    assert told.index("redis 7.0") < told.index("Python 3.11")
    assert "due on 2027-01-01, as 2027-Q1" in told


def test_only_rules_that_fired_are_explained() -> None:
    audit = a_full_audit()
    fired = {
        each.rule
        for judgment in audit.judgments
        for each in judgment.findings
        if each.outcome in {Outcome.FAIL, Outcome.UNKNOWN} and each.waiver is None
    }
    told = section(render(audit), "Troubleshooting")
    assert set(re.findall(r"^\| ([A-Z]{2}\d{3}) \|", told, re.MULTILINE)) == fired


def test_the_conclusion_is_counted() -> None:
    audit = a_full_audit()
    told = section(render(audit), "Conclusion")
    assert f"On 2026-11-22 the verdict is {audit.verdict}" in told
    assert "1 accepted" in told


def test_a_date_that_is_set_from_outside_is_said_to_be() -> None:
    audit = replace(a_full_audit(), edition=Edition(dated=datetime(2020, 1, 2, 3, 4, tzinfo=UTC)))
    assert "Audited on 2020-01-02 03:04 UTC (as SOURCE\\_DATE\\_EPOCH says)." in render(audit)


def test_what_people_wrote_stands_where_it_stood_and_is_nowhere_lost() -> None:
    kept = (Kept(name="celery", text="*we* like it\n", line=1), Kept(name="no-such-place", text="a note\n", line=5))
    document = render(replace(a_full_audit(), edition=Edition(kept=kept)))
    celery = document.partition("### celery 5.4.0\n")[2].partition("\n### ")[0]
    assert "<!-- stackaudit:keep celery -->\n*we* like it\n<!-- stackaudit:end -->\n" in celery
    last = document.partition("## Kept from the edition before\n")[2]
    assert "<!-- stackaudit:keep no-such-place -->\na note\n<!-- stackaudit:end -->\n" in last


def own(text: str) -> str:
    return render(replace(a_full_audit("a|b"), edition=Edition(template=TemplateText(path="own.j2", text=text))))


def test_a_template_of_ones_own_prints_what_it_likes_escaped_and_may_change_one_block_of_ours() -> None:
    assert own("{{ document.verdict }}: {{ document.overview_rows[1][1] }}\n").endswith("requirements.txt, a\\|b\n")
    extended = own('{% extends "audit.md.j2" %}{% block performance %}## Ours\n{% endblock %}')
    assert "## Ours" in extended
    assert "## Performance" not in extended
    assert "## Conclusion" in extended


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("one\n{% if %}\n", 2, "Expected"),
        ("one\ntwo\n{{ document.verdikt }}\n", 3, "verdikt"),
        ("{{ 1 / 0 }}", 1, "ZeroDivisionError"),
        ("\n{% include 'other' %}", 2, "there is no template `other`"),
        ("\n\n{{ keep('a') }}{{ keep('a') }}", 3, "two of it"),
        ("{{ document.__class__.__mro__ }}", 1, "__class__"),
        ("{{ table.__globals__ }}", 1, "__globals__"),
    ],
)
def test_a_faulty_template_is_told_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(InputError) as caught:
        own(text)
    fault = caught.value.faults[0]
    assert str(fault.where) == f"own.j2:{line}"
    assert message in fault.message


def test_a_template_that_is_none_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(InputError, match=r"own\.j2:2"):
        refuse_bad_template(TemplateText(path="own.j2", text="\n{% endif %}"))


def test_long_lists_are_folded_with_the_worst_before_the_fold() -> None:
    rows = [(f"package {number}",) for number in range(100)]
    told = table(("Package",), rows)
    shown, folded = told.split("\n<details><summary>60 more</summary>\n\n")
    assert "| package 39 |" in shown
    assert "| package 40 |" in folded
    assert folded.startswith("| Package |\n|---|\n| package 40 |")
    assert folded.endswith("| package 99 |\n\n</details>\n")
    assert "details" not in table(("Package",), rows[:40])
    severities = re.findall(r"^- \*\*\w+\*\* \((\w+)", section(render(a_full_audit()), "Findings"), re.MULTILINE)
    assert len(severities) > 3
    assert severities == sorted(severities, key=lambda each: -Severity(each).rank)


def test_one_fault_of_many_workers_is_one_line() -> None:
    audit = an_audit()
    one = Finding(
        rule="CE206",
        outcome=Outcome.FAIL,
        severity=Severity.LOW,
        subject="",
        message="it is so",
        cause="CE206: it is so",
    )
    found = tuple(replace(one, subject=f"worker{number}@h") for number in range(20))
    judgment = replace(
        audit.judgments[0], findings=(*found, replace(one, subject="worker9@h", message="it is otherwise"))
    )
    told = section(render(replace(audit, judgments=(judgment,))), "Findings")
    lines = [each for each in told.splitlines() if "CE206" in each]
    assert len(lines) == 2, "what differs is told apart"
    assert "worker7@h and 12 more: it is so" in lines[0]
