"""All text of a page can be read on its ground, in the light and in the dark: computed as WCAG 2 does."""

import re
from functools import cache
from itertools import product

import pytest

from pages import SVG, parsed, pictures, the_audit
from stackaudit.reports._severities import KINDS
from stackaudit.reports.html import render

HEX = re.compile(r"--(\w+): (#[0-9a-f]{6});")
TEXT = ("ink", "muted", "link", "critical")
DRAWN = (*(each for each in KINDS if each not in {"accepted", "uncheckable"}), "other")


@cache
def style() -> str:
    return next(parsed(render(the_audit())).iter("style")).text or ""


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
