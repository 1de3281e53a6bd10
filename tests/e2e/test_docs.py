"""The page about matrices is done as it stands there: its files are written, its commands run."""

import re
import shlex
from pathlib import Path

import pytest

from command import Run
from tools import require_index

PAGE = (Path(__file__).parents[2] / "docs" / "matrix.md").read_text(encoding="utf-8")
STEP = re.compile(r"<!-- (?P<what>file|append|commands)(?: (?P<path>\S+))? -->\n```\w+\n(?P<text>.*?)```", re.DOTALL)


def test_the_page_makes_a_matrix_from_nothing_to_its_proofs(stackaudit: Run, folder: Path) -> None:
    require_index()
    ran = 0
    for step in STEP.finditer(PAGE):
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
    assert ran == 5
    assert sorted(each.name for each in (folder / "matrices").iterdir()) == [
        "shop.proof.toml",
        "shop.published.toml",
        "shop.toml",
    ]


@pytest.mark.parametrize("key", ["packages", "python", "extras", "services", "programs", "settings"])
def test_the_table_has_every_key_of_a_condition(key: str) -> None:
    assert re.search(rf"^\| `{key}\b", PAGE, re.MULTILINE)
