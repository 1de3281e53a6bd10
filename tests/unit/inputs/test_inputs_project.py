import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import Marker

from stackaudit.inputs import pythons
from stackaudit.inputs._asked import Asked
from stackaudit.inputs._text import read_at_most
from stackaudit.inputs.project import declared_files, read_files, read_pythons
from unit.inputs.reading import PROJECTS, one, pins, told


def claimed(folder: Path, name: str, text: str) -> list[tuple[str, str, str]]:
    path = folder / name
    path.write_text(text)
    return [(str(each.specifier), each.text, str(each.where)) for each in pythons.read(path, folder).pythons]


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("3.11.7\n", [("==3.11.7", ".python-version 3.11.7", ".python-version:1")]),
        ("# ours\n\n3.11\n3.9\n", [("==3.11.*", ".python-version 3.11", ".python-version:3")]),
        ("3.14.0rc1", [("==3.14.0rc1", ".python-version 3.14.0rc1", ".python-version:1")]),
        (
            "cpython-3.12.1-linux-x86_64-gnu",
            [("==3.12.1", ".python-version cpython-3.12.1-linux-x86_64-gnu", ".python-version:1")],
        ),
        ("3.13t", [("==3.13.*", ".python-version 3.13t", ".python-version:1")]),
        ("pypy3.10-7.3.12", []),
        ("system", []),
        ("thumbnails-env", []),
        ("", []),
    ],
)
def test_python_version_files_claim_their_first_version(
    tmp_path: Path, text: str, claims: list[tuple[str, str, str]]
) -> None:
    assert claimed(tmp_path, ".python-version", text) == claims


def test_runtime_txt_claims_its_version(tmp_path: Path) -> None:
    assert claimed(tmp_path, "runtime.txt", "python-3.11.7\n") == [
        ("==3.11.7", "runtime.txt python-3.11.7", "runtime.txt:1")
    ]


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("FROM python:3.11-slim\n", [("==3.11.*", 1)]),
        ("# syntax\nFROM --platform=linux/amd64 docker.io/library/python:3.11.7-bookworm AS base\n", [("==3.11.7", 2)]),
        ("ARG PYTHON_VERSION=3.12\nFROM python:${PYTHON_VERSION}-slim\n", [("==3.12.*", 2)]),
        ('ARG V="3.12"\nFROM python:$V\n', [("==3.12.*", 2)]),
        ("FROM python:${V:-3.10}\n", [("==3.10.*", 1)]),
        ("FROM python:3.13-rc-slim@sha256:00\n", [("==3.13.*", 1)]),
        ("FROM python:3.11 AS build\nARG V=3\nFROM \\\n  python:3.9\n", [("==3.11.*", 1), ("==3.9.*", 3)]),
        ("FROM python:slim\nFROM python\nFROM debian:12\nFROM host:5000/python\nFROM base-python:3.9\n", []),
        ("FROM python:${UNSET}\n", []),
        ("from python:3.14.0rc1\n", [("==3.14.0rc1", 1)]),
    ],
)
def test_dockerfiles_claim_the_python_of_each_stage(tmp_path: Path, text: str, claims: list[tuple[str, int]]) -> None:
    found = claimed(tmp_path, "Dockerfile", text)
    assert [(specifier, where) for specifier, _, where in found] == [
        (specifier, f"Dockerfile:{line}") for specifier, line in claims
    ]


def test_all_claims_of_a_folder_are_gathered(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nrequires-python = ">=3.11"\n')
    (tmp_path / ".python-version").write_text("3.11\n")
    (tmp_path / "Dockerfile").write_text("FROM python:3.12\n")
    (tmp_path / "worker.Dockerfile").write_text("FROM python:3.13\n")
    declared = read_pythons(tmp_path, tmp_path)
    assert [str(each.where) for each in declared.pythons] == [
        "pyproject.toml:3",
        ".python-version:1",
        "Dockerfile:1",
        "worker.Dockerfile:1",
    ]


def test_the_first_lock_that_is_there_is_what_a_project_declares(tmp_path: Path) -> None:
    assert declared_files(tmp_path) == ()
    for names, first in [
        (["pyproject.toml"], ["pyproject.toml"]),
        (
            ["requirements-dev.txt", "requirements.txt", "requirements-constraints.txt", "requirements/base.txt"],
            ["requirements.txt", "requirements-dev.txt", "requirements/base.txt"],
        ),
        (["Pipfile.lock"], ["Pipfile.lock"]),
        (["poetry.lock"], ["poetry.lock"]),
        (["uv.lock"], ["uv.lock"]),
        (["pylock.toml"], ["pylock.toml"]),
    ]:
        for name in names:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("")
        assert [path.relative_to(tmp_path).as_posix() for path in declared_files(tmp_path)] == first


def test_several_files_are_read_by_their_kind_in_their_order(tmp_path: Path) -> None:
    shutil.copytree(PROJECTS, tmp_path / "p")
    names = [
        "p/locked-by-uv/uv.lock",
        "p/locked-by-uv/pylock.toml",
        "p/locked-by-poetry-1/poetry.lock",
        "p/locked-by-pipenv/Pipfile.lock",
        "p/billed-by-cyclonedx/bom.json",
        "p/locked-by-uv/pyproject.toml",
        "p/locked-by-uv/requirements.txt",
    ]
    declared = read_files([tmp_path / name for name in names], tmp_path, {}, named=True)
    assert declared.faults == ()
    assert declared.sources == tuple(names)
    assert [each.where.path for each in declared.requirements if each.name == "celery"] == names
    assert {str(each.pin) for each in declared.requirements if each.name == "celery"} == {"5.4.0"}


def test_a_file_that_is_named_twice_or_included_again_counts_once(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("celery==5.4.0\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\npytest\n")
    declared = read_files([*declared_files(tmp_path), tmp_path / "requirements.txt"], tmp_path, {}, named=False)
    assert [each.name for each in declared.requirements] == ["celery", "pytest"]
    assert declared.sources == ("requirements.txt", "requirements-dev.txt")


def test_the_faults_of_all_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("celery=5\n")
    (tmp_path / "uv.lock").write_text("[[")
    paths = [tmp_path / name for name in ("a.txt", "uv.lock", "gone.txt")]
    assert told(read_files(paths, tmp_path, {}, named=True).faults) == [
        "a.txt:1: `=5` is not a version specifier for celery",
        "uv.lock:1: is not TOML from here on",
        "gone.txt: there is no such file",
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("setup.py", b"from setuptools import setup\n"),
        ("pdm.lock", b"x = 1\n"),
        ("stack.toml", b"x = 1\n"),
        ("data.json", b'{"a": 1}'),
        ("plain", b'{"a": 1}'),
        ("list.json", b"[]"),
        ("celery.whl", b"PK\x03\x04\x00\x00"),
        ("environment.yml", b"dependencies: []\n"),
        ("page.txt", b"<html></html>"),
    ],
)
def test_an_unknown_kind_of_file_is_one_fault_that_names_the_kinds(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    (fault,) = read_files([tmp_path / name], tmp_path, {}, named=True).faults
    assert str(fault) in {f"{name}: is no kind of file that is read here", f"{name}:1: holds a NUL byte: it is no text"}
    assert fault.hint is not None
    assert "pylock.toml" in fault.hint


@pytest.mark.parametrize("name", ["sbom.cdx.json", "whatever.json", "bom"])
def test_a_bill_is_known_by_what_it_says(tmp_path: Path, name: str) -> None:
    shutil.copy(PROJECTS / "billed-by-cyclonedx" / "bom.json", tmp_path / name)
    assert pins(read_files([tmp_path / name], tmp_path, {}, named=True)) == {"celery": "5.4.0", "kombu": "5.3.4"}


def test_a_bill_in_xml_is_one_clear_fault(tmp_path: Path) -> None:
    (tmp_path / "bom.xml").write_text("<bom/>")
    assert told(read_files([tmp_path / "bom.xml"], tmp_path, {}, named=True).faults) == [
        "bom.xml: an SBOM in XML is not read"
    ]


def test_what_is_asked_for_and_the_variables_reach_the_readers(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("celery==${V}\n")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "x"\ndependencies = []\n[project.optional-dependencies]\nfast = ["hiredis==3.0.0"]\n'
    )
    paths = [tmp_path / "requirements.txt", tmp_path / "pyproject.toml"]
    declared = read_files(paths, tmp_path, {"V": "5.4.0"}, named=True, asked=Asked(extras=("fast",)))
    assert pins(declared) == {"celery": "5.4.0", "hiredis": "3.0.0"}
    assert str(one(declared, "hiredis").where) == "pyproject.toml:5"


def test_nothing_heavy_is_imported_to_read_a_requirements_file() -> None:
    folder = PROJECTS / "locked-by-uv"
    code = (
        "import sys; from pathlib import Path; from stackaudit.inputs.project import read_files;"
        f"found = read_files([Path({str(folder / 'requirements.txt')!r})], Path('.'), {{}}, named=True);"
        "assert found.requirements; print(*sorted(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"pip_requirements_parser", "packaging.pylock", "requests", "typer", "rich", "celery"} & set(loaded)


FIXTURES = sorted(path for path in PROJECTS.rglob("*") if path.name.endswith((".lock", ".toml", ".json")))
PIECES = st.sampled_from(
    ['"', "[", "]", "{}", "[[", "=", "\\", "\0", "3", "true", "[1]", '""', "é", "\n", "null", "http://[", "*"]
)


@settings(max_examples=150)
@given(path=st.sampled_from(FIXTURES), at=st.floats(0, 1), piece=PIECES, cut=st.integers(0, 12))
def test_no_damage_to_a_file_is_more_than_a_fault(
    tmp_path_factory: pytest.TempPathFactory, path: Path, at: float, piece: str, cut: int
) -> None:
    text = path.read_text(encoding="utf-8")
    if len(text) > 4000:
        text = text[:4000]
    start = int(at * len(text))
    damaged = tmp_path_factory.mktemp("damaged") / path.name
    damaged.write_text(text[:start] + piece + text[start + cut :], encoding="utf-8")
    asked = Asked(extras=("fast",), groups=("dev",))
    declared = read_files([damaged], damaged.parent, {}, named=True, asked=asked)
    assert declared.sources == (path.name,)
    for requirement in declared.requirements:
        assert requirement.marker is None or str(Marker(requirement.marker)) == requirement.marker


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("celery==5.4.0\nredis==5.0.8\n", {"celery": "5.4.0", "redis": "5.0.8"}),
        (
            '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"purl": "pkg:pypi/celery@5.4.0"}]}',
            {"celery": "5.4.0"},
        ),
        ('{"_meta": {}, "default": {"celery": {"version": "==5.4.0"}}}', {"celery": "5.4.0"}),
    ],
)
def test_a_pipe_tells_all_once_and_is_read_once(tmp_path: Path, content: str, expected: dict[str, str]) -> None:
    path = tmp_path / "63"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=(content,))
    writer.start()
    declared = read_files([path], tmp_path, {}, named=True)
    writer.join()
    assert pins(declared) == expected
    assert not declared.faults


def test_a_pipe_that_nobody_writes_to_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    end = os.open(path, os.O_RDWR)
    with pytest.raises(TimeoutError):
        read_at_most(path, 10, patience=0.1)
    os.close(end)


def test_an_endless_file_is_read_to_the_limit() -> None:
    assert read_at_most(Path("/dev/zero"), 3_000_000) == bytes(3_000_000)


def test_a_link_to_nothing_and_a_nul_byte_are_told_for_what_they_are(tmp_path: Path) -> None:
    (tmp_path / "link.txt").symlink_to("gone.txt")
    (tmp_path / "nul.txt").write_bytes(b"celery==5.4.0\nre\0dis==5\n")
    declared = read_files([tmp_path / "link.txt", tmp_path / "nul.txt"], tmp_path, {}, named=True)
    assert told(declared.faults) == [
        "link.txt: is a link to a file that is gone",
        "nul.txt:2: holds a NUL byte: it is no text",
    ]


ENDLESS = "9" * 5000
DEEP = "(" * 3000 + "python_version > '3'" + ")" * 3000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("requirements.txt", f"celery=={ENDLESS}\n"),
        ("requirements.txt", f"celery>={ENDLESS}\n"),
        ("requirements.txt", f"celery; {DEEP}\n"),
        ("requirements.txt", f"https://h/celery-{ENDLESS}-py3-none-any.whl\n"),
        ("pyproject.toml", f"[project]\ndependencies = ['celery=={ENDLESS}']\n"),
        ("pyproject.toml", f'[project]\ndependencies = ["celery; {DEEP}"]\n'),
        ("pyproject.toml", f"x = {ENDLESS}\n"),
        ("pyproject.toml", f"[tool.poetry.dependencies]\ncelery = '^{ENDLESS}'\n"),
        ("pyproject.toml", "x = " + "[" * 5000 + "]" * 5000),
        ("uv.lock", f"version = 1\n[[package]]\nname = 'celery'\nversion = '{ENDLESS}'\nsource = {{registry = 'x'}}\n"),
        ("poetry.lock", f"[[package]]\nname = 'celery'\nversion = '{ENDLESS}'\n[metadata]\nlock-version = '2.1'\n"),
        ("Pipfile.lock", f'{{"_meta": {{}}, "default": {{"celery": {{"version": "=={ENDLESS}"}}}}}}'),
        (
            "bom.json",
            f'{{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{{"purl": "pkg:pypi/celery@{ENDLESS}"}}]}}',
        ),
        (".python-version", f"3.{ENDLESS}\n"),
    ],
)
def test_no_number_is_too_long_and_nothing_nested_too_deep_to_be_told(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    read = (
        read_pythons(tmp_path, tmp_path)
        if name.startswith(".")
        else read_files([tmp_path / name], tmp_path, {}, named=True)
    )
    assert read.faults
    assert all(len(each) < 300 for each in told(read.faults))
