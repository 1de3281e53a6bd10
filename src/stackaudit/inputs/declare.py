"""Makes the manifest: what the settings name, what the project's files declare, and which interpreter is audited."""

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from stackaudit.inputs import project
from stackaudit.inputs._asked import Asked
from stackaudit.inputs._declared import Declared
from stackaudit.inputs._deployed import deployed
from stackaudit.inputs.settings import Settings
from stackaudit.model.errors import Fault, InputError, UsageError
from stackaudit.model.manifest import Endpoint, Interpreter, Manifest, ProgramRequest, Setting
from stackaudit.model.places import Place
from stackaudit.model.secret import Secret
from stackaudit.model.services import REDIS_SCHEMES, wrong_with
from stackaudit.model.values import dataclass

FOR_PROBES = (
    "python-version",
    "exclude-newer",
    "expect",
    "control-exchange",
    "global-keyprefix",
    "fanout-prefix",
    "app",
    "timeout",
    "advisories",
    "advisories-max-age",
    "private",
    "offline",
    "engine",
    "needs",
)
"""The settings that probes and rules may know; the rest place the audit or belong to the gate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Where and how the command was called: its folder and its environment variables.

    `copying` is True where the command makes a copy of the stack in any case, so that its user can't ask for one.
    """

    folder: Path
    environ: Mapping[str, str]
    copying: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A manifest, and the faults of files that nobody named: warnings."""

    manifest: Manifest
    warnings: tuple[Fault, ...] = ()


def declare(settings: Settings, call: Call) -> Declaration:
    """The manifest of the project that `settings` describe.

    Files that were named must be right; those that are merely found beside the project are read where they can be.

    Raises:
        InputError: a named file is wrong, every fault of every file at once; or an option does not go with the rest.
        UsageError: there is nothing to audit.
    """
    interpreter = find_interpreter(settings, call)
    version = settings.get("python-version")
    if (
        interpreter is not None
        and version.value is not None
        and version.where.path.startswith(("option", "environment"))
    ):
        message = f"says which Python the files of -r are for; the environment of {interpreter.path} has its own"
        raise InputError([Fault(where=version.where, message=message, hint="name the files with -r, or leave it out")])
    named = bool(settings.texts("requirements"))
    declared = declared_in_files(settings, call) if named else _found_beside(settings, call)
    claims = project.read_pythons(settings.root, call.folder)
    deployment, wrong = deployed(settings, call.folder, call.environ)
    return Declaration(
        manifest=Manifest(
            requirements=declared.requirements,
            endpoints=endpoints(settings, call.environ),
            programs=programs(settings, alone=interpreter is None),
            settings=for_probes(settings),
            pythons=(*declared.pythons, *claims.pythons),
            interpreter=interpreter,
            sources=declared.sources,
            unnamed=declared.unnamed,
            terms=declared.terms,
            deployment=deployment,
        ),
        warnings=tuple(dict.fromkeys((*(() if named else (*declared.faults, *claims.faults)), *wrong))),
    )


def declared_in_files(settings: Settings, call: Call) -> Declared:
    """What the files declare that `-r` or the configuration names; a relative one counts from where it was said.

    Raises:
        InputError: they are wrong; every fault of every file at once.
    """
    base = settings.base_of("requirements", call.folder)
    files = tuple(base / file for file in settings.texts("requirements"))
    declared = project.read_files(files, call.folder, call.environ, named=True, asked=_asked(settings))
    if declared.faults:
        raise InputError(declared.faults)
    return declared


def _found_beside(settings: Settings, call: Call) -> Declared:
    files = _files_beside(settings, call)
    return project.read_files(files, call.folder, call.environ, named=False, asked=_asked(settings))


def _files_beside(settings: Settings, call: Call) -> tuple[Path, ...]:
    # The nearest pins count; a `pyproject.toml` on the way is a member's own and need not pin: the root's lock does.
    found = (project.declared_files(folder) for folder in _upwards(settings, call))
    return next(
        (each for each in found if each and each[0].name != "pyproject.toml"), project.declared_files(settings.root)
    )


def _upwards(settings: Settings, call: Call) -> list[Path]:
    """The folder of the call and those above it, up to the project's root."""
    return [each for each in (call.folder, *call.folder.parents) if each.is_relative_to(settings.root)]


def find_interpreter(settings: Settings, call: Call) -> Interpreter | None:
    """The interpreter that is audited: the one named, else the active environment's, else the nearest `.venv`'s up to the root.

    None where requirement files alone were asked for with `-r`. The tool's own environment is never taken unless it is named.

    Raises:
        InputError: the one named is not there.
        UsageError: none is found and no file was named.
    """
    setting = settings.get("python")
    if isinstance(setting.value, str):
        return Interpreter(path=_named(setting.value, setting.where), where=setting.where)
    if settings.get("requirements").where.path.startswith(("option", "environment")):
        return None
    active = call.environ.get("VIRTUAL_ENV")
    candidates = [(Path(active), Place(path="environment VIRTUAL_ENV"))] if active else []
    candidates += [(folder / ".venv", Place(path=".venv")) for folder in _upwards(settings, call)]
    for folder, where in candidates:
        if folder.is_dir() and not _is_ours(folder):
            return Interpreter(path=_shown(folder / "bin" / "python", call.folder), where=where)
    state = "no virtual environment is active"
    if active:
        state = (
            f"the active environment {active} is {'the one of stackaudit itself' if _is_ours(Path(active)) else 'gone'}"
        )
    pins = next((os.path.relpath(each, call.folder) for each in _files_beside(settings, call)), "FILE")
    raise UsageError(
        f"there is no environment to {'copy' if call.copying else 'audit'}: {state}, and there is no ./.venv",
        hint=f"name one with --python PATH, read pins from a file with -r {pins}, or "
        f"{'take the newest row of a matrix with --matrix NAME' if call.copying else 'try --sandbox'}",
    )


def _is_ours(folder: Path) -> bool:
    return folder.resolve() == Path(sys.prefix).resolve()


def _named(value: str, where: Place) -> str:
    """The interpreter that `value` means: a path, a name on PATH, or the folder of a virtual environment.

    Raises:
        InputError: there is none.
    """
    path = Path(value)
    if path.is_dir():
        inside = path / "bin" / "python"
        if os.path.lexists(inside):
            return str(inside)
        fault = Fault(
            where=where, message=f"{value} is a folder with no bin/python in it: it is no virtual environment"
        )
    # A link whose Python is gone is an environment that broke: its probe says so.
    elif os.path.lexists(path):
        return value
    elif "/" not in value and (found := shutil.which(value)) is not None:
        return found
    else:
        fault = Fault(
            where=where, message=f"there is no {value}", hint="name an interpreter, or a virtual environment's folder"
        )
    raise InputError([fault])


def _shown(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def endpoints(settings: Settings, environ: Mapping[str, str]) -> tuple[Endpoint, ...]:
    """The broker and the Redis to ask: from the settings, else `CELERY_BROKER_URL`; the Redis defaults to a broker that is one.

    A `CELERY_RESULT_BACKEND` that is a Redis is asked too.

    Raises:
        InputError: a URL is one that no client can use.
    """
    named = {"broker": settings.get("broker-url"), "redis": settings.get("redis-url")}
    found = [(role, each.value, each.where) for role, each in named.items() if isinstance(each.value, str)]
    if not isinstance(named["broker"].value, str) and environ.get("CELERY_BROKER_URL"):
        found.insert(0, ("broker", environ["CELERY_BROKER_URL"], Place(path="environment CELERY_BROKER_URL")))
    backend = environ.get("CELERY_RESULT_BACKEND", "")
    # Celery also takes names such as `rpc` there, and other databases: nobody is to be asked then.
    if backend.partition("://")[0].lower() in REDIS_SCHEMES and "://" in backend:
        found.append(("backend", backend, Place(path="environment CELERY_RESULT_BACKEND")))
    faults = [
        Fault(where=where, message=f"the {role} URL can't be used: {wrong[0]}", hint=wrong[1])
        for role, url, where in found
        if (wrong := wrong_with(url, role)) is not None
    ]
    if faults:
        raise InputError(faults)
    return tuple(Endpoint(role=role, url=Secret(url), where=where) for role, url, where in found)


def programs(settings: Settings, *, alone: bool) -> tuple[ProgramRequest, ...]:
    """The programs to probe: ffmpeg, unless requirement files are audited `alone` and nothing asks for it."""
    setting = settings.get("ffmpeg")
    if isinstance(setting.value, str):
        return (ProgramRequest(name="ffmpeg", command=setting.value, where=setting.where),)
    asked = "ffmpeg" in (*settings.texts("only"), *settings.texts("require"))
    return () if alone and not asked else (ProgramRequest(name="ffmpeg", command="ffmpeg", where=Place(path="PATH")),)


def for_probes(settings: Settings) -> tuple[Setting, ...]:
    """The settings that probes and rules may know, by the names that a manifest gives them; and whether there is a local mirror."""
    from stackaudit.advisories import mirror

    return (
        *(
            Setting(name=each.name.replace("-", "_"), value=each.value, where=each.where)
            for each in settings.settings
            if each.name in FOR_PROBES
        ),
        Setting(name="mirror", value=mirror.is_there(), where=Place(path="local mirror")),
    )


def _asked(settings: Settings) -> Asked:
    return Asked(extras=settings.texts("extras"), groups=settings.texts("groups"))
