"""Reads the tables of a matrix file that people write, each value checked where it stands."""

import re

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from stackaudit.inputs._matrix_ranges import ranges_of
from stackaudit.inputs._toml_tables import Table
from stackaudit.model.matrix import Branch, Demand, Note, PackageEntry, ProductEntry

_MINOR = re.compile(r"\d+\.\d+")


def pythons(table: Table) -> tuple[Branch, ...]:
    """The table `python`."""
    branches = _branches(table, table.text("source"))
    table.close()
    return branches


def _branches(table: Table, source: str) -> tuple[Branch, ...]:
    inner = table.table("branches", required=True)
    found = []
    for name in inner.names():
        if not _MINOR.fullmatch(name):
            inner.fault(name, f"a branch is named by its first two numbers, such as `7.0`, not `{name}`")
        each = inner.table(name)
        released, ended = each.day("released"), each.day("end_of_life")
        if released is not None and ended is not None and ended < released:
            each.fault("end_of_life", f"`{name}` ended on {ended}, before it was released on {released}")
        found.append(
            Branch(
                name=name,
                released=released,
                end_of_life=ended,
                latest=each.text("latest", required=False) or None,
                source=each.text("source", required=False) or source,
                maintained=each.flag("maintained", default=True),
            )
        )
        each.close()
    return tuple(sorted(found, key=lambda each: [int(part) for part in re.findall(r"\d+", each.name)]))


def packages(table: Table) -> tuple[PackageEntry, ...]:
    """The table `package`; the packages whose ranges are derived have none yet."""
    found: dict[NormalizedName, PackageEntry] = {}
    for key in table.names():
        name = canonicalize_name(key)
        entry = _package(name, table.table(key))
        if name in found:
            table.fault(key, f"`{key}` is here twice: names that differ only in case, `-`, `_` and `.` are one package")
        found.setdefault(name, entry)
    if not any(entry.required for entry in found.values()):
        table.fault("required", "no package is required: the matrix would fit every project")
    return tuple(found.values())


def _package(name: NormalizedName, table: Table) -> PackageEntry:
    derived, written = table.has("versions"), table.has("range")
    if derived and written:
        table.fault("versions", f"the ranges of {name} are either derived (`versions`) or written here (`range`)")
    elif not derived and not written:
        message = f"{name} has no range: no version of it would be covered"
        table.fault("range", message, hint='say which to derive, such as `versions = ">=5.2"`, and run `matrix derive`')
    entry = PackageEntry(
        name=name,
        role=table.text("role"),
        source=table.text("source"),
        required=table.flag("required", default=False),
        pin=table.flag("pin", default=True),
        extras=table.texts("extras"),
        ranges=ranges_of(name, table),
        where=table.where(),
        notes=notes(table),
        demands=tuple(_demand(each) for each in table.tables("demand")),
        derive=table.specifier("versions") if derived else None,
        withdrawn=table.versions("withdrawn"),
    )
    known = {extra for each in entry.ranges for extra, _ in each.extras}
    for extra in entry.extras if not derived else ():
        if extra not in known:
            table.fault("extras", f"no range of {name} has bounds for its extra `{extra}`")
    table.close()
    return entry


def _demand(table: Table) -> Demand:
    servers = table.table("servers")
    demand = Demand(
        versions=table.specifier("versions") if table.has("versions") else SpecifierSet(),
        source=table.text("source"),
        where=table.where(),
        runtime=table.requirements("runtime"),
        servers=tuple((server, servers.specifier(server)) for server in servers.names()),
        python_documented=table.specifier("python_documented") if table.has("python_documented") else None,
    )
    if not demand.runtime and not demand.servers and demand.python_documented is None:
        table.fault("runtime", "it demands nothing", hint="say `runtime`, `servers` or `python_documented`")
    table.close()
    return demand


def notes(table: Table) -> tuple[Note, ...]:
    """The array of tables `note`."""
    return tuple(_note(each) for each in table.tables("note"))


def _note(table: Table) -> Note:
    note = Note(
        text=table.text("text"),
        source=table.text("source"),
        where=table.where(),
        versions=table.specifier("versions") if table.has("versions") else SpecifierSet(),
    )
    table.close()
    return note


def products(table: Table) -> tuple[ProductEntry, ...]:
    """The table `product`."""
    return tuple(_product(name, table.table(name)) for name in table.names())


def _product(name: str, table: Table) -> ProductEntry:
    source = table.text("source")
    entry = ProductEntry(
        name=name,
        kind=table.choice("kind", ["service", "program"]),
        role=table.text("role"),
        branches=_branches(table, source),
        where=table.where(),
        notes=notes(table),
    )
    table.close()
    return entry
