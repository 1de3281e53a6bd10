"""Finds the parts by looking in their rooms: one more part is one more file, and no list elsewhere changes."""

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from types import ModuleType
from typing import TypeVar

from stackaudit.model.facts.fact import Fact
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import ENVIRONMENT_FACTS, Check, Probe, Renderer, Rule

T = TypeVar("T")


def _names(room: str) -> list[str]:
    package = importlib.import_module(f"stackaudit.{room}")
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__))
    return [f"stackaudit.{room}.{name}" for name in names if not name.startswith("_")]


def _modules(room: str) -> Iterator[ModuleType]:
    return map(importlib.import_module, _names(room))


def parts(room: str, kind: type[T]) -> tuple[T, ...]:
    """All values of `kind` in the modules of `room`, each once, in the order of the modules' names."""
    found: dict[int, T] = {}
    for module in _modules(room):
        for value in vars(module).values():
            if isinstance(value, kind):
                found.setdefault(id(value), value)
    return tuple(found.values())


@cache
def probes() -> tuple[Probe, ...]:
    """All probes, by name.

    Raises:
        ValueError: two probes share a name, or what they read forms a cycle.
    """
    found = tuple(sorted(parts("probes", Probe), key=lambda each: each.name))
    refuse_doubles("probe", [each.name for each in found])
    order(found)
    return found


@cache
def checks() -> tuple[Check, ...]:
    """All checks, in the order in which they are told.

    Raises:
        ValueError: two checks share an id or a code.
    """
    found = tuple(sorted(parts("checks", Check), key=lambda each: (each.order, each.id)))
    refuse_doubles("check", [each.id for each in found])
    refuse_doubles("check code", [each.code for each in found])
    return found


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, by code.

    Raises:
        ValueError: two rules share a code.
    """
    found = tuple(sorted(parts("checks", Rule), key=lambda each: each.code))
    refuse_doubles("rule", [each.code for each in found])
    return found


@cache
def renderers() -> tuple[Renderer, ...]:
    """All renderers, by name."""
    found = tuple(sorted(parts("reports", Renderer), key=lambda each: each.name))
    refuse_doubles("renderer", [each.name for each in found])
    return found


def rules_of(check: Check) -> tuple[Rule, ...]:
    """The rules of `check`: those whose code begins with the check's."""
    return tuple(each for each in rules() if each.code.startswith(check.code))


def needed(chosen: Iterable[Check], manifest: Manifest, also: Iterable[type[Fact]] = ()) -> tuple[Probe, ...]:
    """The probes that the checks which `manifest` asks for need, and those that these need in turn: nothing else is asked.

    `also` are facts that no rule reads, and that whoever tells the audit wants.
    """
    wanted: set[type[Fact]] = set(also)
    for check in chosen:
        if check.asked_by(manifest) is None:
            wanted.update(kind for each in rules_of(check) for kind in each.needs(manifest))
    taken: dict[str, Probe] = {}
    while True:
        more = [
            each
            for each in yielding(frozenset(kind.__name__ for kind in wanted))
            if each.name not in taken and wanted.intersection(each.yields) and each.serves(manifest)
        ]
        if not more:
            return tuple(taken[name] for name in sorted(taken))
        for each in more:
            taken[each.name] = each
            # With requirement files alone nobody looks at an environment.
            wanted.update(kind for kind in each.reads if manifest.interpreter or kind not in ENVIRONMENT_FACTS)


_YIELDS = re.compile(r"^PROBE = Probe\([^$]*?\byields=\((?P<kinds>[\w\s,]*)\)", re.MULTILINE)


def yielding(kinds: frozenset[str]) -> Iterator[Probe]:
    """The probes that yield facts of any of `kinds`, and some others.

    By the text of their modules: most audits need few, and to load all of them takes a fifth of a small audit's time.
    """
    for name in _names("probes"):
        found = _YIELDS.search(_text(name))
        if found is None or kinds.intersection(re.findall(r"\w+", found["kinds"])):
            module = importlib.import_module(name)
            yield from (each for each in vars(module).values() if isinstance(each, Probe))


@cache
def _text(module: str) -> str:
    """The source of `module`, empty where it was installed without."""
    package, _, name = module.rpartition(".")
    try:
        return (pkgutil.get_data(package, f"{name}.py") or b"").decode()
    except OSError:
        return ""


def order(found: Sequence[Probe]) -> tuple[Probe, ...]:
    """`found` so that each probe comes after all that yield what it reads.

    Raises:
        ValueError: what they read forms a cycle.
    """
    done: list[Probe] = []
    left = list(found)
    while left:
        ready = [
            each for each in left if not any(set(each.reads) & set(other.yields) for other in left if other is not each)
        ]
        if not ready:
            raise ValueError(f"what these probes read forms a cycle: {', '.join(each.name for each in left)}")
        done += ready
        left = [each for each in left if each not in ready]
    return tuple(done)


def refuse_doubles(what: str, names: Sequence[str]) -> None:
    """Raises ValueError where two parts share a name: one would silently shadow the other."""
    doubled = sorted({name for name in names if list(names).count(name) > 1})
    if doubled:
        raise ValueError(f"two parts claim the same {what}: {', '.join(doubled)}")
