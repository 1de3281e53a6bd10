"""Says what a container's command starts: which of Celery's programs, behind which kind of first process."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import PurePosixPath

from stackaudit.inputs._durations import seconds
from stackaudit.model.deployment import Form, Start
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass

_SHELLS = frozenset({"sh", "ash", "bash", "dash", "ksh", "zsh"})
_SIGNALLING_ALL = frozenset({"dumb-init"})
"""Inits that hand a signal to every process in the group, a shell's child too; tini does so with -g."""
_VALUED = frozenset({"-A", "--app", "-b", "--broker", "--config", "--loader", "--result-backend", "--workdir"})
"""Options of `celery` itself that take the next word."""
_PROGRAMS = frozenset(
    {"beat", "call", "control", "events", "flower", "inspect", "migrate", "multi", "purge", "result", "shell", "status"}
) | {"worker"}
_HANDING = frozenset({"gosu", "su-exec"})
"""Programs that start the rest of their command as the user that they are given first."""
_ENDS = re.compile(r"&&|\|\||[;|&\n]")
_FLAG = re.compile(r"-[a-z]*c")
_LIMITS = ("--time-limit", "--soft-time-limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A command as a file gives it: its words, or where `by_shell` the one text that a shell is given."""

    words: tuple[str, ...]
    by_shell: bool
    where: Place


def started_by(entrypoint: Words | None, command: Words | None) -> Start | None:
    """How a container with these two starts; None where it has neither, and its base decides."""
    if entrypoint is not None and entrypoint.by_shell:
        return _by_shell(entrypoint.words[0], entrypoint.where)
    if command is None:
        return None if entrypoint is None else _by_words(entrypoint.words, entrypoint.where)
    if command.by_shell and entrypoint is None:
        return _by_shell(command.words[0], command.where)
    given = ("/bin/sh", "-c", *command.words) if command.by_shell else command.words
    return _by_words((*(entrypoint.words if entrypoint is not None else ()), *given), command.where)


def _by_words(words: Sequence[str], where: Place) -> Start:
    first = _name(words[0]) if words else ""
    user = _handed_to(words)
    to_all = first in _SIGNALLING_ALL or (first == "tini" and "-g" in words[:3])
    script = _script(words)
    if script is not None:
        shell, text = script
        start = _by_shell(text, where, shell)
        return replace(start, form=Form.PROGRAM if to_all else start.form, user=start.user or user)
    runs, limit = celery_in(words)
    scripted = any(each.endswith((".sh", ".bash")) or "entrypoint" in _name(each) for each in _before_celery(words))
    return Start(where=where, form=Form.SCRIPT if scripted else Form.PROGRAM, runs=runs, time_limit=limit, user=user)


def _handed_to(words: Sequence[str]) -> str | None:
    """The user that a command hands over to, as in `gosu USER …` or `celery worker --uid USER`; None where it does not say so."""
    for word, after in pairwise((*words, "")):
        if _name(word) in _HANDING or word == "--uid":
            return after.partition(":")[0] or None
        if word.startswith("--uid="):
            return word.partition("=")[2] or None
    return None


def _script(words: Sequence[str]) -> tuple[str, str] | None:
    """The shell among `words` and what it is given to run, as in `sh -c SCRIPT`; None where there is none."""
    shell = next((index for index, each in enumerate(words) if _name(each) in _SHELLS), len(words))
    flag = next((index for index in range(shell + 1, len(words)) if _FLAG.fullmatch(words[index])), len(words))
    return (_name(words[shell]), words[flag + 1]) if flag + 1 < len(words) else None


def _by_shell(text: str, where: Place, shell: str = "sh") -> Start:
    """A shell stays the first process, and as such takes no SIGTERM, unless the program is given its place by `exec`.

    Bash gives it to a command that is all it has to do, and from 5.1 to the last one of several.
    """
    parts = _ENDS.split(text.strip())
    for index, part in enumerate(parts):
        words = split(part)
        runs, limit = celery_in(words)
        if runs:
            form = Form.PROGRAM if words[:1] == ["exec"] else Form.SHELL
            if shell == "bash" and index == len(parts) - 1:
                form = Form.PROGRAM if form is Form.PROGRAM or len(parts) == 1 else Form.SCRIPT
            return Start(where=where, form=form, runs=runs, time_limit=limit, user=_handed_to(words))
    last = split(parts[-1])
    return Start(where=where, form=Form.PROGRAM if last[:1] == ["exec"] else Form.SHELL)


def split(text: str) -> list[str]:
    """The words of a shell's command; at its blanks where its quotes do not match."""
    try:
        return shlex.split(text, comments=False)
    except ValueError:
        return text.split()


def celery_in(words: Sequence[str]) -> tuple[str, float | None]:
    """Which of Celery's programs `words` start (`celery worker`; empty for none), and the time limit that they give a task, in seconds."""
    at = next((index for index, each in enumerate(words) if _name(each) == "celery"), None)
    if at is None or (at > 0 and words[at - 1] in {"-A", "--app", "-u", "--user", "install"}):
        return "", None
    program, skip = "", False
    rest = words[at + 1 :]
    for each in rest:
        if skip or each in _VALUED:
            skip = not skip
        elif each in _PROGRAMS:
            program = each
            break
    return f"celery {program}".strip(), _limit(rest)


def _limit(words: Sequence[str]) -> float | None:
    for name in _LIMITS:
        for index, each in enumerate(words):
            value = each.partition("=")[2] if each.startswith(f"{name}=") else None
            if each == name and index + 1 < len(words):
                value = words[index + 1]
            if value is not None and (limit := seconds(value)) is not None:
                return limit
    return None


def _before_celery(words: Sequence[str]) -> Sequence[str]:
    at = next((index for index, each in enumerate(words) if _name(each) == "celery"), len(words))
    return words[:at]


def _name(word: str) -> str:
    return PurePosixPath(word).name
