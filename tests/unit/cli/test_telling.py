"""The page is made of the same document as the Markdown: with what people wrote into it."""

from pathlib import Path

import pytest

from stackaudit.cli.telling import Printing, refuse_bad, tell
from stackaudit.model.audit import Policy
from stackaudit.model.errors import InputError
from stories import an_audit


def printing(form: str, *outputs: Path, keeps: bool = True) -> Printing:
    return Printing(
        format=form,
        outputs=outputs,
        color="never",
        no_progress=True,
        quiet=0,
        verbose=0,
        exit_zero=False,
        keeps=keeps,
    )


def test_the_page_shows_what_people_wrote_into_the_markdown_beside_it(tmp_path: Path) -> None:
    document, page = tmp_path / "AUDIT.md", tmp_path / "AUDIT.html"
    tell(an_audit(), Policy(), printing("text", document))
    marker = "<!-- stackaudit:keep overview -->\n"
    text = document.read_text(encoding="utf-8")
    assert marker in text
    document.write_text(text.replace(marker, f"{marker}We *know*.\n"), encoding="utf-8")
    for outputs in ([page], [document, page], [page, document]):
        page.unlink(missing_ok=True)
        tell(an_audit(), Policy(), printing("text", *outputs))
        assert "<p>We <em>know</em>.</p>" in page.read_text(encoding="utf-8")
        assert f"{marker}We *know*.\n" in document.read_text(encoding="utf-8")


def test_a_broken_marker_in_the_markdown_beside_a_page_is_told_before_the_audit(tmp_path: Path) -> None:
    (tmp_path / "AUDIT.md").write_text("<!-- stackaudit:end -->\n", encoding="utf-8")
    tell(an_audit(), Policy(), printing("text", tmp_path / "AUDIT.html", keeps=False))
    with pytest.raises(InputError, match=r"AUDIT\.md:1"):
        refuse_bad(printing("text", tmp_path / "AUDIT.html"))
