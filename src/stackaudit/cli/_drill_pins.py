"""Finds what `drill` makes its copy of: the pins of files, those of an environment, or a row of a matrix that is named."""

import os
from pathlib import Path

from stackaudit.cli.choosing import Choice
from stackaudit.cli.stacks import line_of, row_of
from stackaudit.inputs.declare import Call, declared_in_files, find_interpreter
from stackaudit.inputs.settings import Settings
from stackaudit.lab.copies import installed_in
from stackaudit.lab.environments import minor_of
from stackaudit.lab.pythons import find_python
from stackaudit.model.deadline import Deadline
from stackaudit.model.errors import UsageError
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.manifest import Requirement
from stackaudit.model.snapshot import Unseen
from stackaudit.model.values import dataclass

TOOLS = frozenset({"pip", "setuptools", "wheel", "uv"})
"""What environments hold besides the stack: a copy runs without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """The requirement lines of the copy, the Python to build it on, and where both were read."""

    lines: tuple[str, ...]
    python: str | None
    source: str
    requirements: tuple[Requirement, ...] = ()


def pinned(settings: Settings, choice: Choice, folder: Path, deadline: Deadline) -> Pinned:
    """The stack to copy.

    Raises:
        StackauditError: the files are wrong, an environment can't be read, or there is nothing to copy.
    """
    call = Call(folder=folder, environ=os.environ, copying=True)
    base = settings.text("python") or _python(settings.text("python-version"), deadline)
    named = declared_in_files(settings, call).requirements
    if named:
        sources = ", ".join(dict.fromkeys(each.where.path for each in named))
        return Pinned(lines=tuple(line_of(each) for each in named), python=base, source=sources, requirements=named)
    if choice.named and settings.text("python") is None:
        row = row_of(choice, minor_of(base, deadline))
        return Pinned(
            lines=tuple(line_of(each) for each in row), python=base, source=str(row[0].where), requirements=row
        )
    interpreter = find_interpreter(settings, call)
    if interpreter is None:
        raise UsageError("the project has no environment that could be copied", hint="name the pins with -r FILE")
    found = installed_in(interpreter.path, deadline)
    if isinstance(found, Unseen):
        raise UsageError(f"what is installed could not be read: {found.cause}", hint="name the pins with -r FILE")
    return Pinned(
        lines=tuple(_pin(each, interpreter.path) for each in found.packages if each.name not in TOOLS),
        # Its own virtual environment may go away while the copy is built; the Python that it was made of stays.
        python=interpreter.path,
        source=f"the environment of {interpreter.path}",
    )


def _python(minor: str | None, deadline: Deadline) -> str | None:
    """The path of a Python of that version, wherever this machine keeps it; else its version, for the installer to look for."""
    found = find_python(minor, deadline) if minor is not None else None
    return found.path if found is not None else minor


def _pin(package: Distribution, path: str) -> str:
    """The pin of one installed package.

    Raises:
        UsageError: it did not come from an index, so no copy can be made of it.
    """
    if package.editable or package.url is not None:
        raise UsageError(
            f"{package.name} of {path} was installed from a URL or a path: a copy installs from the index alone",
            hint="name the pins to drill with -r FILE",
        )
    return f"{package.name}=={package.version}"
