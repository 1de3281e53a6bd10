"""`stackaudit matrix`: which matrices there are, one drawn, any judged, from outside."""

import json
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from command import Run

SHIPPED = Path(__file__).parents[2] / "matrices"


@pytest.fixture
def own(folder: Path) -> Path:
    """A matrix of the user's own in the folder, with what was derived beside it."""
    for layer in ("", ".published"):
        shutil.copy(SHIPPED / f"celery-redis-ffmpeg{layer}.toml", folder / f"my-stack{layer}.toml")
    return folder / "my-stack.toml"


@pytest.mark.parametrize(
    "arguments", [(), ("-h",), ("--help",), ("list", "-h"), ("show", "-h"), ("lint", "-h"), ("certify", "-h")]
)
def test_help_is_printed_and_is_fine(stackaudit: Run, arguments: tuple[str, ...]) -> None:
    done = stackaudit("matrix", *arguments)
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: stackaudit matrix")
    assert done.stderr == ""


def test_the_shipped_ones_are_listed(stackaudit: Run) -> None:
    done = stackaudit("matrix", "list")
    assert done.returncode == 0
    (line,) = [each for each in done.stdout.splitlines() if each.startswith("celery-redis-ffmpeg ")]
    assert " published " in line
    assert line.endswith("Celery + Redis + FFmpeg")


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize("name", ["celery-redis-ffmpeg", "./my-stack.toml"])
def test_one_is_drawn(stackaudit: Run, name: str) -> None:
    done = stackaudit("matrix", "show", name)
    assert done.returncode == 0, done.stderr
    assert ", ranges: published, " in done.stdout
    assert "3.8  ended 2024-10-07" in done.stdout
    assert "no listed version admits this Python" in done.stdout
    assert "\x1b" not in done.stdout
    assert "\x1b[" in stackaudit("matrix", "show", name, "--color", "always").stdout


@pytest.mark.usefixtures("own")
def test_the_configured_one_is_drawn_and_judged_where_none_is_named(stackaudit: Run, folder: Path) -> None:
    own = folder / "my-stack.toml"
    own.write_text(
        own.read_text(encoding="utf-8").replace('name = "celery-redis-ffmpeg"', 'name = "ours"'), encoding="utf-8"
    )
    (folder / "stackaudit.toml").write_text('matrix = "my-stack.toml"\n', encoding="utf-8")
    assert "\nours 2026" in stackaudit("matrix", "show").stdout
    assert " ours 2026" in stackaudit("matrix", "lint").stdout


def test_the_picture_is_written_whole(stackaudit: Run, folder: Path) -> None:
    done = stackaudit("matrix", "show", "celery-redis-ffmpeg", "-o", "grid.svg")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "wrote grid.svg\n")
    ET.parse(folder / "grid.svg")
    assert sorted(each.name for each in folder.iterdir()) == [".git", "grid.svg"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "celery-redis-ffmpeg", "-o", "grid.png"), "grid.png: no picture ends in that"),
        (("show", "celery-redis-ffmpeg", "-o", "none/grid.svg"), "none/grid.svg can't be written"),
        (("show", "celery-redis-ffmpeg", "--color", "mauve"), "--color can't be 'mauve'"),
        (("show", "celery-redis-fmpeg"), "there is no matrix and no file `celery-redis-fmpeg`"),
        (("lint", "nothing.toml"), "there is no matrix and no file `nothing.toml`"),
    ],
)
def test_a_wrong_call_is_told_and_ends_in_2(stackaudit: Run, arguments: tuple[str, ...], told: str) -> None:
    done = stackaudit("matrix", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert told in done.stderr


@pytest.mark.usefixtures("own")
def test_what_ships_passes_and_so_does_its_copy(stackaudit: Run) -> None:
    assert stackaudit("matrix", "lint").returncode == 0
    done = stackaudit("matrix", "lint", "celery-redis-ffmpeg", "./my-stack.toml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("celery-redis-ffmpeg 2026") == 2


def test_a_version_that_can_never_be_used_fails(stackaudit: Run, own: Path) -> None:
    derived = own.with_name("my-stack.published.toml")
    text = derived.read_text(encoding="utf-8")
    assert '"kombu>=5.7.0"' in text
    derived.write_text(text.replace('"kombu>=5.7.0"', '"kombu>=9"'), encoding="utf-8")
    done = stackaudit("matrix", "lint", "my-stack.toml")
    assert done.returncode == 1, done.stderr
    assert "error[MX502]: celery 5.7.0 requires kombu>=9, and no kombu of that is listed" in done.stdout
    assert " --> my-stack.toml:" in done.stdout


def test_every_fault_of_every_file_is_told_at_its_line(stackaudit: Run, own: Path, folder: Path) -> None:
    text = own.read_text(encoding="utf-8")
    own.write_text(text.replace("required =", "requird =", 1), encoding="utf-8")
    (folder / "other.toml").write_text("schema = 3\n", encoding="utf-8")
    done = stackaudit("matrix", "lint", "my-stack.toml", "other.toml", "celery-redis-ffmpeg")
    assert (done.returncode, done.stdout) == (2, "")
    assert "error: my-stack.toml:" in done.stderr
    assert "error: other.toml:1: " in done.stderr


def test_lists_and_judgments_are_there_for_programs(stackaudit: Run, own: Path) -> None:
    (first, *_) = [
        each for each in json.loads(stackaudit("matrix", "list", "--format", "json").stdout) if each["known_bad"]
    ]
    assert first["rung"] == "published"
    own.write_text(own.read_text(encoding="utf-8").replace("https://", "http://"), encoding="utf-8")
    done = stackaudit("matrix", "lint", "my-stack.toml", "--format", "json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["verdict"]) == (0, "warn")
    assert {each["rule"] for each in told["matrices"][0]["findings"]} == {"MX504"}
    assert stackaudit("matrix", "list", "--format", "xml").returncode == 2


def test_nothing_in_a_matrix_steers_the_terminal(stackaudit: Run, own: Path) -> None:
    text = own.read_text(encoding="utf-8")
    own.write_text(text.replace('id = "amqp-504-import"', 'id = "\\u001b[2Jred"'), encoding="utf-8")
    done = stackaudit("matrix", "lint", "./my-stack.toml")
    assert done.returncode == 2
    assert "not `?[2Jred`" in done.stderr
    assert "\x1b" not in done.stderr


def test_a_text_of_a_matrix_takes_one_line_and_fakes_no_second(stackaudit: Run, own: Path) -> None:
    text = own.read_text(encoding="utf-8")
    own.write_text(text.replace('symptom = "the', 'symptom = "\\n  ok    the'), encoding="utf-8")
    done = stackaudit("matrix", "lint", "./my-stack.toml")
    assert done.returncode == 2
    assert "has a line break or a character that is not printable" in done.stderr


def test_a_matrix_of_the_project_needs_no_install(stackaudit: Run, folder: Path) -> None:
    (folder / "matrices").mkdir()
    for layer in ("", ".published"):
        text = (SHIPPED / f"celery-redis-ffmpeg{layer}.toml").read_text(encoding="utf-8")
        text = text.replace('name = "celery-redis-ffmpeg"', 'name = "house-stack"')
        (folder / "matrices" / f"house-stack{layer}.toml").write_text(text, encoding="utf-8")
    (folder / "matrices" / "else.toml").write_text("answer = 42\n", encoding="utf-8")
    (folder / "requirements.txt").write_text("celery==5.4.0\nredis==5.0.8\n", encoding="utf-8")
    assert "\nhouse-stack " in stackaudit("matrix", "list").stdout
    done = stackaudit("check", "-r", "requirements.txt", "--only", "matrix", "--offline", "--matrix", "house-stack")
    assert "against matrix house-stack " in done.stdout


def test_a_code_of_lint_is_explained_like_any_other(stackaudit: Run) -> None:
    told = stackaudit("explain", "mx502").stdout
    assert told.startswith("MX502: Every listed version can be used with the others\n")
    assert "`stackaudit matrix lint`" in told
    assert "--ignore" not in told
    assert "MX502  medium" in stackaudit("explain").stdout
