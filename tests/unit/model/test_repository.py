"""A file has the name that its repository gives it, wherever the command was called."""

import pytest

from stackaudit.model.repository import Repository


@pytest.mark.parametrize(
    ("folder", "path", "named"),
    [
        ("/src", "requirements.txt", "requirements.txt"),
        ("/src/services/api", "requirements.txt", "services/api/requirements.txt"),
        ("/src/services/api", "../../uv.lock", "uv.lock"),
        ("/src/services/api", "/src/uv.lock", "uv.lock"),
        ("/src/services/api", ".", "services/api"),
        ("/src", ".", "."),
        ("/src", "../other/uv.lock", "/other/uv.lock"),
        ("/src", "/srcs/uv.lock", "/srcs/uv.lock"),
    ],
)
def test_a_path_counts_from_the_root_and_one_outside_of_it_is_absolute(folder: str, path: str, named: str) -> None:
    assert Repository(root="/src", folder=folder).path_of(path) == named


def test_the_root_of_the_machine_can_be_a_repository_too() -> None:
    assert Repository(root="/", folder="/app").path_of("uv.lock") == "app/uv.lock"
