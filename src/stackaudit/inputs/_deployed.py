"""Brings together how the project is deployed: its deployment files, and what its own code says of the variables that they set."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from stackaudit.inputs._deployment_files import deployment_files
from stackaudit.inputs.settings import Settings
from stackaudit.model.deployment import Deployment
from stackaudit.model.errors import Fault, InputError
from stackaudit.model.places import Place
from stackaudit.model.variables import looks_like_ours


def deployed(settings: Settings, folder: Path, environ: Mapping[str, str]) -> tuple[Deployment, tuple[Fault, ...]]:
    """What the files of the setting `deployment` declare, else those in the project's folder; and the faults of files that nobody named.

    `folder` is where the command was called.

    Raises:
        InputError: a named file is wrong; all of their faults.
    """
    named = tuple(settings.base_of("deployment", folder) / each for each in settings.texts("deployment"))
    files = named or deployment_files(settings.root)
    shell = [
        (name, value, Place(path=f"environment {name}"))
        for name, value in sorted(environ.items())
        if looks_like_ours(name)
    ]
    if not files and not shell:
        return Deployment(), ()
    from stackaudit.inputs import code, deployment

    found = deployment.read(files, folder, environ)
    if named and (faults := [*(_missing(each, settings) for each in named if not each.is_file()), *found.faults]):
        raise InputError(list({each.where: each for each in reversed(faults)}.values()))
    said = code.read(settings.root, folder, [*shell, *(each for each in found.values if looks_like_ours(each[0]))])
    return replace(found.deployment, overrides=said.overrides, named=said.named), found.faults


def _missing(path: Path, settings: Settings) -> Fault:
    where = settings.get("deployment").where
    return Fault(where=where, message=f"`deployment` names {path.name}, and there is no such file")
