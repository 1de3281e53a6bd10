"""Differences are told calmly, worst first, and nothing in them can break what tells them."""

import json
from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from stackaudit.cli.text import painted
from stackaudit.model.differences import Difference, Differences, Section, Side
from stackaudit.model.findings import Lane, Severity, Verdict
from stackaudit.reports import diff_json, diff_markdown
from stackaudit.reports.diff_text import segments
from stories import NOW
from tellings import texts

OLD = Side(
    name="old.json", digest="sha256:0", started_at=NOW, today=date(2026, 11, 22), tool_version="1", verdict=Verdict.PASS
)
NEW = replace(OLD, name="new.json", digest="sha256:1", verdict=Verdict.FAIL)
LEAK = Difference(
    section=Section.ADVISORIES,
    subject="CVE-1 oak",
    before=None,
    after="critical: oak 1.0 leaks",
    lane=Lane.WORLD,
    severity=Severity.CRITICAL,
)
LOW = replace(LEAK, subject="CVE-2 oak", after="low: oak 1.0 drips", severity=Severity.LOW)
PIN = Difference(section=Section.PINS, subject="oak", before="==1.0", after="==1.1", lane=Lane.CHANGE)
UNSEEN = Difference(section=Section.FINDINGS, subject="RD101 redis", before="high: it is down", after=None, seen=False)
NEWEST = Difference(section=Section.FACTS, subject="Release oak==1.0", before="newest 1", after="newest 2")
VERDICT = Difference(section=Section.VERDICTS, subject="redis", before="pass: 1 server", after="fail: it is down")


def these(*found: Difference) -> Differences:
    return Differences(old=OLD, new=NEW, found=tuple(sorted(found, key=lambda each: each.order)))


def text(differences: Differences, *, verbose: bool = False) -> str:
    return painted(segments(differences, verbose=verbose), color=False)


def test_the_text_is_grouped_with_the_worst_first_and_says_who_brought_it() -> None:
    assert text(these(PIN, LOW, LEAK, UNSEEN, NEWEST, VERDICT)) == (
        "old  old.json  2026-11-22 12:40 UTC, stackaudit 1: pass\n"
        "new  new.json  2026-11-22 12:40 UTC, stackaudit 1: fail\n"
        "\n"
        "Verdicts\n"
        "  ~ redis: pass -> fail: it is down\n"
        "\n"
        "Advisories\n"
        "  + CVE-1 oak appeared (the world): critical: oak 1.0 leaks\n"
        "  + CVE-2 oak appeared (the world): low: oak 1.0 drips\n"
        "\n"
        "Findings\n"
        "  ? RD101 redis no longer seen: high: it is down\n"
        "\n"
        "Pins\n"
        "  ~ oak changed (your change): ==1.0 -> ==1.1\n"
        "\n"
        "Other facts: 1 differs; -v tells which\n"
        "\n"
        "6 differences: 1 your change, 2 the world, 1 not seen by one of both, 1 verdict\n"
        "Your change: what the project declares and what runs. The world: what others publish of a version that both have, the matrix, the"
        " day.\n"
    )
    assert "  ~ Release oak==1.0 changed: newest 1 -> newest 2\n" in text(these(NEWEST), verbose=True)


def test_what_is_long_stands_on_two_lines() -> None:
    told = text(these(replace(PIN, before="a" * 60, after="b" * 60)))
    assert f"  ~ oak changed (your change)\n      was  {'a' * 60}\n      now  {'b' * 60}\n" in told


def test_of_a_long_list_the_rest_is_counted_in_the_text_and_folded_in_markdown_but_findings_are_all_shown() -> None:
    many = these(*(replace(PIN, subject=f"p{number:03}") for number in range(50)))
    assert "  and 10 more; -v tells all\n" in text(many)
    assert "p049" not in text(many)
    assert "p049" in text(many, verbose=True)
    assert "<details><summary>50 of them</summary>" in diff_markdown.render(many)
    found = these(*(replace(LEAK, subject=f"CVE-{number:03}") for number in range(50)))
    assert "CVE-049" in text(found)
    assert "<details>" not in diff_markdown.render(found)


def test_no_difference_is_said_and_so_is_one_outside_of_what_is_compared() -> None:
    same = Differences(old=OLD, new=replace(OLD, name="again.json"), found=())
    assert text(same).endswith("\nno difference: both are records of the same facts and judgments\n")
    assert "no difference in what is compared; places, wording or evidence differ" in text(these())


def test_the_json_says_it_all_for_scripts() -> None:
    told = json.loads(diff_json.render(these(LEAK, UNSEEN)))
    assert told["schema"] == "stackaudit/diff/1"
    assert told["differ"] is True
    assert (told["old"]["verdict"], told["new"]["digest"]) == ("pass", "sha256:1")
    assert told["differences"] == [
        {
            "section": "advisories",
            "kind": "added",
            "subject": "CVE-1 oak",
            "after": "critical: oak 1.0 leaks",
            "lane": "world",
            "severity": "critical",
            "seen": True,
        },
        {
            "section": "findings",
            "kind": "removed",
            "subject": "RD101 redis",
            "before": "high: it is down",
            "seen": False,
        },
    ]


differing = st.builds(
    Difference,
    section=st.sampled_from(Section),
    subject=texts,
    before=texts,
    after=texts,
    lane=st.none() | st.sampled_from(Lane),
    severity=st.none() | st.sampled_from(Severity),
    seen=st.booleans(),
)


@given(st.lists(differing, max_size=4), texts)
def test_no_text_breaks_out_of_its_cell_in_markdown(found: list[Difference], name: str) -> None:
    plain = [replace(each, subject="s", before="b", after="a") for each in sorted(found, key=lambda each: each.order)]

    def shape(differences: Differences) -> list[tuple[str, str]]:
        tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(diff_markdown.render(differences))
        inner = [child for token in tokens for child in token.children or ()]
        return [(each.type, each.tag) for each in [*tokens, *inner] if each.type != "text"]

    old = replace(OLD, name=name)
    assert shape(Differences(old=old, new=NEW, found=tuple(found))) == shape(
        Differences(old=OLD, new=NEW, found=tuple(plain))
    )


@given(st.lists(differing, max_size=4))
def test_the_text_holds_nothing_that_steers_a_terminal_and_the_json_can_be_read(found: list[Difference]) -> None:
    told = text(these(*found), verbose=True)
    assert all(each.isprintable() or each == "\n" for each in told)
    assert len(json.loads(diff_json.render(these(*found)).encode())["differences"]) == len(found)
