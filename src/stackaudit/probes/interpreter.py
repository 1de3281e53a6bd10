"""Looks at the target's interpreter and at what is installed for it."""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.environment import Distribution, InterpreterFact, ModuleClash
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.secret import redact
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.values import dataclass
from stackaudit.outside import process
from stackaudit.probes._claims import clashes_of
from stackaudit.target import read_environment

PATIENCE = 10.0
"""Seconds that an interpreter may take to start and list its packages; a healthy one needs a tenth of one."""

_TEXTS = (".py", ".pyi", ".pyc", ".md", ".rst", ".txt", ".json", ".html", ".h", ".c", ".pyx", ".pxd", ".sh")

OLDEST = (3, 8)
"""The oldest Python whose environment can be read."""

_FRAME = re.compile(
    rf"^{re.escape(read_environment.BEGIN)}\r?\n(?P<json>.*)\r?\n{re.escape(read_environment.END)}\r?$", re.MULTILINE
)
_REMEDY = "name the interpreter of the project's environment with --python PATH"
_YIELDS = ("Distribution", "InterpreterFact", "ModuleClash")


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an interpreter could not be read, in our words, and what to do."""

    cause: str
    remedy: str = _REMEDY


def collect(visit: Visit) -> Sequence[Look]:
    """The interpreter that the manifest names, and its distributions; nothing is asked where it names none."""
    if visit.manifest.interpreter is None:
        return []
    path = visit.manifest.interpreter.path
    completed = process.run([path, "-I", read_environment.__file__], visit.deadline.within(PATIENCE))
    frame = _FRAME.search(completed.text)
    answer = _parsed(frame["json"]) if frame else None
    if frame is None or answer is None or _older(answer["version"]):
        failure = _failure(path, completed, visit.deadline) if answer is None else _too_old(path, answer["version"])
        return [_look(path, completed, unseen=failure)]
    unlisted = tuple(answer["unlisted"])
    if unlisted and not answer["distributions"]:
        return [_look(path, completed, unseen=_not_listed(unlisted))]
    look = _look(
        path,
        completed,
        digest=hashlib.sha256(frame["json"].encode()).hexdigest(),
        version=answer["version"],
        facts=(
            interpreter_of(path, answer),
            *distributions_of(answer["distributions"]),
            *clashes_of(answer["clashes"]),
        ),
        unseen=_not_listed(unlisted) if unlisted else None,
    )
    return [look]


PROBE = Probe(
    name="interpreter",
    title="installed packages",
    reads=(),
    yields=(InterpreterFact, Distribution, ModuleClash),
    collect=collect,
)


def interpreter_of(path: str, answer: Mapping[str, Any]) -> InterpreterFact:
    """The fact of one interpreter, from the JSON that `read_environment` printed in it.

    Raises:
        KeyError, TypeError, ValueError: the JSON is not what `read_environment` prints.
    """
    return InterpreterFact(
        path=path,
        version=str(answer["version"]),
        implementation=str(answer["implementation"]),
        platform=str(answer["platform"]),
        prefix=str(answer["prefix"]),
        markers=tuple(sorted((str(name), str(value)) for name, value in answer["markers"].items())),
        site_packages=tuple(str(each) for each in answer["site_packages"]),
        virtual=answer["prefix"] != answer["base_prefix"],
        pip=_text(answer["pip"]),
        bundled_pip=_text(answer["bundled_pip"]),
        leftovers=tuple(sorted(str(each) for each in answer["leftovers"])),
    )


def distributions_of(found: Iterable[Mapping[str, Any]]) -> tuple[Distribution, ...]:
    """The facts of the distributions, by name and version, from the JSON that `read_environment` printed.

    Raises:
        KeyError, TypeError, ValueError: the JSON is not what `read_environment` prints.
    """
    facts = [
        Distribution(
            name=canonicalize_name(str(each["name"])),
            version=str(each["version"]),
            requires=tuple(redact(str(line)) for line in each["requires"]),
            requires_python=_text(each["requires_python"]),
            provides=tuple(str(extra) for extra in each["provides"]),
            classifiers=tuple(str(classifier) for classifier in each["classifiers"]),
            location=str(each["location"]),
            installer=_text(each["installer"]),
            url=redact(str(each["url"])) if each["url"] else None,
            editable=bool(each["editable"]),
            problem=_text(each["problem"]),
            listed=bool(each["listed"]),
            bundled=_bundled(each["bundled"]),
        )
        for each in found
    ]
    return tuple(sorted(facts, key=lambda each: (each.name, each.version, each.location, each.requires)))


def _bundled(files: Iterable[object]) -> tuple[str, ...]:
    """The names in `files` that are no text or source that happens to be called like a program."""
    return tuple(sorted(name for name in map(str, files) if not name.endswith(_TEXTS)))


def _text(value: object) -> str | None:
    return str(value) if value else None


def _parsed(text: str) -> Mapping[str, Any] | None:
    """The framed JSON, or None where it is not what `read_environment` prints."""
    try:
        answer = json.loads(text)
        interpreter_of("", answer)
        distributions_of(answer["distributions"])
        clashes_of(answer["clashes"])
        _older(answer["version"])
        [str(each) for each in answer["unlisted"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return answer if isinstance(answer, dict) else None


def _older(version: str) -> bool:
    major, minor = version.split(".")[:2]
    return (int(major), int(minor)) < OLDEST


def _too_old(path: str, version: str) -> Failure:
    oldest = ".".join(str(part) for part in OLDEST)
    return Failure(
        cause=f"{path} is Python {version}; environments are read from Python {oldest} on",
        remedy=f"audit the project's pins instead, with -r FILE, or an environment of Python {oldest} or newer",
    )


def _failure(path: str, completed: process.Completed, deadline: Deadline) -> Failure:
    """Why `path` gave no framed answer."""
    if completed.ending in {process.Ending.NOT_FOUND, process.Ending.NOT_EXECUTABLE}:
        return _not_started(path)
    if completed.ending is process.Ending.TIMED_OUT:
        return Failure(cause=f"{path} did not list its packages in {PATIENCE:.0f} s, or before the audit's time was up")
    if completed.ending is process.Ending.TOO_MUCH_OUTPUT:
        return Failure(cause=f"{path} printed without end instead of its list of packages")
    version = _asked_version(path, deadline)
    if version is not None and _older(version):
        return _too_old(path, version)
    if version is None:
        return Failure(cause=f"{path} ran, but did not answer as a Python interpreter does")
    status = completed.exit_status
    how = f"and ended with exit status {status}" if status else "though it ended well"
    return Failure(
        cause=f"{path} is Python {version}, but did not list its packages, {how}",
        remedy="run it with `-I -c 'import json, platform, zipfile'` and see what is broken in it",
    )


def _asked_version(path: str, deadline: Deadline) -> str | None:
    """The version in a form that every Python since 2.6 understands; None where the answer is not a Python's."""
    words = "import sys; print('python %d.%d' % tuple(sys.version_info[:2]))"
    completed = process.run([path, "-E", "-s", "-c", words], deadline.within(PATIENCE))
    found = re.search(r"^python (\d+\.\d+)$", completed.text, re.MULTILINE)
    return found[1] if found else None


def _not_started(path: str) -> Failure:
    place = Path(path)
    if place.is_dir():
        inside = place / "bin" / "python"
        hint = f"; there is one at {inside}" if inside.exists() else ""
        return Failure(cause=f"{path} is a folder, not an interpreter{hint}")
    if place.is_symlink() and not place.exists():
        return Failure(
            cause=f"{path} points to a Python that is gone",
            remedy="make the environment anew: the Python that it was made with was removed or moved",
        )
    if not place.exists():
        return Failure(cause=f"there is no {path}")
    if not os.access(place, os.X_OK):
        return Failure(cause=f"{path} may not be executed by this user")
    return Failure(
        cause=f"{path} could not be started: it is no program for this machine, or its own interpreter is gone"
    )


def _not_listed(folders: tuple[str, ...]) -> Failure:
    return Failure(
        cause=f"what is installed in {', '.join(folders)} could not be listed",
        remedy="let the user who runs this audit read it, and see that a zip is whole, or take it off that interpreter's import path",
    )


def _look(
    path: str,
    completed: process.Completed,
    *,
    unseen: Failure | None = None,
    digest: str | None = None,
    version: str | None = None,
    facts: tuple[InterpreterFact | Distribution | ModuleClash, ...] = (),
) -> Look:
    # With facts there, only what is installed may be incomplete; the interpreter itself was seen.
    blinded = ("Distribution", "ModuleClash") if facts else _YIELDS
    return Look(
        probe="interpreter",
        asked=f"what {path} has installed",
        evidence=Evidence(
            tool="python",
            tool_version=version,
            command=(path, "-I", "read_environment.py"),
            exit_status=completed.exit_status,
            sha256=digest,
        ),
        facts=facts,
        unseen=Unseen(subject="", yields=blinded, cause=unseen.cause, remedy=unseen.remedy) if unseen else None,
        yields=_YIELDS,
        measured=(("interpreter", completed.seconds),),
    )
