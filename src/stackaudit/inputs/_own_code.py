"""Finds the Python files of a project and parses those that say something of interest; nothing is imported or run."""

import ast
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from stackaudit.inputs._text import read_at_most

MOST_FILES = 3000
MOST_FOLDERS = 1500
LARGEST = 512 * 1024
"""Bytes of one file that is looked into."""
_MOST_BYTES = 32 * 1024 * 1024
_NOT_OURS = frozenset(
    {"__pycache__", "build", "dist", "env", "node_modules", "site-packages", "test", "tests", "venv", "virtualenv"}
)


def trees(root: Path, words: Sequence[str]) -> Iterator[tuple[Path, ast.Module]]:
    """The Python files below `root` in which any of `words` stands, in any case, with their syntax trees, in the order of their paths.

    Hidden folders, tests and environments are left out, and so is what no project of that size has: the bounds above hold.
    """
    pattern = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in words).encode(), re.IGNORECASE)
    left = _MOST_BYTES
    for path in _python_files(root):
        try:
            source = read_at_most(path, LARGEST + 1)
        except (OSError, ValueError):
            continue
        left -= len(source)
        if left < 0:
            return
        if len(source) <= LARGEST and pattern.search(source) and (tree := _parsed(source)) is not None:
            yield path, tree


def _parsed(source: bytes) -> ast.Module | None:
    with warnings.catch_warnings():
        # Old sources have escapes that newer Pythons warn of.
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _python_files(root: Path) -> Iterator[Path]:
    files = 0
    for folders, (folder, inner, names) in enumerate(os.walk(root), 1):
        if folders > MOST_FOLDERS:
            return
        kept = [each for each in inner if not each.startswith(".") and each not in _NOT_OURS]
        # Whatever it is called, a folder with this file in it is a virtual environment.
        inner[:] = sorted(each for each in kept if not (Path(folder) / each / "pyvenv.cfg").exists())
        for name in sorted(names):
            if name.endswith(".py") and name != "setup.py":
                files += 1
                if files > MOST_FILES:
                    return
                yield Path(folder) / name
