"""A dataclass whose methods wait for its first value is one that has them from the beginning."""

import copy
import dataclasses
import pickle
import subprocess
import sys
from datetime import date
from threading import Barrier, Thread
from typing import ClassVar

import pytest

from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Fields of all kinds."""

    name: str
    on: date | None = None
    tags: tuple[str, ...] = ()
    lines: list[int] = dataclasses.field(default_factory=list, compare=False)
    width: int = dataclasses.field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", len(self.name))

    @property
    def label(self) -> str:
        """For methods."""
        return f"<{self.name}>"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """The same by the standard library."""

    name: str
    on: date | None = None
    tags: tuple[str, ...] = ()
    lines: list[int] = dataclasses.field(default_factory=list, compare=False)
    width: int = dataclasses.field(init=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Fields that are plain values alone."""

    name: str
    height: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Elm(Tree):
    """One that inherits fields, adds one, and sets another's default."""

    height: float = 2.0
    leaves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """One without fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmade:
    """One of which no value is made."""

    name: str


def test_its_values_are_equal_hashed_shown_and_replaced_as_the_standard_librarys() -> None:
    row = Row(name="elm", tags=("a",))
    assert row == Row(name="elm", tags=("a",), lines=[3])
    assert row != Row(name="oak")
    assert len({row, Row(name="elm", tags=("a",), lines=[3])}) == 1
    assert repr(row) == "Row(name='elm', on=None, tags=('a',), lines=[])"
    assert dataclasses.replace(row, name="maple").width == 5
    others: list[object] = [Unmade(name="elm")]
    assert row not in others
    assert row.label == "<elm>"
    assert row.lines is not Row(name="elm").lines


def test_plain_values_are_compared_shown_and_inherited_as_the_standard_librarys() -> None:
    elm = Elm(name="e", leaves=("a",))
    assert (elm.name, elm.height, elm.leaves) == ("e", 2.0, ("a",))
    assert elm == Elm(height=2.0, leaves=("a",), name="e")
    assert elm != Elm(name="e")
    assert hash(elm) == hash(Elm(name="e", leaves=("a",)))
    assert repr(elm) == "Elm(name='e', height=2.0, leaves=('a',))"
    assert repr(Unmade(name="x")) == "Unmade(name='x')"
    assert dataclasses.replace(elm, height=3.0) == Elm(name="e", height=3.0, leaves=("a",))
    assert [each.name for each in dataclasses.fields(elm)] == ["name", "height", "leaves"]
    trees: list[object] = [Tree(name="e", height=2.0)]
    assert Elm(name="e") not in trees
    assert (Nothing(), repr(Nothing()), hash(Nothing())) == (Nothing(), "Nothing()", hash(Nothing()))
    things: list[object] = [Nothing()]
    assert Unmade(name="x") not in things
    with pytest.raises(TypeError):
        Elm()  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Elm(name="e", hight=3)  # type: ignore[call-arg]
    with pytest.raises(dataclasses.FrozenInstanceError):
        elm.height = 4.0  # type: ignore[misc]


def test_its_fields_are_known_before_a_value_is_made() -> None:
    program = (
        "from dataclasses import fields, is_dataclass\nfrom typing import get_type_hints\n"
        "from stackaudit.model.manifest import Requirement\n"
        "assert 'field' not in str(vars(Requirement)['__dataclass_fields__'])\nassert is_dataclass(Requirement)\n"
        "print([each.name for each in fields(Requirement)] == list(get_type_hints(Requirement)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
    names = [[(each.name, each.init, each.compare) for each in dataclasses.fields(kind)] for kind in (Row, Plain)]
    assert names[0] == names[1]
    assert (Row.__slots__, Row.__match_args__) == (Plain.__slots__, Plain.__match_args__)


def test_nothing_of_a_value_can_be_set_and_a_wrong_word_is_refused() -> None:
    row = Row(name="elm")
    with pytest.raises(dataclasses.FrozenInstanceError):
        row.name = "oak"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        del row.name
    with pytest.raises(TypeError):
        Row(nmae="elm")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Row("elm")  # type: ignore[call-arg]


def test_threads_that_make_the_first_values_side_by_side_make_equal_ones() -> None:
    for _ in range(20):

        @dataclass(frozen=True, slots=True, kw_only=True)
        class Fresh:
            """Made anew for each round."""

            name: str
            known: tuple[str, ...] = ()

        start = Barrier(4)
        made: list[Fresh] = []

        def make(start: Barrier = start, made: list[Fresh] = made, kind: type[Fresh] = Fresh) -> None:
            start.wait()
            made.append(kind(name="elm"))

        threads = [Thread(target=make) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert len(made) == 4
        assert len(set(made)) == 1


@pytest.mark.parametrize("value", [Row(name="elm", lines=[1]), Elm(name="e", leaves=("a",)), Nothing()])
def test_a_value_is_copied_and_pickled_as_any_other(value: object) -> None:
    for again in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert again == value
        assert repr(again) == repr(value)


def test_what_would_not_be_kept_as_the_standard_library_keeps_it_is_refused() -> None:
    wrong: list[tuple[tuple[type, ...], dict[str, object]]] = [
        ((), {"__annotations__": {"tags": list}, "tags": []}),
        ((), {"__annotations__": {"kind": ClassVar[int]}, "kind": 1}),
        ((), {"__annotations__": {"kind": "ClassVar[int]"}, "kind": 1}),
        ((), {"__annotations__": {"kind": dataclasses.InitVar[int]}}),
        ((), {"__annotations__": {"_": dataclasses.KW_ONLY}}),
        ((), {"__init__": lambda _self: None}),
        ((), {"__eq__": lambda _self, _other: True}),
        ((), {"__setattr__": lambda _self, _name, _value: None}),
        ((Plain,), {}),
    ]
    for bases, body in wrong:
        plain = type("Wrong", bases, {"__module__": __name__, **body})
        with pytest.raises(ValueError, match="Wrong"):
            dataclass(frozen=True, slots=True, kw_only=True)(plain)
