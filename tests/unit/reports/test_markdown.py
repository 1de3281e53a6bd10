"""The document says what the audit found, what it did not see, and nothing more."""

import re
from dataclasses import replace

from markdown_it import MarkdownIt

from stackaudit.model.audit import Audit
from stackaudit.model.findings import Verdict
from stackaudit.model.manifest import Manifest
from stackaudit.model.snapshot import Snapshot
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


def test_there_is_no_html_but_the_fold() -> None:
    html = [
        token.content
        for token in MarkdownIt("commonmark").enable("table").parse(render(an_audit()))
        if token.type == "html_block"
    ]
    assert all("details" in each for each in html)
