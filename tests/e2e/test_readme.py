"""The README's commands do what it says: each is taken from it and run."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import CLEAN, Run
from environments import Environments
from osv_service import OsvService
from tools import require

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ADVISORIES = ROOT / "tests" / "advisories"


def commands(text: str) -> list[str]:
    """The console lines of `text`, without their comments."""
    return [re.sub(r"\s+#.*", "", line[2:]).strip() for line in text.splitlines() if line.startswith("$ ")]


def block(name: str) -> str:
    """What stands between `<!-- name -->` and `<!-- end -->`."""
    return README.partition(f"<!-- {name} -->")[2].partition("<!-- end -->")[0]


SANDBOX = commands(block("sandbox commands"))
OURS = [each for each in commands(README) if each.startswith("stackaudit ")]


@pytest.fixture(scope="module")
def advisories() -> Iterator[str]:
    with OsvService(ADVISORIES) as service:
        yield service.url


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what git knows of this checkout, as a clone would be."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("command", SANDBOX, ids=["uvx", "pipx", "venv"])
def test_one_line_ends_in_a_true_audit_of_a_real_stack(command: str, checkout: Path, advisories: str) -> None:
    program = shlex.split(command)[0]
    require(program)
    tools = {
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_PYTHON": sys.executable,
        "PIPX_HOME": str(checkout / "pipx"),
        "PIPX_DEFAULT_PYTHON": sys.executable,
        "XDG_DATA_HOME": str(checkout / "data"),
    }
    environ = {**CLEAN, **tools, "STACKAUDIT_ADVISORIES": advisories}
    done = subprocess.run(
        ["bash", "-c", command], cwd=checkout, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Auditing a sandbox of matrix celery-redis-ffmpeg" in done.stdout
    for check in ("matrix", "conflicts", "vulnerabilities", "releases", "redis", "celery", "ffmpeg", "environment"):
        assert re.search(rf"^  (ok|warn) +{check} +sandbox: ", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize("command", OURS)
def test_every_command_is_one_that_there_is(
    command: str, environments: Environments, folder: Path, stackaudit: Run, advisories: str
) -> None:
    pins = ROOT / "tests" / "projects" / "seed" / "requirements.txt"
    shutil.copy(pins, folder / "requirements.txt")
    interpreter = environments.get("3.11", *pins.read_text(encoding="utf-8").split())
    (folder / ".venv").symlink_to(Path(interpreter).parents[1])
    if command.startswith("stackaudit drill "):
        # Whether a whole stack holds is asked elsewhere, and takes a minute; what is for ffmpeg alone is drilled in seconds.
        (folder / "requirements.txt").write_text("ffmpeg-python==0.2.0\nfuture==1.0.0\n", encoding="utf-8")
    arguments = [folder / ".venv" if each == "/srv/app/.venv" else each for each in shlex.split(command)[1:]]
    done = stackaudit(*map(str, arguments), env={"STACKAUDIT_ADVISORIES": advisories})
    # No broker runs where the README says localhost: that audit fails, as it must.
    assert done.returncode == (1 if "--broker-url" in command else 0), done.stdout + done.stderr


def test_the_picture_is_what_the_command_prints(environments: Environments, folder: Path, stackaudit: Run) -> None:
    picture = block("picture")
    (command,) = commands(picture)
    pins = ("celery[redis]==5.4.0", "kombu==5.7.0", "redis==5.3.1")
    (folder / "requirements.txt").write_text("celery[redis]==5.4.0\n", encoding="utf-8")
    (folder / ".venv").symlink_to(Path(environments.get("3.11", *pins, own_pip=True)).parents[1])
    done = stackaudit(*shlex.split(command)[1:])
    assert done.returncode == 1
    told = [line for line in picture.splitlines() if line.startswith(("error", "  = why", "  = fix", "  FAIL"))]
    assert len(told) > 3
    for line in told:
        # How many packages come along is the index's matter, and so may change any day.
        assert re.sub(r"\d+ packages", "", line) in re.sub(r"\d+ packages", "", done.stdout), done.stdout


def test_the_gate_for_ci_is_a_command_that_there_is(stackaudit: Run) -> None:
    (line,) = re.findall(r"- run: stackaudit (.*)", README)
    options = set(re.findall(r"(?<!\w)--?[a-z][a-z-]*", line))
    helped = stackaudit("check", "--help").stdout
    assert options
    assert all(option in helped for option in options)


def test_ci_runs_the_same_line_that_the_readme_gives() -> None:
    (line,) = commands(block("test command"))
    assert line.endswith("nox")
    assert "test command" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
