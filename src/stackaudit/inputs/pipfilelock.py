"""Reads `Pipfile.lock`."""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from stackaudit.inputs._declared import Declared
from stackaudit.inputs._direct import direct_names
from stackaudit.inputs._left_out import terms_of
from stackaudit.inputs._requirement import locked
from stackaudit.inputs._source import other_indexes, shown_text
from stackaudit.inputs._table import Table, is_table, table, tables, text, texts
from stackaudit.inputs._text import Json, read_json, shown_path
from stackaudit.model.errors import Fault
from stackaudit.model.manifest import PythonClaim, Requirement
from stackaudit.model.places import Place
from stackaudit.model.versions import pin_of


def read(path: Path, root: Path, *, groups: Collection[str] = (), data: bytes | None = None) -> Declared:
    """The locked packages of section `default`, and of those that `groups` names (`dev` stands for `develop`).

    Which of them the project asks for itself is known from the `Pipfile` beside the lock; without it all count as direct.
    `data` is what was read of the file already, if it was.
    """
    lock = read_json(path, root, data)
    if isinstance(lock, Fault):
        return Declared(faults=(lock,), sources=(shown_path(path, root),))
    requirements: list[Requirement] = []
    faults: list[Fault] = []
    direct = direct_names(path)
    names = {"develop" if each == "dev" else each for each in groups}
    others = [each for each in lock.table if each not in {"_meta", "default", *names}]
    for section in ("default", *sorted(names - {"default"})):
        if section not in lock.table and section != "default":
            continue
        if not is_table(lock.table.get(section)):
            faults.append(Fault(where=_place(lock, section), message=f"section `{section}` is missing or no object"))
        for found in _section(lock, section, direct):
            if isinstance(found, Fault):
                faults.append(found)
            else:
                requirements.append(found)
    return Declared(
        requirements=tuple(requirements),
        pythons=tuple(_claims(lock)),
        faults=tuple(faults),
        sources=(lock.path,),
        terms=terms_of(
            lock.path,
            extras=(),
            groups=(each for each in others if table(lock.table, each)),
            packages=len(
                {canonicalize_name(name) for each in others for name in table(lock.table, each)}.difference(
                    each.name for each in requirements
                )
            ),
        ),
    )


def _section(lock: Json, section: str, direct: Collection[str] | None) -> Iterator[Requirement | Fault]:
    sources = {text(each, "name"): text(each, "url") for each in tables(table(lock.table, "_meta"), "sources")}
    others = other_indexes(sources.values())
    for name, entry in table(lock.table, section).items():
        where = _place(lock, section, name)
        if not is_table(entry):
            yield Fault(where=where, message=f"the entry of {name} is no object")
            continue
        found = _requirement(name, entry, where, direct=direct is None or canonicalize_name(name) in direct)
        # An entry that names no index comes from any of them.
        foreign = sources.get(text(entry, "index")) in others
        yield replace(found, private=True) if foreign and isinstance(found, Requirement) else found


def _requirement(name: str, entry: Table, where: Place, *, direct: bool) -> Requirement | Fault:
    written = text(entry, "version")
    version = None
    if written is not None and written != "*":
        try:
            pin = pin_of(SpecifierSet(written))
        except InvalidSpecifier:
            return Fault(where=where, message=f"`{shown_text(written)}` of {name} is no version specifier")
        if pin is None:
            return Fault(
                where=where, message=f"`{shown_text(written)}` of {name} is no pin, and a lock has nothing else"
            )
        version = str(pin)
    git = text(entry, "git")
    place = f"git+{git}" if git is not None else text(entry, "file") or text(entry, "path")
    return locked(
        name,
        version,
        where,
        extras=texts(entry, "extras"),
        marker=text(entry, "markers"),
        source=place,
        direct=direct,
    )


def _claims(lock: Json) -> Iterator[PythonClaim]:
    wanted = table(lock.table, "_meta", "requires")
    full, minor = text(wanted, "python_full_version"), text(wanted, "python_version")
    version = full or (f"{minor}.*" if minor else None)
    if version is None:
        return
    try:
        specifier = SpecifierSet(f"=={version}")
    except InvalidSpecifier:
        return
    key = "python_full_version" if full else "python_version"
    yield PythonClaim(specifier=specifier, text=f"{key} {full or minor}", where=_place(lock, "_meta", key))


def _place(lock: Json, section: str, name: str | None = None) -> Place:
    """Where `section`, or the entry `name` in it, begins; sections stand at the outermost level, so their keys are searched in order."""
    start = re.search(rf"{re.escape(json.dumps(section))}\s*:", lock.text)
    if start is None:
        return lock.line(0)
    if name is None:
        return lock.line(start.start())
    entry = re.compile(rf"{re.escape(json.dumps(name))}\s*:").search(lock.text, start.end())
    return lock.line(entry.start() if entry else start.start())
