"""Starts processes that stay, and ends them with all that they started."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from stackaudit.model.values import dataclass

_PROC = Path("/proc/self/stat")

GRACE = 2.0
"""Seconds between the request to end and the kill."""

_ROUNDS = 100
"""Looks for what is to be killed: what was killed may be seen for a moment yet, and may have started another before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One process and no later one of the same number: `started` is when it began, in the system's own words."""

    pid: int
    started: str


def identity(pid: int) -> Identity | None:
    """The process that has the number `pid` now, or None where there is none; a process that ended and waits for its parent is none."""
    if _PROC.exists():
        try:
            # The name in parentheses may hold anything; after it come the state and 18 fields more, then the start in clock ticks.
            fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else Identity(pid=pid, started=fields[19])
    answer = subprocess.run(
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env={"LC_ALL": "C"},
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return Identity(pid=pid, started=started.strip()) if started and not state.startswith("Z") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A process of ours that stays until it is stopped; it leads a process group. `log` is the file that takes both its outputs."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def identity(self) -> Identity | None:
        """Which process it is, for the record; None where it ended already."""
        return identity(self.process.pid)

    def exit_status(self) -> int | None:
        """None while it runs; negative for a signal."""
        return self.process.poll()

    def lines(self) -> list[str]:
        """What it has printed so far."""
        try:
            return self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []

    def signal(self, number: signal.Signals, *, group: bool = True) -> None:
        """Send `number` to it and all of its group, or to it alone; nothing where it is gone."""
        if group:
            _signal_group(self.process.pid, number)
        elif self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """End it and its group with SIGKILL. Returns when it is gone."""
        _signal_group(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end, and after `GRACE` seconds kill what is left of its group. Returns when it is gone."""
        if self.process.poll() is None:
            _signal_group(self.process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(GRACE)
        _signal_group(self.process.pid, signal.SIGKILL)
        self.process.wait()


def start(command: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path, talking: bool = False) -> Service:
    """Start `command` in a process group of its own, with this environment and no other, reading nothing.

    With `talking` its standard input and output are pipes, for a `Dialogue`, and the log takes standard error alone.

    Raises:
        OSError: it can't be started.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if talking else subprocess.DEVNULL,
            stdout=subprocess.PIPE if talking else output,
            stderr=output if talking else subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
        )
    return Service(process=process, log=log)


def end(found: Identity) -> None:
    """End the process group that `found` leads, where that process still is the one that was recorded."""
    if identity(found.pid) != found:
        return
    _signal_group(found.pid, signal.SIGTERM)
    until = time.monotonic() + GRACE
    while identity(found.pid) == found and time.monotonic() < until:
        time.sleep(0.02)
    _signal_group(found.pid, signal.SIGKILL)


def kill_inside(folder: Path) -> None:
    """Kill the services of `folder` that no record names, where the system tells of them (Linux): who started them was killed too soon."""
    for _ in range(_ROUNDS):
        found = [each for each in _running() if _serves(each, folder)]
        for each in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(int(each.name), signal.SIGKILL)
        if not found:
            return
        time.sleep(0.02)


def _running() -> list[Path]:
    found = (each for each in _PROC.parents[1].glob("[0-9]*") if int(each.name) != os.getpid())
    return [each for each in found if identity(int(each.name)) is not None] if _PROC.exists() else []


def _serves(process: Path, folder: Path) -> bool:
    """Whether a process of this user is a program of `folder`, or runs in it and reads from nobody, as whoever looks around in it does."""
    try:
        program = os.fsdecode((process / "cmdline").read_bytes().partition(b"\0")[0])
        alone = (process / "fd" / "0").readlink() == Path(os.devnull)
        return Path(program).is_relative_to(folder) or (alone and (process / "cwd").readlink().is_relative_to(folder))
    except OSError:
        return False


def _signal_group(leader: int, number: signal.Signals) -> None:
    # Gone already, or (macOS) only a zombie is left in the group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
