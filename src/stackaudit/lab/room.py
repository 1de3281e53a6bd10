"""The folder and the processes of one sandbox, and how they all go away again, also when we were killed."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from stackaudit.lab.interruptions import Interruptions
from stackaudit.model.errors import SandboxError
from stackaudit.outside import places, service
from stackaudit.outside.files import write_whole
from stackaudit.outside.places import Folder
from stackaudit.outside.service import Identity, Service

PURPOSE = "sandbox"
RECORD = "processes"
"""The file in the folder that names the processes: a line each, number and start."""

KEPT = ("HOME", "LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LOGNAME", "PATH", "TZ", "USER")
"""What a sandbox's processes are given of our environment. Celery reads dozens of variables, and a stray `CELERY_BROKER_URL` would
take the sandbox's worker to the production broker."""

MAKE_ROOM = "run it again, with a temporary folder that stays and has room: TMPDIR=FOLDER"

_MADE = "made"
"""The file in the folder that is never written again: where it is gone, somebody has cleared the folder."""

_A_LOT = 65536
"""Characters that find room wherever a process of the sandbox does."""


class Room:
    """One sandbox's folder and the processes started for it. Safe to share between threads."""

    def __init__(self, folder: Folder, interruptions: Interruptions) -> None:
        self.folder = folder.path
        self._held = folder
        self._interruptions = interruptions
        self._services: list[Service] = []
        self._lock = threading.Lock()
        self._closed = False
        write_whole(self.folder / _MADE, "\n")

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        talking: bool = False,
    ) -> Service:
        """Start a process that stays until the room is closed; its output is in `NAME.log` (see `service.start` for `talking`).

        Raises:
            SandboxError: it can't be started.
        """
        kept = {each: os.environ[each] for each in KEPT if each in os.environ}
        # A worker that is killed leaves its temporary files: they are to go with the folder.
        given = {**kept, "LC_ALL": "C.UTF-8", "TMPDIR": str(self.folder), **(env or {})}
        with self._interruptions.held(), self._lock:
            if self._closed:
                raise SandboxError(f"the sandbox's {name} was not started: the sandbox is being taken down")
            try:
                log = self.folder / f"{name}.log"
                started = service.start(command, env=given, cwd=cwd, log=log, talking=talking)
            except OSError as error:
                cause = self.trouble() or f"{command[0]} is no program that runs here"
                raise SandboxError(f"the sandbox's {name} can't be started: {cause}", hint=MAKE_ROOM) from error
            self._services.append(started)
            self._note()
        return started

    def trouble(self) -> str | None:
        """Why nothing that is seen of the sandbox counts any more; None where its folder is there and can be written to."""
        if not (self.folder / _MADE).is_file():
            return "its temporary folder was removed while it was used"
        try:
            write_whole(self.folder / "room", " " * _A_LOT)
        except OSError as error:
            return f"its temporary folder takes no more files ({error.strerror})"
        return None

    def stop(self, started: Service) -> None:
        """Stop one process now."""
        with self._interruptions.held():
            started.stop()
            self._forget(started)

    def kill(self, started: Service) -> None:
        """End one process and its group now, without asking."""
        with self._interruptions.held():
            started.kill()
            self._forget(started)

    def _forget(self, started: Service) -> None:
        with self._lock:
            if started in self._services:
                self._services.remove(started)
                self._note()

    def close(self) -> None:
        """Stop every process, what was started last first, and remove the folder."""
        with self._lock:
            self._closed = True
            left = list(reversed(self._services))
            self._services.clear()
        for each in left:
            # All at once, so that they end side by side.
            each.signal(signal.SIGTERM)
        for each in left:
            each.stop()
        # What left its group, as a program does that puts itself into the background.
        service.kill_inside(self.folder)
        if not self._held.remove():
            raise SandboxError(
                f"the folder {self.folder} of the sandbox could not be removed",
                hint="remove it: it holds nothing of yours",
            )

    def _note(self) -> None:
        # Where it can't be written any more, all that is not seen here is what a later run would take down.
        with contextlib.suppress(OSError):
            self._record()

    def _record(self) -> None:
        found = [each.identity for each in self._services]
        lines = [f"{each.pid} {each.started}\n" for each in found if each is not None]
        write_whole(self.folder / RECORD, "".join(lines))


@contextlib.contextmanager
def passing_room() -> Iterator[Room]:
    """A new room while inside. It is closed after success, failure, Ctrl-C, SIGTERM and SIGHUP.

    What an earlier run left that was killed outright is taken down first. To be entered in the main thread: elsewhere signals can't be
    waited for.

    Raises:
        SandboxError: there is nowhere to put it.
    """
    sweep()
    with Interruptions() as interruptions:
        room: Room | None = None
        try:
            with interruptions.held():
                room = open_room(interruptions)
            yield room
        finally:
            if room is not None:
                with interruptions.held():
                    room.close()


def open_room(interruptions: Interruptions) -> Room:
    """A new room.

    Raises:
        SandboxError: there is nowhere to put it.
    """
    folder: Folder | None = None
    try:
        folder = places.new_folder(PURPOSE)
        return Room(folder, interruptions)
    except OSError as error:
        if folder is not None:
            folder.remove()
        raise SandboxError(
            "there is no temporary folder to build a sandbox in",
            hint="name one that can be written to with TMPDIR=FOLDER",
        ) from error


def sweep() -> tuple[Path, ...]:
    """Take down what runs of ours left behind whose process was killed outright: sandboxes, and other folders; those that were removed."""
    return tuple(folder.path for purpose, folder in places.left_folders() if _taken_down(purpose, folder))


def _taken_down(purpose: str, folder: Folder) -> bool:
    if purpose == PURPOSE:
        for each in reversed(_recorded(folder.path)):
            service.end(each)
        service.kill_inside(folder.path)
    return folder.remove()


def _recorded(folder: Path) -> list[Identity]:
    """The processes that the record in `folder` names; none where there is no record."""
    try:
        lines = (folder / RECORD).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
    parts = [line.partition(" ") for line in lines]
    return [Identity(pid=int(pid), started=started) for pid, _, started in parts if pid.isascii() and pid.isdigit()]
