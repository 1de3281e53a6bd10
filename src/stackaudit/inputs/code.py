"""Reads in a project's own code what it says of Celery's settings, and which environment variables it names."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from stackaudit.inputs import compose
from stackaudit.inputs._own_code import trees
from stackaudit.inputs._text import shown_path
from stackaudit.model.brokers import same_broker
from stackaudit.model.deployment import Override, Said
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass

SETTINGS = {
    "CELERY_BROKER_URL": ("broker_url", "broker"),
    "CELERY_RESULT_BACKEND": ("result_backend", "backend"),
    "CELERY_WORKER_CONCURRENCY": ("worker_concurrency",),
    "CELERY_WORKER_MAX_MEMORY_PER_CHILD": ("worker_max_memory_per_child",),
    "CELERY_WORKER_MAX_TASKS_PER_CHILD": ("worker_max_tasks_per_child",),
    "CELERY_WORKER_POOL": ("worker_pool",),
    "CELERY_WORKER_PREFETCH_MULTIPLIER": ("worker_prefetch_multiplier",),
    "CELERY_WORKER_SOFT_TIME_LIMIT": ("task_soft_time_limit",),
    "CELERY_WORKER_TIME_LIMIT": ("task_time_limit",),
}
"""The variables that Celery, or its command line, lets win over the setting named first; `Celery()` takes the second name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What the code says: what variables override, and which of them it names itself, at the first place of each."""

    overrides: tuple[Override, ...] = ()
    named: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """One setting that the code gives a constant."""

    name: str
    value: str
    where: Place


def read(folder: Path, root: Path, variables: Sequence[compose.Value]) -> Code:
    """What the code in `folder` says of `variables` (name, value, place); places are relative to the working directory `root`."""
    names = frozenset(name for name, _, _ in variables)
    if not names:
        return Code()
    settings: list[_Setting] = []
    named: dict[str, Said] = {}
    wanted = {each: name for name, aliases in SETTINGS.items() if name in names for each in (name, *aliases)}
    for path, tree in trees(folder, sorted({*names, *wanted})):
        shown = shown_path(path, root)
        for name, line in _names_in(tree, names):
            named.setdefault(name, Said(text=name, where=Place(path=shown, line=line)))
        for key, value, line in _settings_in(tree):
            if key in wanted:
                settings.append(_Setting(name=wanted[key], value=value, where=Place(path=shown, line=line)))
    return Code(overrides=tuple(_overrides(variables, settings)), named=tuple(named[name] for name in sorted(named)))


def _overrides(variables: Iterable[compose.Value], settings: Sequence[_Setting]) -> Iterator[Override]:
    for name, value, where in variables:
        said = next((each for each in settings if each.name == name), None)
        if said is not None and value:
            same = same_broker(value, said.value) if name.endswith(("_URL", "_BACKEND")) else value == said.value
            yield Override(variable=name, where=where, setting=SETTINGS[name][0], code=said.where, differs=not same)


def _names_in(tree: ast.Module, names: frozenset[str]) -> Iterator[tuple[str, int]]:
    """The variables that are named in a text of the code's own, or as a field of a class of settings (pydantic's, in lower case)."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if text in names:
                yield text, node.lineno
            case ast.ClassDef(bases=bases, body=body) if any("Settings" in (_last(each) or "") for each in bases):
                for field in body:
                    match field:
                        case ast.AnnAssign(target=ast.Name(id=name)) if name.upper() in names:
                            yield name.upper(), field.lineno


def _settings_in(tree: ast.Module) -> Iterator[tuple[str, str, int]]:
    """What is given a constant: `Celery(broker=…)`, `app.conf.broker_url = …`, `app.conf.update(…)`, a module's own `broker_url = …`."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr="update"), keywords=given) if _last(owner) == "conf":
                yield from _given(given)
            case ast.Call(func=function, keywords=given) if _last(function) == "Celery":
                yield from _given(given)
            case ast.Assign(targets=[target], value=value):
                if (name := _of_conf(target)) is not None:
                    yield from _constant(name, value)
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name not in {"broker", "backend"}:
                yield from _constant(name, value)


def _given(keywords: Iterable[ast.keyword]) -> Iterator[tuple[str, str, int]]:
    return (found for each in keywords if each.arg is not None for found in _constant(each.arg, each.value))


def _of_conf(target: ast.expr) -> str | None:
    """The setting that `app.conf.NAME` or `app.conf["NAME"]` is."""
    match target:
        case ast.Attribute(value=owner, attr=str(name)) if _last(owner) == "conf":
            return name
        case ast.Subscript(value=owner, slice=ast.Constant(value=str(name))) if _last(owner) == "conf":
            return name
        case _:
            return None


def _constant(name: str, node: ast.expr) -> Iterator[tuple[str, str, int]]:
    match node:
        case ast.Constant(value=str() | int() | float() as value) if not isinstance(value, bool):
            yield name, str(value), node.lineno


def _last(node: ast.expr) -> str | None:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return None
