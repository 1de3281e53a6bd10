"""Finds the Pythons of this machine by their minor version."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from stackaudit.model.deadline import Deadline
from stackaudit.model.values import dataclass
from stackaudit.outside import process
from stackaudit.outside.installers import find_uv

_PATIENCE = 10.0
"""Seconds that one candidate may take to say what it is; an idle machine's takes a fiftieth of one."""

_PRINTED = "import platform; print(platform.python_version(), platform.python_implementation().lower())"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A Python that runs: the absolute path of its program, its version (`3.12.1`) and its implementation (`cpython`)."""

    path: str
    version: str
    implementation: str

    @property
    def told(self) -> str:
        """`cpython 3.12.1`."""
        return f"{self.implementation} {self.version}"


def find_python(minor: str, deadline: Deadline) -> Found | None:
    """The first Python `minor` (`3.11`) that runs: the one that runs this, those on PATH, pyenv's, uv's; None where there is none."""
    for candidate in _candidates(minor, deadline):
        answer = process.run([candidate, "-I", "-c", _PRINTED], deadline.within(_PATIENCE))
        words = answer.text.split()
        if answer.exit_status == 0 and len(words) == 2 and words[0].startswith(f"{minor}."):  # noqa: PLR2004 - as printed
            return Found(path=candidate, version=words[0], implementation=words[1])
    return None


def _candidates(minor: str, deadline: Deadline) -> Iterator[str]:
    if minor == f"{sys.version_info.major}.{sys.version_info.minor}":
        yield sys.executable
    # pyenv puts a program for each of its Pythons on PATH, and only those work that the user chose: its own folder has them all.
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    pyenv = sorted(versions.glob(f"{minor}.*/bin/python{minor}"), key=_patch, reverse=True)
    shims = versions.parent / "shims"
    for folder in map(Path, os.get_exec_path()):
        path = folder / f"python{minor}"
        if folder != shims and path.is_file():
            yield str(path.absolute())
    yield from map(str, pyenv)
    uv = find_uv()
    if uv is not None:
        quiet = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1"}
        answer = process.run([uv, "python", "find", "--managed-python", minor], deadline.within(_PATIENCE), env=quiet)
        if answer.exit_status == 0 and answer.text.strip():
            yield answer.text.strip()


def _patch(path: Path) -> tuple[int, ...]:
    """The numbers of the version that the folder of a Python of pyenv is named by."""
    return tuple(int(word) for word in path.parts[-3].split(".") if word.isdigit())
