"""The server that is named as the one of the drills is the one that they start."""

from pathlib import Path

import pytest

from stackaudit.lab.machine import this_machine
from stackaudit.lab.servers import programs
from stackaudit.model.deadline import Deadline
from tools import require


def server(folder: Path, name: str, version: str) -> None:
    """A server of that version, which takes the configuration of a bench or not as its version would."""
    old = '[ -f "$1" ] && exit 1\n' if version.startswith("5.") else ""
    says = f'[ "$1" = --version ] && {{ echo "Server v={version} bits=64"; exit 0; }}\n'
    (folder / name).write_text(f'#!/bin/sh\n{says}{old}exec {require("redis-server")} "$@"\n', encoding="utf-8")
    (folder / name).chmod(0o755)


def test_a_server_that_is_too_old_for_drills_is_not_named_in_place_of_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server(tmp_path, "redis-server", "5.0.14")
    server(tmp_path, "valkey-server", "8.1.3")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert [Path(each).name for each in programs()][:2] == ["redis-server", "valkey-server"]
    assert this_machine(Deadline(60)).server == ("valkey-server", "8.1.3")
