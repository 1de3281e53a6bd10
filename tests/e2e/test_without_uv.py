"""Where there is no uv, copies are made with venv and pip: the same copies, and where that can't be either it is told."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from command import CLEAN, Run
from environments import run_uv
from matrices_of_one import HERE, written
from tools import require, require_index

PINS = ("celery==5.4.0", "kombu==5.4.0", "redis==5.0.8")
ROOT = Path(__file__).parents[2]


class Tool:
    """The tool, installed into an environment where no uv is, and run with a PATH on which none is."""

    def __init__(self, folder: Path, base: str) -> None:
        run_uv("venv", "--quiet", "--seed", "--python", base, str(folder / "env"))
        run_uv("pip", "install", "--quiet", "--python", str(folder / "env" / "bin" / "python"), "-e", str(ROOT))
        self._command = str(folder / "env" / "bin" / "stackaudit")
        self._programs = folder / "programs"
        self._programs.mkdir()
        for each in ("redis-server", "sh"):
            (self._programs / each).symlink_to(require(each))

    def run(self, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run it in `folder`, with temporary files and a cache of cells of its own."""
        (folder / "tmp").mkdir(exist_ok=True)
        own: Mapping[str, str] = {
            "PATH": str(self._programs),
            "TMPDIR": str(folder / "tmp"),
            "XDG_STATE_HOME": str(folder / "state"),
            # pip keeps its downloads below it as well, and these are to be found again.
            "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR") or str(Path.home() / ".cache" / "pip"),
            "XDG_CACHE_HOME": str(folder / "kept"),
            # What a user tells pip of what to take and whereto is not about copies.
            "PIP_REQUIRE_HASHES": "1",
            "PIP_NO_DEPS": "1",
            "PIP_TARGET": str(folder / "target"),
            "PIP_PYTHON": str(folder / "python"),
        }
        return subprocess.run(
            [self._command, *arguments],
            cwd=folder,
            env={**CLEAN, **own},
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Tool:
    require("redis-server")
    require_index()
    return Tool(tmp_path_factory.mktemp("tool"), sys.executable)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Tool:
    """The tool on a Python as Debian has it until python3-venv is installed: without ensurepip."""
    require_index()
    folder = tmp_path_factory.mktemp("bare")
    stdlib = Path(sysconfig.get_path("stdlib"))
    library = folder / "base" / "lib" / stdlib.name
    library.mkdir(parents=True)
    for each in stdlib.iterdir():
        if each.name not in {"ensurepip", "site-packages"}:
            (library / each.name).symlink_to(each)
    for each in stdlib.parent.glob("libpython*"):
        (library.parent / each.name).symlink_to(each)
    program = folder / "base" / "bin" / f"python{HERE}"
    program.parent.mkdir()
    shutil.copy2(Path(sys.executable).resolve(), program)
    return Tool(folder, str(program))


def test_a_copy_that_pip_made_holds_what_a_copy_of_uv_holds_and_its_time_is_told(
    tool: Tool, stackaudit: Run, folder: Path
) -> None:
    (folder / "requirements.txt").write_text("\n".join(PINS), encoding="utf-8")
    asked = ("drill", "-r", "requirements.txt", "--drill", "round-trip,deprecations", "--format", "json")
    by_pip, by_uv = tool.run(folder, *asked), stackaudit(*asked)
    assert (by_pip.returncode, by_uv.returncode) == (0, 0), by_pip.stderr + by_uv.stderr
    records = [json.loads(each.stdout) for each in (by_pip, by_uv)]
    by_pip_held, by_uv_held = (
        {
            f"{fact['name']}=={fact['version']}"
            for look in each["looks"]
            for fact in look["facts"]
            if fact["fact"] == "Distribution"
        }
        for each in records
    )
    assert by_pip_held == by_uv_held
    assert by_pip_held > set(PINS)
    assert [each["measured"]["latencies"]["interpreter.environment"] > 0 for each in records] == [True, True]
    assert list((folder / "tmp").iterdir()) == []
    assert not (folder / "target").exists()


def test_a_row_that_pip_installed_is_proved_with_its_name(tool: Tool, folder: Path) -> None:
    proofs = written(folder, "good", PINS).with_suffix(".proof.toml")
    done = tool.run(folder, "matrix", "certify", "good", "--rung", "imported", "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    (proof,) = tomllib.loads(proofs.read_text(encoding="utf-8"))["proof"]
    assert proof["rung"] == "imported"
    assert proof["by"].startswith("pip ")
    assert {f"{name}=={proof['packages'][name]}" for name in ("celery", "kombu", "redis")} == set(PINS)
    assert json.loads(done.stdout)["measured"]["latencies"][f"certify.{HERE}:5.4.install.install"] > 0
    assert list((folder / "tmp").iterdir()) == []


def test_where_neither_uv_nor_ensurepip_is_that_is_told_and_nothing_is_proved(bare: Tool, folder: Path) -> None:
    told = "there is no uv to make the sandbox's environment, and the ensurepip of "
    proofs = written(folder, "good", PINS).with_suffix(".proof.toml")
    done = bare.run(folder, "matrix", "certify", "good", "--rung", "imported")
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"????  {HERE}:5.4" in done.stdout
    assert told in done.stdout
    assert [each["rung"] for each in tomllib.loads(proofs.read_text(encoding="utf-8"))["proof"]] == ["resolved"]
    (folder / "requirements.txt").write_text("\n".join(PINS), encoding="utf-8")
    done = bare.run(folder, "drill", "-r", "requirements.txt", "--drill", "imports")
    assert done.returncode == 3
    assert told in done.stderr
    assert "install uv, or " in done.stderr
    assert list((folder / "tmp").iterdir()) == []
