"""Reads the core metadata of one release: for which Pythons it is, and what it requires, with and without each extra."""

import re
from collections.abc import Iterable, Iterator

from packaging.metadata import RawMetadata, parse_email
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from stackaudit.inputs._marker_logic import with_extra
from stackaudit.inputs._source import shown_text
from stackaudit.model.values import dataclass
from stackaudit.model.versions import parse_requirement, parse_specifier, parse_version, written

_PYTHON = re.compile(r"Programming Language :: Python :: (\d+)\.(\d+)")
_NAME = re.compile(r"[^a-z0-9-]")
_EXTRA = re.compile(r"""(?<!["'\w])extra(?!["'\w])""")
_READ = frozenset(
    {"metadata-version", "name", "version", "requires-dist", "requires-python", "provides-extra", "classifier"}
)
_LEFT_OPEN = frozenset({"requires-dist", "requires-python", "provides-extra", "classifier"})
_SOURCES_ARE_SURE = Version("2.2")
"""From this version of the metadata on a source archive says which fields its build may still change (PEP 643)."""


class MetadataError(ValueError):
    """The metadata of a release can't be used; the message says why, in our words, after `its metadata`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What one release declares: `pythons` are the minor versions in its classifiers (`3.11`), `extras` the extras that it has."""

    requires_python: SpecifierSet
    pythons: tuple[str, ...]
    requires: tuple[Requirement, ...]
    extras: tuple[NormalizedName, ...]

    def lines(self, extra: NormalizedName | None = None) -> tuple[str, ...]:
        """What it requires without an extra; with one, what that adds: normalized PEP 508 lines in a stable order."""
        found = set(_lines(self.requires, extra))
        kept = found if extra is None else found - set(_lines(self.requires, None))
        return tuple(sorted(kept, key=lambda line: (_NAME.split(line, maxsplit=1)[0], line)))


def declared(content: bytes, name: NormalizedName, version: Version, *, is_source: bool) -> Declared:
    """What the METADATA or, where `is_source`, the PKG-INFO of release `version` of `name` declares.

    Raises:
        MetadataError: it is another release's, leaves to the build what is read here, or holds what nobody can read.
    """
    raw, unread = parse_email(content)
    if wrong := sorted(_READ & {key.lower() for key in unread}):
        raise MetadataError(f"have a {wrong[0].title()} that can't be read")
    if canonicalize_name(raw.get("name", "")) != name or parse_version(raw.get("version", "")) != version:
        raise MetadataError("are those of another release")
    if is_source:
        _see_that_it_is_sure(raw)
    needs = parse_specifier(raw.get("requires_python", ""))
    if needs is None:
        raise MetadataError("have a Requires-Python that is no version specifier")
    requires = tuple(_requirement(each) for each in raw.get("requires_dist", []))
    named = {canonicalize_name(each) for each in raw.get("provides_extra", [])}
    return Declared(
        requires_python=needs,
        pythons=_pythons(raw.get("classifiers", [])),
        requires=requires,
        extras=tuple(sorted(named)),
    )


def _see_that_it_is_sure(raw: RawMetadata) -> None:
    form = parse_version(raw.get("metadata_version", ""))
    if form is None or form < _SOURCES_ARE_SURE:
        raise MetadataError("are those of a source archive, in a form that does not say what its build may change")
    if still_open := sorted(_LEFT_OPEN & {each.strip().lower() for each in raw.get("dynamic", [])}):
        raise MetadataError(f"leave {still_open[0].title()} to the build of the source archive")


def _requirement(text: str) -> Requirement:
    requirement = parse_requirement(text)
    if requirement is None:
        raise MetadataError(f"have a Requires-Dist that is no requirement, `{shown_text(text)}`")
    if requirement.url is not None:
        raise MetadataError("require a file at an address instead of versions")
    marker = None if requirement.marker is None else with_extra(str(requirement.marker), None)
    if isinstance(marker, str) and _EXTRA.search(marker):
        raise MetadataError("have a Requires-Dist for extras that it does not name")
    return requirement


def _pythons(classifiers: Iterable[str]) -> tuple[str, ...]:
    found = {(int(each[1]), int(each[2])) for text in classifiers if (each := _PYTHON.fullmatch(text.strip()))}
    return tuple(f"{major}.{minor}" for major, minor in sorted(found))


def _lines(requires: Iterable[Requirement], extra: NormalizedName | None) -> Iterator[str]:
    for each in requires:
        marker = True if each.marker is None else with_extra(str(each.marker), extra)
        if marker is not False:
            yield _line(each, None if marker is True else marker)


def _line(requirement: Requirement, marker: str | None) -> str:
    extras = ",".join(sorted(canonicalize_name(each) for each in requirement.extras))
    line = f"{canonicalize_name(requirement.name)}{f'[{extras}]' if extras else ''}{written(requirement.specifier)}"
    if marker is None:
        return line
    # In TOML the usual quotes would each be escaped.
    return f"{line}; {marker if chr(39) in marker else marker.replace(chr(34), chr(39))}"
