"""What the tests of real tools share: environments, each built once a session, and a service of advisories."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from advised import ADVISORIES
from environments import Environments
from osv_service import OsvService

# How long an example takes is no promise, on a busy machine least of all.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Environments:
    """The environments of this session; tests that change one build their own."""
    return Environments(tmp_path_factory.mktemp("environments"))


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither reads nor leaves anything in the caches of whoever runs the tests."""
    if importlib.util.find_spec("pip_audit") is None:
        pytest.fail("pip-audit is a dependency of the tool itself")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def service() -> Iterator[OsvService]:
    """A service that knows the advisories of the tests."""
    with OsvService(ADVISORIES) as running:
        yield running
