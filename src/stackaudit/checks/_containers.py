"""What the rules about containers share: which are the project's own, which of them share a fault, and what well-known images hold."""

import re
from collections.abc import Callable, Iterable, Sequence

from stackaudit.model.audit import Case
from stackaudit.model.deployment import Container, Said
from stackaudit.model.places import Place

_OFFICIAL = re.compile(r"(?:(?:docker\.io|public\.ecr\.aws/docker)/)?(?:library/)?(?P<name>[a-z0-9-]+)")
_PLAIN = frozenset(
    {"almalinux", "alpine", "amazonlinux", "archlinux", "buildpack-deps", "busybox", "debian", "fedora", "node"}
) | {"pypy", "python", "rockylinux", "ubuntu"}
"""Official images that run as root and hold no ffmpeg: their sources are public (https://github.com/docker-library/official-images)."""
_PLAIN_TOO = ("ghcr.io/astral-sh/uv:",)

USING_FFMPEG = frozenset({"ffmpeg-python", "ffmpy", "pydub", "python-ffmpeg", "typed-ffmpeg"})
"""Packages that run the `ffmpeg` and `ffprobe` on PATH."""


def own(case: Case) -> list[Container]:
    """The containers whose images the project builds."""
    return [each for each in case.manifest.deployment.containers if each.built]


def workers(case: Case) -> list[Container]:
    """The containers that are started as Celery workers."""
    return [each for each in case.manifest.deployment.containers if each.runs_worker]


def shared(containers: Iterable[Container], by: Callable[[Container], object]) -> list[tuple[str, Container]]:
    """`containers` that are one in `by`, each once: their names, and the first of them. What they share is told once."""
    groups: dict[object, list[Container]] = {}
    for each in containers:
        groups.setdefault(by(each), []).append(each)
    return [(", ".join(each.name for each in group), group[0]) for group in groups.values()]


def subjects(groups: Sequence[tuple[str, Container]]) -> list[str]:
    """The names of `shared` containers, for a rule's `about`."""
    return [name for name, _ in groups]


def place_of_user(container: Container) -> Place:
    """What decides who runs it: its USER, else the image under it."""
    said: Said | None = container.user or container.base
    return container.where if said is None else said.where


def is_plain(base: Said | None) -> bool:
    """Whether `base` is an image that is known to run as root, and to hold no ffmpeg."""
    if base is None:
        return False
    name, _, _ = base.text.partition("@")
    name = name.rpartition(":")[0] or name
    official = _OFFICIAL.fullmatch(name)
    return base.text.startswith(_PLAIN_TOO) or (official is not None and official["name"] in _PLAIN)
