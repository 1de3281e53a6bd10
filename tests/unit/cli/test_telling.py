"""The page is made of the same document as the Markdown: of a command's own, and with what people wrote into it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from stackaudit.cli.telling import Printing, refuse_bad, tell
from stackaudit.model.audit import Audit, Policy
from stackaudit.model.errors import InputError
from stories import an_audit


def printing(form: str, *outputs: Path, document: Callable[[Audit], str] | None = None) -> Printing:
    return Printing(
        format=form,
        outputs=outputs,
        color="never",
        no_progress=True,
        quiet=0,
        verbose=0,
        exit_zero=False,
        document=document,
    )


def proved(audit: Audit) -> str:
    return f"# What was proved by {audit.tool_version}\n"


def test_the_document_of_a_command_is_what_its_markdown_and_its_html_are_made_of(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    audit = an_audit()
    tell(audit, Policy(), printing("markdown", document=proved))
    assert capsys.readouterr().out == "# What was proved by 0.0\n"
    tell(audit, Policy(), printing("html", document=proved))
    assert '<h1 id="what-was-proved-by-00">What was proved by 0.0</h1>' in capsys.readouterr().out
    tell(audit, Policy(), printing("text", tmp_path / "a.html", document=proved))
    assert "<title>What was proved by 0.0</title>" in (tmp_path / "a.html").read_text(encoding="utf-8")


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
    tell(an_audit(), Policy(), printing("text", tmp_path / "AUDIT.html", document=proved))
    with pytest.raises(InputError, match=r"AUDIT\.md:1"):
        refuse_bad(printing("text", tmp_path / "AUDIT.html"))
