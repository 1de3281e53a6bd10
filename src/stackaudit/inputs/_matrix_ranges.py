"""Reads the ranges of a package: versions that share their bounds, whether people wrote them or they were derived."""

import re
from datetime import date

from packaging.utils import NormalizedName
from packaging.version import Version

from stackaudit.inputs._toml_tables import Table
from stackaudit.model.matrix import PackageRange

_RANGE = re.compile(r">=\s*(?P<first>[^,<>=~\s]+)\s*,\s*<\s*(?P<next>[^,<>=~\s]+)")
_MINOR = re.compile(r"\d+\.\d+")


def ranges_of(name: NormalizedName, table: Table) -> tuple[PackageRange, ...]:
    """The array of tables `range` in the table of package `name`; no two of them overlap."""
    found: list[PackageRange] = []
    spans: list[tuple[Version, Version]] = []
    for each in table.tables("range"):
        made, span = _range(name, each)
        if span is not None:
            other = next((one for one in spans if one[0] < span[1] and span[0] < one[1]), None)
            if other is not None:
                each.fault("versions", f"it overlaps with the range of {name} `>={other[0]},<{other[1]}`")
            spans.append(span)
        found.append(made)
        each.close()
    return tuple(found)


def _range(name: NormalizedName, table: Table) -> tuple[PackageRange, tuple[Version, Version] | None]:
    span = _span(table)
    releases = _releases(table)
    yanked = table.versions("yanked")
    for version in (*(each for each, _ in releases), *yanked):
        if span is not None and not span[0] <= version < span[1]:
            table.fault("versions", f"{name} {version} is listed in this range, which does not cover it")
    if not releases and not yanked:
        table.fault("releases", f"no release of {name} is listed in this range")
    if both := sorted({each for each, _ in releases} & set(yanked)):
        table.fault("yanked", f"{name} {both[0]} is listed as released and as yanked")
    extras = table.table("extras")
    pythons = table.texts("pythons", required=True)
    for python in pythons:
        if not _MINOR.fullmatch(python):
            table.fault("pythons", f"`{python}` is no Python minor version, such as `3.11`")
    made = PackageRange(
        versions=table.specifier("versions"),
        releases=releases,
        requires_python=table.specifier("requires_python"),
        pythons=pythons,
        requires=table.requirements("requires"),
        extras=tuple((extra, extras.requirements(extra)) for extra in extras.names()),
        yanked=yanked,
    )
    return made, span


def _span(table: Table) -> tuple[Version, Version] | None:
    text = table.text("versions")
    if not text:
        return None
    found = _RANGE.fullmatch(text)
    if found is None:
        table.fault("versions", f"a range is written `>=FIRST,<NEXT`, not `{text}`")
        return None
    first, after = table.version("versions", found["first"]), table.version("versions", found["next"])
    if first is None or after is None:
        return None
    if after <= first:
        table.fault("versions", f"the range `{text}` covers no version")
        return None
    return first, after


def _releases(table: Table) -> tuple[tuple[Version, date], ...]:
    inner = table.table("releases")
    found = []
    for key in inner.names():
        version, day = inner.version(key, key), inner.day(key)
        if version is not None and day is not None:
            found.append((version, day))
    return tuple(sorted(found))
