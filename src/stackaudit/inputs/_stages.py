"""Follows the stages of a Dockerfile: what each is made from, and what it says of user, command, health check and variables."""

import re
from collections.abc import Iterator, Mapping, Sequence

from stackaudit.inputs._commands import Words, celery_in, split
from stackaudit.inputs._durations import seconds
from stackaudit.inputs._instructions import Instruction, assignments, filled, instructions
from stackaudit.inputs._media_installs import put_in
from stackaudit.model.deployment import HealthCheck, Said
from stackaudit.model.places import Place
from stackaudit.model.secret import redact
from stackaudit.model.values import dataclass

_HANDING = re.compile(r"\b(?:gosu|su-exec|setpriv|runuser)\b")
EVERY = 30.0
"""Seconds between two health checks where none are given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage: its name, its FROM (`base`, empty where an ARG without a value decides), and its steps; `parent` is a stage's index."""

    name: str
    base: str
    line: int
    parent: int | None
    steps: tuple[Instruction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What the stages up to one of them make: see `Container` for the meaning of each. `variables` are names, values and places."""

    where: Place
    base: Said
    user: Said | None
    entrypoint: Words | None
    command: Words | None
    health: HealthCheck | None
    programs: frozenset[str]
    opaque: Place | None
    hands_over: bool
    variables: tuple[tuple[str, str | None, Place], ...]


def stages(text: str, arguments: Mapping[str, str]) -> tuple[Stage, ...]:
    """The stages of a Dockerfile that is built with `arguments` (`--build-arg`)."""
    before: dict[str, str] = {}
    opened: list[tuple[Instruction, list[Instruction]]] = []
    for each in instructions(text):
        if each.word == "FROM":
            opened.append((each, []))
        elif opened:
            opened[-1][1].append(each)
        elif each.word == "ARG":
            before |= _given(each, before, arguments)
    found: list[Stage] = []
    for start, steps in opened:
        words = start.arguments.split()
        base = filled(words[0], before) if words else None
        name = words[2].lower() if len(words) > 2 and words[1].lower() == "as" else ""  # noqa: PLR2004 - FROM x AS y
        parent = next((at for at, each in enumerate(found) if each.name and each.name == (base or "").lower()), None)
        found.append(Stage(name=name, base=base or "", line=start.line, parent=parent, steps=tuple(steps)))
    return tuple(found)


def _given(step: Instruction, known: Mapping[str, str], arguments: Mapping[str, str]) -> dict[str, str]:
    """The values that an ARG has: what the build is given, else its default."""
    defaults = dict(assignments(step))
    names = [word.partition("=")[0] for word in split(step.arguments)]
    values = {name: arguments[name] for name in names if name in arguments}
    for name, default in defaults.items():
        value = filled(default, known)
        if name not in values and value is not None:
            values[name] = value
    return values


def bases(found: Sequence[Stage], shown: str) -> Iterator[Said]:
    """The foreign images that the stages are made from; `scratch` is none."""
    for each in found:
        if each.parent is None and each.base != "scratch":
            yield Said(text=redact(each.base), where=Place(path=shown, line=each.line))


def image(found: Sequence[Stage], target: str | None, shown: str, arguments: Mapping[str, str]) -> Image | None:
    """The image that the stage called `target` makes, else the last one; None where there is none."""
    wanted = [index for index, each in enumerate(found) if target is None or target.lower() in {each.name, str(index)}]
    if not wanted:
        return None
    chain: list[Stage] = []
    at: int | None = wanted[-1]
    while at is not None:
        chain.insert(0, found[at])
        # A stage can only be made from an earlier one.
        at = found[at].parent
    steps = [(each, Place(path=shown, line=each.line)) for stage in chain for each in stage.steps]
    values, variables = _variables(steps, arguments)
    programs: frozenset[str] = frozenset()
    opaque: Place | None = None
    for step, place in steps:
        put = put_in(step)
        programs |= put or frozenset()
        opaque = opaque or (place if put is None else None)
    return Image(
        where=Place(path=shown, line=chain[-1].line),
        base=Said(text=redact(chain[0].base), where=Place(path=shown, line=chain[0].line)),
        user=_user(steps, values),
        entrypoint=_words(steps, "ENTRYPOINT"),
        command=_words(steps, "CMD"),
        health=_health(steps),
        programs=programs,
        opaque=opaque,
        hands_over=any(step.word in {"RUN", "COPY", "ADD"} and _HANDING.search(step.rest) for step, _ in steps),
        variables=variables,
    )


_Steps = Sequence[tuple[Instruction, Place]]


def _variables(
    steps: _Steps, arguments: Mapping[str, str]
) -> tuple[dict[str, str], tuple[tuple[str, str | None, Place], ...]]:
    """The values that instructions see, and what the image itself keeps: what ENV sets."""
    values: dict[str, str] = {}
    kept: dict[str, tuple[str, str | None, Place]] = {}
    for step, place in steps:
        if step.word == "ARG":
            values |= {name: value for name, value in _given(step, values, arguments).items() if name not in kept}
        elif step.word == "ENV":
            for name, text in assignments(step):
                value = filled(text, values)
                kept[name] = (name, value, place)
                if value is not None:
                    values[name] = value
    return values, tuple(kept.values())


def _user(steps: _Steps, values: Mapping[str, str]) -> Said | None:
    said = next(((step, place) for step, place in reversed(steps) if step.word == "USER"), None)
    if said is None:
        return None
    return Said(text=(filled(said[0].arguments, values) or "").strip(), where=said[1])


def _words(steps: _Steps, word: str) -> Words | None:
    said = next(((step, place) for step, place in reversed(steps) if step.word == word), None)
    if said is None:
        return None
    step, where = said
    listed = step.listed
    if listed is not None:
        return Words(words=listed, by_shell=False, where=where) if listed else None
    return Words(words=(step.arguments,), by_shell=True, where=where)


def _health(steps: _Steps) -> HealthCheck | None:
    said = next(((step, place) for step, place in reversed(steps) if step.word == "HEALTHCHECK"), None)
    if said is None or not said[0].arguments.upper().startswith("CMD"):
        return None
    step, where = said
    text = step.arguments[len("CMD") :].strip()
    return health_check(text, seconds(step.flags.get("interval", "")), where)


def health_check(text: str, every: float | None, where: Place) -> HealthCheck | None:
    """The health check of command `text`, where that is one of Celery's; it runs every `every` seconds."""
    words = [word for part in text.replace('"', " ").replace(",", " ").split("\n") for word in split(part)]
    if not celery_in(words)[0]:
        return None
    addressed = any(each in {"-d", "--destination"} or each.startswith(("-d", "--destination=")) for each in words)
    return HealthCheck(where=where, every=EVERY if every is None else every, addressed=addressed)
