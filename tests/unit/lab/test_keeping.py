"""What is kept of a cell reads back as it was, under the digest of all that it depends on and of nothing else."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.lab.keeping import keep, kept, key_of
from stackaudit.model.facts.published import RowResolution
from stackaudit.model.facts.trials import RecoveryTrial
from stackaudit.model.snapshot import Evidence, Look
from stackaudit.model.wire import digest

RESOLUTION = RowResolution(
    cell="3.11:5.4",
    python="3.11",
    platform="linux-x86_64",
    row=("celery==5.4.0",),
    packages=((canonicalize_name("celery"), Version("5.4.0")), (canonicalize_name("vine"), Version("5.1.0"))),
)
LOOK = Look(
    probe="drill",
    asked="it holds",
    evidence=Evidence(tool="redis-server", tool_version="7.0.15"),
    facts=(RecoveryTrial(cell="3.11:5.4", drill="broker-restart", sentence="it holds"),),
    yields=("RecoveryTrial",),
    measured=(("seconds", 1.5),),
    id="drill.3.11:5.4.broker-restart.1",
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def key(resolution: RowResolution = RESOLUTION, conditions: tuple[str, ...] = ("cpython 3.11.7",)) -> str:
    return key_of(resolution, conditions, ["broker-restart: it holds"])


def test_what_is_kept_reads_back_with_the_moment_it_was_seen() -> None:
    assert kept(key()) is None
    before = datetime.now(UTC)
    keep(key(), [LOOK])
    found = kept(key())
    assert found is not None
    assert found.looks == (LOOK,)
    assert before <= found.at <= datetime.now(UTC)


def test_another_package_python_or_machine_has_another_key() -> None:
    newer = ((canonicalize_name("celery"), Version("5.4.0")), (canonicalize_name("vine"), Version("5.1.1")))
    others = {
        key(),
        key(replace(RESOLUTION, packages=newer)),
        key(replace(RESOLUTION, platform="macosx-14.0-arm64")),
        key(conditions=("cpython 3.11.9",)),
        key(conditions=("cpython 3.11.7", "3 times")),
    }
    assert len(others) == 5


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "[" * 100_000, '{"schema": "another"}', '{"schema": "stackaudit/cell/1", "at": 1}']
)
def test_what_cannot_be_read_is_not_there(cache: Path, text: str) -> None:
    keep(key(), [LOOK])
    (file,) = cache.rglob(f"{key()}.json")
    file.write_text(text, encoding="utf-8")
    assert kept(key()) is None


def test_what_is_not_as_it_was_written_or_lies_under_another_key_is_not_there(cache: Path) -> None:
    keep(key(), [LOOK])
    (file,) = cache.rglob(f"{key()}.json")
    other = key(conditions=("cpython 3.11.9",))
    file.with_name(f"{other}.json").write_bytes(file.read_bytes())
    assert kept(other) is None
    written = file.read_text(encoding="utf-8")
    assert kept(key()) is not None
    file.write_text(written.replace("redis-server", "valkey-server"), encoding="utf-8")
    assert kept(key()) is None


def test_what_a_clock_says_that_was_ahead_is_not_there(cache: Path) -> None:
    keep(key(), [LOOK])
    (file,) = cache.rglob(f"{key()}.json")
    body = json.loads(file.read_text(encoding="utf-8"))
    for at in ("2999-01-01T00:00:00+00:00", "2026-01-01T00:00:00"):
        whole = {name: value for name, value in (body | {"at": at}).items() if name != "digest"}
        file.write_text(json.dumps({**whole, "digest": digest({**whole, "key": key()})}), encoding="utf-8")
        assert kept(key()) is None


def test_a_link_that_leads_to_itself_is_as_good_as_nothing(cache: Path) -> None:
    keep(key(), [LOOK])
    (file,) = cache.rglob(f"{key()}.json")
    file.unlink()
    file.symlink_to(file)
    assert kept(key()) is None
    keep(key(), [LOOK])
