"""What the files say of an install besides the packages that they ask for: constraints, hashes, indexes, pre-releases."""

from pathlib import Path

import pytest

from stackaudit.inputs.project import read_files
from stackaudit.model.manifest import Terms
from unit.inputs.reading import PROJECTS

HASHED = "celery==5.4.0 --hash=sha256:" + "0" * 64 + "\n"


def terms_of(folder: Path, **files: str) -> Terms:
    """The terms of `requirements.txt` in `folder`, with the other files beside it."""
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return read_files((folder / "requirements.txt",), folder, {"TOKEN": "hunter2"}, named=True).terms


def test_a_constraint_on_a_package_that_nobody_asks_for_is_kept(tmp_path: Path) -> None:
    terms = terms_of(tmp_path, requirements="-c bounds.txt\ncelery==5.4.0\n", bounds="kombu<5.7\n")
    assert [f"{each.name}{each.specifier} {each.where}" for each in terms.constraints] == ["kombu<5.7 bounds.txt:1"]


def test_a_file_with_hashes_lists_all_that_an_install_gives(tmp_path: Path) -> None:
    assert terms_of(tmp_path, requirements=HASHED).closed == ("requirements.txt",)
    assert terms_of(tmp_path, requirements="celery==5.4.0\n").closed == ()


@pytest.mark.parametrize("loose", ["redis==5.0.8\n", "redis>=5\n", "-e ./lib\n", "https://example.test/redis.zip\n"])
def test_a_line_without_a_hash_leaves_open_what_an_install_gives(tmp_path: Path, loose: str) -> None:
    # pip refuses such a file: what it lists is what nothing installs.
    assert terms_of(tmp_path, requirements=HASHED + loose).closed == ()


@pytest.mark.parametrize("name", ["pylock.toml", "uv.lock", "poetry.lock", "Pipfile.lock", "bom.json"])
def test_a_lock_and_an_sbom_list_all_that_an_install_gives(name: str) -> None:
    path = next(PROJECTS.rglob(name))
    declared = read_files((path,), path.parent, {}, named=True)
    assert declared.terms.closed == declared.sources == (name,)


def test_the_indexes_that_a_file_names_are_kept_without_their_logins(tmp_path: Path) -> None:
    text = "-i https://user:hunter2@index.example/simple\n--find-links ./wheels\n--no-index\ncelery==5.4.0\n"
    assert terms_of(tmp_path, requirements=text).indexes == ("https://index.example/simple", "./wheels", "--no-index")
    filled = "--index-url https://index.example/${TOKEN}/simple\ncelery==5.4.0\n"
    assert "hunter2" not in str(terms_of(tmp_path, requirements=filled))


def test_a_file_may_ask_for_pre_releases(tmp_path: Path) -> None:
    assert terms_of(tmp_path, requirements="--pre\ncelery>=5\n").prereleases
    assert not terms_of(tmp_path, requirements="celery>=5\n").prereleases
