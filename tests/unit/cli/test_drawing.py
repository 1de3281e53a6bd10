"""A matrix in the terminal is the same with colours and without, and nothing in it steers the terminal."""

import re
import string
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from stackaudit.checks._lint import lint
from stackaudit.cli.drawing import drawn, linted, table
from stackaudit.cli.text import painted
from stackaudit.reports.heatmap import TICK, heatmap
from unit.checks.cases import shipped_matrix
from unit.checks.test_lint import CLEAN, DAY, KOMBU
from unit.inputs.test_matrices import written

TODAY = date(2026, 11, 22)


def test_the_grid_reads_the_same_without_colour() -> None:
    grid = heatmap(shipped_matrix(), TODAY)
    plain, colored = painted(drawn(grid), color=False), painted(drawn(grid), color=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain
    assert not set(plain) - set(string.printable) - {TICK}


def test_the_columns_stand_under_their_names() -> None:
    lines = painted(drawn(heatmap(shipped_matrix(), TODAY)), color=False).splitlines()
    head = next(line for line in lines if line.startswith("Python "))
    row = next(line for line in lines if line.startswith("3.9 "))
    for name, cell in (("celery", " 5.6.3"), ("redis", " 7.0.1"), ("ffmpeg-python", " 0.2.0")):
        assert row[head.index(name) + 2 :].startswith(cell)


def test_a_matrix_without_a_python_is_drawn_empty() -> None:
    empty = heatmap(replace(shipped_matrix(), pythons=()), TODAY)
    assert "Python  celery  kombu" in re.sub(" +", "  ", painted(drawn(empty), color=False))


def test_control_characters_of_a_matrix_never_reach_the_terminal() -> None:
    evil = replace(shipped_matrix(), title="\x1b[2Jgone", version="\x07")
    assert "\x1b" not in painted(drawn(heatmap(evil, TODAY)), color=False)
    assert not {"\x1b", "\x07"} & set(painted(linted([(evil, ())]), color=False))


def test_the_table_counts_what_is_listed(tmp_path: Path) -> None:
    head, line = table([written(tmp_path, CLEAN + KOMBU)]).splitlines()
    assert head.split() == ["name", "version", "facts", "of", "rung", "packages", "releases", "title"]
    assert line.split() == ["small", "1", "2026-11-22", "stated", "2", "2", "Small"]


def test_what_is_wrong_is_told_worst_first_with_the_verdict_last(tmp_path: Path) -> None:
    clean = written(tmp_path, CLEAN)
    broken = written(tmp_path, CLEAN.replace("kombu>=5.3.4", "kombu>=6") + KOMBU)
    later = DAY + timedelta(days=91)
    text = painted(linted([(clean, ()), (broken, lint(broken, later))]), color=False)
    assert "  ok    small 1: 1 packages" not in text
    assert (
        "  ok    small 1: 1 package, 1 release; no finding\n  FAIL  small 1: 2 packages, 2 releases; 2 findings\n"
        in text
    )
    assert text.index("error[MX502]") < text.index("note[MX501]")
    assert " --> small.toml\n  = why:  " in text
    assert text.endswith("FAIL: 1 of 2 matrices without a finding\n")
