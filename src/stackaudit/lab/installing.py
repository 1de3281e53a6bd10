"""Installs what an installer took for a row of a matrix, and imports it on the row's Python."""

import json
import re
import sysconfig
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from stackaudit.lab import environments
from stackaudit.lab.cells import Cell
from stackaudit.lab.pythons import Found
from stackaudit.model.deadline import Deadline
from stackaudit.model.errors import SandboxError
from stackaudit.model.facts.rows import RowImport, RowInstall
from stackaudit.model.secret import redact
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.versions import parse_version
from stackaudit.outside import process
from stackaudit.outside.installers import MOST_LINES
from stackaudit.probes.imports import STATEMENTS
from stackaudit.target import import_row

PATIENCE = 60.0
"""Seconds that the imports of one row may take together; an idle machine's take one."""

Pins = tuple[tuple[NormalizedName, Version], ...]

_FRAME = re.compile(
    rf"^{re.escape(import_row.BEGIN)}\r?\n(?P<json>.*)\r?\n{re.escape(import_row.END)}\r?$", re.MULTILINE
)
_KINDS = (RowInstall.__name__, RowImport.__name__)


def install(
    cell: Cell, taken: Pins, python: Found, folder: Path, deadline: Deadline, *, lasting: bool = True
) -> tuple[Look, Path | None]:
    """Install `taken` for `cell` into `folder` and import the row's packages: what was seen, and the environment's interpreter.

    The interpreter is None where nothing was built; then the look says why. `lasting` says that the environment is used afterwards: then
    the bytecode is kept, which costs a fifth of an import.
    """
    began = time.monotonic()
    try:
        interpreter = environments.install(
            folder, [f"{name}=={version}" for name, version in taken], python.path, deadline
        )
    except SandboxError as error:
        return blind(cell, python, error.message, error.hint or "run it again"), None
    installed = time.monotonic()
    agreed = environments.agrees(interpreter, deadline)
    checked = time.monotonic()
    errand = json.dumps({"names": list(cell.names), "statements": STATEMENTS})
    command = [str(interpreter), "-I", *([] if lasting else ["-B"]), import_row.__file__]
    answer = process.run(command, deadline.within(PATIENCE), stdin=errand.encode(), cwd=folder)
    said = _read(answer.text)
    if not said or agreed.exit_status not in {0, 1}:
        how = f"{answer.ending}, exit status {answer.exit_status}" if not said else "its packages could not be checked"
        return blind(cell, python, f"the environment gave no answer ({how})", "run it again"), None
    measured = (("install", installed - began), ("check", checked - installed), ("import", time.monotonic() - checked))
    look = Look(
        probe="certify",
        asked=f"the same installed and imported on {python.told}",
        evidence=Evidence(tool=python.implementation, tool_version=python.version, exit_status=answer.exit_status),
        facts=(
            RowInstall(
                cell=cell.id,
                row=cell.names,
                python=python.told,
                platform=sysconfig.get_platform(),
                taken=taken,
                packages=tuple(sorted(_packages(said, frozenset(name for name, _ in taken)))),
                broken=None if agreed.exit_status == 0 else _complaint(agreed, folder),
            ),
            *_imports(cell, said),
        ),
        yields=_KINDS,
        id=f"certify.{cell.id}.install",
        measured=measured,
    )
    return look, interpreter


def blind(cell: Cell, python: Found, cause: str, remedy: str) -> Look:
    """What is seen of `cell` where `cause` kept it from being installed or from being imported: nothing."""
    return Look(
        probe="certify",
        asked=f"the same installed and imported on {python.told}",
        evidence=Evidence(tool=python.implementation, tool_version=python.version),
        unseen=Unseen(subject=cell.id, yields=_KINDS, cause=cause, remedy=remedy),
        yields=_KINDS,
        id=f"certify.{cell.id}.install",
    )


def absent(cell: Cell) -> Look:
    """What is seen of `cell` where its Python is not on this machine: nothing."""
    return Look(
        probe="certify",
        asked=f"the same installed and imported on Python {cell.python}",
        evidence=Evidence(tool="stackaudit"),
        unseen=Unseen(
            subject=cell.id,
            yields=_KINDS,
            cause=f"not run: there is no Python {cell.python} on this machine",
            remedy="certify it where there is one, or name other cells with --cell",
        ),
        yields=_KINDS,
        id=f"certify.{cell.id}.install",
    )


def _read(text: str) -> dict[str, Any]:
    frame = _FRAME.search(text)
    try:
        said = json.loads(frame["json"]) if frame else {}
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _packages(said: dict[str, Any], taken: frozenset[NormalizedName]) -> Iterator[tuple[NormalizedName, Version]]:
    for written, number in said["packages"]:
        name, version = canonicalize_name(str(written)), parse_version(str(number))
        if version is not None and (name in taken or name not in environments.VENVS_OWN):
            yield name, version


def _imports(cell: Cell, said: dict[str, Any]) -> Iterator[RowImport]:
    for each in said["trials"]:
        problem = each["problem"]
        yield RowImport(
            cell=cell.id,
            name=canonicalize_name(str(each["name"])),
            statement=str(each["statement"]),
            problem=str(problem) if problem is not None else None,
        )


def _complaint(agreed: process.Completed, folder: Path) -> str:
    lines: Sequence[str] = (agreed.text + agreed.error_text).splitlines()
    told = [redact(line).replace(str(folder), "the folder").strip() for line in lines]
    broken = [line for line in told if " " in line and not line.startswith(("Checked ", "Found ", "Using "))]
    return "; ".join(broken[:MOST_LINES]) or "its packages do not go together"
