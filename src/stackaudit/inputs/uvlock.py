"""Reads `uv.lock`."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from stackaudit.inputs._closure import reached
from stackaudit.inputs._declared import Declared
from stackaudit.inputs._left_out import terms_of, unused
from stackaudit.inputs._release_files import without_files
from stackaudit.inputs._requirement import all_of, locked, valid_marker
from stackaudit.inputs._source import other_indexes
from stackaudit.inputs._table import Table, table, tables, text, texts
from stackaudit.inputs._text import Toml, parse_toml, read_text, shown_path
from stackaudit.model.errors import Fault
from stackaudit.model.manifest import PythonClaim, Requirement

Node: TypeAlias = tuple[int, str]
"""A package by its position, and one of its extras, or empty for the package itself."""


def read(path: Path, root: Path, *, extras: Collection[str] = (), groups: Collection[str] = ()) -> Declared:
    """The locked packages that the project needs, with these `extras` and dependency `groups` of its own.

    The project and its workspace's members are no requirements; what they ask for is direct. Each package carries the marker under which
    they lead to it.
    """
    content = read_text(path, root)
    toml = content if isinstance(content, Fault) else parse_toml(without_files(content), shown_path(path, root))
    if isinstance(toml, Fault):
        return Declared(faults=(toml,), sources=(shown_path(path, root),))
    faults = list(_faults(toml))
    if faults:
        return Declared(faults=tuple(faults), sources=(toml.path,))
    requirements: list[Requirement] = []
    lock = _Lock(toml)
    for each in lock.requirements(extras, groups):
        if isinstance(each, Fault):
            faults.append(each)
        else:
            requirements.append(each)
    return Declared(
        requirements=tuple(requirements),
        pythons=tuple(_claims(toml)),
        faults=tuple(faults),
        sources=(toml.path,),
        terms=terms_of(
            toml.path,
            extras=unused(lock.parts("optional-dependencies"), extras),
            groups=unused(lock.parts("dev-dependencies"), groups),
            packages=lock.count - len(requirements),
        ),
    )


def _faults(toml: Toml) -> Iterator[Fault]:
    packages = toml.table.get("package", [])
    if toml.table.get("version") != 1:
        yield Fault(where=toml.at("version"), message="this version of uv's lock file format is not known here")
    elif not isinstance(packages, list) or len(tables(toml.table, "package")) != len(packages):
        yield Fault(where=toml.at("package"), message="`package` is no array of tables")
    else:
        for index, package in enumerate(tables(toml.table, "package")):
            if text(package, "name") is None:
                yield Fault(where=toml.at("package", index), message="this package has no name")
            for need in _needs(package):
                marker = text(need, "marker")
                if marker is not None and valid_marker(marker) is None:
                    message = f"the marker of {text(need, 'name')}, which {text(package, 'name')} needs, can't be read"
                    yield Fault(where=toml.at("package", index, "dependencies"), message=message)


def _needs(package: Table) -> Iterator[Table]:
    yield from tables(package, "dependencies")
    for section in ("optional-dependencies", "dev-dependencies"):
        for name in table(package, section):
            yield from tables(table(package, section), name)


def _claims(toml: Toml) -> Iterator[PythonClaim]:
    wanted = text(toml.table, "requires-python")
    if wanted is not None:
        try:
            specifier = SpecifierSet(wanted)
        except InvalidSpecifier:
            return
        yield PythonClaim(specifier=specifier, text=f"requires-python {wanted}", where=toml.at("requires-python"))


class _Lock:
    """The packages of one lock, and what each needs."""

    def __init__(self, toml: Toml) -> None:
        self._toml = toml
        self._packages = tables(toml.table, "package")
        self._others = other_indexes(_index(each) for each in self._packages)
        self._by_name: dict[str, list[int]] = {}
        for index, package in enumerate(self._packages):
            self._by_name.setdefault(text(package, "name") or "", []).append(index)
        members = texts(table(toml.table, "manifest"), "members")
        self._roots = [
            index
            for index, package in enumerate(self._packages)
            if text(package, "name") in members
            or "." in (text(table(package, "source"), "editable"), text(table(package, "source"), "virtual"))
        ]

    @property
    def count(self) -> int:
        """How many packages are locked besides the project and its workspace's members."""
        return len(self._packages) - len(self._roots)

    def parts(self, key: str) -> Iterator[str]:
        """The optional parts that the project and its members have in the table `key`."""
        for index in self._roots:
            yield from table(self._packages[index], key)

    def requirements(self, extras: Collection[str], groups: Collection[str]) -> Iterator[Requirement | Fault]:
        """The packages that the roots lead to, in the file's order."""
        wanted = {canonicalize_name(each) for each in groups}
        starts: list[Node] = [(index, "") for index in self._roots]
        starts += [(index, canonicalize_name(extra)) for index in self._roots for extra in extras]
        direct: set[int] = set()

        def edges(node: Node) -> Iterable[tuple[Node, str | None]]:
            index, extra = node
            for need in self._asked(index, extra, wanted):
                for target, marker in self._targets(need):
                    if index in self._roots:
                        direct.add(target)
                    yield (target, ""), marker
                    for each in texts(need, "extra"):
                        yield (target, canonicalize_name(each)), marker

        # A lock without a project of its own (a script's) names no root: then everything in it is asked for.
        nodes = reached(starts or [(index, "") for index in range(len(self._packages))], edges)
        own = frozenset(self._roots)
        for index in sorted({index for index, _ in nodes} - own):
            used = [extra for number, extra in nodes if number == index and extra]
            needs = [
                (text(need, "name") or "", text(need, "marker"))
                for extra in ("", *used)
                for need in self._asked(index, extra, wanted)
            ]
            yield self._requirement(index, used, nodes[index, ""], direct=not own or index in direct, needs=needs)

    def _asked(self, index: int, extra: str, groups: Collection[str]) -> Iterator[Table]:
        package = self._packages[index]
        if extra:
            yield from tables(table(package, "optional-dependencies"), extra)
            return
        yield from tables(package, "dependencies")
        if index in self._roots:
            own = table(package, "dev-dependencies")
            for name in own:
                if canonicalize_name(name) in groups:
                    yield from tables(own, name)

    def _targets(self, need: Table) -> Iterator[tuple[int, str | None]]:
        """The packages that a need may mean: the one of its version where it names one, else each fork under its own markers."""
        version, source, marker = text(need, "version"), table(need, "source"), text(need, "marker")
        candidates = [
            index
            for index in self._by_name.get(text(need, "name") or "", ())
            if version in {None, text(self._packages[index], "version")}
            and (not source or source == table(self._packages[index], "source"))
        ]
        for index in candidates:
            forks = texts(self._packages[index], "resolution-markers") if len(candidates) > 1 else []
            fork = valid_marker(" or ".join(f"({each})" for each in forks)) if forks else None
            yield index, all_of(marker, fork)

    def _requirement(
        self,
        index: int,
        extras: Iterable[str],
        marker: str | None,
        *,
        direct: bool,
        needs: Iterable[tuple[str, str | None]],
    ) -> Requirement | Fault:
        package = self._packages[index]
        return locked(
            text(package, "name") or "",
            text(package, "version"),
            self._toml.at("package", index, "name"),
            extras=extras,
            marker=marker,
            source=_source(table(package, "source")),
            direct=direct,
            needs=needs,
            private=_index(package) in self._others,
        )


def _index(package: Table) -> str | None:
    return text(table(package, "source"), "registry")


def _source(source: Table) -> str | None:
    for kind in ("git", "url", "path", "directory", "editable", "virtual"):
        place = text(source, kind)
        if place is not None:
            return f"git+{place}" if kind == "git" else place
    return None
