"""A row is installed and imported on a real Python: what is seen is what is there, and what was not built is not seen."""

import json
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from environments import python
from stackaudit.lab.cells import Cell
from stackaudit.lab.installing import Pins, install
from stackaudit.lab.pythons import Found, find_python
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.rows import RowImport, RowInstall
from stackaudit.model.snapshot import Look
from stackaudit.outside import process
from stackaudit.target import import_row

RUN = "import runpy; runpy.run_path(sys.argv[1], run_name='__main__')"


def pins(*lines: str) -> Pins:
    pairs = (line.split("==") for line in lines)
    return tuple(sorted((canonicalize_name(name), Version(version)) for name, version in pairs))


def found(minor: str) -> Found:
    python(minor)  # skips where there is none, and fails where all are promised
    here = find_python(minor, Deadline(60))
    assert here is not None
    return here


def installed(folder: Path, minor: str, *lines: str, row: int = 1) -> tuple[Look, Path | None]:
    cell = Cell(python=minor, series="1", row=lines[:row])
    return install(cell, pins(*lines), found(minor), folder, Deadline(300))


def test_the_pythons_of_this_machine_are_found_by_their_version_and_no_other() -> None:
    here = found("3.12")
    assert here.version.startswith("3.12.")
    assert here.told == f"cpython {here.version}"
    assert find_python("3.99", Deadline(60)) is None


def test_exactly_what_was_taken_is_there_and_each_package_of_the_row_was_imported(tmp_path: Path) -> None:
    look, interpreter = installed(tmp_path, "3.9", "amqp==5.3.1", "vine==5.1.0", "billiard==4.2.1", row=3)
    fact, *imports = look.facts
    assert isinstance(fact, RowInstall)
    assert (fact.packages, fact.broken) == (fact.taken, None)
    assert fact.python.startswith("cpython 3.9.")
    shown = {(each.name, each.statement, each.problem) for each in imports if isinstance(each, RowImport)}
    assert shown == {
        ("amqp", "from amqp import Connection", None),
        ("billiard", "from billiard.pool import Pool", None),
        ("vine", "import vine", None),
    }
    assert interpreter is not None
    assert interpreter.is_file()
    assert {name for name, _ in look.measured} == {"install", "check", "import"}


def test_a_module_that_another_version_left_behind_is_caught_by_importing_what_needs_it(tmp_path: Path) -> None:
    look, _ = installed(tmp_path, "3.11", "amqp==2.6.1", "vine==5.0.0")
    problems = [each.problem for each in look.facts if isinstance(each, RowImport)]
    assert problems == ["ModuleNotFoundError of vine.five"]


def test_packages_that_refuse_each_other_are_told_in_the_checkers_words(tmp_path: Path) -> None:
    look, _ = installed(tmp_path, "3.11", "amqp==5.3.1", "vine==1.3.0")
    fact = look.facts[0]
    assert isinstance(fact, RowInstall)
    assert fact.broken is not None
    assert "amqp" in fact.broken
    assert "vine" in fact.broken
    assert str(tmp_path) not in fact.broken


@pytest.mark.parametrize(("line", "seconds"), [("vine==99.99", 300), ("vine==5.1.0", 0.01)])
def test_what_could_not_be_built_is_unseen_with_its_cause(tmp_path: Path, line: str, seconds: float) -> None:
    cell = Cell(python="3.11", series="1", row=(line,))
    look, interpreter = install(cell, pins(line), found("3.11"), tmp_path, Deadline(seconds))
    assert interpreter is None
    assert look.facts == ()
    assert look.unseen is not None
    assert look.unseen.subject == "3.11:1"
    assert set(look.unseen.yields) == {"RowInstall", "RowImport"}
    assert str(tmp_path) not in look.unseen.cause


def test_a_package_that_ends_the_interpreter_is_told_and_the_others_are_tried(tmp_path: Path) -> None:
    bodies = {
        "crashes": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
        "leaves": "import os; os._exit(0)",
        "raises": "raise KeyboardInterrupt",
        "stays": "import os, time; os.fork() or (os.setsid(), time.sleep(60), os._exit(0))",
        "works": "",
    }
    for name, body in bodies.items():
        (tmp_path / f"{name}.py").write_text(body, encoding="utf-8")
    errand = json.dumps({"names": list(bodies), "statements": {each: f"import {each}" for each in bodies}})
    runs = [python("3.8"), "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {RUN}", import_row.__file__]
    done = process.run(runs, Deadline(60), stdin=errand.encode())
    told = json.loads(done.text.partition(import_row.BEGIN)[2].partition(import_row.END)[0])
    assert {each["name"]: each["problem"] for each in told["trials"]} == {
        "crashes": "SIGSEGV",
        "leaves": "exit status 0",
        "raises": "KeyboardInterrupt",
        "stays": None,
        "works": None,
    }
