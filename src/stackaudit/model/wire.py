"""Turns the model's dataclasses into JSON values and back, by their type hints.

The same wire carries facts out of a probe's process, a snapshot home from another machine, and the case inside a record. Secrets are
redacted unless `reveal` is set, which only the pipe to a child of ours does.
"""

import dataclasses
import hashlib
import importlib
import json
import pkgutil
import sys
import typing
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import TypeAlias, TypeGuard, TypeVar

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from stackaudit.model import facts
from stackaudit.model.facts.fact import Fact
from stackaudit.model.places import Place
from stackaudit.model.secret import Secret, redact

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
T = TypeVar("T")


class WireError(ValueError):
    """A JSON value is not of the shape that its type asks for; the message begins with the dotted path to it."""


@cache
def kinds() -> dict[str, type[Fact]]:
    """All kinds of facts by name, of all modules of `model.facts`."""
    modules = (
        importlib.import_module(f"{facts.__name__}.{info.name}") for info in pkgutil.iter_modules(facts.__path__)
    )
    return {name: each for module in modules for name, each in vars(module).items() if _is_kind(each)}


@cache
def _kind(name: str) -> type[Fact] | None:
    """The kind of fact of this name: mostly one whose module is loaded already, and then no other is."""
    loaded = [module for path, module in sys.modules.copy().items() if path.startswith(f"{facts.__name__}.")]
    own = next((each for module in loaded if _is_kind(each := vars(module).get(name))), None)
    return own or kinds().get(name)


def _is_kind(value: object) -> TypeGuard[type[Fact]]:
    return isinstance(value, type) and issubclass(value, Fact) and value is not Fact


def encode(value: object, *, reveal: bool = False) -> Json:
    """`value` as JSON values.

    Dataclass fields keep their order, and a fact also says which it is, under `fact`; what is None, empty or at its default stays.
    """
    match value:
        case None | bool() | int() | float():
            return value
        case StrEnum():
            return value.value
        case str():
            # The last net: whatever a tool, a service or a file put a URL into, its user part stays here.
            return value if reveal else _writable(value if "://" not in value else redact(value))
        case Secret():
            return value.reveal() if reveal else str(value)
        case Version() | SpecifierSet():
            return str(value)
        case Place():
            return str(value) if reveal else _writable(str(value))
        case datetime() | date():
            return value.isoformat()
        case tuple() | list():
            return [encode(each, reveal=reveal) for each in value]
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {
                field.name: encode(getattr(value, field.name), reveal=reveal) for field in dataclasses.fields(value)
            }
            return {"fact": type(value).__name__, **fields} if isinstance(value, Fact) else fields
        case _:
            raise TypeError(f"{type(value).__name__} does not travel on the wire")


def digest(body: "dict[str, Json]") -> str:
    """`sha256:` and the digest of `body` in canonical JSON."""
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode(errors="surrogatepass")).hexdigest()


def _writable(text: str) -> str:
    """`text` without halves of surrogate pairs, which JSON may bring from anywhere and UTF-8 can't hold."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def decode(kind: type[T], value: Json, path: str = "") -> T:
    """The value of type `kind` that `encode` turned into `value`.

    Raises:
        WireError: the value has another shape; it names the dotted path.
    """
    return _decode(kind, value, path)  # type: ignore[no-any-return]  # what _decode built follows `kind` itself


@cache
def _hints(kind: type) -> dict[str, typing.Any]:
    return typing.get_type_hints(kind)


_SIMPLE: dict[typing.Any, Callable[[str], object]] = {
    Version: Version,
    SpecifierSet: SpecifierSet,
    Secret: Secret,
    Place: Place.parse,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
}


def _decode(kind: typing.Any, value: Json, path: str) -> typing.Any:  # noqa: ANN401, C901 - one branch a shape
    if isinstance(kind, typing.NewType):
        kind = kind.__supertype__
    origin = typing.get_origin(kind)
    if origin in {UnionType, typing.Union}:
        return _decode_union(typing.get_args(kind), value, path)
    if origin is tuple:
        if not isinstance(value, list):
            raise WireError(f"{path}: a list is expected")
        inner = typing.get_args(kind)
        if len(inner) == 2 and inner[1] is Ellipsis:  # noqa: PLR2004 - tuple[T, ...]
            return tuple(_decode(inner[0], each, f"{path}[{index}]") for index, each in enumerate(value))
        if len(inner) != len(value):
            raise WireError(f"{path}: {len(inner)} values are expected")
        return tuple(
            _decode(each, part, f"{path}[{index}]") for index, (each, part) in enumerate(zip(inner, value, strict=True))
        )
    if kind is NoneType and value is None:
        return None
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind in {str, int, bool} and type(value) is kind:
        return value
    if kind in _SIMPLE and isinstance(value, str):
        try:
            return _SIMPLE[kind](value)
        except ValueError as error:
            raise WireError(f"{path}: {value!r} is not a {kind.__name__}") from error
    if isinstance(kind, type) and issubclass(kind, StrEnum) and isinstance(value, str):
        try:
            return kind(value)
        except ValueError as error:
            raise WireError(f"{path}: {value!r} is not one of {', '.join(kind)}") from error
    if isinstance(kind, type) and isinstance(value, dict):
        return _decode_dataclass(kind, value, path)
    raise WireError(f"{path}: {type(value).__name__} found where {getattr(kind, '__name__', kind)} is expected")


def _decode_union(kinds: tuple[typing.Any, ...], value: Json, path: str) -> typing.Any:  # noqa: ANN401
    for kind in kinds:
        try:
            return _decode(kind, value, path)
        except WireError:
            if len([each for each in kinds if each is not NoneType]) == 1 and value is not None:
                raise
    raise WireError(f"{path}: {type(value).__name__} fits none of the expected types")


def _decode_dataclass(kind: type, value: dict[str, Json], path: str) -> typing.Any:  # noqa: ANN401
    if kind is Fact:
        name = value.get("fact")
        found = _kind(name) if isinstance(name, str) else None
        if found is None:
            raise WireError(f"{path}.fact: {name!r} is no kind of fact")
        kind = found
    if not dataclasses.is_dataclass(kind):
        raise WireError(f"{path}: {kind.__name__} does not travel on the wire")
    hints = _hints(kind)
    known = {field.name for field in dataclasses.fields(kind)}
    if unknown := sorted(set(value) - known - {"fact"}):
        raise WireError(f"{path}.{unknown[0]}: unknown field".lstrip("."))
    fields = {name: _decode(hints[name], value[name], f"{path}.{name}".lstrip(".")) for name in value if name in known}
    try:
        return kind(**fields)
    except TypeError as error:
        without = (each.name for each in dataclasses.fields(kind) if each.default is dataclasses.MISSING)
        missing = ", ".join(name for name in without if name not in fields)
        raise WireError(f"{path}: missing {missing}") from error
