"""A project's own matrices are found by the names of their files, and none of them is passed over in silence."""

import os
from pathlib import Path

import pytest

from stackaudit.inputs import matrices
from stackaudit.inputs._text import parse_toml
from stackaudit.model.errors import InputError
from unit.inputs.test_matrices import GOOD


def own(tmp_path: Path, name: str) -> Path:
    folder = tmp_path / "matrices"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}.toml"


def faults(tmp_path: Path) -> list[str]:
    with pytest.raises(InputError) as raised:
        matrices.read_all(tmp_path)
    return [str(fault) for fault in raised.value.faults]


def test_a_matrix_that_can_not_be_read_is_told_and_no_shipped_one_of_its_name_takes_its_place(tmp_path: Path) -> None:
    own(tmp_path, "celery-redis-ffmpeg").symlink_to("gone.toml")
    assert faults(tmp_path) == ["matrices/celery-redis-ffmpeg.toml: is a link to a file that is gone"]
    with pytest.raises(InputError):
        matrices.read("celery-redis-ffmpeg", tmp_path)


def test_a_matrix_of_another_schema_is_told_and_not_passed_over(tmp_path: Path) -> None:
    own(tmp_path, "small").write_text(GOOD.replace("stackaudit/matrix/1", "stackaudit/matrix/9"), encoding="utf-8")
    expected = "matrices/small.toml:1: `schema` is `stackaudit/matrix/9`, and must be one of stackaudit/matrix/1"
    assert faults(tmp_path) == [expected]


def test_a_matrix_that_is_called_otherwise_than_its_file_is_a_fault(tmp_path: Path) -> None:
    own(tmp_path, "small").write_text(GOOD, encoding="utf-8")
    own(tmp_path, "other").write_text(GOOD, encoding="utf-8")
    assert faults(tmp_path) == [
        "matrices/other.toml:2: `name` is `small`, and the file is called other.toml: a project's matrices are found by that"
    ]


def test_other_files_and_pipes_in_the_folder_are_none_of_ours(tmp_path: Path) -> None:
    own(tmp_path, "colours").write_text("[colours]\nred = 1\n", encoding="utf-8")
    os.mkfifo(own(tmp_path, "pipe"))
    own(tmp_path, "folder").mkdir()
    assert matrices.local(tmp_path) == ()


@pytest.mark.parametrize("part", ["a", '"a"', "'a'"])
def test_a_key_of_endless_parts_is_refused(part: str) -> None:
    found = parse_toml(" . ".join([part] * 200_000) + " = 1\n", "matrices/deep.toml")
    assert str(found) == "matrices/deep.toml:1: is nested too deep"
