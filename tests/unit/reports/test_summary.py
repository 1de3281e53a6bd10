"""The summary of a step fits, and counts what it leaves out."""

from hypothesis import given, settings
from markdown_it import MarkdownIt

from stackaudit.model.findings import Outcome
from stackaudit.reports._summary import summary
from stackaudit.reports._told import told
from tellings import Parts, a_finding, judged, parts


def rows_of(text: str) -> list[list[str]]:
    """The cells of every row of every table."""
    rows: list[list[str]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].append("".join(each.content for each in token.children or ()))
            assert {each.type for each in token.children or ()} <= {"text", "text_special"}
    return rows


@given(parts)
@settings(max_examples=100)
def test_there_is_a_row_for_each_check_and_each_finding_and_no_markup_from_the_world(parts: Parts) -> None:
    audit = parts.audit()
    found = told(audit)
    rows = rows_of(summary(audit))
    assert len(rows) == 1 + len(audit.judgments) + (1 + len(found) if found else 0)
    assert {len(each) for each in rows} <= {3, 5}


def test_it_ends_where_there_is_no_more_room_and_says_how_many_are_left_out() -> None:
    audit = judged([a_finding(advisory=f"CVE-{number}") for number in range(50)])
    short = summary(audit, limit=2_000)
    assert len(short.encode()) <= 2_000
    shown = len(rows_of(short)) - 3
    assert 0 < shown < 50
    assert f"{50 - shown} more findings do not fit here" in short


def test_the_worst_come_first_and_the_verdict_before_all() -> None:
    text = summary(judged([a_finding(Outcome.UNCHECKABLE, advisory=None)], [a_finding()], skipped="no broker URL"))
    assert text.startswith("## stackaudit: ❌ fail\n")
    assert [each[0] for each in rows_of(text)[-2:]] == ["error", "notice"]
    assert any(each[2:] == ["no broker URL"] for each in rows_of(text))
