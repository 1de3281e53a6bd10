"""The page shows what the Markdown says, loads and runs nothing, and no text from the world becomes a part of it."""

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from packaging.utils import canonicalize_name

from pages import SVG, parsed, said, the_audit
from stackaudit.model.facts.advised import Audited
from stackaudit.model.facts.deployment import Variable
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.facts.programs import Program, ProgramState
from stackaudit.model.facts.services import Pulse, ServiceState
from stackaudit.model.findings import Outcome, Verdict
from stackaudit.model.snapshot import Evidence
from stackaudit.reports import markdown
from stackaudit.reports.html import page, render
from stories import look
from tellings import Parts, a_finding, parts, texts

ATTRIBUTES = (
    "aria-label aria-labelledby charset class content cx cy d fill font-family font-size font-weight height href http-equiv id lang name "
    "r role rx scope tabindex viewBox width x y"
)
TAGS = (
    "html head header meta title style body a nav p ul ol li main h1 h2 h3 h4 div table thead tbody tr th td strong em code pre hr br "
    "details summary blockquote figure figcaption"
)
MAY_BE_SAID = frozenset(ATTRIBUTES.split(" "))
MAY_BE_THERE = frozenset(
    (*TAGS.split(" "), *(f"{SVG}{name}" for name in ("svg", "title", "desc", "rect", "text", "path", "circle", "g")))
)


def test_the_page_is_well_formed_and_has_landmarks_a_language_and_a_title() -> None:
    root = parsed(render(the_audit()))
    assert root.get("lang") == "en"
    assert said(next(root.iter("title"))) == "Dependency audit: Celery + Redis + FFmpeg"
    assert [len(list(root.iter(name))) for name in ("header", "main", "nav", "h1")] == [1, 1, 1, 1]
    assert all(each.get("scope") == "col" for each in root.iter("th"))


def test_every_heading_has_an_anchor_of_its_own_and_stands_in_the_contents() -> None:
    root = parsed(render(the_audit()))
    ids = Counter(each.attrib["id"] for each in root.iter() if "id" in each.attrib)
    assert set(ids.values()) == {1}
    headings = {f"#{each.attrib['id']}": said(each) for each in root.iter("h2")}
    contents = next(root.iter("nav"))
    assert {each.attrib["href"]: said(each) for each in contents.iter("a")} == headings
    assert headings["#core-dependencies"] == "Core dependencies"
    assert headings["#pictures"] == "At a glance"


def test_every_link_inside_the_page_leads_to_a_place_on_it() -> None:
    root = parsed(render(the_audit()))
    ids = {f"#{each.attrib['id']}" for each in root.iter() if "id" in each.attrib}
    inside = {each.attrib["href"] for each in root.iter("a") if each.attrib["href"].startswith("#")}
    assert inside
    assert inside <= ids


def test_headings_of_one_name_have_anchors_of_their_own_and_none_takes_that_of_a_picture() -> None:
    root = parsed(
        page(the_audit(), "# a\n\n## Same!\n\n## Same\n\n## Document\n\n## timeline-desc\n\n## 日本\n\n## !!\n")
    )
    assert [each.attrib["id"] for each in root.iter("h2")] == [
        "same",
        "pictures",
        "same-1",
        "document-1",
        "timeline-desc-1",
        "日本",
        "section",
    ]


def test_every_table_of_the_markdown_is_there_cell_by_cell() -> None:
    audit = the_audit()
    root = parsed(render(audit))
    rows = [
        line for line in markdown.render(audit).splitlines() if line.startswith("|") and not line.startswith("|---")
    ]
    shown = [" | ".join(said(cell) for cell in row) for row in root.iter("tr")]
    assert len(shown) == len(rows)
    for line, row in zip(rows, shown, strict=True):
        plain = re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)\[([^\]]*)\]\(#[^)]*\)", r"\1", line))
        assert " ".join(re.sub(r"(?<!\\)\|", "|", plain).strip("| ").split()) == " ".join(row.strip("| ").split())


def test_a_fold_of_the_template_is_a_fold_and_what_it_holds_is_inside() -> None:
    root = parsed(render(the_audit()))
    (fold,) = [each for each in root.iter("details") if "no known vulnerability" in said(each[0])]
    assert fold[0].tag == "summary"
    assert "kombu==5.6.1" in said(fold)
    assert "celery==5.4.0" not in said(fold)


@pytest.mark.parametrize(
    "text",
    [
        "<details><summary>a</summary>\n\nno end",
        "</details>",
        "<details open><summary>a</summary>\n\n</details>",
        "<details><summary>a</summary>\n<details><summary>b</summary>\n</details>",
        "<b>x</b>\n\n<script>alert(1)</script>",
        '<details onclick="x"><summary>a</summary>\n\n</details>',
        "> <details><summary>a</summary>\n\n</details>",
        "- <details><summary>a</summary>\n\n</details>",
        "- <details><summary>a</summary>\n\nafter\n\n</details>",
    ],
)
def test_html_that_is_not_a_whole_fold_is_text(text: str) -> None:
    inside = next(parsed(page(the_audit(), f"# a\n\n## b\n\n{text}\n")).iter("main"))
    assert not list(inside.iter("script"))
    assert not list(inside.iter("b"))
    assert all(not each.attrib for each in inside.iter("details"))
    assert re.search("<(details|/details|b|script)", said(inside))


def test_folds_may_hold_folds_and_a_fold_in_code_is_code() -> None:
    fold = "<details><summary>{}</summary>\n\n{}\n\n</details>"
    root = parsed(
        page(the_audit(), fold.format("a \\<b\\> `c`", fold.format("inner", "x")) + f"\n\n```\n{fold}\n```\n")
    )
    outer, inner = root.iter("details")
    assert said(outer[0]) == "a <b> c"
    assert said(inner) == "inner x"
    assert "<details>" in said(next(root.iter("pre")))


def test_a_comment_on_a_line_of_its_own_is_not_shown_and_the_text_around_it_is() -> None:
    inside = next(
        parsed(page(the_audit(), "one\n<!-- stackaudit:keep a -->\ntwo\n\n<!-- b --> three <!-- c -->\n")).iter("main")
    )
    assert "keep" not in said(inside)
    assert said(inside).startswith("one two <!-- b --> three <!-- c -->")


def test_only_https_and_places_of_the_page_itself_can_be_linked_and_no_picture_is_loaded() -> None:
    texts = [
        "[a](https://x.example/?a=1&b=2)",
        "[b](#overview)",
        "[c](http://x)",
        "[d](javascript:alert(1))",
        "[e](data:text/html,x)",
    ]
    root = parsed(
        page(the_audit(), "\n\n".join([*texts, "[f](//x)", "[g](file:///x)", "[h](x.html)", "![i](https://x/i.png)"]))
    )
    linked = [each.attrib["href"] for each in next(root.iter("main")).iter("a")]
    assert linked == ["https://x.example/?a=1&b=2", "#overview", "https://x/i.png"]
    assert not list(root.iter("img"))


def test_the_policy_lets_nothing_load_or_run_and_names_the_one_style_of_the_page() -> None:
    root = parsed(render(the_audit()))
    (policy,) = [
        each.attrib["content"] for each in root.iter("meta") if each.get("http-equiv") == "Content-Security-Policy"
    ]
    (style,) = root.iter("style")
    digest = base64.b64encode(hashlib.sha256((style.text or "").encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not re.search(r"url\(|@import|expression", style.text or "")
    assert not [each for each in root.iter() if "style" in each.attrib]


def test_a_column_that_the_markdown_aligns_is_aligned_without_a_style_of_its_own() -> None:
    root = parsed(page(the_audit(), "| a | b |\n|---|--:|\n| 1 | 2 |\n"))
    assert [each.get("class") for each in root.iter("td")] == [None, "right"]


@cache
def addresses() -> frozenset[str]:
    return frozenset(each.attrib["href"] for each in parsed(render(the_audit())).iter("a"))


def hold_no_markup_of_the_world(root: ET.Element) -> None:
    assert {each.tag for each in root.iter()} <= MAY_BE_THERE
    assert {name for each in root.iter() for name in each.attrib} <= MAY_BE_SAID
    ids = {f"#{each.attrib['id']}" for each in root.iter() if "id" in each.attrib}
    assert {each.attrib["href"] for each in root.iter("a")} <= addresses() | ids
    assert len(list(root.iter("h1"))) == 1


@given(parts)
@settings(max_examples=40)
def test_no_text_of_a_finding_becomes_a_tag_an_attribute_or_an_address(example: Parts) -> None:
    hold_no_markup_of_the_world(parsed(render(example.audit())))


@given(texts, texts, texts)
@settings(max_examples=40)
def test_no_text_of_the_world_beside_the_findings_does(one: str, two: str, three: str) -> None:
    audit = the_audit()
    absent = Program(name="ffmpeg", path=two, state=ProgramState.FOREIGN, detail=three, version=one, branch=two)
    pulse = Pulse(endpoint=one, state=ServiceState.UP, detail=two, product="redis", version="7.2.4", role=three)
    distribution = Distribution(name=canonicalize_name("celery"), version=one or "1")
    variable = Variable(name=two, readers=(three,))
    odd = replace(
        look("odd", absent, pulse, distribution, variable), asked=two, evidence=Evidence(tool=one, tool_version=three)
    )
    matrix = audit.case.matrix
    assert matrix is not None
    entries = tuple(replace(each, role=one, source=two) for each in matrix.packages)
    case = replace(
        audit.case,
        snapshot=replace(audit.case.snapshot, looks=(odd, *audit.case.snapshot.looks)),
        matrix=replace(matrix, title=f"t {three}", name=one, version=two, packages=entries),
    )
    hold_no_markup_of_the_world(parsed(render(replace(audit, case=case))))


def test_the_same_audit_gives_the_same_bytes() -> None:
    assert render(the_audit()) == render(the_audit())


def test_nothing_on_the_page_has_a_tick_but_what_the_markdown_and_the_matrix_tick() -> None:
    audit = the_audit()
    unknown = replace(audit, judgments=tuple(replace(each, verdict=Verdict.UNKNOWN) for each in audit.judgments))
    root = parsed(render(unknown))
    ticked = [said(each) for each in root.iter() if not len(each) and set("✅✓✔☑") & set(each.text or "")]
    assert ticked
    assert all(re.match("[RIES]✓", each) for each in ticked)


def test_a_document_of_another_shape_is_a_page_too() -> None:
    root = parsed(page(the_audit(), "no heading at all"))
    assert said(next(root.iter("title"))) == "Audit"
    assert [each.attrib["id"] for each in root.iter("h2")] == ["pictures"]
    assert said(next(root.iter("main"))).startswith("no heading at all")


def test_a_thousand_packages_are_one_fold_and_one_table_each_on_the_page() -> None:
    audit = the_audit()
    installed = tuple(
        Distribution(name=canonicalize_name(f"package-{number}"), version="1.0") for number in range(1000)
    )
    passed = tuple(replace(a_finding(Outcome.PASS), subject=each.subject) for each in installed)
    audited = (Audited(name=each.name, version="1.0", service="OSV", advisories=()) for each in installed)
    looks = (look("installed", *installed), look("pip_audit", *audited))
    snapshot = replace(audit.case.snapshot, looks=looks)
    judgments = tuple(
        replace(each, findings=passed if each.check == "vulnerabilities" else ()) for each in audit.judgments
    )
    root = parsed(render(replace(audit, case=replace(audit.case, snapshot=snapshot), judgments=judgments)))
    (fold,) = [each for each in root.iter("details") if "no known vulnerability" in said(each[0])]
    assert [said(each) for each in fold.iter("td")] == sorted(each.subject for each in installed)
