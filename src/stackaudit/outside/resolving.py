"""Asks an installer which versions it would take: uv, or pip where there is no uv; nothing is built and nothing is installed."""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from stackaudit.model.deadline import Deadline
from stackaudit.model.versions import parse_requirement, parse_version, pin_of
from stackaudit.outside import process
from stackaudit.outside.index_settings import SettingsError, index_settings
from stackaudit.outside.installers import Cause, Refusal, find_uv, refusal
from stackaudit.outside.places import temporary_folder
from stackaudit.outside.process import Ending

_PRINTED = "import sys; print('%d.%d' % sys.version_info[:2])"
_UV = ("pip", "compile", "-", "--quiet", "--no-header", "--no-annotate", "--only-binary", ":all:")
_LINES, _REPORT = "requirements.txt", "report.json"
_PIP = ("install", "--dry-run", "--ignore-installed", "--report", _REPORT, "--only-binary", ":all:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be resolved: `lines` as a requirements file has them, for Python `python` (`3.11`) on this platform.

    `exclude_newer` is an RFC 3339 date or moment: nothing that was uploaded later counts. `prefix` is the environment whose pip
    configuration names the index.
    """

    lines: tuple[str, ...]
    python: str
    exclude_newer: str | None = None
    offline: bool = False
    prefix: str = sys.prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the installer said: `packages` are all that it would install, by name, where `refusal` is None.

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
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Installer:
    tool: str
    version: str
    program: tuple[str, ...]


def resolve(question: Question, deadline: Deadline) -> Answer:
    """Ask uv, which resolves for any Python, else a pip that runs on that Python; wheels alone are taken."""
    found = _uv(deadline) or _pip(question.python, deadline)
    if found is None:
        return Answer(tool="", version=None, command=(), ending=Ending.NOT_FOUND)
    options = _options(found, question)
    answer = Answer(tool=found.tool, version=found.version, command=(found.tool, *options), ending=Ending.EXITED)
    try:
        variables = _variables(question)
    except SettingsError as error:
        return replace(answer, refusal=Refusal(cause=Cause.OTHER, reason=str(error)))
    lines = "".join(f"{line}\n" for line in question.lines)
    with temporary_folder("resolve") as folder:
        (folder / _LINES).write_text(lines, encoding="utf-8")
        base = ("--python", sys.executable) if found.tool == "uv" else ()
        completed = process.run(
            [*found.program, *options, *base],
            deadline,
            stdin=lines.encode() if found.tool == "uv" else b"",
            env=variables,
            cwd=folder,
        )
        report = folder / _REPORT
        said = completed.stdout if found.tool == "uv" else report.read_bytes() if report.exists() else b""
    answer = replace(answer, ending=completed.ending, exit_status=completed.exit_status)
    if completed.ending is not Ending.EXITED:
        return answer
    read = _compiled if found.tool == "uv" else _reported
    packages = tuple(sorted(read(said.decode(errors="replace")))) if completed.exit_status == 0 else ()
    if packages or not question.lines:
        return replace(answer, packages=packages, sha256=hashlib.sha256(said).hexdigest())
    hide = [(str(folder), "the folder"), (sys.executable, "python")]
    told = refusal(completed.error_text + completed.text, offline=question.offline, hide=hide)
    return replace(answer, refusal=told)


def _options(found: _Installer, question: Question) -> tuple[str, ...]:
    if found.tool == "uv":
        newest = ("--exclude-newer", question.exclude_newer) if question.exclude_newer else ()
        return (*_UV, "--python-version", question.python, *newest)
    newest = ("--uploaded-prior-to", question.exclude_newer) if question.exclude_newer else ()
    return (*_PIP, "--requirement", _LINES, *newest)


def _variables(question: Question) -> dict[str, str]:
    """What both installers are told by the environment: where a login in an index's URL is shown to nobody."""
    found = {"UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1", "NO_COLOR": "1", "PIP_NO_INPUT": "1"}
    if question.offline:
        return found | {"UV_OFFLINE": "1", "PIP_NO_INDEX": "1"}
    settings = index_settings(question.prefix)
    main, *more = [each.reveal() for each in settings.urls] or [""]
    wanted = {
        # Whoever configured uv itself and no index for pip means uv's.
        "UV_DEFAULT_INDEX": main if settings.named and not os.environ.get("UV_INDEX_URL") else "",
        "UV_INDEX": " ".join(more) if not os.environ.get("UV_EXTRA_INDEX_URL") else "",
        "UV_INDEX_STRATEGY": "unsafe-best-match" if more else "",
        "SSL_CERT_FILE": settings.certificates or "",
        "ALL_PROXY": settings.proxy.reveal() if settings.proxy is not None else "",
    }
    return found | {name: value for name, value in wanted.items() if value and not os.environ.get(name)}


def _compiled(text: str) -> Iterator[tuple[NormalizedName, Version]]:
    """The pins that uv printed, a line each."""
    for line in text.splitlines():
        requirement = parse_requirement(line.partition("#")[0].strip())
        version = pin_of(requirement.specifier) if requirement is not None else None
        if requirement is not None and version is not None:
            yield canonicalize_name(requirement.name), version


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
    answer = process.run([program, "--version"], deadline) if program is not None else None
    words = answer.text.split() if answer is not None and answer.exit_status == 0 else []
    if program is None or len(words) < 2:  # noqa: PLR2004 - `uv 0.13.9 (...)`
        return None
    return _Installer(tool="uv", version=words[1], program=(program,))


def _pip(python: str, deadline: Deadline) -> _Installer | None:
    """A pip that runs on Python `python`: one that runs on another takes the markers of that one, whatever version it is told."""
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    candidate = sys.executable if python == minor else shutil.which(f"python{python}")
    if candidate is None or _printed([candidate, "-I", "-c", _PRINTED], deadline) != [python]:
        return None
    ways: Sequence[tuple[str, ...]] = (
        (candidate, "-I", "-m", "pip"),
        (sys.executable, "-I", "-m", "pip", "--python", candidate),
    )
    for program in ways:
        words = _printed([*program, "--version"], deadline)
        if len(words) > 1 and words[0] == "pip":
            return _Installer(tool="pip", version=words[1], program=program)
    return None


def _printed(command: Sequence[str], deadline: Deadline) -> list[str]:
    answer = process.run(command, deadline)
    return answer.text.split() if answer.exit_status == 0 else []
