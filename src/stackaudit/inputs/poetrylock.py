"""Reads `poetry.lock`, of Poetry 1 and 2."""

from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

from packaging.utils import canonicalize_name

from stackaudit.inputs._closure import reached
from stackaudit.inputs._declared import Declared
from stackaudit.inputs._direct import direct_names, main_names
from stackaudit.inputs._left_out import terms_of, unused
from stackaudit.inputs._poetry_constraint import python_claim
from stackaudit.inputs._release_files import without_files
from stackaudit.inputs._requirement import all_of, locked, valid_marker
from stackaudit.inputs._table import Table, is_table, table, tables, text, texts
from stackaudit.inputs._text import Toml, parse_toml, read_text, shown_path
from stackaudit.model.errors import Fault
from stackaudit.model.manifest import Requirement


def read(path: Path, root: Path, *, extras: Collection[str] = (), groups: Collection[str] = ()) -> Declared:
    """The locked packages of the main group, of these `groups`, and of these `extras` of the project.

    Poetry 2 writes each package's groups and markers. Before, only the file `pyproject.toml` beside the lock tells which packages are
    the project's own, and the markers stand with whoever needs a package.
    """
    content = read_text(path, root)
    toml = content if isinstance(content, Fault) else parse_toml(without_files(content), shown_path(path, root))
    if isinstance(toml, Fault):
        return Declared(faults=(toml,), sources=(shown_path(path, root),))
    packages = toml.table.get("package", [])
    if not isinstance(packages, list) or len(tables(toml.table, "package")) != len(packages):
        fault = Fault(where=toml.at("package"), message="`package` is no array of tables")
        return Declared(faults=(fault,), sources=(toml.path,))
    requirements: list[Requirement] = []
    faults: list[Fault] = []
    lock = _Lock(toml, path, wanted={"main", *(canonicalize_name(each) for each in groups)})
    for found in lock.requirements(extras):
        if isinstance(found, Fault):
            faults.append(found)
        else:
            requirements.append(found)
    wanted = text(table(toml.table, "metadata"), "python-versions")
    claim = None if wanted is None else python_claim(wanted, toml.at("metadata", "python-versions"))
    return Declared(
        requirements=tuple(requirements),
        pythons=() if claim is None else (claim,),
        faults=tuple(faults),
        sources=(toml.path,),
        terms=terms_of(
            toml.path,
            extras=unused(table(toml.table, "extras"), extras),
            groups=unused(lock.groups(), {"main", *groups}),
            packages=len(packages) - len(requirements),
        ),
    )


class _Lock:
    """The packages of one lock, with what is known of who needs them."""

    def __init__(self, toml: Toml, path: Path, *, wanted: AbstractSet[str]) -> None:
        self._toml = toml
        self._packages = tables(toml.table, "package")
        self._wanted = wanted
        self._direct = direct_names(path)
        self._main = main_names(path)
        self._by_name: dict[str, list[int]] = {}
        # Of what comes from the public index Poetry names no source.
        self._has_public = any(not table(each, "source") for each in self._packages)
        for index, package in enumerate(self._packages):
            self._by_name.setdefault(canonicalize_name(text(package, "name") or ""), []).append(index)

    def groups(self) -> Iterator[str]:
        """The groups that the lock itself names."""
        for package in self._packages:
            category = text(package, "category")
            yield from texts(package, "groups") if category is None else (category,)

    def requirements(self, extras: Collection[str]) -> Iterator[Requirement | Fault]:
        """The packages that are wanted, in the file's order."""
        by_extra = table(self._toml.table, "extras")
        asked = [name for extra in extras for each in texts(by_extra, extra) if (name := _leading(each))]
        markers = self._needed(asked)
        for index, package in enumerate(self._packages):
            if index in markers and self._chosen(package, optional_too=bool(asked)):
                yield self._requirement(index, package, markers[index])

    def _chosen(self, package: Table, *, optional_too: bool) -> bool:
        own = {canonicalize_name(each) for each in texts(package, "groups")}
        if "groups" in package and not self._wanted & own:
            return False
        category = text(package, "category")
        if category is not None and category not in self._wanted:
            return False
        return optional_too or package.get("optional") is not True

    def _needed(self, asked: Iterable[str]) -> dict[int, str | None]:
        """The packages that may be wanted, each with its marker where only those who need it tell that."""
        every = range(len(self._packages))
        if any("groups" in package for package in self._packages):
            return {index: self._own_marker(self._packages[index]) for index in every}
        categories = any("category" in package for package in self._packages)
        if self._main is None or categories or len(self._wanted) > 1:
            needed = {target for index in every for target, _ in self._needs(index)}
            roots = [
                index
                for index in every
                if index not in needed or self._name(index) in (self._direct or ()) or self._direct is None
            ]
        else:
            roots = [index for index in every if self._name(index) in {*self._main, *asked}]
        return reached(roots, self._needs)

    def _name(self, index: int) -> str:
        return canonicalize_name(text(self._packages[index], "name") or "")

    def _needs(self, index: int) -> Iterator[tuple[int, str | None]]:
        for name, value in table(self._packages[index], "dependencies").items():
            each = value if isinstance(value, list) else [value]
            marker = None
            if all(is_table(one) and "markers" in one for one in each):
                found = [valid_marker(text(one, "markers") or "") for one in each if is_table(one)]
                if all(found):
                    marker = " or ".join(f"({one})" for one in found)
            for target in self._by_name.get(canonicalize_name(name), ()):
                yield target, marker

    def _own_marker(self, package: Table) -> str | None:
        markers = package.get("markers")
        if isinstance(markers, str):
            return markers
        if not is_table(markers):
            return None
        chosen = [
            canonicalize_name(each) for each in texts(package, "groups") if canonicalize_name(each) in self._wanted
        ]
        found = [text(markers, each) for each in chosen]
        if any(each is None for each in found):
            return None
        return " or ".join(f"({each})" for each in found)

    def _requirement(self, index: int, package: Table, marker: str | None) -> Requirement | Fault:
        name = text(package, "name")
        where = self._toml.at("package", index, "name")
        if name is None:
            return Fault(where=where, message="this package has no name")
        if text(package, "version") is None:
            return Fault(where=where, message=f"{name} has no version")
        source = table(package, "source")
        kind, url = text(source, "type"), text(source, "url")
        place = None if kind in {None, "legacy"} or url is None else f"git+{url}" if kind == "git" else url
        return locked(
            name,
            text(package, "version"),
            where,
            marker=all_of(marker),
            source=place,
            direct=self._direct is None or canonicalize_name(name) in self._direct,
            needs=_lines(package),
            private=kind == "legacy" and self._has_public,
        )


def _lines(package: Table) -> Iterator[tuple[str, str | None]]:
    """What `package` needs without any extra of its own, with the markers: the lock does not say which extras are in use."""
    for name, value in table(package, "dependencies").items():
        for each in value if isinstance(value, list) else [value]:
            if not is_table(each):
                yield name, None
            elif each.get("optional") is not True:
                yield name, text(each, "markers")


def _leading(requirement: str) -> str | None:
    words = requirement.replace("(", " ").replace("[", " ").replace(";", " ").split()
    return canonicalize_name(words[0]) if words else None
