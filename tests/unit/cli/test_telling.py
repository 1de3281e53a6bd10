"""A command whose audit is not one of a stack has a document of its own, in every form of it."""

from pathlib import Path

import pytest

from stackaudit.cli.telling import Printing, tell
from stackaudit.model.audit import Policy
from stories import an_audit


def printing(form: str, *outputs: Path) -> Printing:
    return Printing(
        format=form,
        outputs=outputs,
        color="never",
        progress=False,
        quiet=0,
        verbose=0,
        exit_zero=False,
        document=lambda audit: f"# What was proved by {audit.tool_version}\n",
    )


def test_the_document_of_a_command_is_what_its_markdown_and_its_html_are_made_of(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    audit = an_audit()
    tell(audit, Policy(), printing("markdown"))
    assert capsys.readouterr().out == "# What was proved by 0.0\n"
    tell(audit, Policy(), printing("html"))
    assert '<h1 id="what-was-proved-by-00">What was proved by 0.0</h1>' in capsys.readouterr().out
    tell(audit, Policy(), printing("text", tmp_path / "a.html"))
    assert "<title>What was proved by 0.0</title>" in (tmp_path / "a.html").read_text(encoding="utf-8")
