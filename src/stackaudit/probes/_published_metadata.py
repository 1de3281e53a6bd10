"""Reads of a release's metadata what documents make claims about: what it requires, and for which Pythons it is."""

import re

from packaging.metadata import parse_email
from packaging.utils import NormalizedName, canonicalize_name

from stackaudit.model.facts.published import Published
from stackaudit.model.versions import parse_requirement, parse_specifier, parse_version

_PYTHON = re.compile(r"Programming Language :: Python :: (\d{1,3}\.\d{1,3})")


class MetadataError(ValueError):
    """The metadata can't be used; the message says why, in our words, after `its metadata`."""


def published(content: bytes, name: NormalizedName, version: str) -> Published:
    """What the METADATA or PKG-INFO in `content` of release `version` of `name` declares.

    Raises:
        MetadataError: it is another release's, or holds what nobody can read.
    """
    raw, _ = parse_email(content)
    if canonicalize_name(raw.get("name", "")) != name or parse_version(raw.get("version", "")) != parse_version(
        version
    ):
        raise MetadataError("are those of another release")
    needs = raw.get("requires_python")
    if needs is not None and parse_specifier(needs) is None:
        raise MetadataError("have a Requires-Python that is no version specifier")
    requires = tuple(raw.get("requires_dist", []))
    if any(parse_requirement(each) is None for each in requires):
        raise MetadataError("have a Requires-Dist that is no requirement")
    named = {found[1] for text in raw.get("classifiers", []) if (found := _PYTHON.fullmatch(text.strip()))}
    return Published(
        name=name,
        version=version,
        requires=requires,
        requires_python=needs,
        pythons=tuple(sorted(named, key=lambda each: tuple(map(int, each.split("."))))),
    )
