"""Judges the images that a project builds, by what its Dockerfiles and compose files say: the base, the user, ffmpeg."""

import re
from collections.abc import Iterable, Iterator

from stackaudit.checks._containers import (
    USING_FFMPEG,
    is_plain,
    own,
    place_of_user,
    shared,
    subjects,
    workers,
)
from stackaudit.model.audit import Case
from stackaudit.model.deployment import Container, Form, Said
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.parts import Rule, rule
from stackaudit.model.variables import FORCED_ROOT

_ROOT = frozenset({"root", "0"})
_FLOATING = re.compile(r"(?:latest|\d+|[a-z][a-z-]*)(?:-[a-z]+\d*)*", re.ASCII)
"""Tags of the image `python` that name no minor version: `3`, `slim`, `3-bookworm`."""


def _users(case: Case) -> list[tuple[str, Container]]:
    return shared(own(case), lambda each: (place_of_user(each), _handed(each)))


def _handed(container: Container) -> str | None:
    """The user that its command hands over to; empty where a script may do so, None where neither."""
    start = container.start
    if start is None:
        return None
    if start.user is not None:
        return start.user
    return "" if start.form is Form.SCRIPT and container.hands_over else None


@rule(
    "EN401",
    "Images run as a user of their own",
    severity="medium",
    reads=[],
    about=lambda case: subjects(_users(case)),
    why="a crafted video that takes over ffmpeg, or a task that takes over a worker, is root in the container then",
    fix="make a user in the Dockerfile, and name it by USER after the last step that needs root",
    source="https://docs.docker.com/build/building/best-practices/#user",
)
def not_root_in_images(rule: Rule, case: Case) -> Iterator[Finding]:
    """Whom its command hands over to counts, else a service's own `user`, else the last USER; without any the image below decides."""
    for subject, each in _users(case):
        where = place_of_user(each)
        handed = _handed(each)
        if handed and handed not in _ROOT:
            continue
        if handed == "" and (each.user is None or each.user.text.partition(":")[0] in _ROOT):
            message = "a script starts it as root, and may hand over to another user: no deployment file says that"
            yield rule.uncheckable(subject, message, where=where)
        elif each.user is not None and each.user.text:
            if each.user.text.partition(":")[0] in _ROOT:
                yield rule.fails(subject, f"it runs as {each.user.text}", where=where)
        elif each.user is not None:
            yield rule.uncheckable(subject, "who runs it hangs on a value that only a build is given", where=where)
        elif is_plain(each.base) and each.whole and each.base is not None:
            yield rule.fails(subject, f"no USER is named, and {each.base.text} runs as root", where=where)
        else:
            base = each.base.text if each.base is not None and each.base.text else "the image below"
            yield rule.uncheckable(subject, f"no USER is named, and who {base} runs as is not known here", where=where)


def _forced(case: Case) -> Iterable[str]:
    return [FORCED_ROOT] if case.manifest.deployment.sources else []


@rule(
    "EN402",
    "No deployment file lets Celery run as root",
    severity="medium",
    reads=[],
    about=_forced,
    why="with C_FORCE_ROOT a worker that accepts pickle runs as root: who can write to the broker can then do anything in the container",
    fix="take it out, and run the workers as a user of their own",
    source="https://docs.celeryq.dev/en/stable/userguide/daemonizing.html",
)
def not_forced_in_files(rule: Rule, case: Case) -> Iterator[Finding]:
    """Celery asks for nothing but that it is set to something."""
    found = [each for each in case.manifest.deployment.all_variables() if each.name == FORCED_ROOT and not each.empty]
    if found:
        holders = ", ".join(dict.fromkeys(each.holder for each in found))
        yield rule.fails(FORCED_ROOT, f"it is set for {holders}", where=min(each.where for each in found))


def _media(case: Case) -> list[tuple[str, Container]]:
    """The workers' images, where the project's packages run ffmpeg."""
    names = {each.name for each in case.packages()} | {each.name for each in case.requirements}
    if not names & USING_FFMPEG:
        return []
    return shared([each for each in workers(case) if each.built], lambda each: (each.base, each.programs, each.opaque))


@rule(
    "EN403",
    "The workers' image holds ffmpeg and ffprobe",
    severity="high",
    reads=[],
    about=lambda case: subjects(_media(case)),
    why="the Python packages only write command lines: without the programs media tasks fail in the container, and in no test beside it",
    fix="install them in the Dockerfile of the workers (Debian: `apt-get install -y --no-install-recommends ffmpeg`)",
    source="https://github.com/kkroening/ffmpeg-python#installing-ffmpeg",
)
def holds_ffmpeg(rule: Rule, case: Case) -> Iterator[Finding]:
    """By its own steps, where its base is known to hold neither; where only ffprobe is missing, tasks that ask what a file is fail."""
    for subject, each in _media(case):
        missing = [name for name in ("ffmpeg", "ffprobe") if name not in each.programs]
        where = each.base.where if each.base is not None else each.where
        if not missing:
            continue
        if each.opaque is not None or not each.whole:
            unread = each.opaque or "a file that was not read"
            message = f"no step names {' or '.join(missing)}, and what {unread} puts in, only a build shows"
            yield rule.uncheckable(subject, message, where=each.opaque or where)
        elif is_plain(each.base) and each.base is not None:
            severity = Severity.MEDIUM if missing == ["ffprobe"] else None
            message = f"no step puts in {' and '.join(missing)}, and {each.base.text} holds none"
            yield rule.fails(subject, message, where=where, severity=severity)
        else:
            base = each.base.text if each.base is not None and each.base.text else "the image below"
            message = f"no step puts in {' and '.join(missing)}, and what {base} holds is not known here"
            yield rule.uncheckable(subject, message, where=where)


def _name(base: Said) -> str:
    return base.text or str(base.where)


@rule(
    "EN404",
    "Every foreign image is named with a version",
    severity="medium",
    reads=[],
    about=lambda case: map(_name, case.manifest.deployment.bases),
    why="the next build or pull takes whatever is newest then: another Python, another Redis, on a day that nobody chose",
    fix="name a version in its tag (python:3.11-slim), or its digest, and raise it when you mean to",
    source="https://docs.docker.com/build/building/best-practices/#pin-base-image-versions",
)
def versions_named(rule: Rule, case: Case) -> Iterator[Finding]:
    """A tag with a version is enough; for Python it names the minor version, since packages are built for one."""
    for base in {_name(each): each for each in reversed(case.manifest.deployment.bases)}.values():
        if not base.text:
            message = "its name hangs on an argument without a default"
            yield rule.uncheckable(_name(base), message, where=base.where)
            continue
        name, _, digest = base.text.partition("@")
        image, _, tag = name.rpartition(":")
        if "/" in tag or not image:
            image, tag = name, ""
        if digest:
            continue
        if tag in {"", "latest"}:
            message = "it is named without a version" if not tag else "`latest` is another image with each release"
            yield rule.fails(_name(base), message, where=base.where)
        elif image.rpartition("/")[2] == "python" and _FLOATING.fullmatch(tag):
            message = f"`{tag}` names no minor version of Python"
            yield rule.fails(_name(base), message, where=base.where)
