"""The pages about matrices and the document are done as they stand there: their files are written, their commands run."""

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from command import Run
from stackaudit.reports._document import Document
from tools import require_index

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "matrix.md").read_text(encoding="utf-8")
DOCUMENT = (DOCS / "document.md").read_text(encoding="utf-8")
STEP = re.compile(r"<!-- (?P<what>file|append|commands)(?: (?P<path>\S+))? -->\n```\w+\n(?P<text>.*?)```", re.DOTALL)


def follow(page: str, stackaudit: Run, folder: Path) -> int:
    """Do what the page says; returns how many commands were run."""
    ran = 0
    for step in STEP.finditer(page):
        if step["what"] == "commands":
            for line in step["text"].splitlines():
                done = stackaudit(*shlex.split(line.removeprefix("$ "))[1:])
                assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
                ran += 1
            continue
        path = folder / step["path"]
        path.parent.mkdir(exist_ok=True)
        with path.open("a" if step["what"] == "append" else "w", encoding="utf-8") as stream:
            stream.write(("\n" if step["what"] == "append" else "") + step["text"])
    return ran


def test_the_page_makes_a_matrix_from_nothing_to_its_proofs(stackaudit: Run, folder: Path) -> None:
    require_index()
    assert follow(PAGE, stackaudit, folder) == 5
    assert sorted(each.name for each in (folder / "matrices").iterdir()) == [
        "shop.proof.toml",
        "shop.published.toml",
        "shop.toml",
    ]


@pytest.mark.parametrize("key", ["packages", "python", "extras", "services", "programs", "settings"])
def test_the_table_has_every_key_of_a_condition(key: str) -> None:
    assert re.search(rf"^\| `{key}\b", PAGE, re.MULTILINE)


def test_the_page_makes_a_document_its_page_and_a_brief_one(stackaudit: Run, folder: Path) -> None:
    assert follow(DOCUMENT, stackaudit, folder) == 5
    assert (folder / "audit.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    brief = (folder / "brief.md").read_text(encoding="utf-8")
    assert "For the board: " in brief
    assert "## Performance" not in brief


def test_the_quarterly_recipe_writes_the_document_that_it_adds(stackaudit: Run, folder: Path) -> None:
    recipe = DOCUMENT.partition("<!-- recipe -->")[2].partition("<!-- end -->")[0]
    (line,) = re.findall(r"run: stackaudit (.+)", recipe)
    (folder / "requirements.txt").write_text("celery==5.4.0\n", encoding="utf-8")
    pins = ("-r", "requirements.txt", "--python-version", "3.11", "--offline")
    assert stackaudit(*shlex.split(line), *pins).returncode == 0
    assert {each.suffix for each in folder.glob("AUDIT-*")} == {".md", ".json"}


@pytest.mark.parametrize("field", [each.name for each in fields(Document)])
def test_the_table_has_every_field_that_a_template_may_print(field: str) -> None:
    assert re.search(rf"^\|[^|]*`{field}`", DOCUMENT, re.MULTILINE)
