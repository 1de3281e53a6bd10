"""Says whether a Dockerfile's step puts ffmpeg and ffprobe into the image, or may do so unseen."""

import re
from pathlib import PurePosixPath

from stackaudit.inputs._commands import split
from stackaudit.inputs._instructions import Instruction

BOTH = frozenset({"ffmpeg", "ffprobe"})
NONE: frozenset[str] = frozenset()

_ENDS = re.compile(r"&&|\|\||[;|\n]")
_INSTALLING = {
    "apt": "install",
    "apt-get": "install",
    "aptitude": "install",
    "apk": "add",
    "conda": "install",
    "dnf": "install",
    "mamba": "install",
    "microdnf": "install",
    "micromamba": "install",
    "pacman": "-S",
    "yum": "install",
    "zypper": "install",
}
"""Package managers, and the word that installs; the package ffmpeg of each of them holds both programs."""
_OPAQUE = frozenset({".", "ansible-playbook", "ash", "bash", "make", "nix-env", "sh", "source", "xargs"})
_PREFIXES = frozenset({"sudo", "env", "exec", "time", "then", "do", "else"})
_PACKAGE = re.compile(r"(?:jellyfin-)?ffmpeg(?:\d+(?:\.\d+)*|-free)?", re.ASCII)
_BINARY_FOLDERS = frozenset({"/bin", "/sbin", "/usr/bin", "/usr/local/bin"})


def put_in(step: Instruction) -> frozenset[str] | None:
    """Those of the two programs that `step` puts in; None where only a build shows it."""
    if step.word in {"COPY", "ADD"}:
        return _copied(step)
    if step.word != "RUN":
        return NONE
    listed = step.listed
    parts = [" ".join(listed)] if listed is not None else [step.arguments, *step.documents]
    found = [_run(each) for part in parts for each in _ENDS.split(part)]
    if any(each == BOTH for each in found):
        return BOTH
    return None if None in found else NONE


def _run(command: str) -> frozenset[str] | None:
    words = split(command)
    while words and (words[0] in _PREFIXES or re.fullmatch(r"[A-Za-z_]\w*=.*", words[0]) or words[0].startswith("--")):
        words = words[1:]
    if not words:
        return NONE
    program, rest = PurePosixPath(words[0]).name, words[1:]
    if program in _INSTALLING and _INSTALLING[program] in " ".join(rest):
        packages = [re.split(r"[=:<>~]", each)[0] for each in rest if not each.startswith("-")]
        if any(_PACKAGE.fullmatch(each) for each in packages):
            return BOTH
        return None if any("$" in each or "`" in each or each == "<" for each in rest) else NONE
    if program in _OPAQUE or program.endswith((".sh", ".bash")) or words[0].startswith("./"):
        return None
    return None if "ffmpeg" in command.lower() and program not in {"echo", "pip", "pip3", "uv", "poetry"} else NONE


def _copied(step: Instruction) -> frozenset[str] | None:
    listed = step.listed
    *sources, target = listed or (split(step.arguments) or [""])
    names = [PurePosixPath(each).name for each in sources]
    if any(re.fullmatch(r"ff\*|ff\{.*\}|ff\[.*", each) for each in names):
        return BOTH
    into = target.rstrip("/")
    named = frozenset(each for each in names if each in BOTH)
    if named and (into in _BINARY_FOLDERS or PurePosixPath(into).parent.as_posix() in _BINARY_FOLDERS):
        return named
    foreign = step.flags.get("from", "")
    return None if named or "ffmpeg" in foreign.lower() else NONE
