"""What every test of the installed command needs."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from command import CLEAN, COMMAND, Run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty project folder, cut off from whatever lies above it."""
    (tmp_path / ".git").mkdir()
    return tmp_path


@pytest.fixture
def stackaudit(folder: Path) -> Run:
    """Run the command in `folder` and return what it said; `env` is added to a clean environment."""

    def run(*arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *arguments],
            cwd=folder,
            env={**CLEAN, **(env or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    return run
