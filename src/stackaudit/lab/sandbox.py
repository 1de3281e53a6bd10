"""Builds a throwaway copy of the stack, and takes it down again whatever happens."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stackaudit.audit import Progress, silent
from stackaudit.lab import environments
from stackaudit.lab.media import find_ffmpeg, path_with
from stackaudit.lab.room import MAKE_ROOM, passing_room
from stackaudit.lab.servers import start_server
from stackaudit.lab.workers import start_worker
from stackaudit.model.deadline import Deadline
from stackaudit.model.errors import SandboxError
from stackaudit.model.secret import Secret
from stackaudit.model.values import dataclass

BUILDING = 300.0
"""Seconds that building may take; they do not count in the audit's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A throwaway stack that runs.

    `python` is the interpreter of its environment, `broker_url` its private server's (with its password: a secret), `server` the program of
    that server, `ffmpeg` the path of an ffmpeg or None where there is none. `node` is the worker that should answer, None where the pins
    bring no Celery. `trouble` says in one sentence why that worker does not; None where it is ready.
    """

    python: Path
    broker_url: Secret
    server: str
    ffmpeg: str | None
    node: str | None
    trouble: str | None


@contextmanager
def sandbox(
    pins: Sequence[str], python: str | None, deadline: Deadline, progress: Progress = silent, *, offline: bool = False
) -> Iterator[Sandbox]:
    """Build a sandbox with `pins` (requirement lines) on `python`, give it, and take it down.

    `python` is a path, a version such as `3.11`, or None for the Python that runs this. `deadline` bounds the building alone. It is taken
    down after success, failure, Ctrl-C and requests to end; what an earlier run left that was killed outright is removed first. To be
    called in the main thread: elsewhere signals can't be waited for.

    Raises:
        SandboxError: it can't be built, or its folder was taken away or filled while it was used: what was seen of it says nothing.
    """
    with passing_room() as room:
        progress("sandbox: environment", "running")
        interpreter = environments.build(room.folder, pins, python, deadline, offline=offline)
        progress("sandbox: environment", "done")
        progress("sandbox: server", "running")
        server = start_server(room, deadline)
        progress("sandbox: server", "done")
        progress("sandbox: worker", "running")
        ffmpeg = find_ffmpeg()
        path = path_with(ffmpeg, room.folder / "bin", os.environ.get("PATH", os.defpath))
        node = start_worker(room, interpreter, server, path, deadline)
        progress("sandbox: worker", "unseen" if node is None or node.trouble else "done")
        yield Sandbox(
            python=interpreter,
            broker_url=server.url,
            server=server.program,
            ffmpeg=ffmpeg,
            node=node.name if node else None,
            trouble=node.trouble if node else None,
        )
        lost = room.trouble()
        if lost is not None:
            raise SandboxError(f"what was seen of the sandbox does not count: {lost}", hint=MAKE_ROOM)
