"""Temporary folders that go away again, and free ports."""

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

_NAME = re.compile(r"stackaudit-(?P<purpose>[a-z]+)-(?P<pid>[0-9]+)-(?P<host>[0-9a-f]{8})-.+", re.ASCII)


def new_folder(purpose: str) -> Path:
    """A new folder `stackaudit-PURPOSE-PID-HOST-…` in the system's temporary folder, for this user only; HOST is a digest of its name.

    Raises:
        OSError: there is no temporary folder that can be written to.
    """
    return Path(tempfile.mkdtemp(prefix=f"stackaudit-{purpose}-{os.getpid()}-{_host()}-")).resolve()


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def folders(purpose: str) -> Iterator[tuple[int, Path]]:
    """The folders of `purpose` that this user made and that are still there, each with the number of the process that made it.

    A folder of another user, or a link, is never given: whoever can write to the temporary folder can make one that looks like ours.
    """
    prefix = f"stackaudit-{purpose}-"
    for entry in _entries():
        pid = entry.name.removeprefix(prefix).partition("-")[0]
        if entry.name.startswith(prefix) and pid.isascii() and pid.isdigit() and _is_ours(entry):
            yield int(pid), entry


def passing_folders(*, but: str) -> Iterator[tuple[int, Path]]:
    """As `folders`, of every purpose but one, and those alone that were made on this host: processes of others can't be seen from here."""
    for entry in _entries():
        name = _NAME.fullmatch(entry.name)
        if name is not None and name["purpose"] != but and name["host"] == _host() and _is_ours(entry):
            yield int(name["pid"]), entry


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
        yield folder
    finally:
        remove_folder(folder)


def free_port() -> int:
    """A TCP port of the loopback address that nothing listens on. Somebody may take it before you do: be ready to ask again."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
