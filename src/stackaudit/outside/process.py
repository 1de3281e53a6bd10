"""Starts processes, waits for them no longer than allowed, and kills whole process groups."""

import contextlib
import io
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from stackaudit.model.deadline import Deadline
from stackaudit.model.values import dataclass

MOST_OUTPUT = 64 * 1024 * 1024
"""Bytes of one stream that are kept; a program that prints more is killed."""


class Ending(StrEnum):
    """How a process ended."""

    EXITED = "exited"
    TIMED_OUT = "timed out"
    NOT_FOUND = "not found"
    NOT_EXECUTABLE = "not executable"
    TOO_MUCH_OUTPUT = "too much output"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """What became of a process. `exit_status` is negative for a signal, None where it never ran or was killed by us."""

    ending: Ending
    exit_status: int | None
    stdout: bytes
    stderr: bytes
    seconds: float

    @property
    def text(self) -> str:
        """Standard output as text; undecodable bytes are replaced."""
        return self.stdout.decode(errors="replace")

    @property
    def error_text(self) -> str:
        """Standard error as text; undecodable bytes are replaced."""
        return self.stderr.decode(errors="replace")


def run(  # noqa: PLR0913 - keywords that each replace one default
    command: Sequence[str],
    deadline: Deadline,
    *,
    stdin: bytes = b"",
    env: Mapping[str, str | None] | None = None,
    cwd: Path | None = None,
    group: bool = True,
    hear: Callable[[bytearray], None] | None = None,
) -> Completed:
    """Run `command` to its end or to the deadline, whichever comes first.

    It never waits longer: at the deadline the whole process group is killed with SIGKILL, and output held open by a descendant that
    left the group is not waited for. `group=False` keeps the process in the caller's group, for children that are themselves killed
    as a group.
    `env` is added to this process's environment, and what is None in it is taken out; the locale is always C.UTF-8.
    `hear` is given all of standard output so far, each time that something came.
    """
    started = time.monotonic()
    variables = {**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}

    def completed(ending: Ending, status: int | None = None, out: bytes = b"", err: bytes = b"") -> Completed:
        return Completed(ending=ending, exit_status=status, stdout=out, stderr=err, seconds=time.monotonic() - started)

    try:
        process = subprocess.Popen(
            command,
            # What is told nothing reads from nobody: by that a later run knows it for ours, should this one be killed outright.
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={name: value for name, value in variables.items() if value is not None},
            cwd=cwd,
            start_new_session=group,
        )
    except FileNotFoundError:
        return completed(Ending.NOT_FOUND)
    except OSError:
        return completed(Ending.NOT_EXECUTABLE)

    def kill() -> None:
        _kill(process, group=group)

    with process, deadline.guarding(kill):
        try:
            output, ending = _converse(process, stdin, deadline, hear)
        finally:
            # Whatever the process left running in its group goes with it: a probe owns nothing after its answer.
            kill()
            for stream in (process.stdin, process.stdout, process.stderr):
                _close(stream)
    status = process.returncode if ending is Ending.EXITED else None
    return completed(ending, status, output[0], output[1])


def _kill(process: subprocess.Popen[bytes], *, group: bool) -> None:
    try:
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        elif process.poll() is None:
            process.kill()
    except (ProcessLookupError, PermissionError):
        # Gone already, or (macOS) only a zombie is left in the group.
        return


def _converse(
    process: subprocess.Popen[bytes], stdin: bytes, deadline: Deadline, hear: Callable[[bytearray], None] | None
) -> tuple[tuple[bytes, bytes], Ending]:
    """Write `stdin` and read both outputs until they close and the process is gone, or until the deadline."""
    if process.stdout is None or process.stderr is None:
        raise AssertionError("both outputs are pipes")
    out, err = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, out)
        selector.register(process.stderr, selectors.EVENT_READ, err)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE, bytearray(stdin))
        ending = _pump(process, selector, deadline, (lambda: hear(out)) if hear is not None else lambda: None)
    if ending is Ending.EXITED:
        try:
            process.wait(timeout=deadline.remaining())
        except subprocess.TimeoutExpired:
            ending = Ending.TIMED_OUT
    return (bytes(out), bytes(err)), ending


def _pump(
    process: subprocess.Popen[bytes],
    selector: selectors.BaseSelector,
    deadline: Deadline,
    moved_some: Callable[[], None],
) -> Ending:
    """Move bytes until all streams are closed. Each key's data is the buffer that its stream fills or drains."""
    while selector.get_map():
        left = deadline.remaining()
        if left <= 0:
            return Ending.TIMED_OUT
        # A process that is gone while a descendant holds its pipes open: take what is there, wait no longer.
        gone = process.poll() is not None
        events = [key for key, _ in selector.select(0 if gone else min(left, 0.5))]
        if gone and not events:
            return Ending.EXITED
        for key in events:
            moved = _write(key) if key.events & selectors.EVENT_WRITE else _read(key)
            if not moved:
                selector.unregister(key.fileobj)
                _close(key.fileobj)
            elif len(key.data) > MOST_OUTPUT:
                return Ending.TOO_MUCH_OUTPUT
        if events:
            moved_some()
    return Ending.EXITED


def _close(stream: object) -> None:
    if isinstance(stream, io.IOBase):
        with contextlib.suppress(BrokenPipeError):
            stream.close()


def _read(key: selectors.SelectorKey) -> bool:
    chunk = os.read(key.fd, 65536)
    key.data.extend(chunk)
    return bool(chunk)


def _write(key: selectors.SelectorKey) -> bool:
    """Whether there is more to write; a reader that went away wants no more."""
    try:
        del key.data[: os.write(key.fd, key.data[:65536])]
    except BrokenPipeError:
        return False
    return bool(key.data)
