"""What the tests of real tools share: environments, each built once a session."""

import pytest

from environments import Environments


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Environments:
    """The environments of this session; tests that change one build their own."""
    return Environments(tmp_path_factory.mktemp("environments"))
