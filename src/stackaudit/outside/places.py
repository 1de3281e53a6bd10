"""Temporary folders that go away again, and free ports."""

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def new_folder(purpose: str) -> Path:
    """A new folder `stackaudit-PURPOSE-PID-…` in the system's temporary folder, for this user only.

    Raises:
        OSError: there is no temporary folder that can be written to.
    """
    return Path(tempfile.mkdtemp(prefix=f"stackaudit-{purpose}-{os.getpid()}-")).resolve()


def folders(purpose: str) -> Iterator[tuple[int, Path]]:
    """The folders of `purpose` that this user made and that are still there, each with the number of the process that made it.

    A folder of another user, or a link, is never given: whoever can write to the temporary folder can make one that looks like ours.
    """
    prefix = f"stackaudit-{purpose}-"
    try:
        entries = sorted(Path(tempfile.gettempdir()).resolve().iterdir())
    except OSError:
        return
    for entry in entries:
        pid = entry.name.removeprefix(prefix).partition("-")[0]
        if not (entry.name.startswith(prefix) and pid.isascii() and pid.isdigit()):
            continue
        try:
            ours = entry.lstat().st_uid == os.geteuid() and not entry.is_symlink() and entry.is_dir()
        except OSError:
            continue
        if ours:
            yield int(pid), entry


def remove_folder(folder: Path) -> bool:
    """Remove `folder` with all that is in it, trying for two seconds while something still writes to it; whether it is gone."""
    for _ in range(20):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return True
        time.sleep(0.1)
    return False


@contextmanager
def temporary_folder(purpose: str) -> Iterator[Path]:
    """A new folder that is removed at the end."""
    folder = new_folder(purpose)
    try:
        yield folder
    finally:
        remove_folder(folder)


def free_port() -> int:
    """A TCP port of the loopback address that nothing listens on. Somebody may take it before you do: be ready to ask again."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
