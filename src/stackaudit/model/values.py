"""Makes frozen dataclasses whose methods are generated when the first value is made or asked, not when the class is.

A short call loads some hundred such classes and makes values of a third of them: generating all took it a quarter of its time. What most
values never need, the library's list of fields, waits longer still.

They keep what the library's keep but for this: `inspect` sees the fields of a class's `__init__` once there is a value, and `copy.replace`
of Python 3.13 takes none but those with the library's own marks (`dataclasses.replace` takes all).
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool, slots: bool, kw_only: bool) -> Callable[[type], type]:
        """The standard library's decorator of this name, for these three options alone and classes whose annotations are all fields.

        Raises:
            ValueError: one of the options is off, or the class is one that would not be what the library makes of it.
        """
        if not (frozen and slots and kw_only):
            raise ValueError("only frozen dataclasses with slots and keywords can wait")
        return _waiting


T = TypeVar("T", bound=type)
_Method = Callable[..., Any]

# What makes values comes last: no other thread meets a value that has but a part of this.
_GENERATED = (
    "__repr__",
    "__eq__",
    "__hash__",
    "__replace__",
    "__dataclass_params__",
    "__dataclass_fields__",
    "__init__",
)
_OURS = frozenset({"__init__", "__eq__", "__setattr__", "__delattr__"})
_GENERATING = RLock()
_NO_DEFAULT = dataclasses.MISSING


def _waiting(plain: T) -> T:
    """The class `plain` with slots for its fields, and what generates the rest in place of what will be generated."""
    own = plain.__annotations__
    _check(plain, own)
    inherited = {slot for base in plain.__mro__[1:] for slot in vars(base).get("__slots__", ())}
    body = {name: each for name, each in vars(plain).items() if name not in {*own, "__dict__", "__weakref__"}}
    fields = {
        name: default for base in reversed(plain.__mro__[1:]) for name, default in vars(base).get("_fields", {}).items()
    } | {name: vars(plain).get(name, _NO_DEFAULT) for name in own}
    # What the library's own marks ask for is the library's to make.
    marked = any(isinstance(each, dataclasses.Field) for each in fields.values())

    def generate() -> None:
        with _GENERATING:
            if not isinstance(vars(made)["__dataclass_fields__"], _Later):
                return
            whole = vars(dataclasses.dataclass(init=marked, repr=marked, eq=marked, frozen=True, kw_only=True)(plain))
            for name in _GENERATED:
                if name in whole and (marked or name.startswith("__dataclass")):
                    setattr(made, name, whole[name])

    def __init__(self: object, **named: object) -> None:  # noqa: N807 - it is one, for the first value
        if marked:
            generate()
        else:
            type.__setattr__(made, "__init__", _init(made, fields))
        vars(made)["__init__"](self, **named)

    made = type(plain)(
        plain.__name__,
        plain.__bases__,
        {
            **({} if marked else _compared(tuple(fields))),
            **body,
            "_fields": fields,
            "__slots__": tuple(name for name in own if name not in inherited),
            "__match_args__": (),
            "__init__": __init__,
            "__setattr__": _refuse,
            "__delattr__": _refuse,
            "__setstate__": _restore,
            "__dataclass_fields__": _Later("__dataclass_fields__", generate),
            "__dataclass_params__": _Later("__dataclass_params__", generate),
        },
    )
    made.__qualname__ = plain.__qualname__
    return made


def _check(plain: type, annotations: dict[str, object]) -> None:
    """Refuse what is made otherwise here than in the library, which nobody would see."""
    if _OURS & vars(plain).keys():
        raise ValueError(f"{plain.__name__} has a method of its own in the place of one that is made")
    if any("__dataclass_fields__" in vars(base) and "_fields" not in vars(base) for base in plain.__mro__[1:]):
        raise ValueError(f"{plain.__name__} inherits fields that the standard library has made")
    for name, kind in annotations.items():
        if isinstance(kind, str):
            is_field = not any(mark in kind for mark in ("ClassVar", "InitVar", "KW_ONLY"))
        else:
            marked = isinstance(kind, dataclasses.InitVar) or kind is dataclasses.KW_ONLY
            is_field = not (marked or ClassVar in {kind, getattr(kind, "__origin__", None)})
        if not is_field or type(vars(plain).get(name)).__hash__ is None:
            raise ValueError(f"{plain.__name__}.{name} is no field, or its default is one value that all would share")


def _init(made: type, fields: dict[str, object]) -> _Method:
    """What sets the `fields` of a value of `made`, by name, where they have no default.

    By the slots themselves: as the library does it, by `object.__setattr__`, it takes half as long again, and a long lock makes ten
    thousands of values.
    """
    defaults = {f"_{name}": default for name, default in fields.items() if default is not _NO_DEFAULT}
    named = ", ".join(f"{name}=_{name}" if f"_{name}" in defaults else name for name in fields)
    lines = [f"def __init__(self{named and ', *, '}{named}):", *(f" _set_{name}(self, {name})" for name in fields)]
    lines += [" self.__post_init__()"] if hasattr(made, "__post_init__") else []
    scope: dict[str, Any] = {**defaults, **{f"_set_{name}": getattr(made, name).__set__ for name in fields}}
    exec("\n".join([*lines, " return"]), scope)  # noqa: S102 - names of fields alone, as the library does it
    init: _Method = scope["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    return init


def _compared(names: tuple[str, ...]) -> dict[str, _Method]:
    """The methods that compare and show values of one class by their fields `names`, as the library's do."""
    # Of one name the getter gives the bare value, and it wants at least one.
    values: Callable[[object], object] = attrgetter(*names) if names else type

    def __eq__(self: object, other: object) -> bool:  # noqa: N807 - it becomes one
        return bool(values(self) == values(other)) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: object) -> int:  # noqa: N807 - it becomes one
        return hash(values(self))

    def __repr__(self: object) -> str:  # noqa: N807 - it becomes one
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({shown})"

    return {"__eq__": __eq__, "__hash__": __hash__, "__repr__": __repr__}


class _Later:
    """An attribute of a class that is generated when it is first asked for."""

    __slots__ = ("_generate", "_name")

    def __init__(self, name: str, generate: Callable[[], None]) -> None:
        self._name = name
        self._generate = generate

    def __get__(self, instance: object, owner: type) -> Any:  # noqa: ANN401 - what the standard library keeps there
        self._generate()
        return getattr(owner, self._name)


def _restore(self: object, state: tuple[dict[str, object] | None, ...]) -> None:
    """What `copy` and `pickle` set a new value's fields by, from what `object.__getstate__` gave them."""
    for each in state:
        for name, value in (each or {}).items():
            object.__setattr__(self, name, value)


def _refuse(_self: object, name: str, *_value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
