"""What a lock's graph reaches from the project, and under which markers."""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeAlias, TypeVar

from packaging.markers import Marker

N = TypeVar("N", bound=Hashable)
Ways: TypeAlias = frozenset[frozenset[str]]
"""Ways to reach a node: one of them must hold, and of each all its markers. An empty way holds always."""

_ALWAYS: Ways = frozenset({frozenset()})
_MOST_WAYS = 32


def reached(roots: Iterable[N], edges: Callable[[N], Iterable[tuple[N, str | None]]]) -> dict[N, str | None]:
    """Each node that the `roots` lead to (themselves too), in the order it was met, with the marker under which it is needed.

    `edges(node)` yields the nodes that `node` needs, each with the marker of that need; cycles are harmless.
    """
    ways: dict[N, Ways] = dict.fromkeys(roots, _ALWAYS)
    queue = list(ways)
    while queue:
        node = queue.pop(0)
        for target, marker in edges(node):
            step = frozenset({way | {marker} if marker else way for way in ways[node]})
            before = ways.get(target, frozenset())
            after = _absorbed(before | step)
            if after != before:
                ways[target] = after
                if target not in queue:
                    queue.append(target)
    return {node: _marker(found) for node, found in ways.items()}


def _absorbed(ways: Ways) -> Ways:
    """`ways` without those that another one implies. So many that nobody could read them count as always: needed, to be safe."""
    kept = frozenset(way for way in ways if not any(other < way for other in ways))
    return kept if len(kept) <= _MOST_WAYS else _ALWAYS


def _marker(ways: Ways) -> str | None:
    if frozenset() in ways:
        return None
    texts = sorted(" and ".join(f"({each})" for each in sorted(way)) for way in ways)
    return str(Marker(" or ".join(f"({each})" for each in texts)))
