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
from stackaudit.lab import environments
from stackaudit.lab.bench import Lab
from stackaudit.lab.drill import drills
from stackaudit.lab.drilling import Session, run_drills
from stackaudit.lab.interruptions import Interruptions
from stackaudit.lab.pythons import find_python
from stackaudit.lab.room import Room, open_room
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.trials import Trial
from stackaudit.model.snapshot import Evidence, Look
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
    with Interruptions() as interruptions:
        room = open_room(interruptions)
        try:
            inner = replace(lab, room=room, settings=tuple((settings or {}).items()))
            session = Session(
                lab=inner,
                cell="cell",
                evidence=Evidence(tool="tests"),
                deadline=Deadline(600),
                repeat=repeat,
                keep=keep,
            )
            found = run_drills(session, [each for each in drills() if each.name in names])
        finally:
            room.close()
    return {look.id.removeprefix("drill.cell.").removesuffix(".1"): look for look in found}


def problems_of(looks: Mapping[str, Look]) -> dict[str, tuple[str, ...]]:
    """The problems of each drill, by name; a drill that could not be set up is an error of the test."""
    assert [(name, look.unseen.cause) for name, look in looks.items() if look.unseen is not None] == []
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
    listed = subprocess.run([require("ps"), "-ewwo", "args="], capture_output=True, text=True, check=True).stdout
    processes = [line for line in listed.splitlines() if str(folder) in line]
    return status, [path.name for path in folder.glob("stackaudit-*")], processes
