"""The picture of a matrix says what is published and no more, by colour, by letter and by word, and asks nothing of anyone."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.inputs import matrices
from stackaudit.model.matrix import Matrix, Proof, Rung
from stackaudit.reports.heatmap import LEGEND, PROVED, TICK, Heatmap, Mark, heatmap, lettered
from stackaudit.reports.heatmap_svg import svg
from unit.inputs.test_matrices import GOOD, written

TODAY = date(2026, 11, 22)
PYTHONS = '"3.7" = { end_of_life = 2023-06-27 }\n"3.12" = {}\n'
MORE = """
[[package.celery.range]]
versions = ">=5.5,<5.6"
releases = { "5.5.0" = 2025-03-31, "5.5.10" = 2025-05-31, "5.5.9" = 2025-04-30 }
yanked = ["5.5.11"]
requires_python = ">=3.8,<3.12"
pythons = ["3.11"]

[product.redis]
kind = "service"
role = "broker"
source = "https://example.org/redis"

[product.redis.branches]
"6.0" = { end_of_life = 2022-05-31 }
"7.0" = { maintained = false }
"8.0" = {}
"8.2" = { end_of_life = 2026-11-22 }
"""


@pytest.fixture
def small(tmp_path: Path) -> Matrix:
    return written(tmp_path, GOOD.replace("[python.branches]\n", f"[python.branches]\n{PYTHONS}") + MORE)


def cells(drawn: Heatmap) -> dict[str, list[str]]:
    return {row.name: [cell.text for cell in row.cells] for row in drawn.rows}


def test_a_cell_is_the_newest_listed_version_that_admits_the_python(small: Matrix) -> None:
    assert cells(heatmap(small, TODAY)) == {"3.7": ["-"], "3.11": ["s  5.5.10"], "3.12": ["a  5.4.0"]}


def test_the_end_of_support_is_told_by_the_day(small: Matrix) -> None:
    drawn = heatmap(small, TODAY)
    assert [row.until for row in drawn.rows] == ["ended 2023-06-27", "until 2027-10-31", "no end set"]
    ((name, branches),) = drawn.products
    assert name == "redis"
    told = ["ended 2022-05-31", "ended", "no end set", "until 2026-11-22"]
    assert [branch.until for branch in branches] == told
    assert [branch.ended for branch in branches] == [True, True, False, False]


def test_cells_that_people_wrote_claim_no_more_than_stated(small: Matrix) -> None:
    assert heatmap(small, TODAY).facts.endswith("ranges: stated, nothing proved yet")


def proof(python: str, version: str, rung: Rung) -> Proof:
    packages = ((canonicalize_name("celery"), Version(version)), (canonicalize_name("kombu"), Version("5.6.2")))
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    return Proof(python=python, rung=rung, at=at, by="uv 0.13.9", platform="linux", packages=packages, record="")


@pytest.mark.parametrize("rung", PROVED)
def test_a_proof_gives_its_letter_and_a_tick_to_its_version_on_its_python_alone(small: Matrix, rung: Rung) -> None:
    proved = replace(small, proofs=(proof("3.12", "5.4.0", rung), proof("3.11", "5.4.0", rung)))
    assert cells(heatmap(proved, TODAY)) == {
        "3.7": ["-"],
        "3.11": ["s  5.5.10"],
        "3.12": [f"{PROVED[rung]}{TICK} 5.4.0"],
    }


def test_the_strongest_proof_gives_the_letter(small: Matrix) -> None:
    rungs = (Rung.IMPORTED, Rung.SURVIVED, Rung.RESOLVED)
    proved = replace(small, proofs=tuple(proof("3.12", "5.4.0", each) for each in rungs))
    assert cells(heatmap(proved, TODAY))["3.12"] == [f"S{TICK} 5.4.0"]
    assert heatmap(proved, TODAY).facts.endswith("3 proofs, the newest of 2026-11-22")


def test_nothing_that_is_not_proved_gets_a_tick(small: Matrix) -> None:
    drawn = heatmap(small, TODAY)
    assert not any(set("✅✓✔☑") & set(cell.text) for row in drawn.rows for cell in row.cells)
    assert {mark for mark in Mark if TICK in lettered(mark)} == set(PROVED.values())
    assert {rung for rung in Rung if rung.earns_tick} == set(PROVED)
    assert set(LEGEND) == set(Mark)


def test_no_two_letters_are_the_same_without_their_colour() -> None:
    assert len(set(Mark)) == len({mark.value for mark in Mark}) == 8


def test_every_cell_has_a_colour_and_a_letter_and_a_sentence(small: Matrix) -> None:
    root = ET.fromstring(svg(heatmap(small, TODAY)))
    ns = {"s": "http://www.w3.org/2000/svg"}
    groups = root.findall("s:g", ns)
    assert len(groups) == 3
    seen = {}
    for group in groups:
        title, rect, text = (group.find(f"s:{tag}", ns) for tag in ("title", "rect", "text"))
        assert title is not None
        assert rect is not None
        assert text is not None
        seen[text.text] = (rect.get("fill"), title.text)
    assert len({fill for fill, _ in seen.values()}) == 3
    assert seen["a  5.4.0"][1] == f"celery 5.4.0 on Python 3.12: {LEGEND[Mark.ADMITTED]}"
    texts = [each.text for each in root.findall("s:text", ns)]
    for mark, sentence in LEGEND.items():
        assert f"{lettered(mark)} {sentence}" in texts


def test_it_can_be_read_aloud(small: Matrix) -> None:
    root = ET.fromstring(svg(heatmap(small, TODAY)))
    ns = {"s": "http://www.w3.org/2000/svg"}
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "title desc"
    assert root.findtext("s:title", None, ns) == "Small: Python by package"
    spoken = root.findtext("s:desc", None, ns) or ""
    assert "Python 3.7, ended 2023-06-27: celery no version." in spoken
    assert "Python 3.12, no end set: celery 5.4.0 (admitted, not named)." in spoken


def test_it_asks_nothing_of_anyone() -> None:
    for matrix in matrices.read_all():
        picture = svg(heatmap(matrix, TODAY))
        assert re.findall(r"https?://[^\"]*", picture) == ["http://www.w3.org/2000/svg"]
        assert not re.search(r"<(script|style|image|use|a|foreignObject)\b|href|url\(|@import", picture)


def test_text_of_a_matrix_cannot_become_markup(small: Matrix) -> None:
    evil = '</title><script>alert("1")</script>&\x00\x1b'
    picture = svg(heatmap(replace(small, title=evil, version=evil), TODAY))
    assert "<script" not in picture
    ET.fromstring(picture)


def test_all_that_is_drawn_lies_inside_the_picture(small: Matrix) -> None:
    long = replace(small, title="A title that is longer than all the rest of what there is to be drawn " * 3)
    for drawn in (heatmap(small, TODAY), heatmap(long, TODAY), *(heatmap(e, TODAY) for e in matrices.read_all())):
        root = ET.fromstring(svg(drawn))
        width, height = (int(root.get(each, "0")) for each in ("width", "height"))
        for text in root.iter("{http://www.w3.org/2000/svg}text"):
            size = int(text.get("font-size", "13"))
            assert int(text.get("x", "0")) + 0.602 * size * len(text.text or "") <= width
            assert int(text.get("y", "0")) < height


def test_a_matrix_without_a_python_is_drawn_empty(small: Matrix) -> None:
    empty = heatmap(replace(small, pythons=()), TODAY)
    assert ET.fromstring(svg(empty)).find("{http://www.w3.org/2000/svg}g") is None


def test_no_sentence_makes_the_picture_wider_than_a_page_s_column(small: Matrix) -> None:
    """1280 pixels less the contents beside it leave 952; a grid of many packages may take more."""
    assert int(ET.fromstring(svg(heatmap(small, TODAY))).attrib["width"]) <= 952
