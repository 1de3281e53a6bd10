"""Starts fleets of real workers, with and without the worker step, and asks them as the installed command does."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from command import CLEAN, COMMAND
from stackaudit import target
from workers import RunningWorker, start

STEP = Path(target.__file__).with_name("worker_step.py")
TWO_LINES = 'from stackaudit_step import Snapshot\napp.steps["worker"].add(Snapshot)\n'


def start_with_step(folder: Path, url: str, node: str, **rest: str) -> RunningWorker:
    """Start a worker that has the step as the documentation says: the file beside the application, and two lines in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stackaudit_step.py").write_bytes(STEP.read_bytes())
    return start(folder, url, node, lines=TWO_LINES + rest.pop("lines", ""), **rest)


def ask(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """What `stackaudit fleet` with `arguments` says in `folder`, a project of its own."""
    folder.mkdir(exist_ok=True)
    (folder / ".git").mkdir(exist_ok=True)
    return subprocess.run(
        [COMMAND, "fleet", *arguments],
        cwd=folder,
        env={**CLEAN, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def recorded(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The record that the command printed."""
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def failures(record: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Rule and subject of all that failed."""
    return {(each["rule"], each["subject"]) for each in findings(record) if each["outcome"] == "fail"}


def findings(record: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """All findings of the one check."""
    (check,) = record["checks"]
    assert check["id"] == "fleet"
    found: Sequence[Mapping[str, Any]] = check["findings"]
    return found


def facts(record: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    """The recorded facts of `kind`."""
    return [fact for look in record["looks"] for fact in look["facts"] if fact["fact"] == kind]
