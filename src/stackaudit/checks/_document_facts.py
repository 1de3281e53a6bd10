"""What the rules about a document look up: releases by day, metadata, the packages that it pins, and the days that it can be of."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.checks._document import UNSEEN, Held, open_
from stackaudit.checks._document_world import World
from stackaudit.checks._off_index import NOT_ON_INDEX, SAY_PRIVATE
from stackaudit.checks._pythons_released import released
from stackaudit.model.claims import Claim, ClaimKind
from stackaudit.model.facts.published import History, Published, Upload
from stackaudit.model.values import dataclass
from stackaudit.model.versions import parse_requirement, parse_version

DATED = (ClaimKind.PIN, ClaimKind.TOOL, ClaimKind.PYTHON)
"""The kinds of claims that can't be older than what they name."""

METADATA = "https://packaging.python.org/en/latest/specifications/core-metadata/"
NO_TIMES = "the package index tells no upload times"


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """Since when there is something, or until when a claim holds: a day, and what happened on it."""

    day: date
    what: str


def blind(world: World, name: str, version: str) -> Held | None:
    """What is to be said where a release's metadata are not there: unknown, unless the index was seen not to have the release.

    That it has no such version is a rule's own to say; a project that it does not know may be private.
    """
    known = world.history(name)
    if known is None or world.upload(name, version) is not None:
        return UNSEEN
    return None if known.known else open_(NOT_ON_INDEX, cause=NOT_ON_INDEX, fix=SAY_PRIVATE)


def day_of(upload: Upload) -> date | None:
    """The day (UTC) of its first file."""
    return None if upload.at is None else upload.at.date()


def held_by_release_day(world: World, claim: Claim, hold: Callable[[date], Held]) -> Held | None:
    """What `hold` makes of the day on which the claim's release came out; None where there is none, which another rule says."""
    found = world.upload(claim.name, claim.version)
    if found is None:
        return UNSEEN if world.history(claim.name) is None else None
    day = day_of(found)
    return open_(NO_TIMES, cause=NO_TIMES) if day is None else hold(day)


def finals(known: History, *, series: str = "") -> Iterator[tuple[Version, date]]:
    """The final releases that are not withdrawn and whose day is known, of a series (`5.4`) or of all."""
    wanted = tuple(int(each) for each in series.split(".") if each.isdecimal())
    for each in known.uploads:
        version, day = parse_version(each.version), day_of(each)
        if version is None or day is None or version.is_prerelease or each.yanked:
            continue
        if version.release[: len(wanted)] == wanted:
            yield version, day


def requirements_on(world: World, holder: Published, name: str) -> tuple[Requirement, ...]:
    """What `holder` requires of package `name` without any extra, on the target's Python."""
    found = filter(None, map(parse_requirement, holder.requires))
    return tuple(
        each
        for each in found
        if canonicalize_name(each.name) == name and (each.marker is None or each.marker.evaluate(world.environment))
    )


def earliest(world: World, claim: Claim) -> Since | None:
    """Since when `claim` can have been made at all; None where nobody can tell."""
    if claim.kind is ClaimKind.PYTHON:
        day = released(claim.about)
    else:
        found = world.upload(claim.name, claim.version)
        day = None if found is None else day_of(found)
    return None if day is None else Since(day=day, what=claim.thing)


def end_of_latest(world: World, claim: Claim) -> Since | None:
    """The day from which on a claim to be the latest is not true any more, and what came out then; None where it still is."""
    known, own = world.listed(claim.name), parse_version(claim.version)
    if known is None or own is None:
        return None
    newer = [
        Since(day=day, what=f"{claim.name} {each}") for each, day in finals(known, series=claim.about) if each > own
    ]
    own_upload = world.upload(claim.name, claim.version)
    begun = None if own_upload is None else day_of(own_upload)
    # A newer version that was there before is why it never was the latest.
    return min(newer, key=lambda each: max(each.day, begun or each.day), default=None)


def can_be_of(world: World) -> Since | None:
    """The earliest day that the document can be of, and what makes it so; None where its parts have days of their own."""
    if len({claim.on for claim in world.case.manifest.claims}) > 1:
        return None
    found = filter(None, (earliest(world, claim) for claim in world.claims(*DATED)))
    return max(found, key=lambda each: each.day, default=None)


def window(world: World) -> str:
    """When all that the document says of releases was true together, as a phrase; empty where nothing bounds it."""
    begin = can_be_of(world)
    dated = world.claims(*DATED)
    latest = world.claims(ClaimKind.LATEST)
    # What was not seen may have come out later, or ended a claim sooner.
    whole = all(earliest(world, each) for each in dated) and all(world.history(each.name) for each in latest)
    ends = filter(None, (end_of_latest(world, claim) for claim in latest))
    end = min(ends, key=lambda each: each.day, default=None)
    if begin is None:
        return ""
    oldest = f"it can't be older than {begin.day.isoformat()} ({begin.what})"
    if end is None or not whole:
        return oldest
    if end.day <= begin.day:
        return f"{oldest}, and what it calls the latest was so no more by then ({end.what} of {end.day.isoformat()})"
    last = (end.day - timedelta(days=1)).isoformat()
    return f"{oldest}; what it says of releases was all true from then to {last}, the day before {end.what}"
