"""Makes frozen dataclasses whose methods are generated when the first value is made, not when the class is.

A short call loads some hundred such classes and makes values of a third of them: generating all took it a quarter of its time.
"""

import dataclasses
from collections.abc import Callable, Sequence
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool, slots: bool, kw_only: bool) -> Callable[[type], type]:
        """The standard library's decorator of this name, for these three options alone and classes whose annotations are all fields.

        Raises:
            ValueError: one of the options is off.
        """
        if not (frozen and slots and kw_only):
            raise ValueError("only frozen dataclasses with slots and keywords can wait")
        return _waiting


T = TypeVar("T", bound=type)

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
_GENERATING = RLock()
_NONE = dataclasses.MISSING
_MANY = 6
"""Fields: with fewer, giving a value another class and back takes longer than setting them by calls."""
_CLASS = vars(object)["__class__"]


def _waiting(plain: T) -> T:
    """The class `plain` with slots for its fields, and what generates the rest in place of what will be generated."""
    fields = plain.__annotations__
    inherited = {slot for base in plain.__mro__[1:] for slot in vars(base).get("__slots__", ())}
    body = {name: each for name, each in vars(plain).items() if name not in {*fields, "__dict__", "__weakref__"}}

    def generate() -> None:
        with _GENERATING:
            if vars(made)["__init__"] is not __init__:
                return
            whole = vars(dataclasses.dataclass(frozen=True, kw_only=True)(plain))
            quick = _quick_init(made, dataclasses.fields(plain))
            for name in _GENERATED:
                if name in whole:
                    setattr(made, name, quick if name == "__init__" and quick is not None else whole[name])

    def __init__(self: object, *given: object, **named: object) -> None:  # noqa: N807 - it is one, for the first value
        generate()
        vars(made)["__init__"](self, *given, **named)

    made = type(plain)(
        plain.__name__,
        plain.__bases__,
        {
            **body,
            "__slots__": tuple(name for name in fields if name not in inherited),
            "__match_args__": (),
            "__init__": __init__,
            "__setattr__": _refuse,
            "__delattr__": _refuse,
            "__dataclass_fields__": _Later("__dataclass_fields__", generate),
            "__dataclass_params__": _Later("__dataclass_params__", generate),
        },
    )
    made.__qualname__ = plain.__qualname__
    return made


def _quick_init(made: type, fields: Sequence[dataclasses.Field[object]]) -> Callable[..., None] | None:
    """An `__init__` for `made` that takes half the time of the library's; None where it takes more, or `fields` are no plain values.

    The library's sets each field past the class's refusal by a call. This one gives a value the class without a refusal for as long as
    its fields are set, as attributes of any object are. An audit of a long lock makes ten thousands of values.
    """
    plain = all(each.init and each.default_factory is _NONE for each in fields)
    if len(fields) < _MANY or not plain or hasattr(made, "__post_init__"):
        return None
    slots = vars(made)["__slots__"]
    unfrozen = type(made.__name__, made.__bases__, {"__slots__": slots, "__setattr__": object.__setattr__})
    defaults = {f"_{each.name}": each.default for each in fields if each.default is not _NONE}
    named = (f"{each.name}=_{each.name}" if f"_{each.name}" in defaults else each.name for each in fields)
    lines = (
        f"def __init__(self, *, {', '.join(named)}):",
        "_become(self, _unfrozen)",
        *(f"self.{each.name} = {each.name}" for each in fields),
        "_become(self, _made)",
    )
    scope: dict[str, Any] = {**defaults, "_become": _CLASS.__set__, "_unfrozen": unfrozen, "_made": made}
    exec("\n ".join(lines), scope)  # noqa: S102 - names of fields alone, as the library does it
    init: Callable[..., None] = scope["__init__"]
    return init


class _Later:
    """An attribute of a class that is generated when it is first asked for."""

    __slots__ = ("_generate", "_name")

    def __init__(self, name: str, generate: Callable[[], None]) -> None:
        self._name = name
        self._generate = generate

    def __get__(self, instance: object, owner: type) -> Any:  # noqa: ANN401 - what the standard library keeps there
        self._generate()
        return getattr(owner, self._name)


def _refuse(_self: object, name: str, *_value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
