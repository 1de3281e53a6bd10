"""Which variables are the stack's, and when two broker URLs name the same broker."""

import os
from pathlib import Path

import pytest

from stackaudit.model.brokers import same_broker
from stackaudit.model.deadline import Deadline
from stackaudit.model.variables import looks_like_ours
from stackaudit.probes.variables import Sources, search


@pytest.mark.parametrize("name", ["CELERY_BROKER_URL", "REDIS_URL", "C_FORCE_ROOT", "FFREPORT", "KOMBU_LOG_DEBUG"])
def test_these_are_the_stacks(name: str) -> None:
    assert looks_like_ours(name)


@pytest.mark.parametrize("name", ["PATH", "APP", "STACKAUDIT_BROKER_URL", "CELERY", "MY_REDIS_URL", "FFREPORTS"])
def test_these_are_not(name: str) -> None:
    assert not looks_like_ours(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("redis://h", "redis://h:6379/0"),
        ("redis://h:6379/", "redis://H/0"),
        ("redis://:secret@h/1", "redis://ann:other@h:6379/1"),
        ("amqp://h//", "amqp://h:5672"),
        ("redis://", "redis://localhost:6379/0"),
    ],
)
def test_these_name_the_same_broker(one: str, other: str) -> None:
    assert same_broker(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("redis://h/0", "redis://h/1"),
        ("redis://h", "rediss://h"),
        ("redis://h", "redis://i"),
        ("redis://h:6379", "redis://h:6380"),
        ("redis://h:port", "redis://h"),
        ("", "redis://h"),
    ],
)
def test_these_name_different_brokers(one: str, other: str) -> None:
    assert not same_broker(one, other)


def celery_in(folder: Path) -> Sources:
    (folder / "celery").mkdir()
    (folder / "celery" / "app.py").write_text("import os\nos.environ.get('CELERY_X')\n")
    return Sources(folders=(("celery", folder / "celery"),), missing=())


def test_a_source_that_is_no_file_is_not_waited_for_and_blinds(tmp_path: Path) -> None:
    sources = celery_in(tmp_path)
    assert search(["CELERY_X"], sources, Deadline(60))[1] == ()
    os.mkfifo(tmp_path / "celery" / "pipe.py")
    assert search(["CELERY_X"], sources, Deadline(60))[1] == ("celery",)


def test_a_command_line_that_can_not_be_parsed_blinds(tmp_path: Path) -> None:
    sources = celery_in(tmp_path)
    (tmp_path / "celery" / "bin").mkdir()
    (tmp_path / "celery" / "bin" / "worker.py").write_text("a syntax of the future")
    assert search(["CELERY_WORKER_X"], sources, Deadline(60))[1] == ("celery",)


def test_no_source_is_read_past_the_deadline(tmp_path: Path) -> None:
    assert search(["CELERY_X"], celery_in(tmp_path), Deadline(0)) == ({}, ("celery",))
