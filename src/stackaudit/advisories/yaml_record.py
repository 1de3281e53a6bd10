"""Turns one advisory in YAML, the form of PyPA's advisory-database, into the same advisory in JSON."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stackaudit.model.wire import Json

if TYPE_CHECKING:
    from yaml import Event, NodeEvent

DEEPEST = 50
"""Levels of nesting; an advisory has less than ten."""

_PLAIN: dict[str, Json] = {"": None, "~": None, "null": None, "true": True, "false": False}


class YamlError(ValueError):
    """A text is not YAML that an advisory can be written in; the message says why, in our words."""


def as_json(body: bytes) -> bytes:
    """The one document in `body` as JSON.

    Numbers and dates stay the text that they are written as: `1.10` is a version, not 1.1. What can hide a bomb or run code, aliases and
    tags, is refused.

    Raises:
        YamlError: it is no such document.
    """
    import yaml

    # The parser in C is five times as fast, and not in every build of the library.
    loader = getattr(yaml, "CLoader", yaml.SafeLoader)
    try:
        value = _document(yaml.parse(body, Loader=loader))
    except (yaml.YAMLError, UnicodeError, RecursionError) as error:
        raise YamlError("it is not YAML") from error
    return json.dumps(value, ensure_ascii=False).encode(errors="replace")


def _document(events: "Iterator[Event]") -> Json:
    """Built from events, since they can't nest the reader itself."""
    import yaml

    documents: list[Json] = []
    # The open collections, innermost last, each with the key that waits for its value.
    stack: list[tuple[list[Json] | dict[str, Json], list[str]]] = []
    for event in events:
        if isinstance(event, yaml.CollectionEndEvent):
            stack.pop()
        if not isinstance(event, yaml.NodeEvent):
            continue
        value = _value(event)
        _put(value, stack, documents)
        if isinstance(value, dict | list):
            stack.append((value, []))
            if len(stack) > DEEPEST:
                raise YamlError("it is nested too deeply")
    if len(documents) != 1:
        raise YamlError("it is not one document")
    return documents[0]


def _value(event: "NodeEvent") -> Json:
    """The scalar that `event` is, or the empty collection that it begins."""
    import yaml

    if not isinstance(event, yaml.ScalarEvent | yaml.MappingStartEvent | yaml.SequenceStartEvent):
        raise YamlError("it refers to another part of itself")
    if event.tag is not None:
        raise YamlError("it has a type of its own in it")
    if isinstance(event, yaml.MappingStartEvent):
        return {}
    if isinstance(event, yaml.SequenceStartEvent):
        return []
    text = str(event.value)
    return _PLAIN.get(text, text) if event.implicit[0] else text


def _put(value: Json, stack: list[tuple[list[Json] | dict[str, Json], list[str]]], documents: list[Json]) -> None:
    if not stack:
        documents.append(value)
        return
    collection, key = stack[-1]
    if isinstance(collection, list):
        collection.append(value)
    elif key:
        collection[key.pop()] = value
    elif isinstance(value, str):
        if value in collection:
            raise YamlError(f"it says {value[:40]!r} twice")
        key.append(value)
    else:
        raise YamlError("one of its keys is no text")
