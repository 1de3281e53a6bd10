"""Reads Poetry's own tables of a `pyproject.toml`."""

from collections.abc import Collection, Iterator

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from stackaudit.inputs._declared import Declared
from stackaudit.inputs._poetry_constraint import python_claim, specifier_of
from stackaudit.inputs._requirement import all_of, normal_extras, valid_marker, valid_name
from stackaudit.inputs._source import shown_text
from stackaudit.inputs._table import Table, is_table, table, text, texts
from stackaudit.inputs._text import Toml
from stackaudit.model.errors import Fault
from stackaudit.model.manifest import PythonClaim, Requirement
from stackaudit.model.places import Place
from stackaudit.model.secret import redact
from stackaudit.model.versions import pin_of

_ROOT = ("tool", "poetry")


def extras(toml: Toml) -> frozenset[str]:
    """The extras that `[tool.poetry.extras]` names, normalized."""
    return frozenset(canonicalize_name(each) for each in table(toml.table, *_ROOT, "extras"))


def groups(toml: Toml) -> frozenset[str]:
    """The dependency groups that Poetry's tables name, normalized."""
    old = {"dev"} if "dev-dependencies" in table(toml.table, *_ROOT) else set()
    return frozenset({canonicalize_name(each) for each in table(toml.table, *_ROOT, "group")} | old)


def read(toml: Toml, asked_extras: Collection[str], asked_groups: Collection[str]) -> Declared:
    """What Poetry's tables declare; optional dependencies only where an extra that is asked for takes them in.

    Where `[project]` has dependencies, the main table only says more about them, and its entries of the same names add none.
    """
    poetry = table(toml.table, *_ROOT)
    wanted = {canonicalize_name(each) for each in asked_extras}
    by_extra = table(poetry, "extras")
    opted = {
        canonicalize_name(each)
        for name in by_extra
        if canonicalize_name(name) in wanted
        for each in texts(by_extra, name)
    }
    found: list[Requirement | PythonClaim | Fault] = []
    if "dependencies" not in table(toml.table, "project"):
        found += _table(toml, (*_ROOT, "dependencies"), opted)
    chosen = {canonicalize_name(each) for each in asked_groups}
    if "dev" in chosen:
        found += _table(toml, (*_ROOT, "dev-dependencies"), opted)
    for name in table(poetry, "group"):
        if canonicalize_name(name) in chosen:
            found += _table(toml, (*_ROOT, "group", name, "dependencies"), opted)
    return Declared(
        requirements=tuple(each for each in found if isinstance(each, Requirement)),
        pythons=tuple(each for each in found if isinstance(each, PythonClaim)),
        faults=tuple(each for each in found if isinstance(each, Fault)),
    )


def _table(toml: Toml, keys: tuple[str, ...], opted: Collection[str]) -> Iterator[Requirement | PythonClaim | Fault]:
    for name, value in table(toml.table, *keys).items():
        where = toml.at(*keys, name)
        if name == "python":
            claim = python_claim(value, where) if isinstance(value, str) else None
            if claim is not None:
                yield claim
            elif not isinstance(value, str) or specifier_of(value) is None:
                yield Fault(where=where, message="the constraint on Python can't be read")
            continue
        for each in value if isinstance(value, list) else [value]:
            entry = {"version": each} if isinstance(each, str) else each
            if not is_table(entry):
                yield Fault(where=where, message=f"the entry of {name} is neither a constraint nor a table")
            elif entry.get("optional") is not True or canonicalize_name(name) in opted:
                yield _entry(name, entry, where)


def _entry(name: str, entry: Table, where: Place) -> Requirement | Fault:
    if not valid_name(name):
        return Fault(where=where, message=f"`{shown_text(name)}` is not a package name")
    written = text(entry, "version")
    specifier = SpecifierSet() if written is None else specifier_of(written)
    if specifier is None:
        return Fault(where=where, message=f"`{shown_text(written or '')}` is not a version constraint for {name}")
    markers: list[str | None] = []
    for key in ("markers", "python", "platform"):
        value = text(entry, key)
        if value is not None:
            marker = _marker(key, value)
            if marker is None:
                return Fault(where=where, message=f"`{key}` of {name} can't be read")
            markers.append(marker or None)
    git = text(entry, "git")
    place = f"git+{git}" if git is not None else text(entry, "url") or text(entry, "path") or text(entry, "file")
    return Requirement(
        name=canonicalize_name(name),
        specifier=specifier,
        pin=pin_of(specifier),
        extras=normal_extras(texts(entry, "extras")),
        where=where,
        source=None if place is None else redact(place),
        marker=all_of(*markers),
    )


def _marker(key: str, value: str) -> str | None:
    """The marker that `value` means; empty where it says nothing, None where it can't be read."""
    if key == "markers":
        return valid_marker(value)
    if key == "platform":
        return valid_marker(f'sys_platform == "{value}"')
    specifier = specifier_of(value)
    if specifier is None:
        return None
    clauses = sorted(specifier, key=str)
    return " and ".join(f'python_full_version {each.operator} "{each.version}"' for each in clauses)
