"""Runs drills on real throwaway stacks, healthy ones and sabotaged ones."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from command import CLEAN, COMMAND
from environments import uv
from matrices_of_one import written
from stackaudit.lab import environments
from stackaudit.lab.bench import Lab
from stackaudit.lab.drill import Drill, drills
from stackaudit.lab.drilling import Session, run_drills
from stackaudit.lab.interruptions import Interruptions
from stackaudit.lab.pythons import find_python
from stackaudit.lab.room import Room, open_room
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.trials import Trial
from stackaudit.model.snapshot import Look
from stackaudit.model.wire import Json
from tools import require

GOOD = ("celery[redis]==5.4.0", "kombu==5.6.1", "redis==5.0.8", "billiard==4.2.4", "vine==5.1.0")


@contextmanager
def copy_of(pins: Sequence[str], python: str | None = None, pool: str = "prefork") -> Iterator[Lab]:
    """A lab with an environment of `pins` on Python `python` (`3.12`), in which drills can be run one after the other."""
    found = find_python(python, Deadline(60)) if python is not None else None
    if python is not None and found is None:
        pytest.skip(f"there is no Python {python} on this machine")
    with Interruptions() as interruptions:
        room: Room = open_room(interruptions)
        try:
            interpreter = environments.build(room.folder, pins, found.path if found else None, Deadline(300))
            yield Lab(room=room, python=interpreter, path=os.environ["PATH"], pool=pool)
        finally:
            room.close()


def looks_at(
    lab: Lab, *names: str, settings: Mapping[str, Json] | None = None, repeat: int = 1, keep: Path | None = None
) -> dict[str, Look]:
    """What became of the drills that are named, by name; `settings` are Celery's, for sabotage."""
    chosen = [each for each in drills() if each.name in names]
    return looks_of(lab, chosen, settings=settings, repeat=repeat, keep=keep)


def looks_of(
    lab: Lab,
    chosen: Sequence[Drill],
    *,
    settings: Mapping[str, Json] | None = None,
    repeat: int = 1,
    keep: Path | None = None,
) -> dict[str, Look]:
    """What became of these drills, by name; `settings` as in `looks_at`."""
    with Interruptions() as interruptions:
        room = open_room(interruptions)
        try:
            inner = replace(lab, room=room, settings=tuple((settings or {}).items()))
            session = Session(
                lab=inner,
                cell="cell",
                evidence={},
                deadline=Deadline(600),
                repeat=repeat,
                keep=keep,
            )
            found = run_drills(session, chosen)
        finally:
            room.close()
    return {look.id.removeprefix("drill.cell.").removesuffix(".1"): look for look in found}


def problems_of(looks: Mapping[str, Look]) -> dict[str, tuple[str, ...]]:
    """The problems of each drill, by name; a drill that could not be set up is an error of the test."""
    unseen = [(name, look.unseen.cause) for name, look in looks.items() if look.unseen is not None]
    assert unseen == [], unseen
    return {name: fact.problems for name, look in looks.items() for fact in look.facts if isinstance(fact, Trial)}


def server_with(folder: Path, options: str) -> Path:
    """A folder for PATH, whose redis-server runs with these options besides those of the file that it is given."""
    server = folder / "redis-server"
    real = require("redis-server")
    server.write_text(f'#!/bin/sh\n[ -f "$1" ] && exec {real} "$1" {options}\nexec {real} "$@"\n', encoding="utf-8")
    server.chmod(0o755)
    return folder


def write_startup(lab: Lab, text: str) -> None:
    """Let every interpreter of the environment run `text` before anything else."""
    (packages,) = lab.python.parents[1].glob("lib/python*/site-packages")
    (packages / "sitecustomize.py").write_text(text, encoding="utf-8")


def interrupted_after(seconds: float, folder: Path, number: signal.Signals) -> tuple[int, list[str], list[str]]:
    """Run `stackaudit drill` in `folder` and send it a signal: its exit status, the folders and the processes that it leaves."""
    (folder / "pins.txt").write_text("\n".join(GOOD), encoding="utf-8")
    command = [
        COMMAND,
        "drill",
        "-r",
        "pins.txt",
        "--drill",
        "broker-stall",
        "--drill",
        "broker-killed",
        "--drill",
        "ping",
    ]
    with (folder / "said").open("w") as said:
        running = subprocess.Popen(command, cwd=folder, env={**CLEAN, "TMPDIR": str(folder)}, stdout=said, stderr=said)
        time.sleep(seconds)
        running.send_signal(number)
        status = running.wait(60)
    assert "Traceback" not in (folder / "said").read_text(encoding="utf-8")
    return status, *left_in(folder)


def left_in(folder: Path) -> tuple[list[str], list[str]]:
    """The temporary folders of ours in `folder`, and the command lines of the processes that name one of them or work there."""
    listed = subprocess.run([require("ps"), "-ewwo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    pairs = [line.strip().partition(" ")[::2] for line in listed.splitlines()]
    inside = f"{folder}{os.sep}stackaudit-"
    # A server replaces its command line by words of its own.
    processes = [args for pid, args in pairs if inside in args or _works_at(pid).startswith(inside)]
    return sorted(path.name for path in folder.glob("stackaudit-*")), processes


def _works_at(pid: str) -> str:
    try:
        return str(Path("/proc", pid, "cwd").readlink())
    except OSError:
        return ""


KILLED = {
    "drill": ("drill", "-r", "pins.txt", "--drill", "broker-stall,broker-killed"),
    "certify": ("matrix", "certify", "good"),
}
"""Commands that take a while in a folder that `killed_when` has prepared."""


def killed_when(seen: str, folder: Path, command: str) -> tuple[list[str], list[str]]:
    """Run one of `KILLED` in `folder` and kill it outright once the command line of a process of its holds `seen`.

    An empty `seen` is the moment when it has made a folder. What it leaves is given (see `left_in`).
    """
    (folder / ".git").mkdir(exist_ok=True)
    (folder / "pins.txt").write_text("\n".join(GOOD), encoding="utf-8")
    written(folder, "good", ("celery==5.4.0", "kombu==5.4.0", "redis==5.0.8"))
    with (folder / "said").open("w") as said:
        running = subprocess.Popen(
            [COMMAND, *KILLED[command]], cwd=folder, env=_own(folder), stdout=said, stderr=subprocess.STDOUT
        )
        try:
            until = time.monotonic() + 120
            while not _shows(seen, *left_in(folder)):
                assert running.poll() is None, (folder / "said").read_text(encoding="utf-8")
                assert time.monotonic() < until, f"{seen} was not seen"
        finally:
            running.kill()
            running.wait()
    return left_in(folder)


def _shows(seen: str, folders: Sequence[str], processes: Sequence[str]) -> bool:
    return any(seen in each for each in processes) if seen else bool(folders)


def run_again(folder: Path) -> tuple[list[str], list[str]]:
    """Run a short drill in `folder`; what is left in it then."""
    command = [COMMAND, "drill", "-r", "pins.txt", "--drill", "imports"]
    done = subprocess.run(command, cwd=folder, env=_own(folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return left_in(folder)


def _own(folder: Path) -> dict[str, str]:
    """An environment with temporary files and kept cells in `folder`; what uv has downloaded before is taken."""
    cache = subprocess.run([uv(), "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    return {**CLEAN, "TMPDIR": str(folder), "XDG_CACHE_HOME": str(folder / "kept"), "UV_CACHE_DIR": cache}
