"""Reads `pylock.toml` (PEP 751)."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from packaging.specifiers import SpecifierSet

from stackaudit.inputs._declared import Declared
from stackaudit.inputs._direct import direct_names
from stackaudit.inputs._left_out import terms_of, unused
from stackaudit.inputs._marker_logic import filled_in
from stackaudit.inputs._requirement import locked
from stackaudit.inputs._source import archive_version, filename_of, other_indexes
from stackaudit.inputs._table import Table, table, tables, text, texts
from stackaudit.inputs._text import Toml, read_toml, shown_path
from stackaudit.model.errors import Fault
from stackaudit.model.manifest import PythonClaim, Requirement

FILE_NAME = re.compile(r"pylock(?:\.[^.]+)?\.toml")


def read(path: Path, root: Path, *, extras: Collection[str] = (), groups: Collection[str] = ()) -> Declared:
    """The locked packages of the file at `path`, for these `extras` and `groups`; its default groups count always."""
    toml = read_toml(path, root)
    if isinstance(toml, Fault):
        return Declared(faults=(toml,), sources=(shown_path(path, root),))
    faults = [*_header_faults(toml), *_package_faults(toml)]
    requirements: list[Requirement] = []
    if not faults:
        direct = direct_names(path)
        chosen = (extras, {*groups, *texts(toml.table, "default-groups")})
        packages = tables(toml.table, "packages")
        others = other_indexes(text(each, "index") for each in packages)
        for index, package in enumerate(packages):
            found = _requirement(toml, index, package, direct, chosen)
            if isinstance(found, Fault):
                faults.append(found)
            elif found is not None:
                requirements.append(replace(found, private=True) if text(package, "index") in others else found)
    claims: list[PythonClaim] = []
    wanted = text(toml.table, "requires-python")
    if wanted is not None and not faults:
        claims.append(
            PythonClaim(
                specifier=SpecifierSet(wanted), text=f"requires-python {wanted}", where=toml.at("requires-python")
            )
        )
    return Declared(
        requirements=tuple(requirements),
        pythons=tuple(claims),
        faults=tuple(faults),
        sources=(toml.path,),
        terms=terms_of(
            toml.path,
            extras=unused(texts(toml.table, "extras"), extras),
            groups=unused(texts(toml.table, "dependency-groups"), {*groups, *texts(toml.table, "default-groups")}),
            packages=0 if faults else len(tables(toml.table, "packages")) - len(requirements),
        ),
    )


def _header_faults(toml: Toml) -> Iterator[Fault]:
    from packaging.pylock import Pylock, PylockUnsupportedVersionError, PylockValidationError

    header = {name: value for name, value in toml.table.items() if name != "packages"}
    try:
        Pylock.from_dict({**header, "packages": []})
    except PylockUnsupportedVersionError:
        yield Fault(where=toml.at("lock-version"), message="this version of the lock file format is not known here")
    except PylockValidationError as error:
        key = (error.context or "").partition("[")[0].partition(".")[0]
        state = "is not what a lock file of PEP 751 has there" if key in header else "is missing"
        yield Fault(where=toml.at(key), message=f"`{key}` {state}")
    if not isinstance(toml.table.get("packages"), list):
        yield Fault(where=toml.at("packages"), message="`packages` is missing or no array of tables")


def _package_faults(toml: Toml) -> Iterator[Fault]:
    from packaging.pylock import Pylock, PylockValidationError

    packages = toml.table.get("packages")
    # One by one: the library stops at the first fault of a file, and all of them are wanted.
    for index, package in enumerate(packages if isinstance(packages, list) else ()):
        try:
            Pylock.from_dict({"lock-version": "1.0", "created-by": "-", "packages": [package]})
        except PylockValidationError as error:
            key = re.sub(r"^packages\[0\]\.?", "", error.context or "")
            name = package.get("name") if isinstance(package, dict) else None
            if not key and isinstance(name, str):
                message = f"{name} has neither files nor one source (vcs, directory or archive), or has both"
            else:
                about = f"`{key}` of {name}" if isinstance(name, str) else f"`{key}`" if key else "this package"
                message = f"{about} is missing or not what PEP 751 asks for"
            outer = key.partition("[")[0].partition(".")[0]
            yield Fault(where=toml.at("packages", index, outer or "name"), message=message)


def _requirement(
    toml: Toml,
    index: int,
    package: Table,
    direct: Collection[str] | None,
    chosen: tuple[Collection[str], Iterable[str]],
) -> Requirement | Fault | None:
    name = text(package, "name") or ""
    marker: str | bool | None = text(package, "marker")
    if isinstance(marker, str):
        marker = filled_in(marker, chosen[0], tuple(chosen[1]))
        if marker is False:
            return None
    return locked(
        name,
        text(package, "version") or _told_version(package),
        toml.at("packages", index, "name"),
        marker=marker if isinstance(marker, str) else None,
        source=_source(package),
        direct=direct is None or name in direct,
        needs=[(text(each, "name") or "", None) for each in tables(package, "dependencies")],
    )


def _told_version(package: Table) -> str | None:
    """The version that the archive's file name tells, where the entry has none."""
    for archive in (*tables(package, "wheels"), table(package, "sdist"), table(package, "archive")):
        told = archive_version(
            text(archive, "name") or filename_of(text(archive, "url") or text(archive, "path") or "")
        )
        if told is not None:
            return str(told[1])
    return None


def _source(package: Table) -> str | None:
    for kind in ("vcs", "directory", "archive"):
        where = table(package, kind)
        place = text(where, "url") or text(where, "path")
        if place is not None:
            return f"{text(where, 'type')}+{place}" if kind == "vcs" else place
    return None
