"""A copy is told where packages come from, and nothing of which are taken, or whereto."""

import os
from pathlib import Path

import pytest

from stackaudit.outside.sources import of_pip, of_uv


@pytest.mark.parametrize(
    "name",
    [
        "UV_DEFAULT_INDEX",
        "UV_INDEX",
        "UV_INDEX_OURS_PASSWORD",
        "UV_FIND_LINKS",
        "UV_KEYRING_PROVIDER",
        "UV_SYSTEM_CERTS",
        "UV_CACHE_DIR",
        "UV_OFFLINE",
        "UV_NO_BUILD",
    ],
)
def test_uv_is_told_where_packages_come_from(name: str) -> None:
    assert of_uv({name: "x", "HTTPS_PROXY": "y"}) == {}


@pytest.mark.parametrize(
    "name",
    [
        "UV_REQUIRE_HASHES",
        "UV_NO_BINARY",
        "UV_EXCLUDE_NEWER",
        "UV_CONSTRAINT",
        "UV_OVERRIDE",
        "UV_RESOLUTION",
        "UV_PYTHON",
        "UV_PROJECT",
        "UV_WORKING_DIR",
        "UV_VENV_SEED",
        "UV_SYSTEM_PYTHON",
        "UV_SETTING_OF_TOMORROW",
    ],
)
def test_uv_is_not_told_what_to_take_nor_whereto(name: str) -> None:
    assert of_uv({name: "x"}) == {name: None}


def test_pip_is_told_by_its_environment_and_its_files_where_packages_come_from_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text(
        "[global]\nfind-links = /wheels\nindex-url = https://one.example\ntarget = /home/me\n"
        "[install]\nrequire-hashes = true\ntrusted-host =\n    a.example\n    b.example\n",
        encoding="utf-8",
    )
    environment = {
        "HOME": str(tmp_path),
        "XDG_CONFIG_DIRS": str(tmp_path / "none"),
        "PIP_CONFIG_FILE": str(tmp_path / "pip.conf"),
        "PIP_INDEX_URL": "https://two.example",
        "PIP_USER": "1",
        "PIP_CONSTRAINT": "/home/me/constraints.txt",
    }
    told = of_pip(environment, str(tmp_path / "env"))
    assert {name: value for name, value in told.items() if name in {*environment, "PIP_FIND_LINKS"}} == {
        "PIP_FIND_LINKS": "/wheels",
        "PIP_INDEX_URL": "https://two.example",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_USER": None,
        "PIP_CONSTRAINT": None,
    }
    assert (told["PIP_TRUSTED_HOST"] or "").split() == ["a.example", "b.example"]
    assert not {"PIP_TARGET", "PIP_REQUIRE_HASHES"} & told.keys()
