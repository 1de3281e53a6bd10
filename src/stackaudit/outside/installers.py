"""Finds the installers, and reads why one gave up: the same few causes in the words of uv and of pip."""

import importlib.util
import re
import shutil
from collections.abc import Sequence
from enum import StrEnum

from stackaudit.model.secret import redact
from stackaudit.model.values import dataclass

MOST_LINES = 3
"""Lines of an installer's own explanation that are told."""


class Cause(StrEnum):
    """Why an installer gave up."""

    OFFLINE = "offline"
    UNREACHABLE = "unreachable"
    ABSENT = "absent"
    NO_WHEEL = "no wheel"
    UNSOLVABLE = "unsolvable"
    BUILD = "build"
    NO_PIP = "no pip"
    NO_PYTHON = "no Python"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """That an installer gave up: the cause, and what it says of it in at most three lines as one, without URLs and secrets.

    `about` is the requirement or name that it found nothing for, where the cause is ABSENT: whether the index does not know it, has no
    wheel of it, or let nobody in, is for the index to say. `unlisted` are those that uv found no version of in what it took for the index's
    pages, where the cause is UNSOLVABLE or NO_WHEEL: a login page lists none either.
    """

    cause: Cause
    reason: str
    about: str | None = None
    unlisted: tuple[str, ...] = ()


def find_uv() -> str | None:
    """The path of uv: on PATH, else the one that is installed as a package beside this one; None where there is none."""
    found = shutil.which("uv")
    if found is None and importlib.util.find_spec("uv") is not None:
        import uv

        try:
            found = str(uv.find_uv_bin())
        except FileNotFoundError:
            # Installed for another platform, or without its program.
            return None
    return found


_UNREACHABLE = re.compile(
    r"failed to fetch|error sending request|dns error|connection (?:refused|reset|error)|network is unreachable"
    r"|Failed to establish a new connection|Max retries exceeded|timed out|Temporary failure in name resolution"
    r"|failed to lookup address|tunnel error|client error \(Connect\)|HTTP status (?:server|client) error"
    r"|could not be queried",
    re.IGNORECASE,
)
_OFFLINE = re.compile(r"network was disabled|--offline|No matching distribution found", re.IGNORECASE)
_NO_WHEEL = re.compile(
    r"no usable wheels|no wheels with a matching|Wheels are required for|building from source is disabled"
)
_ABSENT = re.compile(
    r"Because (\S+) was not found in the package registry|No matching distribution found for ([^\s;]+)"
)
_UNLISTED = re.compile(r"there (?:is|are) no versions? of ([^\s,;]+)")
_UNSOLVABLE = re.compile(
    r"No solution found|unsatisfiable|ResolutionImpossible|No matching distribution found|conflicting dependencies"
)
_HEADLINE = re.compile(r"No solution found|The conflict is caused by")
_NO_PIP = re.compile(r"ensurepip", re.IGNORECASE)
_NO_PYTHON = re.compile(r"No interpreter found|not a valid Python|No such file|Failed to inspect Python", re.IGNORECASE)
_BUILD = re.compile(
    r"Failed to build|build backend|Failed building wheel|metadata-generation-failed|Compiling", re.IGNORECASE
)
_BULLETS = re.compile(r"^[^\w`(]*(?:(?:ERROR|error|cause|hint):\s*)?")
_URLS = re.compile(r"[a-z]+://\S+")


def refusal(output: str, *, offline: bool = False, hide: Sequence[tuple[str, str]] = ()) -> Refusal:
    """What an installer's `output` amounts to; `hide` are texts that are not shown, such as a folder, and what stands for each."""
    lines = [_BULLETS.sub("", redact(line)).strip() for line in output.splitlines()]
    for text, shown in hide:
        lines = [line.replace(text, shown) for line in lines]
    lines = [line for line in lines if line]
    if offline and _OFFLINE.search(output):
        return Refusal(cause=Cause.OFFLINE, reason=_told(lines))
    # First the network: without it a resolver also says that it found no solution.
    if _UNREACHABLE.search(output):
        return Refusal(cause=Cause.UNREACHABLE, reason=_told(lines))
    absent = _ABSENT.search(output)
    if absent is not None:
        return Refusal(cause=Cause.ABSENT, reason=_told(_reasons(lines)), about=absent[1] or absent[2])
    for cause, pattern in ((Cause.NO_WHEEL, _NO_WHEEL), (Cause.UNSOLVABLE, _UNSOLVABLE)):
        if pattern.search(output):
            return Refusal(cause=cause, reason=_told(_reasons(lines)), unlisted=tuple(_UNLISTED.findall(output)))
    causes = ((Cause.BUILD, _BUILD), (Cause.NO_PIP, _NO_PIP), (Cause.NO_PYTHON, _NO_PYTHON))
    other = next((cause for cause, pattern in causes if pattern.search(output)), Cause.OTHER)
    return Refusal(cause=other, reason=_told(lines))


def _reasons(lines: Sequence[str]) -> Sequence[str]:
    """The lines that say why the pins don't go together: after the headline of uv or of pip where there is one."""
    for index, line in enumerate(lines):
        if _HEADLINE.search(line):
            return [each for each in lines[index + 1 :] if not each.startswith("Additional")]
    return [line for line in lines if _UNSOLVABLE.search(line)]


def _told(lines: Sequence[str]) -> str:
    words = " ".join(_URLS.sub("the index", line) for line in lines[:MOST_LINES])
    return words or "the installer did not say why"
