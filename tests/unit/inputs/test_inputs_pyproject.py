from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from stackaudit.inputs import pyproject
from stackaudit.inputs._asked import Asked
from stackaudit.inputs._declared import Declared
from stackaudit.inputs._poetry_constraint import specifier_of
from unit.inputs.reading import PROJECTS, on_python, one, pins, told


def read_text(folder: Path, text: str, asked: Asked | None = None, *, named: bool = True) -> Declared:
    path = folder / "pyproject.toml"
    path.write_text(text)
    return pyproject.read(path, folder, asked, named=named)


PROJECT = """\
[project]
name = "thumbnails"
requires-python = ">=3.11"
dependencies = [
  # the stack
  "celery[redis]==5.4.0",
  'kombu >= 5.3 ; python_version < "3.13"',
]

[project.optional-dependencies]
Fast_Path = ["hiredis==3.0.0", "thumbnails[more]"]
more = ["orjson"]

[dependency-groups]
dev = [{ include-group = "Lint" }, "pytest==8.3.0"]
lint = ["ruff==0.9.0", { include-group = "dev" }]
"""


def test_dependencies_stand_where_their_text_stands(tmp_path: Path) -> None:
    declared = read_text(tmp_path, PROJECT)
    assert declared.faults == ()
    assert [(each.name, str(each.where)) for each in declared.requirements] == [
        ("celery", "pyproject.toml:6"),
        ("kombu", "pyproject.toml:7"),
    ]
    assert one(declared, "kombu").marker == 'python_version < "3.13"'
    (claim,) = declared.pythons
    assert (str(claim.specifier), str(claim.where)) == (">=3.11", "pyproject.toml:3")


def test_extras_count_where_they_are_asked_for_with_those_they_take_in(tmp_path: Path) -> None:
    declared = read_text(tmp_path, PROJECT, Asked(extras=("fast-path",)))
    assert declared.faults == ()
    assert {"hiredis", "orjson"} <= set(pins(declared))
    assert str(one(declared, "hiredis").where) == "pyproject.toml:11"


def test_groups_count_where_they_are_asked_for_with_those_they_include(tmp_path: Path) -> None:
    declared = read_text(tmp_path, PROJECT, Asked(groups=("dev",)))
    assert declared.faults == ()
    assert {each.name: str(each.where) for each in declared.requirements if each.name in {"pytest", "ruff"}} == {
        "pytest": "pyproject.toml:15",
        "ruff": "pyproject.toml:16",
    }


def test_extras_and_groups_that_are_not_there_are_faults(tmp_path: Path) -> None:
    declared = read_text(tmp_path, PROJECT, Asked(extras=("slow",), groups=("docs",)))
    assert told(declared.faults) == [
        "pyproject.toml:10: there is no extra `slow`",
        "pyproject.toml:14: there is no dependency group `docs`",
    ]


def test_every_wrong_entry_is_told(tmp_path: Path) -> None:
    text = (
        '[project]\nname = "x"\nrequires-python = "three"\ndependencies = [\n  "a=1",\n  3,\n  "b==1",\n  "c==1.x",\n]\n'
        '[dependency-groups]\ndev = [\n  { include-group = "nope" },\n  { other = 1 },\n]\n'
    )
    assert told(read_text(tmp_path, text, Asked(groups=("dev",))).faults) == [
        "pyproject.toml:5: `=1` is not a version specifier for a",
        "pyproject.toml:4: `project.dependencies` holds something else than strings",
        "pyproject.toml:8: `==1.x` is not a version specifier for c",
        "pyproject.toml:3: `requires-python` is no version specifier: `three`",
        "pyproject.toml:12: group `dev` includes `nope`, which there is not",
        "pyproject.toml:11: group `dev` holds a table that is no `include-group`",
    ]


def test_a_project_that_declares_nothing_is_a_fault_only_where_it_was_named(tmp_path: Path) -> None:
    text = '[project]\nname = "x"\ndynamic = ["dependencies"]\n'
    assert told(read_text(tmp_path, text).faults) == ["pyproject.toml:3: declares no dependencies"]
    assert read_text(tmp_path, text, named=False).faults == ()
    assert told(read_text(tmp_path, "[tool.x]\ny = 1\n").faults) == ["pyproject.toml:1: declares no dependencies"]


def test_dynamic_dependencies_are_read_from_the_file_that_setuptools_reads(tmp_path: Path) -> None:
    (tmp_path / "requirements.in").write_text("\ncelery==5.4.0\n")
    text = (
        '[project]\nname = "x"\ndynamic = ["dependencies"]\n'
        '[tool.setuptools.dynamic]\ndependencies = { file = ["requirements.in"] }\n'
    )
    declared = read_text(tmp_path, text)
    assert declared.faults == ()
    assert str(one(declared, "celery").where) == "requirements.in:2"


def test_broken_toml_is_a_fault_at_its_line(tmp_path: Path) -> None:
    assert told(read_text(tmp_path, '[project]\nname = "x"\nname = "y"\n').faults) == [
        "pyproject.toml:3: is not TOML from here on"
    ]


def test_poetrys_own_tables_are_read(tmp_path: Path) -> None:
    text = """\
[tool.poetry.dependencies]
python = "^3.9"
celery = { version = "5.4.0", extras = ["redis"] }
ffmpeg-python = "^0.2"
numpy = [
  { version = "1.26.4", python = "<3.10" },
  { version = "2.1.0", python = ">=3.10" },
]
models = { git = "https://builder:hush-hush@git.example/models.git" }
hiredis = { version = "3.0.0", optional = true }
pywin32 = { version = "*", platform = "win32" }

[tool.poetry.extras]
fast = ["hiredis"]

[tool.poetry.group.dev.dependencies]
pytest = "8.3.0"
"""
    declared = read_text(tmp_path, text)
    assert declared.faults == ()
    assert on_python(declared, "3.9.18") == {
        "celery": "5.4.0",
        "ffmpeg-python": "None",
        "numpy": "1.26.4",
        "models": "None",
    }
    assert on_python(declared, "3.12.1")["numpy"] == "2.1.0"
    assert str(one(declared, "celery").where) == "pyproject.toml:3"
    assert str(one(declared, "ffmpeg-python").specifier) == str(SpecifierSet(">=0.2,<0.3"))
    assert [str(each.specifier) for each in declared.pythons] == [str(SpecifierSet(">=3.9,<4"))]
    assert "hush-hush" not in repr(declared)
    assert pins(read_text(tmp_path, text, Asked(extras=("fast",))))["hiredis"] == "3.0.0"
    assert pins(read_text(tmp_path, text, Asked(groups=("dev",))))["pytest"] == "8.3.0"


def test_every_wrong_entry_of_poetrys_tables_is_told(tmp_path: Path) -> None:
    text = (
        '[tool.poetry.dependencies]\npython = "three"\na = "^x"\nb = 3\nc = { version = "1", markers = "no" }\n'
        '"d e" = "1"\nf = { version = "1", python = "?" }\n'
    )
    assert told(read_text(tmp_path, text).faults) == [
        "pyproject.toml:2: the constraint on Python can't be read",
        "pyproject.toml:3: `^x` is not a version constraint for a",
        "pyproject.toml:4: the entry of b is neither a constraint nor a table",
        "pyproject.toml:5: `markers` of c can't be read",
        "pyproject.toml:6: `d e` is not a package name",
        "pyproject.toml:7: `python` of f can't be read",
    ]


@pytest.mark.parametrize(
    ("constraint", "specifier"),
    [
        ("^1.2.3", ">=1.2.3,<2"),
        ("^1.2", ">=1.2,<2"),
        ("^1", ">=1,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1.2", ">=1.2,<1.3"),
        ("~1", ">=1,<2"),
        ("~=1.2.3", "~=1.2.3"),
        ("*", ""),
        ("1.2.*", "==1.2.*"),
        ("!=1.2.*", "!=1.2.*"),
        ("1.2.3", "==1.2.3"),
        ("=1.2.3", "==1.2.3"),
        ("==1.2.3", "==1.2.3"),
        (">=1.2,<2,!=1.5", ">=1.2,<2,!=1.5"),
        (">= 1.2 < 2", ">=1.2,<2"),
        ("^5.3, !=5.3.2", ">=5.3,<6,!=5.3.2"),
        ("^2.7 || ^3.6", ""),
    ],
)
def test_poetrys_constraints_mean_what_poetry_says(constraint: str, specifier: str) -> None:
    assert specifier_of(constraint) == SpecifierSet(specifier)


@pytest.mark.parametrize("constraint", ["", "^", "^x", "one", ">=1 and <2", "1.2.3.*.4"])
def test_what_is_no_constraint_is_told_apart(constraint: str) -> None:
    assert specifier_of(constraint) is None


@settings(max_examples=60)
@given(release=st.lists(st.integers(0, 20), min_size=1, max_size=4))
def test_a_caret_keeps_the_leftmost_part_that_is_not_zero(release: list[int]) -> None:
    text = ".".join(map(str, release))
    specifier = specifier_of(f"^{text}")
    assert specifier is not None
    assert specifier.contains(text)
    leftmost = next((index for index, part in enumerate(release) if part), len(release) - 1)
    over = [*release[:leftmost], release[leftmost] + 1]
    assert not specifier.contains(".".join(map(str, over)))
    under = [*release[: leftmost + 1], *[part + 1 for part in release[leftmost + 1 :]]]
    assert specifier.contains(Version(".".join(map(str, under))))


def test_the_fixture_of_poetry_2_is_read() -> None:
    folder = PROJECTS / "locked-by-poetry-2"
    declared = pyproject.read(folder / "pyproject.toml", folder, Asked(groups=("dev",)))
    assert declared.faults == ()
    assert {each.name: str(each.specifier) for each in declared.requirements} == {
        "celery": str(SpecifierSet(">=5.4,<5.5")),
        "pytest": str(SpecifierSet(">=8,<9")).replace(">=8", ">=8.0"),
    }


def test_what_extras_and_groups_that_are_not_in_use_ask_for_is_counted(tmp_path: Path) -> None:
    def left_out(asked: Asked, text: str = PROJECT) -> list[tuple[tuple[str, ...], int]]:
        return [(each.parts, each.packages) for each in read_text(tmp_path, text, asked).terms.left_out]

    assert left_out(Asked()) == [(("extra fast-path", "extra more", "group dev", "group lint"), 4)]
    assert left_out(Asked(extras=("fast-path",))) == [(("group dev", "group lint"), 2)]
    assert left_out(Asked(extras=("fast-path",), groups=("lint",))) == []
    poetry = (
        '[tool.poetry.dependencies]\ncelery = "5.4.0"\nhiredis = { version = "3", optional = true }\n'
        '[tool.poetry.extras]\nfast = ["hiredis"]\n[tool.poetry.group.dev.dependencies]\npytest = "8"\ncelery = "5.4.0"\n'
    )
    assert left_out(Asked(), poetry) == [(("extra fast", "group dev"), 2)]
    assert left_out(Asked(groups=("dev",)), poetry) == [(("extra fast",), 1)]
