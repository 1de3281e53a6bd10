"""Asks an installer which versions it would take: uv, or pip where there is no uv; nothing is built and nothing is installed."""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from stackaudit.model.deadline import Deadline
from stackaudit.model.values import dataclass
from stackaudit.model.versions import parse_requirement, parse_version, pin_of
from stackaudit.outside import process
from stackaudit.outside.files import write_whole
from stackaudit.outside.index_settings import SettingsError, index_settings
from stackaudit.outside.installers import Cause, Refusal, find_uv, refusal
from stackaudit.outside.places import temporary_folder
from stackaudit.outside.process import Ending
from stackaudit.outside.sources import of_nowhere

_PRINTED = "import sys; print('%d.%d' % sys.version_info[:2])"
_LINES, _BOUNDS, _REPORT = "requirements.txt", "constraints.txt", "report.json"
_UV = ("pip", "compile", _LINES, "--quiet", "--no-header", "--annotation-style", "line", "--only-binary", ":all:")
_PIP = ("install", "--dry-run", "--ignore-installed", "--report", _REPORT, "--only-binary", ":all:", "-r", _LINES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be resolved: `lines` as a requirements file has them, for Python `python` (`3.11`, `3.11.7`) on this platform.

    `constraints` bound packages without asking for them. `interpreter` is the path of the Python that it is for, where there is one.
    `exclude_newer` is an RFC 3339 date or moment: nothing that was uploaded later counts. `prefix` is the environment whose pip
    configuration names the index. `group` is as in `process.run`.
    """

    lines: tuple[str, ...]
    python: str
    constraints: tuple[str, ...] = ()
    interpreter: str | None = None
    prereleases: bool = False
    exclude_newer: str | None = None
    offline: bool = False
    prefix: str = sys.prefix
    group: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the installer said: `packages` are all that it would install, by name, where `refusal` is None.

    `required_by` are those that others of them require, by name, with the names of these; empty where the installer does not say.
    `ending` says how it ended; where that is not EXITED it gave no answer at all. `tool` is empty where there is none that can be asked.
    `command` holds no secret and no temporary path; `sha256` is over what it printed.
    """

    tool: str
    version: str | None
    command: tuple[str, ...]
    ending: Ending
    exit_status: int | None = None
    sha256: str | None = None
    packages: tuple[tuple[NormalizedName, Version], ...] = ()
    required_by: tuple[tuple[NormalizedName, tuple[NormalizedName, ...]], ...] = ()
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Installer:
    tool: str
    version: str
    program: tuple[str, ...]


def resolve(question: Question, deadline: Deadline) -> Answer:
    """Ask uv, which resolves for any Python, else a pip that runs on that Python; wheels alone are taken."""
    found = _uv(deadline) or _pip(question, deadline)
    if found is None:
        return Answer(tool="", version=None, command=(), ending=Ending.NOT_FOUND)
    options = _options(found, question)
    shown = ("--python", question.interpreter) if question.interpreter is not None else ()
    answer = Answer(
        tool=found.tool, version=found.version, command=(found.tool, *options, *shown), ending=Ending.EXITED
    )
    try:
        given = variables(question)
    except SettingsError as error:
        return replace(answer, refusal=Refusal(cause=Cause.OTHER, reason=str(error)))
    with temporary_folder("resolve") as folder:
        for name, lines in ((_LINES, question.lines), (_BOUNDS, question.constraints)):
            write_whole(folder / name, "".join(f"{line}\n" for line in lines))
        # It runs in that folder: a path that counts from here would lead nowhere.
        whose = ("--python", str(Path(question.interpreter or sys.executable).absolute())) if found.tool == "uv" else ()
        completed = process.run(
            [*found.program, *options, *whose], deadline, env=given, cwd=folder, group=question.group
        )
        report = folder / _REPORT
        said = completed.stdout if found.tool == "uv" else report.read_bytes() if report.exists() else b""
    answer = replace(answer, ending=completed.ending, exit_status=completed.exit_status)
    if completed.ending is not Ending.EXITED:
        return answer
    read = _compiled if found.tool == "uv" else _reported
    packages = tuple(sorted(read(said.decode(errors="replace")))) if completed.exit_status == 0 else ()
    if packages or not question.lines:
        required_by = tuple(sorted(_annotated(said.decode(errors="replace")))) if found.tool == "uv" else ()
        answer = replace(answer, required_by=required_by)
        return replace(answer, packages=packages, sha256=hashlib.sha256(said).hexdigest())
    hide = [(str(folder), "the folder"), (sys.executable, "python")]
    told = refusal(completed.error_text + completed.text, offline=question.offline, hide=hide)
    return replace(answer, refusal=told)


def _options(found: _Installer, question: Question) -> tuple[str, ...]:
    uv, options = found.tool == "uv", []
    if uv and question.interpreter is None:
        options += ["--python-version", question.python]
    if question.constraints:
        options += ["--constraint", _BOUNDS]
    if question.exclude_newer:
        options += ["--exclude-newer" if uv else "--uploaded-prior-to", question.exclude_newer]
    if question.prereleases:
        options += ["--prerelease", "allow"] if uv else ["--pre"]
    return (*(_UV if uv else _PIP), *options)


_KEPT = {
    "UV_CACHE_DIR",
    "UV_HTTP_TIMEOUT",
    "UV_INSECURE_HOST",
    "UV_KEYRING_PROVIDER",
    "UV_NATIVE_TLS",
    "UV_SYSTEM_CERTS",
}
_UVS_INDEXES = {"UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_INDEX", "UV_INDEX_URL"}


def variables(question: Question) -> dict[str, str | None]:
    """What both installers are told by the environment: where a login in an index's URL is shown to nobody.

    No other setting of a user's for uv or pip (a constraint, a day) bends the answer: it is about what the files say.

    Raises:
        SettingsError: what pip is configured with can't be read.
    """
    settings = index_settings(question.prefix)
    # Whoever configured uv itself and no index for pip means uv's, with the logins that it knows by their names.
    logins = {each for each in os.environ if each.startswith("UV_INDEX_") and each.endswith(("_USERNAME", "_PASSWORD"))}
    kept = _KEPT if settings.named else _KEPT | _UVS_INDEXES | logins
    own = [each for each in os.environ if each.startswith(("PIP_", "UV_")) and each not in kept]
    found: dict[str, str | None] = dict.fromkeys(own)
    found |= {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "UV_NO_CONFIG": "1", "UV_HTTP_RETRIES": "1"}
    found |= {"NO_COLOR": "1", "PIP_NO_INPUT": "1", "PIP_NO_COLOR": "1", "PIP_CONFIG_FILE": os.devnull}
    found |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_RETRIES": "1", "UV_INDEX_STRATEGY": "unsafe-best-match"}
    if question.offline:
        return found | {"UV_OFFLINE": "1", "PIP_NO_INDEX": "1"}
    main, *more = [each.reveal() for each in settings.urls] or [""]
    proxy = settings.proxy.reveal() if settings.proxy is not None else ""
    wanted = {
        "UV_DEFAULT_INDEX": main,
        "UV_INDEX": " ".join(more),
        "PIP_INDEX_URL": main,
        "PIP_EXTRA_INDEX_URL": " ".join(more),
        "PIP_CERT": settings.certificates or "",
        "SSL_CERT_FILE": settings.certificates or "",
        "PIP_PROXY": proxy,
        "ALL_PROXY": proxy,
        "HTTPS_PROXY": proxy,
        "HTTP_PROXY": proxy,
    }
    standing = kept & os.environ.keys() | ({"SSL_CERT_FILE"} & os.environ.keys())
    return found | {name: value for name, value in wanted.items() if value and name not in standing}


def _compiled(text: str) -> Iterator[tuple[NormalizedName, Version]]:
    """The pins that uv printed, a line each."""
    for line in text.splitlines():
        requirement = parse_requirement(line.partition("#")[0].strip())
        version = pin_of(requirement.specifier) if requirement is not None else None
        if requirement is not None and version is not None:
            yield canonicalize_name(requirement.name), version


def _annotated(text: str) -> Iterator[tuple[NormalizedName, tuple[NormalizedName, ...]]]:
    """By what uv printed, who requires whom: `vine==5.1.0  # via amqp, kombu`; a file that asks for it is `-r FILE`."""
    for line in text.splitlines():
        pin, _, holders = line.partition("# via ")
        requirement = parse_requirement(pin.strip())
        names = [canonicalize_name(each.strip()) for each in holders.split(",") if not each.strip().startswith("-")]
        if requirement is not None and holders and names:
            yield canonicalize_name(requirement.name), tuple(sorted(names))


def _reported(text: str) -> Iterator[tuple[NormalizedName, Version]]:
    """What pip would install by its report: https://pip.pypa.io/en/stable/reference/installation-report/."""
    try:
        report = json.loads(text)
        items = [each["metadata"] for each in report["install"]]
        pairs = [(str(each["name"]), parse_version(str(each["version"]))) for each in items]
    except (ValueError, KeyError, TypeError):
        return
    for name, version in pairs:
        if version is not None:
            yield canonicalize_name(name), version


def _uv(deadline: Deadline) -> _Installer | None:
    program = find_uv()
    words = _printed([program, "--version"], deadline) if program is not None else []
    if program is None or len(words) < 2:  # noqa: PLR2004 - `uv 0.13.9 (...)`
        return None
    return _Installer(tool="uv", version=words[1], program=(program,))


def _pip(question: Question, deadline: Deadline) -> _Installer | None:
    """A pip that runs on the question's Python: one that runs on another takes the markers of that one, whatever version it is told."""
    wanted = ".".join(question.python.split(".")[:2])
    same = wanted == f"{sys.version_info.major}.{sys.version_info.minor}"
    candidate = sys.executable if same else shutil.which(f"python{wanted}")
    if question.interpreter is not None:
        candidate = str(Path(question.interpreter).absolute())
    if candidate is None or _printed([candidate, "-I", "-c", _PRINTED], deadline) != [wanted]:
        return None
    # Ours is the newer one, and looks at no Python that is too old for it.
    ways: Sequence[tuple[str, ...]] = (
        (sys.executable, "-I", "-m", "pip", "--python", candidate),
        (candidate, "-I", "-m", "pip"),
    )
    for program in ways[same and question.interpreter is None :]:
        words = _printed([*program, "--version"], deadline)
        if len(words) > 1 and words[0] == "pip":
            return _Installer(tool="pip", version=words[1], program=program)
    return None


def _printed(command: Sequence[str], deadline: Deadline) -> list[str]:
    answer = process.run(command, deadline, env=of_nowhere(os.environ))
    return answer.text.split() if answer.exit_status == 0 else []
