"""Reads YAML into its nodes, each with its line: nothing is constructed, and what could swell or nest without end is refused."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from stackaudit.model.errors import Fault
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass

if TYPE_CHECKING:
    from yaml import Node as YamlNode

LARGEST = 256 * 1024
"""Characters of a file; the largest compose files of well-known projects have a fifth of that."""
DEEPEST = 40


class Mark(Protocol):
    """A place in a text, as the parser in C and the one in Python both give it."""

    @property
    def line(self) -> int:
        """The line, counted from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node of a file: a mapping, a list or a text; an alias is the very node that it names. `key` is the node of its key, if any."""

    path: str
    node: "YamlNode"
    key: "YamlNode | None" = None

    @property
    def where(self) -> Place:
        """The line that it begins on, with its key."""
        return Place(path=self.path, line=_line((self.key or self.node).start_mark))

    @property
    def text(self) -> str | None:
        """The text of a scalar as it is written; None where it is none, or null."""
        from yaml import ScalarNode

        if not isinstance(self.node, ScalarNode) or self.node.tag == "tag:yaml.org,2002:null":
            return None
        return str(self.node.value)

    @property
    def items(self) -> tuple["Node", ...]:
        """The items of a list, empty where it is none."""
        from yaml import SequenceNode

        values = self.node.value if isinstance(self.node, SequenceNode) else []
        return tuple(Node(path=self.path, node=each) for each in values)

    @property
    def entries(self) -> dict[str, "Node"]:
        """The values of a mapping by their keys, those that it merges (`<<`) where it has none of its own; empty where it is none."""
        found: dict[str, Node] = {}
        for key, value in self.pairs(set()):
            found.setdefault(key, value)
        return found

    def pairs(self, seen: set[int]) -> Iterator[tuple[str, "Node"]]:
        """Its own pairs first, in their order and of a doubled key the last, then those of each node that it merges, once."""
        from yaml import MappingNode

        if not isinstance(self.node, MappingNode) or id(self.node) in seen:
            return
        seen.add(id(self.node))
        merged: list[Node] = []
        own: dict[str, Node] = {}
        for key, value in self.node.value:
            node = Node(path=self.path, node=value, key=key)
            if key.value == "<<":
                merged += node.items or (node,)
            elif isinstance(key.value, str):
                own[key.value] = node
        yield from own.items()
        for each in merged:
            yield from each.pairs(seen)


def _line(mark: Mark | None) -> int | None:
    return None if mark is None else mark.line + 1


def parse(text: str, shown: str) -> Node | Fault:
    """The outermost node of the one document in `text`, or the fault that says why it can't be read."""
    import yaml

    where = Place(path=shown)
    if len(text) > LARGEST:
        return Fault(where=where, message=f"is larger than {LARGEST // 1024} kB, which no compose file is")
    # The parser in C is many times as fast, and not in every build of the library.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        depth = 0
        for event in yaml.parse(text, Loader=loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                return Fault(where=Place(path=shown, line=_line(event.start_mark)), message="is nested too deep")
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        # What is missing at the end is missed behind the last line.
        line = min(_line(error.problem_mark) or 1, text.count("\n") + 1)
        return Fault(where=Place(path=shown, line=line), message="is not YAML from here on")
    except (yaml.YAMLError, RecursionError, ValueError):
        return Fault(where=where, message="is not YAML")
    if not isinstance(node, yaml.MappingNode):
        return Fault(where=where, message="its outermost value is no mapping")
    return Node(path=shown, node=node)
