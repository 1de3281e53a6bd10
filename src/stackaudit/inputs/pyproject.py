"""Reads `pyproject.toml`: dependencies, extras, dependency groups, `requires-python`, and Poetry's own tables."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from stackaudit.inputs import _poetry
from stackaudit.inputs._asked import Asked
from stackaudit.inputs._declared import Declared, merged
from stackaudit.inputs._left_out import terms_of, unused
from stackaudit.inputs._requirement import read_requirement
from stackaudit.inputs._source import shown_text
from stackaudit.inputs._table import Table, is_table, table, text, texts
from stackaudit.inputs._text import Toml, read_toml, shown_path
from stackaudit.inputs.requirements import read as read_requirements_file
from stackaudit.model.errors import Fault
from stackaudit.model.manifest import PythonClaim, Requirement, Terms


def read(path: Path, root: Path, asked: Asked | None = None, *, named: bool = True) -> Declared:
    """What the file at `path` declares, with the extras and groups that are `asked` for and no others.

    A file that somebody `named` and that declares no dependencies at all is a fault; one that was merely found is not.
    """
    toml = read_toml(path, root)
    if isinstance(toml, Fault):
        return Declared(faults=(toml,), sources=(shown_path(path, root),))
    reading = _Reading(toml=toml, asked=asked or Asked())
    reading.project()
    reading.groups()
    poetry = _poetry.read(toml, reading.asked.extras, reading.asked.groups)
    declared = merged([reading.declared(), poetry, *_dynamic(toml, path, root, reading.asked)])
    declared = merged([declared, Declared(terms=_left_out(reading, declared))])
    if named and not _declares(toml) and not declared.faults:
        fault = Fault(
            where=toml.at("project", "dynamic") if "project" in toml.table else toml.at(),
            message="declares no dependencies",
            hint="name the file that does: a lock file or a requirements file",
        )
        return merged([declared, Declared(faults=(fault,))])
    return declared


def _left_out(reading: "_Reading", declared: Declared) -> Terms:
    """What the optional parts that are not in use ask for besides."""
    table_of, toml = reading.toml.table, reading.toml
    extras = {*table(table_of, "project", "optional-dependencies"), *_poetry.extras(toml)}
    groups = {*table(table_of, "dependency-groups"), *_poetry.groups(toml)}
    every = _Reading(toml=toml, asked=Asked(extras=tuple(extras), groups=tuple(groups)))
    every.project()
    every.groups()
    names = {each.name for each in (*every.requirements, *_poetry.read(toml, extras, groups).requirements)}
    return terms_of(
        toml.path,
        extras=unused(extras, reading.used_extras),
        groups=unused(groups, reading.used_groups),
        packages=len(names.difference(each.name for each in declared.requirements)),
    )


def claims(path: Path, root: Path) -> Declared:
    """Only what the file at `path` says about the Python to run on."""
    declared = read(path, root, named=False)
    return Declared(pythons=declared.pythons, sources=declared.sources)


@dataclass(slots=True)
class _Reading:
    """The walk through one file's standard tables, with what was found so far."""

    toml: Toml
    asked: Asked
    requirements: list[Requirement] = field(default_factory=list)
    pythons: list[PythonClaim] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    used_extras: list[str] = field(default_factory=list)
    used_groups: set[str] = field(default_factory=set)

    def declared(self) -> Declared:
        return Declared(
            requirements=tuple(self.requirements),
            pythons=tuple(self.pythons),
            faults=tuple(self.faults),
            sources=(self.toml.path,),
        )

    def project(self) -> None:
        """`[project]`: dependencies, the extras that are asked for, `requires-python`."""
        project = table(self.toml.table, "project")
        self._array(project.get("dependencies", []), "project", "dependencies")
        optional = table(project, "optional-dependencies")
        by_name: dict[str, str] = {canonicalize_name(name): name for name in optional}
        self.used_extras = _with_nested(self.asked.extras, optional, text(project, "name") or "")
        for extra in self.used_extras:
            if extra in by_name:
                self._array(optional[by_name[extra]], "project", "optional-dependencies", by_name[extra])
            elif extra not in _poetry.extras(self.toml):
                where = self.toml.at("project", "optional-dependencies")
                self.faults.append(Fault(where=where, message=f"there is no extra `{extra}`"))
        wanted = project.get("requires-python")
        if wanted is not None:
            self._requires_python(wanted)

    def _requires_python(self, wanted: object) -> None:
        where = self.toml.at("project", "requires-python")
        try:
            specifier = SpecifierSet(wanted) if isinstance(wanted, str) else None
        except InvalidSpecifier:
            specifier = None
        if specifier is None:
            message = f"`requires-python` is no version specifier: `{shown_text(str(wanted))}`"
            self.faults.append(Fault(where=where, message=message))
        else:
            self.pythons.append(PythonClaim(specifier=specifier, text=f"requires-python {wanted}", where=where))

    def groups(self) -> None:
        """`[dependency-groups]` (PEP 735): those that are asked for, with those that they include."""
        groups = table(self.toml.table, "dependency-groups")
        by_name: dict[str, str] = {canonicalize_name(name): name for name in groups}
        for group in self.asked.groups:
            if canonicalize_name(group) in by_name:
                self._group(canonicalize_name(group), by_name)
            elif canonicalize_name(group) in _poetry.groups(self.toml):
                self.used_groups.add(canonicalize_name(group))
            else:
                where = self.toml.at("dependency-groups")
                self.faults.append(Fault(where=where, message=f"there is no dependency group `{group}`"))

    def _group(self, name: str, by_name: Mapping[str, str]) -> None:
        # A cycle is a fault for an installer; what the groups of the cycle ask for is clear all the same.
        if name in self.used_groups:
            return
        self.used_groups.add(name)
        keys = ("dependency-groups", by_name[name])
        value = table(self.toml.table, "dependency-groups")[by_name[name]]
        self._array(
            [each for each in value if not is_table(each)] if isinstance(value, list) else value,
            *keys,
        )
        for included in value if isinstance(value, list) else ():
            if not is_table(included):
                continue
            other = text(included, "include-group")
            if other is None or len(included) != 1:
                self.faults.append(
                    Fault(where=self.toml.at(*keys), message=f"group `{name}` holds a table that is no `include-group`")
                )
            elif canonicalize_name(other) not in by_name:
                self.faults.append(
                    Fault(
                        where=self.toml.literal(other, *keys),
                        message=f"group `{name}` includes `{other}`, which there is not",
                    )
                )
            else:
                self._group(canonicalize_name(other), by_name)

    def _array(self, value: object, *keys: str) -> None:
        if not isinstance(value, list):
            self.faults.append(Fault(where=self.toml.at(*keys), message=f"`{'.'.join(keys)}` is no array"))
            return
        for each in value:
            if not isinstance(each, str):
                message = f"`{'.'.join(keys)}` holds something else than strings"
                self.faults.append(Fault(where=self.toml.at(*keys), message=message))
                continue
            found = read_requirement(each, self.toml.literal(each, *keys))
            if isinstance(found, Fault):
                self.faults.append(found)
            elif not self._own(found.name):
                self.requirements.append(found)

    def _own(self, name: str) -> bool:
        own = text(table(self.toml.table, "project"), "name")
        return own is not None and canonicalize_name(own) == name


def _with_nested(extras: Collection[str], optional: Table, own: str) -> list[str]:
    """`extras`, normalized, with those that one of them takes in by `own[other]`."""
    chosen: list[str] = []
    queue = [canonicalize_name(each) for each in extras]
    while queue:
        extra = queue.pop(0)
        if extra in chosen:
            continue
        chosen.append(extra)
        for name in optional:
            for line in texts(optional, name) if canonicalize_name(name) == extra else ():
                head, bracket, rest = line.partition("[")
                if bracket and own and canonicalize_name(head.strip()) == canonicalize_name(own):
                    queue += [canonicalize_name(each.strip()) for each in rest.partition("]")[0].split(",")]
    return chosen


def _declares(toml: Toml) -> bool:
    project = table(toml.table, "project")
    return bool(
        "dependencies" in project
        or (project and "dependencies" not in texts(project, "dynamic"))
        or _dynamic_files(toml)
        or table(toml.table, "dependency-groups")
        or table(toml.table, "tool", "poetry", "dependencies")
    )


def _dynamic_files(toml: Toml) -> list[str]:
    """The requirements files that setuptools takes the dependencies from."""
    if "dependencies" not in texts(table(toml.table, "project"), "dynamic"):
        return []
    dynamic = table(toml.table, "tool", "setuptools", "dynamic", "dependencies")
    one = text(dynamic, "file")
    return [one] if one is not None else texts(dynamic, "file")


def _dynamic(toml: Toml, path: Path, root: Path, asked: Asked) -> Iterator[Declared]:
    for name in _dynamic_files(toml):
        yield read_requirements_file(path.parent / name, root, asked.environ)
