"""Finds a program and asks it something, in a time of its own that the audit's deadline bounds."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from stackaudit.model.deadline import Deadline
from stackaudit.outside import process

PATIENCE = 5.0
"""Seconds that a program may take to say who it is."""


def ask(
    command: Sequence[str], deadline: Deadline, seconds: float = PATIENCE, cwd: Path | None = None
) -> process.Completed:
    """Run `command` with empty standard input for at most `seconds`, and never past `deadline`."""
    return process.run(command, deadline.within(seconds), cwd=cwd)


def hung(completed: process.Completed, seconds: float = PATIENCE) -> bool:
    """Whether the program used up its own `seconds`: that was seen. Cut short by the audit's deadline, nothing was seen of it."""
    return completed.ending is process.Ending.TIMED_OUT and completed.seconds >= seconds - 0.1


def cut_short(completed: process.Completed, seconds: float = PATIENCE) -> bool:
    """Whether the audit's deadline ended it before its own `seconds` were up."""
    return completed.ending is process.Ending.TIMED_OUT and not hung(completed, seconds)


def find(command: str) -> tuple[str | None, str]:
    """The absolute path of `command` (a name on PATH, or a path), and what was seen.

    The path is None where nothing is there; where something is there that can't be executed it is given, and what was seen says so.
    """
    path = shutil.which(command)
    if path is not None:
        return str(Path(path).absolute()), ""
    if os.sep in command:
        there = Path(command)
        return (str(there.absolute()), _why_not(there)) if there.exists() else (None, f"there is no file {command}")
    for folder in os.get_exec_path():
        there = Path(folder) / command
        if there.is_file():
            return str(there.absolute()), _why_not(there)
    return None, f"no {command} is on PATH"


def _why_not(path: Path) -> str:
    return f"{path} is a folder" if path.is_dir() else f"{path} is there, but it may not be executed"
