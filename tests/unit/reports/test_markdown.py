"""The document says what the audit found, what it did not see, and nothing more."""

import re
from dataclasses import replace
from datetime import date

from markdown_it import MarkdownIt
from packaging.version import Version

from stackaudit.gate.waivers import waive
from stackaudit.model.audit import Audit, Policy
from stackaudit.model.facts.advised import Audited
from stackaudit.model.facts.fact import Fact
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict
from stackaudit.model.manifest import Manifest
from stackaudit.model.matrix import Proof, Rung
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Snapshot
from stackaudit.model.waivers import Waiver
from stackaudit.reports.markdown import render
from stories import NOW, a_case, an_audit

TICK = "\N{WHITE HEAVY CHECK MARK}"


def empty_audit() -> Audit:
    case = replace(a_case(), manifest=Manifest(), snapshot=Snapshot(taken_at=NOW, host="", looks=()), matrix=None)
    return replace(an_audit(), case=case, judgments=(), verdict=Verdict.UNKNOWN)


def test_every_table_row_has_as_many_cells_as_its_head() -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(render(an_audit()))
    widths: list[int] = []
    for token in tokens:
        if token.type == "table_open":
            widths = []
        elif token.type == "tr_open":
            widths.append(0)
        elif token.type in {"th_open", "td_open"}:
            widths[-1] += 1
        elif token.type == "table_close":
            assert len(set(widths)) == 1
    # A row with too many cells would have been cut by the parser: count the bars of the source as well.
    for block in re.split(r"\n\s*\n", render(an_audit())):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) <= 1, rows


def test_a_tick_stands_only_beside_a_check_that_passed() -> None:
    audit = an_audit()
    passed = [each.check for each in audit.judgments if each.verdict is Verdict.PASS]
    ticked = [line for line in render(audit).splitlines() if TICK in line]
    assert ticked
    for line in ticked:
        assert any(f"| {name} |" in line for name in passed) or line.startswith(f"**{TICK} pass**")
    assert TICK not in render(
        replace(audit, judgments=tuple(replace(each, verdict=Verdict.UNKNOWN) for each in audit.judgments))
    )


def test_a_package_that_was_not_audited_is_not_called_clean() -> None:
    document = render(an_audit())
    clean = document.partition("no known vulnerability</summary>")[2].partition("</details>")[0]
    assert "kombu==5.6.1" in clean
    assert "vine" not in clean
    assert "celery" not in clean


def test_an_audit_of_nothing_claims_nothing() -> None:
    document = render(empty_audit())
    assert TICK not in document
    assert "No package can be called clean" not in document
    assert "Not part of this audit." in document


def test_the_same_audit_gives_the_same_bytes() -> None:
    assert render(an_audit()) == render(an_audit())


def test_there_is_no_html_but_the_fold_and_the_markers() -> None:
    html = [
        token.content
        for token in MarkdownIt("commonmark").enable("table").parse(render(an_audit()))
        if token.type == "html_block"
    ]
    assert html
    assert all("details" in each or each.startswith("<!-- stackaudit:") for each in html)


def test_what_was_accepted_stands_with_who_accepted_it_and_until_when() -> None:
    waiver = Waiver(
        where=Place(path="pyproject.toml", line=3),
        advisory="CVE-2099-1",
        reason="nothing *calls* it",
        owner="ann",
        until=date(2027, 1, 31),
    )
    assert "Accepted: nothing \\*calls\\* it, by ann, until 2027-01-31" in render(waived(waiver))
    assert "| celery==5.4.0 | high, accepted |" in render(waived(waiver))
    assert "by ann, until there is a fix" in render(waived(replace(waiver, until=None), fixed_in=()))


def waived(waiver: Waiver, fixed_in: tuple[str, ...] = ("5.4.1",)) -> Audit:
    audit = an_audit()
    looks = tuple(
        replace(each, facts=tuple(_fixed_in(fact, fixed_in) for fact in each.facts))
        for each in audit.case.snapshot.looks
    )
    case = replace(audit.case, snapshot=replace(audit.case.snapshot, looks=looks))
    return replace(audit, case=case, judgments=waive(audit.judgments, Policy(waivers=(waiver,)), case))


def _fixed_in(fact: Fact, versions: tuple[str, ...]) -> Fact:
    if not isinstance(fact, Audited):
        return fact
    return replace(fact, advisories=tuple(replace(each, fixed_in=versions) for each in fact.advisories))


def proved(audit: Audit, rung: Rung = Rung.RESOLVED) -> Audit:
    """`audit`, whose combination was proved on 3.12."""
    matrix = audit.case.matrix
    assert matrix is not None
    versions = ((each.name, Version(each.version)) for each in audit.case.stack_packages())
    proof = Proof(
        python="3.12", rung=rung, at=NOW, by="uv 0.13.9", platform="linux-x86_64", packages=tuple(versions), record=""
    )
    return replace(audit, case=replace(audit.case, matrix=replace(matrix, proofs=(proof,))))


def passing(audit: Audit, rung: str) -> Audit:
    """`audit` with a check of the matrix that passed, on evidence of `rung`."""
    finding = Finding(
        rule="MX201", outcome=Outcome.PASS, severity=Severity.LOW, subject="redis==5.0.8", message="m", rung=rung
    )
    passed = [
        replace(each, verdict=Verdict.PASS, findings=(finding,) if each.check == "matrix" else each.findings)
        for each in audit.judgments
    ]
    return replace(audit, judgments=tuple(passed), verdict=Verdict.PASS)


def test_what_was_proved_of_the_combination_stands_on_the_line_of_its_python() -> None:
    lines = render(passing(proved(an_audit()), "published")).splitlines()
    told = {line.split(" | ")[0]: line for line in lines if line.startswith("| 3.")}
    assert told["| 3.12"].endswith(f"| {TICK} resolved (2026-11-22, uv 0.13.9) |")
    assert told["| 3.11"].endswith("| not proved |")


def test_a_combination_that_fails_has_no_tick_whatever_was_proved() -> None:
    audit = proved(an_audit())
    failed = [
        replace(each, verdict=Verdict.FAIL if each.check == "matrix" else Verdict.UNKNOWN) for each in audit.judgments
    ]
    document = render(replace(audit, judgments=tuple(failed), verdict=Verdict.FAIL))
    assert "| resolved (2026-11-22, uv 0.13.9) |" in document
    assert TICK not in document


def test_a_pass_below_resolved_names_its_rung_and_has_no_tick() -> None:
    document = render(passing(an_audit(), "published"))
    assert "| matrix | pass (published, not proved) |" in document
    assert f"**Verdict: {TICK}" not in document
    assert "admitted (published)" in document


def test_a_pass_from_resolved_on_has_a_tick_beside_its_rung() -> None:
    document = render(passing(an_audit(), "resolved"))
    assert f"| matrix | {TICK} pass (resolved) |" in document
    assert f"**Verdict: {TICK} pass**" in document
    assert f"| {TICK} resolved |" in document
