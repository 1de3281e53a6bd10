"""Which packages a project asks for itself: what some locks do not tell, and the file beside them does."""

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from packaging.utils import canonicalize_name

from stackaudit.inputs._table import Table, is_table, table, texts

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")


def direct_names(lock: Path) -> frozenset[str] | None:
    """The normalized names that the `pyproject.toml` or `Pipfile` beside `lock` asks for in any group; None where neither can be read.

    Faults of that file are told where it is read for itself.
    """
    if lock.name == "Pipfile.lock":
        pipfile = _load(lock.with_name("Pipfile"))
        if pipfile is None:
            return None
        return _normal(name for section in ("packages", "dev-packages") for name in table(pipfile, section))
    project = _load(lock.with_name("pyproject.toml"))
    if project is None:
        return None
    lines = texts(table(project, "project"), "dependencies")
    for of in (table(project, "project", "optional-dependencies"), table(project, "dependency-groups")):
        lines += [line for name in of for line in texts(of, name)]
    names = [found[1] for line in lines if (found := _NAME.match(line))]
    poetry = table(project, "tool", "poetry")
    names += [*table(poetry, "dependencies"), *table(poetry, "dev-dependencies")]
    for group in table(poetry, "group").values():
        names += table(group, "dependencies") if is_table(group) else {}
    return _normal(names)


def main_names(lock: Path) -> frozenset[str] | None:
    """As `direct_names`, and only what the project needs to run: no group, no extra."""
    project = _load(lock.with_name("pyproject.toml"))
    if project is None:
        return None
    lines = texts(table(project, "project"), "dependencies")
    names = [found[1] for line in lines if (found := _NAME.match(line))]
    for name, value in table(project, "tool", "poetry", "dependencies").items():
        if not (is_table(value) and value.get("optional") is True):
            names.append(name)
    return _normal(names)


def _load(path: Path) -> Table | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def _normal(names: Iterable[str]) -> frozenset[str]:
    return frozenset(canonicalize_name(each) for each in names) - {"python"}
