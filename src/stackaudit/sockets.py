"""Finds the parts by looking in their rooms: one more part is one more file, and no list elsewhere changes."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from types import ModuleType
from typing import TypeVar

from stackaudit.checks import CODES
from stackaudit.model.facts.fact import Fact
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import ENVIRONMENT_FACTS, Check, Probe, Renderer, Rule

T = TypeVar("T")


def _names(room: str) -> list[str]:
    package = importlib.import_module(f"stackaudit.{room}")
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__))
    return [f"stackaudit.{room}.{name}" for name in names if not name.startswith("_")]


def _some(room: str, is_wanted: Callable[[str], bool]) -> Iterator[ModuleType]:
    return (importlib.import_module(each) for each in _names(room) if is_wanted(each.rpartition(".")[2]))


def parts(room: str, kind: type[T]) -> tuple[T, ...]:
    """All values of `kind` in the modules of `room`, each once, in the order of the modules' names."""
    return _parts(map(importlib.import_module, _names(room)), kind)


def _parts(modules: Iterable[ModuleType], kind: type[T]) -> tuple[T, ...]:
    found: dict[int, T] = {}
    for module in modules:
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


def check(name: str) -> Check:
    """The check of this id, which lives in the module of that name: no other is loaded."""
    module = importlib.import_module(f"stackaudit.checks.{name}")
    return next(each for each in vars(module).values() if isinstance(each, Check) and each.id == name)


def rules_of(check: Check) -> tuple[Rule, ...]:
    """The rules of `check`: those whose code begins with the check's."""
    return _rules_with(check.code)


def rules_coded(codes: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of `codes`, as far as there are such; the modules of others are not loaded."""
    wanted = frozenset(codes)
    found = (each for code in sorted({code[:2] for code in wanted}) for each in _rules_with(code))
    return tuple(each for each in found if each.code in wanted)


@cache
def _rules_with(code: str) -> tuple[Rule, ...]:
    found = _parts(_some("checks", lambda name: CODES.get(name.partition("_")[0], code) == code), Rule)
    return tuple(sorted((each for each in found if each.code.startswith(code)), key=lambda each: each.code))


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
            seen = {kind for each in taken.values() for kind in each.yields}
            return tuple(taken[name] for name in sorted(taken) if seen.issuperset(taken[name].follows))
        for each in more:
            taken[each.name] = each
            # With requirement files alone nobody looks at an environment.
            reads = set(each.reads) - set(each.follows)
            wanted.update(kind for kind in reads if manifest.interpreter or kind not in ENVIRONMENT_FACTS)


def yielding(kinds: frozenset[str]) -> tuple[Probe, ...]:
    """The probes that yield facts of any of `kinds`, and some others: most audits need few, and loading all takes its time."""
    found = _some("probes", lambda name: not (told := _yields(name)) or any(each in told for each in kinds))
    return _parts(found, Probe)


@cache
def _yields(name: str) -> str:
    """What the source of the probe `name` writes behind `yields=`; empty where it was installed without its source."""
    try:
        text = (pkgutil.get_data("stackaudit.probes", f"{name}.py") or b"").decode()
    except OSError:
        return ""
    return text.partition("\nPROBE = Probe(")[2].partition("yields=(")[2].partition(")")[0]


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
