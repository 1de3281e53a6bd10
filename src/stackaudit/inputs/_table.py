"""Values out of parsed TOML and JSON, by the type that is expected."""

from typing import TypeAlias, TypeGuard

Table: TypeAlias = dict[str, object]


def is_table(value: object) -> TypeGuard[Table]:
    """Whether `value` is a table; TOML and JSON know no keys but strings."""
    return isinstance(value, dict)


def table(of: Table, *keys: str) -> Table:
    """The table at `keys`, empty where there is none."""
    found: object = of
    for key in keys:
        found = found.get(key) if is_table(found) else None
    return found if is_table(found) else {}


def tables(of: Table, key: str) -> list[Table]:
    """The tables in the array at `key`; what is no table is left out."""
    value = of.get(key)
    return [each for each in value if is_table(each)] if isinstance(value, list) else []


def text(of: Table, key: str) -> str | None:
    """The string at `key`, or None."""
    value = of.get(key)
    return value if isinstance(value, str) else None


def texts(of: Table, key: str) -> list[str]:
    """The strings in the array at `key`; what is no string is left out."""
    value = of.get(key)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
