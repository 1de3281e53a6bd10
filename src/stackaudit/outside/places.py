"""Temporary folders that go away again, and free ports."""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stackaudit.model.values import dataclass

_NAME = re.compile(r"stackaudit-(?P<purpose>[a-z]+)-(?P<host>[0-9a-f]{8})-.+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A temporary folder that this process has for itself until it removes it, or ends.

    `lock` is open and locked until then. The kernel tells all who share the folder whether it is, in other containers too, where the number
    of a process means another one. It is None where the file system has no locks: then nobody takes the folder for one that was left.
    """

    path: Path
    lock: int | None = None

    def remove(self) -> bool:
        """Remove it with all that is in it; whether it is gone."""
        gone = remove_folder(self.path)
        if self.lock is not None:
            os.close(self.lock)
        return gone


def new_folder(purpose: str) -> Folder:
    """A new folder `stackaudit-PURPOSE-HOST-…` in the system's temporary folder, for this user only; HOST is a digest of its name.

    Raises:
        OSError: there is no temporary folder that can be written to.
    """
    while True:
        path = Path(tempfile.mkdtemp(prefix=f"stackaudit-{purpose}-{_host()}-")).resolve()
        try:
            return Folder(path=path, lock=_lock(path))
        except (BlockingIOError, FileNotFoundError):
            # Somebody who tidies up was here before the lock was.
            continue
        except OSError:
            return Folder(path=path)


def left_folders() -> Iterator[tuple[str, Folder]]:
    """The folders of ours whose holder is gone, each with its purpose, and now held by this process.

    A folder of another user, or a link, is never given: whoever can write to the temporary folder can make one that looks like ours. Nor is
    one of another host: what was started there for it could not be ended from here.
    """
    for path in _entries():
        name = _NAME.fullmatch(path.name)
        if name is None or name["host"] != _host() or not _is_ours(path):
            continue
        try:
            lock = _lock(path)
        except OSError:
            continue
        yield name["purpose"], Folder(path=path, lock=lock)


def _lock(path: Path) -> int:
    """A lock on the folder at `path`; no process that is started inherits it.

    Raises:
        BlockingIOError: another process has it.
        FileNotFoundError: the folder is gone.
        OSError: its file system has no locks.
    """
    lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever had it before may have removed the folder.
        path.lstat()
    except OSError:
        os.close(lock)
        raise
    return lock


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _entries() -> list[Path]:
    try:
        return sorted(Path(tempfile.gettempdir()).resolve().iterdir())
    except OSError:
        return []


def _is_ours(entry: Path) -> bool:
    try:
        return entry.lstat().st_uid == os.geteuid() and not entry.is_symlink() and entry.is_dir()
    except OSError:
        return False


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
        yield folder.path
    finally:
        folder.remove()


def free_port() -> int:
    """A TCP port of the loopback address that nothing listens on. Somebody may take it before you do: be ready to ask again."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
