"""Finds the one matrix that a command works on."""

import os
from pathlib import Path

from stackaudit.inputs import matrices
from stackaudit.inputs.matrix_source import Source
from stackaudit.inputs.settings import resolve
from stackaudit.model.errors import UsageError


def source_named(name: str | None) -> Source:
    """The matrix of this name or path, else the configured one, else the only one there is.

    Raises:
        UsageError: none is named, and there are several.
    """
    folder = Path.cwd()
    settings = resolve({}, os.environ, folder)
    configured = settings.get("matrix")
    if name is not None:
        return matrices.find(name, folder, project=settings.root)
    if isinstance(configured.value, str):
        return matrices.find(configured.value, settings.base_of("matrix", folder), configured.where, settings.root)
    known = sorted({each.name for each in (*matrices.shipped(), *matrices.local(settings.root))})
    if len(known) > 1:
        raise UsageError(f"which matrix? there are {', '.join(known)}", hint="name one of them")
    return matrices.find(known[0], folder, project=settings.root)
