"""Lays compose files over each other, as `docker compose -f ONE -f OTHER` does, and follows `extends` within a file."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from stackaudit.inputs._yaml_nodes import Node
from stackaudit.model.values import dataclass

_DEEPEST = 10
"""Services that may extend each other in a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One compose file: where it lies, and its outermost mapping."""

    path: Path
    root: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """One service as its files lay it down, the first layer lowest; `whole` is False where a layer lies in a file that is not read."""

    name: str
    parts: tuple[tuple[File, Mapping[str, Node]], ...]
    whole: bool = True

    @property
    def where(self) -> Node:
        """The node of the topmost layer."""
        file, _ = self.parts[-1]
        return service_nodes(file)[self.name]

    def value(self, *keys: str) -> tuple[File, Node] | None:
        """The topmost value at `keys`, with its file."""
        for file, entries in reversed(self.parts):
            found = entries.get(keys[0])
            for key in keys[1:]:
                found = found.entries.get(key) if found is not None else None
            if found is not None:
                return file, found
        return None

    def text(self, *keys: str) -> str | None:
        """The text at `keys`, None where there is none."""
        found = self.value(*keys)
        return found[1].text if found is not None else None

    def every(self, key: str) -> Iterator[tuple[File, Node]]:
        """The values at `key` of all layers, lowest first."""
        return ((file, entries[key]) for file, entries in self.parts if key in entries)


def service_nodes(file: File) -> dict[str, Node]:
    """The services of a file by name."""
    services = file.root.entries.get("services")
    return services.entries if services is not None else {}


def layered(base: Sequence[File], over: File | None) -> Iterator[Layers]:
    """The services of the files in `base`, one over the other; with `over` only those that it says something of."""
    files = (*base, *([over] if over is not None else []))
    names = dict.fromkeys(name for file in ([over] if over is not None else base) for name in service_nodes(file))
    for name in names:
        parts: list[tuple[File, Mapping[str, Node]]] = []
        whole = True
        for file in files:
            if name in service_nodes(file):
                found, complete = _extended(file, name, 0)
                parts += found
                whole = whole and complete
        yield Layers(name=name, parts=tuple(parts), whole=whole)


def _extended(file: File, name: str, depth: int) -> tuple[list[tuple[File, Mapping[str, Node]]], bool]:
    node = service_nodes(file).get(name)
    if node is None or depth > _DEEPEST:
        return [], False
    entries = node.entries
    extends = entries.get("extends")
    if extends is None:
        return [(file, entries)], True
    other = extends.text or (extends.entries["service"].text if "service" in extends.entries else None)
    if other is None or "file" in extends.entries:
        return [(file, entries)], False
    below, whole = _extended(file, other, depth + 1)
    return [*below, (file, entries)], whole
