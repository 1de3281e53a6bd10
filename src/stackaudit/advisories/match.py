"""Which versions an advisory is about: the union of its ranges and its listed versions, as OSV's schema defines it; pure."""

from collections.abc import Iterable
from functools import lru_cache

from packaging.utils import NormalizedName
from packaging.version import Version

from stackaudit.advisories.records import Event, Record
from stackaudit.model.versions import parse_version

_TIES = {"fixed": 0, "introduced": 1, "last_affected": 2}


def affects(record: Record, name: NormalizedName, version: str) -> bool:
    """Whether `record` is about `version` of package `name`.

    A version that is not PEP 440 is compared literally with the listed ones. A local build (`2.0+cu118`) is affected where the
    release that it was built from is.
    """
    return any(
        _lists(each.versions, version) or any(_covers(span, version) for span in each.ranges)
        for each in record.affected
        if each.name == name
    )


def fixed_versions(records: Iterable[Record], name: NormalizedName) -> tuple[str, ...]:
    """The versions that the ranges of `records` call fixed for package `name` and that no record is about, in order."""
    told = list(records)
    fixes = {
        parse_version(event.version)
        for record in told
        for each in record.affected
        if each.name == name
        for span in each.ranges
        for event in span
        if event.kind == "fixed"
    }
    return tuple(
        str(fix)
        for fix in sorted(each for each in fixes if each is not None)
        if not any(affects(record, name, str(fix)) for record in told)
    )


def _forms(version: str) -> tuple[Version, ...]:
    parsed = parse_version(version)
    if parsed is None:
        return ()
    return (parsed,) if parsed.local is None else (parsed, Version(parsed.public))


def _lists(versions: frozenset[str], version: str) -> bool:
    if version in versions:
        return True
    forms = _forms(version)
    return any(form in _parsed(versions) for form in forms)


@lru_cache(maxsize=256)
def _parsed(versions: frozenset[str]) -> frozenset[Version]:
    # The same list is asked for the pinned version and for each fixed one.
    return frozenset(parsed for parsed in map(parse_version, versions) if parsed is not None)


def _covers(span: tuple[Event, ...], version: str) -> bool:
    return any(_holds(span, form) for form in _forms(version))


def _holds(span: tuple[Event, ...], version: Version) -> bool:
    """The schema's own algorithm over sorted events. A bound that can't be read bounds nothing: better told once too often."""
    limits = [parse_version(event.version) for event in span if event.kind == "limit" and event.version != "*"]
    if limits and not any(limit is None or version < limit for limit in limits):
        return False
    inside = False
    for kind, bound in _ordered(span):
        match kind:
            case "introduced" if bound is None or version >= bound:
                inside = True
            case "fixed" if bound is not None and version >= bound:
                inside = False
            case "last_affected" if bound is not None and version > bound:
                inside = False
    return inside


def _ordered(span: tuple[Event, ...]) -> list[tuple[str, Version | None]]:
    """The events by version; `introduced: 0` and what can't be read come before every version."""
    events = [
        (event.kind, None if event.version == "0" else parse_version(event.version))
        for event in span
        if event.kind in _TIES
    ]
    known = sorted(
        ((kind, bound) for kind, bound in events if bound is not None), key=lambda each: (each[1], _TIES[each[0]])
    )
    return [("introduced", None) for kind, bound in events if kind == "introduced" and bound is None] + [*known]
