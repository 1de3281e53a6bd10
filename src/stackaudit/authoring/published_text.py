"""Writes the ranges of a matrix as the text of its `NAME.published.toml`."""

from datetime import date, datetime
from typing import TypeAlias

import tomli_w

from stackaudit.inputs._matrix_layers import PUBLISHED_SCHEMA, Published
from stackaudit.model.matrix import PackageRange
from stackaudit.model.versions import written

Value: TypeAlias = "str | date | datetime | list[str] | dict[str, date] | dict[str, list[str]]"

_HEAD = "# Written by `stackaudit matrix derive` from what the package index publishes: change the matrix itself, not this.\n\n"


def text_of(published: Published) -> str:
    """The TOML text: the same for the same ranges and moment, with the packages in their order."""
    packages = {name: {"range": [_range(each) for each in ranges]} for name, ranges in published.ranges.items()}
    content = {"schema": PUBLISHED_SCHEMA, "exclude_newer": published.at, "package": packages}
    return _HEAD + tomli_w.dumps(content, indent=2)


def _range(each: PackageRange) -> dict[str, Value]:
    """The range as a table; what says nothing is left out."""
    table: dict[str, Value] = {"versions": written(each.versions)}
    if each.yanked:
        table["yanked"] = [str(version) for version in each.yanked]
    if len(each.requires_python):
        table["requires_python"] = written(each.requires_python)
    table["pythons"] = list(each.pythons)
    if each.requires:
        table["requires"] = list(each.requires)
    if each.releases:
        table["releases"] = {str(version): day for version, day in each.releases}
    if each.extras:
        table["extras"] = {extra: list(lines) for extra, lines in each.extras}
    return table
