"""The worker step tells versions and named settings, and no more."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from environments import python, write_distribution
from stackaudit.target import worker_step
from stackaudit.target.worker_step import banner, distributions, plain, settings, stamps


def test_of_one_name_in_several_folders_the_first_counts_as_for_an_import(tmp_path: Path) -> None:
    write_distribution(tmp_path / "a", "Some.Thing", "1.0")
    write_distribution(tmp_path / "b", "some_thing", "2.0")
    write_distribution(tmp_path / "b", "other", "3.0")
    folders = [str(tmp_path / name) for name in ("a", "b", "none")]
    assert distributions(folders) == {"some-thing": "1.0", "other": "3.0"}


def test_what_an_interrupted_uninstall_left_is_not_there(tmp_path: Path) -> None:
    write_distribution(tmp_path, "whole", "1.0")
    (tmp_path / "whole-1.0.dist-info").rename(tmp_path / "~hole-1.0.dist-info")
    assert distributions([str(tmp_path)]) == {}


def test_the_name_of_a_folder_stands_in_where_there_is_no_metadata(tmp_path: Path) -> None:
    (tmp_path / "bare_thing-1.5.dist-info").mkdir()
    (tmp_path / "old-2.0-py3.8.egg-info").write_text("Metadata-Version: 1.0\nName: Old\nVersion: 2.0.1\n\nName: body\n")
    assert distributions([str(tmp_path)]) == {"bare-thing": "1.5", "old": "2.0.1"}


def test_a_folder_that_was_written_into_has_another_stamp(tmp_path: Path) -> None:
    before = stamps([str(tmp_path), "/none"])
    write_distribution(tmp_path, "new", "1.0")
    assert stamps([str(tmp_path), "/none"]) != before


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (True, True),
        (30, 30),
        (None, None),
        ("json", "json"),
        ("redis://:s3cret@host/0", "***"),
        ("user@host", "***"),
        ({"b", "a"}, ["a", "b"]),
        (["json", "redis://:s3cret@host"], ["***", "json"]),
        (timedelta(days=1), 86400.0),
        ({"password": "s3cret"}, "dict"),
    ],
)
def test_a_setting_is_told_plainly_or_not_at_all(value: object, told: object) -> None:
    assert plain(value) == told


def test_only_named_settings_are_told() -> None:
    conf = {
        "task_acks_late": True,
        "broker_url": "redis://:s3cret@host/0",
        "my_own": "s3cret",
        "broker_transport_options": {"visibility_timeout": 60, "sentinel_kwargs": {"password": "s3cret"}},
    }
    assert settings(conf) == {"task_acks_late": True, "broker_transport_options.visibility_timeout": 60}


def test_a_program_that_is_not_there_is_none() -> None:
    assert banner("no-such-program-anywhere") is None


def test_the_file_is_of_the_oldest_python(tmp_path: Path) -> None:
    source = Path(worker_step.__file__)
    command = [python("3.8"), "-I", "-c", "import ast, sys; ast.parse(open(sys.argv[1]).read())", str(source)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
