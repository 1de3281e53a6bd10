"""The installed command, run as a user runs it."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

COMMAND = str(Path(sys.executable).parent / "stackaudit")
Run = Callable[..., subprocess.CompletedProcess[str]]

# What a developer's shell may hold must not decide a test.
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("STACKAUDIT_", "CELERY_", "REDIS_", "BROKER_", "VIRTUAL_ENV", "NO_COLOR", "FORCE_COLOR"))
}


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
