"""What importing a component costs is measured in the target's own interpreter, and what can't be measured says why."""

import sys
import venv
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.environment import Distribution, ImportTrial, InterpreterFact
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Visit
from stackaudit.model.snapshot import Look, Snapshot
from stackaudit.probes.imports import collect
from stories import NOW, look


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """The folder of the packages of an environment that has none."""
    venv.create(tmp_path / "env", with_pip=False)
    return next((tmp_path / "env" / "lib").glob("python3*")) / "site-packages"


def measured(packages: Path, *names: str, seconds: float = 30) -> list[Look]:
    interpreter = InterpreterFact(
        path=str(packages.parents[2] / "bin" / "python"),
        version=sys.version.split()[0],
        implementation="CPython",
        platform="here",
        prefix="",
        markers=(),
        site_packages=(str(packages),),
        virtual=True,
        pip=None,
    )
    found = [Distribution(name=canonicalize_name(name), version="1") for name in names]
    seen = Snapshot(taken_at=NOW, host="", looks=(look("interpreter", interpreter, *found),))
    return list(collect(Visit(manifest=Manifest(), seen=seen, deadline=Deadline(seconds))))


def write(packages: Path, module: str, text: str) -> None:
    (packages / module).mkdir()
    (packages / module / "__init__.py").write_text(text, encoding="utf-8")


def trial(found: Look) -> ImportTrial:
    assert isinstance(found.facts[0], ImportTrial)
    return found.facts[0]


def test_time_and_memory_are_of_the_import_and_not_of_the_interpreter(packages: Path) -> None:
    write(packages, "vine", "import time\ntime.sleep(0.05)\nkept = bytearray(b'x') * 30_000_000\n")
    write(packages, "ffmpeg", "print('loud')\n")
    small, big = measured(packages, "ffmpeg-python", "vine")
    assert trial(small).problem is None
    took = dict(big.measured)
    assert took["import vine"] >= 0.05
    assert dict(small.measured)["import ffmpeg"] < took["import vine"]
    if sys.platform == "linux":
        assert 25_000_000 < took["import vine bytes"] < 60_000_000
        assert dict(small.measured)["import ffmpeg bytes"] < 25_000_000
    assert big.evidence.exit_status == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("raise RuntimeError('secret')\n", "it ends in RuntimeError"),
        ("import os\nos._exit(3)\n", "the interpreter gave no answer (exited)"),
        ("import no_such_module\n", "it ends in ModuleNotFoundError"),
    ],
)
def test_an_import_that_fails_is_told_in_our_words_and_measures_nothing(
    packages: Path, text: str, problem: str
) -> None:
    write(packages, "vine", text)
    (found,) = measured(packages, "vine")
    assert trial(found).problem == problem
    assert found.measured == ()


def test_an_import_that_never_ends_is_given_up(packages: Path) -> None:
    write(packages, "vine", "import time\ntime.sleep(600)\n")
    (found,) = measured(packages, "vine", seconds=1)
    assert "it was not done" in str(trial(found).problem)
    assert found.measured == ()


def test_what_is_no_component_of_the_stack_is_not_imported(packages: Path) -> None:
    write(packages, "flask", "raise SystemExit(1)\n")
    assert measured(packages, "flask") == []
