"""Builds an environment with given pins: with uv, or with venv and pip where there is no uv."""

import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from stackaudit.model.deadline import Deadline
from stackaudit.model.errors import SandboxError, UnfitError, UsageError
from stackaudit.outside import process, sources
from stackaudit.outside.files import write_whole
from stackaudit.outside.index_settings import SettingsError
from stackaudit.outside.installers import Cause, find_uv, refusal
from stackaudit.outside.process import Completed, Ending
from stackaudit.outside.resolving import Question, variables

VENVS_OWN = frozenset({"pip", "setuptools"})
"""What an environment that was made without uv holds from the start."""

_MINOR = re.compile(r"\d+\.\d+", re.ASCII)
_PRINTED = "import sys; print('%d.%d' % sys.version_info[:2])"


def minor_of(python: str | None, deadline: Deadline) -> str:
    """The minor version (`3.11`) of `python`: a path, a name on PATH, a version such as `3.11`, or None for the Python that runs this.

    Raises:
        UsageError: it is no Python that runs.
    """
    if python is None:
        return f"{sys.version_info.major}.{sys.version_info.minor}"
    if _MINOR.fullmatch(python):
        return python
    answer = process.run([python, "-I", "-c", _PRINTED], deadline)
    printed = answer.text.strip()
    if answer.exit_status != 0 or not _MINOR.fullmatch(printed):
        raise UsageError(f"{python} is no Python that runs here", hint="name the path of an interpreter with --python")
    return printed


def build(folder: Path, pins: Sequence[str], python: str | None, deadline: Deadline, *, offline: bool = False) -> Path:
    """Build an environment in `folder` with `pins` (requirement lines) on `python` (see `minor_of`); its interpreter's path.

    Raises:
        SandboxError: it can't be built: no such Python, no way to the index, or pins that don't go together.
    """
    requirements = folder / "requirements.txt"
    write_whole(requirements, "".join(f"{pin}\n" for pin in pins))
    interpreter = folder / "env" / "bin" / "python"
    uv = find_uv()
    base = python or sys.executable
    # The installers run in another folder: a path that counts from here would lead nowhere.
    base = str(Path(base).absolute()) if os.sep in base else base
    if uv is not None:
        make = [uv, "venv", "--quiet", "--no-project", "--python", base, str(folder / "env")]
        install = [uv, "pip", "install", "--quiet", "--python", str(interpreter), "--requirement", str(requirements)]
    else:
        make = [_interpreter(base), "-I", "-m", "venv", str(folder / "env")]
        pip = [str(interpreter), "-I", "-m", "pip", "--disable-pip-version-check"]
        install = [*pip, "install", "--progress-bar", "off", "--requirement", str(requirements)]
    env, forbidden = _told(uv, offline=offline)
    for command in (make, install):
        answer = process.run(command, deadline, env=env, cwd=folder)
        if answer.exit_status != 0:
            raise _why_not(answer, folder, base, forbidden)
    return interpreter


def _told(uv: str | None, *, offline: bool) -> tuple[dict[str, str | None], str | None]:
    """What the installer is told by the environment, and which option of ours or setting of the user's forbids it the network."""
    env: dict[str, str | None] = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
    env |= {"PIP_NO_INPUT": "1", "PIP_NO_COLOR": "1"}
    try:
        env = (sources.of_uv(os.environ) if uv is not None else sources.of_pip(os.environ, sys.prefix)) | env
    except SettingsError as error:
        raise UnfitError(f"the sandbox's environment could not be built: {error}") from error
    if offline:
        return env | {"UV_OFFLINE": "1", "PIP_NO_INDEX": "1"}, "--offline"
    if uv is not None:
        return env, "UV_OFFLINE" if sources.is_on(os.environ.get("UV_OFFLINE")) else None
    return env, "pip's setting no-index" if sources.is_on(env.get("PIP_NO_INDEX")) else None


def install(folder: Path, closure: Sequence[str], python: str, deadline: Deadline) -> Path:
    """Build an environment in `folder` with exactly `closure` (pins of all that is to be there) on the Python at path `python`.

    The interpreter's path is returned. Nothing is resolved, and nothing is asked of the index that the cache has.

    Raises:
        SandboxError: it can't be built.
    """
    requirements, interpreter = folder / "closure.txt", folder / "env" / "bin" / "python"
    write_whole(requirements, "".join(f"{pin}\n" for pin in closure))
    uv = find_uv()
    if uv is not None:
        make = [uv, "venv", "--quiet", "--no-project", "--python", python, str(folder / "env")]
        take = [uv, "pip", "install", "--quiet", "--python", str(interpreter)]
    else:
        make = [python, "-I", "-m", "venv", str(folder / "env")]
        take = [str(interpreter), "-I", "-m", "pip", "install", "--quiet", "--progress-bar", "off"]
    take += ["--no-deps", "--only-binary", ":all:", "--requirement", str(requirements)]
    try:
        env = variables(Question(lines=tuple(closure), python=""))
    except SettingsError as error:
        raise UnfitError(f"the sandbox's environment could not be built: {error}") from error
    # uv asks the index what is new, unless it is told to look into its cache alone; pip looks there first by itself.
    ways = [{**env, "UV_OFFLINE": "1"}, env] if uv is not None else [env]
    answer = process.run(make, deadline, env=env, cwd=folder)
    for way in ways if answer.exit_status == 0 else ():
        answer = process.run(take, deadline, env=way, cwd=folder)
        if answer.exit_status == 0:
            return interpreter
    raise _why_not(answer, folder, python, None)


def agrees(interpreter: Path, deadline: Deadline) -> Completed:
    """What `uv pip check`, else the environment's own pip, makes of the environment of `interpreter`: exit status 0 where all agrees."""
    uv = find_uv()
    own = [str(interpreter), "-I", "-m", "pip", "--disable-pip-version-check", "check"]
    command = [uv, "pip", "check", "--python", str(interpreter)] if uv is not None else own
    return process.run(command, deadline, env={**sources.of_nowhere(os.environ), "NO_COLOR": "1"})


def _interpreter(base: str) -> str:
    """The program for a Python that is named by its version: nobody but uv looks further than PATH."""
    if not _MINOR.fullmatch(base):
        return base
    found = shutil.which(f"python{base}")
    if found is None:
        raise UnfitError(f"no Python {base} is on PATH to build the sandbox with", hint=_NAME_PYTHON)
    return found


_NAME_PYTHON = "install it, or name the path of another one with --python"


def _why_not(answer: Completed, folder: Path, base: str, forbidden: str | None) -> SandboxError:
    """The error that tells, in one sentence and at most three lines of the installer's own, why it gave up."""
    if answer.ending is Ending.TIMED_OUT:
        return SandboxError(
            "the sandbox's environment was not built in time", hint="run it again: what was downloaded is kept"
        )
    if answer.ending is not Ending.EXITED:
        return UnfitError(f"{base} is no Python that runs here", hint=_NAME_PYTHON)
    return explained(answer.error_text + answer.text, base, str(folder), forbidden)


def explained(output: str, base: str, folder: str, forbidden: str | None = None) -> SandboxError:
    """What an installer's `output` amounts to; `folder` is the temporary one, which is not shown. Pure.

    `forbidden` names what forbids it the network, where anything does.
    """
    found = refusal(output, offline=forbidden is not None, hide=[(folder, "the sandbox")])
    match found.cause:
        case Cause.OFFLINE:
            return SandboxError(
                f"the sandbox's packages are not all here, and {forbidden} allows no download",
                hint=f"run it once without {forbidden}",
            )
        case Cause.UNREACHABLE:
            return SandboxError(
                "the sandbox's packages could not be downloaded: the package index did not answer as it should",
                hint="check the network, and the index that uv or pip is configured for",
            )
        case Cause.NO_WHEEL:
            return UnfitError(
                f"a package of the sandbox has no wheel for this Python, and none may be built: {found.reason}",
                hint="pin a version that has one, or allow it: uv's setting no-build or pip's only-binary forbids it",
            )
        case Cause.UNSOLVABLE | Cause.ABSENT:
            hint = "change one of the pins that it names"
            if found.unlisted or found.about is not None:
                hint += "; where there is such a release, see what answers in place of the package index"
            return UnfitError(f"the pins can't be installed together: {found.reason}", hint=hint)
        case Cause.BUILD:
            return UnfitError(
                f"a package of the sandbox could not be built: {found.reason}",
                hint="pin a version that has a wheel for this Python, or name another Python with --python",
            )
        case Cause.NO_PIP:
            return SandboxError(
                f"there is no uv to make the sandbox's environment, and the ensurepip of {base} is missing or does not work",
                hint="install uv, or what this Python's ensurepip comes in (Debian and Ubuntu: python3-venv)",
            )
        case Cause.NO_PYTHON:
            return UnfitError(f"the Python {base} can't be used to build the sandbox", hint=_NAME_PYTHON)
        case Cause.OTHER:
            return SandboxError(
                f"the sandbox's environment could not be built: {found.reason}",
                hint="see how uv or pip is configured here, or run it again",
            )
