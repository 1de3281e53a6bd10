"""The page shows what the Markdown says, loads and runs nothing, and no text from the world becomes a part of it."""

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import product

import pytest
from hypothesis import given, settings
from justhtml import JustHTML
from packaging.utils import canonicalize_name

from stackaudit.model.audit import Audit
from stackaudit.model.facts import Distribution, Program, ProgramState, Pulse, Release, ServiceState, Variable
from stackaudit.model.findings import Outcome, Severity, Verdict, Waived
from stackaudit.model.snapshot import Evidence
from stackaudit.reports import markdown
from stackaudit.reports._severities import KINDS, tally
from stackaudit.reports._timeline import Life, lives
from stackaudit.reports._timeline_svg import timeline
from stackaudit.reports.html import page, render
from stories import NOW, an_audit, look
from tellings import Parts, a_finding, judged, parts, texts

MAY_BE_SAID = {
    *(
        "aria-label",
        "aria-labelledby",
        "charset",
        "class",
        "content",
        "cx",
        "cy",
        "d",
        "fill",
        "font-family",
        "font-size",
    ),
    *(
        "font-weight",
        "height",
        "href",
        "http-equiv",
        "id",
        "lang",
        "name",
        "r",
        "role",
        "rx",
        "scope",
        "tabindex",
        "viewBox",
    ),
    *("width", "x", "y"),
}
SVG = "{http://www.w3.org/2000/svg}"
MAY_BE_THERE = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "a",
        "nav",
        "p",
        "ul",
        "ol",
        "li",
        "main",
        "h1",
        "h2",
        "h3",
        "div",
    ),
    *("table", "thead", "tbody", "tr", "th", "td", "strong", "em", "code", "pre", "hr", "br", "details", "summary"),
    *("blockquote", "figure", "figcaption"),
    *(f"{SVG}{name}" for name in ("svg", "title", "desc", "rect", "text", "path", "circle", "g")),
}


@cache
def the_audit() -> Audit:
    return an_audit()


def parsed(text: str) -> ET.Element:
    """The page as XML; and it has no error that a browser would have to mend."""
    JustHTML(text, strict=True, sanitize=False)
    return ET.fromstring(text)


def said(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def test_the_page_is_well_formed_and_has_landmarks_a_language_and_a_title() -> None:
    root = parsed(render(the_audit()))
    assert root.get("lang") == "en"
    assert said(next(root.iter("title"))) == "Dependency audit: Celery + Redis + FFmpeg"
    assert [len(list(root.iter(name))) for name in ("main", "nav", "h1")] == [1, 1, 1]
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
    inside = next(parsed(page(the_audit(), f"# a\n\n{text}\n")).iter("main"))
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
@settings(max_examples=40, deadline=None)
def test_no_text_of_a_finding_becomes_a_tag_an_attribute_or_an_address(example: Parts) -> None:
    hold_no_markup_of_the_world(parsed(render(example.audit())))


@given(texts, texts, texts)
@settings(max_examples=40, deadline=None)
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


# The pictures


def pictures(audit: Audit) -> dict[str, ET.Element]:
    return {each.attrib["aria-labelledby"].partition("-")[0]: each for each in parsed(render(audit)).iter(f"{SVG}svg")}


def test_every_picture_has_a_title_and_says_in_words_what_it_shows() -> None:
    found = pictures(the_audit())
    assert list(found) == ["severities", "timeline", "heatmap"]
    for name, each in found.items():
        title, told = each[0], each[1]
        assert each.get("role") == "img"
        assert (title.tag, title.get("id")) == (f"{SVG}title", f"{name}-title")
        assert (told.tag, told.get("id")) == (f"{SVG}desc", f"{name}-desc")
        assert said(title)
        assert said(told)


def test_the_bars_count_what_the_document_tells() -> None:
    accepted = replace(a_finding(), waiver=Waived(reason="so be it"))
    audit = judged(
        [a_finding(), a_finding(severity=Severity.LOW), a_finding(severity=Severity.LOW), accepted],
        [a_finding(Outcome.UNKNOWN), a_finding(Outcome.UNCHECKABLE), a_finding(Outcome.PASS)],
        skipped="nobody asked",
    )
    counts = {"critical": 0, "high": 1, "medium": 0, "low": 2, "accepted": 1, "unknown": 1, "uncheckable": 1}
    assert tally(audit) == counts
    drawn = pictures(audit)["severities"]
    texts = [each.text for each in drawn.iter(f"{SVG}text")]
    assert dict(zip(texts[::2], texts[1::2], strict=True)) == {kind: str(count) for kind, count in counts.items()}
    assert said(drawn[1]).endswith("1 unknown, 1 uncheckable. 2 of 3 checks ran; not checked: skipped.")


def test_a_check_that_saw_nothing_is_a_bar_and_no_empty_picture() -> None:
    audit = replace(judged([]), verdict=Verdict.UNKNOWN)
    assert tally(audit)["unknown"] == 1


def test_one_finding_can_be_seen_beside_a_thousand() -> None:
    drawn = pictures(judged([a_finding(severity=Severity.LOW)] * 1000 + [a_finding(severity=Severity.CRITICAL)]))
    widths = {each.get("class"): int(each.get("width", "0")) for each in drawn["severities"].iter(f"{SVG}rect")}
    assert widths["critical"] >= 4
    assert set(widths) == {"critical", "low"}


def released(audit: Audit, version: str = "5.4.0", newest: str = "5.6.0") -> Audit:
    """`audit` with what an index says of celery."""
    fact = Release(
        name=canonicalize_name("celery"),
        version=version,
        known=True,
        exists=True,
        uploaded_at=datetime(2024, 4, 17, tzinfo=UTC),
        newest=newest,
        newest_for_python=newest,
        newest_for_python_at=datetime(2025, 11, 30, tzinfo=UTC),
    )
    snapshot = replace(audit.case.snapshot, looks=(*audit.case.snapshot.looks, look("index", fact)))
    return replace(audit, case=replace(audit.case, snapshot=snapshot))


def life(audit: Audit, label: str) -> Life:
    (found,) = [each for each in lives(audit) if each.label == label]
    return found


def test_the_dates_of_a_package_are_the_indexs_and_else_the_matrixs_and_it_says_which() -> None:
    assert life(the_audit(), "celery 5.4.0").said == "released 2024-04-17 (matrix); newest not seen"
    seen = life(released(the_audit()), "celery 5.4.0")
    assert seen.said == "released 2024-04-17; newest 5.6.0 of 2025-11-30"
    assert [each.isoformat() for each in seen.dates] == ["2024-04-17", "2025-11-30"]
    assert life(released(the_audit(), newest="5.4.0"), "celery 5.4.0").said == "released 2024-04-17; the newest"


def test_the_python_has_the_end_of_its_support_and_one_that_ended_is_told_as_ended() -> None:
    audit = the_audit()
    assert life(audit, "Python 3.11").said == "released 2022-10-24; support ends 2027-10-31"
    later = replace(audit, case=replace(audit.case, today=datetime(2028, 1, 1, tzinfo=UTC).date()))
    assert life(later, "Python 3.11").said == "released 2022-10-24; support ended 2027-10-31"
    assert life(later, "Python 3.11").ended


def test_what_has_no_date_is_told_and_not_left_out() -> None:
    audit = the_audit()
    matrix = audit.case.matrix
    assert matrix is not None
    bare = replace(audit, case=replace(audit.case, matrix=replace(matrix, pythons=())))
    assert life(bare, "Python 3.11") == Life(label="Python 3.11", said="not in the matrix: no dates known", branch=True)
    assert "Python 3.11: not in the matrix: no dates known." in said(pictures(bare)["timeline"][1])


def test_without_a_matrix_there_is_no_picture_of_one() -> None:
    audit = the_audit()
    assert list(pictures(replace(audit, case=replace(audit.case, matrix=None)))) == ["severities"]


def test_all_that_the_timeline_draws_lies_inside_it() -> None:
    days = [NOW.date().replace(year=year) for year in (1990, 2026, 2090)]
    drawn = ET.fromstring(
        timeline(
            [
                Life(label="a", said="b", released=days[0], end=days[2], branch=True),
                Life(label="c" * 60, said="d" * 80, released=days[1], newest=days[2]),
                Life(label="e", said="f", released=days[1], branch=True),
            ],
            days[1],
        )
    )
    width, height = (int(drawn.get(each, "0")) for each in ("width", "height"))
    for each in drawn.iter(f"{SVG}text"):
        assert 0 <= float(each.get("x", "-1")) <= width
        assert 0 < float(each.get("y", "-1")) < height
    for each in drawn.iter(f"{SVG}circle"):
        assert 0 < float(each.get("cx", "-1")) < width


# The colours

HEX = re.compile(r"--(\w+): (#[0-9a-f]{6});")
TEXT = ("ink", "muted", "link", "critical")
DRAWN = (*(each for each in KINDS if each not in {"accepted", "uncheckable"}), "other")


@cache
def style() -> str:
    return next(ET.fromstring(render(the_audit())).iter("style")).text or ""


def schemes() -> dict[str, dict[str, str]]:
    light, dark = re.findall(r":root \{(.*?)\}", style(), flags=re.DOTALL)
    return {"light": dict(HEX.findall(light)), "dark": dict(HEX.findall(dark))}


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_the_guideline_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_on_every_ground(scheme: str) -> None:
    colors = schemes()[scheme]
    for text, ground in product(TEXT, ("paper", "panel")):
        assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)
    for drawn in DRAWN:
        assert contrast(colors[drawn], colors["paper"]) >= 3, drawn


def test_the_style_has_no_other_color_than_those_that_were_measured() -> None:
    rules = re.sub(r":root \{.*?\}", "", style(), flags=re.DOTALL)
    assert set(re.findall(r"(?<![-\w])color: ([^;]+);", rules)) <= {f"var(--{each})" for each in TEXT} | {"inherit"}
    assert set(re.findall(r"background(?:-color)?: ([^;]+);", rules)) <= {"var(--paper)", "var(--panel)"}
    texts = re.findall(r"text[^{},]*\{[^}]*fill: ([^;]+);", rules)
    assert set(texts) <= {"var(--ink)", "var(--critical)", "#1b1b1f"}
    assert set(schemes()["light"]) == set(schemes()["dark"])


def test_the_letters_of_the_heat_map_can_be_read_on_their_cells_in_both_schemes() -> None:
    drawn = pictures(the_audit())["heatmap"]
    cells = [each.get("fill", "") for group in drawn.iter(f"{SVG}g") for each in group.iter(f"{SVG}rect")]
    assert cells
    assert ".heatmap-picture svg g text { fill: #1b1b1f; }" in style()
    for fill in set(cells):
        assert contrast("#1b1b1f", fill) >= 4.5


# A large one


def test_a_thousand_packages_are_one_fold_and_one_table_each_on_the_page() -> None:
    audit = the_audit()
    subjects = [f"package-{number}==1.0" for number in range(1000)]
    passed = tuple(replace(a_finding(Outcome.PASS), subject=each) for each in subjects)
    judgments = tuple(
        replace(each, findings=passed if each.check == "vulnerabilities" else ()) for each in audit.judgments
    )
    root = parsed(render(replace(audit, judgments=judgments)))
    (fold,) = [each for each in root.iter("details") if "no known vulnerability" in said(each[0])]
    assert [said(each) for each in fold.iter("td")] == sorted(subjects)
