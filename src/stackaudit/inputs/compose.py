"""Reads the services of Docker Compose files: what they are made of, who runs them, how they start, and how long they may take to stop."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from stackaudit.inputs import _dotenv
from stackaudit.inputs._commands import Words, split, started_by
from stackaudit.inputs._compose_layers import Layers
from stackaudit.inputs._durations import seconds
from stackaudit.inputs._instructions import filled
from stackaudit.inputs._stages import Image, health_check
from stackaudit.inputs._yaml_nodes import Node
from stackaudit.model.deployment import Container, HealthCheck, Said
from stackaudit.model.places import Place
from stackaudit.model.secret import redact
from stackaudit.model.values import dataclass

Value = tuple[str, str | None, Place]
"""A variable: its name, its value (None where it is not known here), and where it stands."""

Builder = Callable[[Path, str | None, Mapping[str, str]], Image | None]
"""The image of a Dockerfile's target, built with arguments; None where there is none to read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a service is read with: the values that fill in `${NAME}`, who reads Dockerfiles, and who reads files of variables."""

    values: Mapping[str, str]
    build: Builder
    lines: Callable[[Path], tuple[str, tuple[_dotenv.Line, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: its container without its variables, these with their values, and the foreign image that it names if it builds none."""

    container: Container
    variables: tuple[Value, ...]
    base: Said | None
    dockerfile: Path | None


def service(layers: Layers, around: Surroundings) -> Service:
    """What the files say of one service, with what its Dockerfile says below that."""
    dockerfile, image = _built(layers, around)
    named = layers.value("image")
    base = None
    if dockerfile is None and named is not None:
        base = Said(text=redact(filled(named[1].text or "", around.values) or ""), where=named[1].where)
    variables = {each[0]: each for each in (*(image.variables if image is not None else ()), *_own(layers, around))}
    entrypoint, command = _words(layers, "entrypoint", around), _words(layers, "command", around)
    if entrypoint is None and image is not None:
        # A service's own entrypoint takes the image's command away with its entrypoint.
        entrypoint, command = image.entrypoint, command or image.command
    start = started_by(entrypoint, command)
    if start is not None and start.time_limit is None:
        start = replace(start, time_limit=_limit(variables))
    grace = layers.text("stop_grace_period")
    user = layers.value("user")
    said = Said(text=filled(user[1].text or "", around.values) or "", where=user[1].where) if user else None
    container = Container(
        name=f"service {layers.name}",
        where=layers.where.where,
        composed=True,
        built=dockerfile is not None,
        base=image.base if image is not None else base,
        user=said or (image.user if image is not None else None),
        start=start,
        grace=seconds(filled(grace, around.values) or "") if grace is not None else None,
        health=_health(layers, image),
        programs=tuple(sorted(image.programs)) if image is not None else (),
        opaque=image.opaque if image is not None else None,
        hands_over=image is not None and image.hands_over,
        whole=layers.whole and (dockerfile is None or image is not None),
    )
    return Service(container=container, variables=tuple(variables.values()), base=base, dockerfile=dockerfile)


def _built(layers: Layers, around: Surroundings) -> tuple[Path | None, Image | None]:
    found = layers.value("build")
    if found is None:
        return None, None
    file, build = found
    context = build.text or layers.text("build", "context") or "."
    folder = file.path.parent / (filled(context, around.values) or context)
    dockerfile = folder / (filled(layers.text("build", "dockerfile") or "Dockerfile", around.values) or "Dockerfile")
    if "://" in context or "dockerfile_inline" in build.entries:
        return dockerfile, None
    arguments = {
        name: value
        for _, node in layers.every("build")
        if (args := node.entries.get("args")) is not None
        for name, value, _ in _pairs(args, around.values)
        if value is not None
    }
    target = layers.text("build", "target")
    return dockerfile, around.build(dockerfile, target and filled(target, around.values), arguments)


def _own(layers: Layers, around: Surroundings) -> Iterator[Value]:
    """What the service sets itself: its files of variables, then its own lines, which win."""
    for file, node in layers.every("env_file"):
        for each in node.items or (node,):
            path = each.entries["path"].text if "path" in each.entries else each.text
            name = filled(path or "", around.values)
            if name:
                shown, lines = around.lines(file.path.parent / name)
                for line in lines:
                    yield line.name, line.value, Place(path=shown, line=line.line)
    for _, node in layers.every("environment"):
        yield from _pairs(node, around.values)


def _pairs(node: Node, values: Mapping[str, str]) -> Iterator[Value]:
    """`NAME: value` or `- NAME=value`; a name alone is given on from the shell."""
    for name, value in node.entries.items():
        yield name, values.get(name) if value.text is None else filled(value.text, values), value.where
    for each in node.items:
        name, equals, text = (each.text or "").partition("=")
        if name:
            yield name, filled(text, values) if equals else values.get(name), each.where


def _words(layers: Layers, key: str, around: Surroundings) -> Words | None:
    """Compose runs a text without a shell: it takes it apart at its blanks."""
    found = layers.value(key)
    if found is None:
        return None
    node = found[1]
    texts = [each.text or "" for each in node.items] or ([node.text] if node.text else [])
    # What is not known here is some word; `$$` stands for one dollar.
    read = [(filled(each.replace("$$", "\\$"), around.values) or each) for each in texts]
    words = read if node.items else [word for each in read for word in split(each)]
    return Words(words=tuple(words), by_shell=False, where=node.where) if words else None


def _limit(variables: Mapping[str, Value]) -> float | None:
    for name in ("CELERY_WORKER_TIME_LIMIT", "CELERY_WORKER_SOFT_TIME_LIMIT"):
        value = variables[name][1] if name in variables else None
        if value is not None and (limit := seconds(value)) is not None:
            return limit
    return None


def _health(layers: Layers, image: Image | None) -> HealthCheck | None:
    found = layers.value("healthcheck")
    own = image.health if image is not None else None
    if found is None:
        return own
    test = layers.value("healthcheck", "test")
    disabled = layers.text("healthcheck", "disable")
    if disabled == "true" or (test is not None and [each.text for each in test[1].items][:1] == ["NONE"]):
        return None
    every = seconds(layers.text("healthcheck", "interval") or "")
    if test is None:
        return (
            own if own is None or every is None else HealthCheck(where=own.where, every=every, addressed=own.addressed)
        )
    text = test[1].text or " ".join(each.text or "" for each in test[1].items[1:])
    return health_check(text, every, test[1].where)
