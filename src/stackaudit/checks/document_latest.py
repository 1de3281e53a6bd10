"""Judges what a document calls the latest: on its own date, and apart from that today."""

from datetime import date

from stackaudit.checks._document import UNSEEN, Held, claim_rule, false, open_, true
from stackaudit.checks._document_facts import NO_TIMES, day_of, end_of_latest, finals
from stackaudit.checks._document_world import World
from stackaudit.model.claims import Claim, ClaimKind
from stackaudit.model.facts.published import History
from stackaudit.model.findings import Outcome
from stackaudit.model.versions import parse_version


@claim_rule(
    "DO201",
    "What is called the latest was the latest on the document's date",
    kinds=[ClaimKind.LATEST],
    severity="medium",
    reads=[History],
    why="whoever reads it takes the stack for newer than it was",
    fix="say which version was the latest, and why another one is used",
    source="https://peps.python.org/pep-0700/",
)
def was_latest(world: World, claim: Claim) -> Held | None:
    """Of the final releases that were not withdrawn; the newest is the one with the highest version. With no date, today's."""
    known, found, own = world.listed(claim.name), world.upload(claim.name, claim.version), parse_version(claim.version)
    if known is None:
        return UNSEEN
    if found is None or own is None:
        return _absent(world, claim)
    begun = day_of(found)
    if begun is None:
        return open_(NO_TIMES, cause=NO_TIMES)
    day = claim.on or world.case.today
    of = f" of {claim.about}" if claim.about else ""
    span = _span(world, claim, begun)
    there = [each for each in finals(known, series=claim.about) if each[1] <= day]
    newest = max(there, default=None)
    if begun > day:
        was = f"; the latest{of} on {day} was {newest[0]} of {newest[1]}" if newest else ""
        return false(f"{claim.name} {claim.version} was not there yet on {day}: it {span}{was}")
    if newest is None or newest[0] <= own:
        return _of_all(world, claim, true(f"on {day} it was: {claim.name} {claim.version} {span}"))
    return false(f"on {day} the latest {claim.name}{of} was {newest[0]} of {newest[1]}; {claim.version} {span}")


def _absent(world: World, claim: Claim) -> Held | None:
    """Of a version that is not there another rule tells; of one that nobody could look for, that it was not seen."""
    return UNSEEN if world.history(claim.name) is None else None


def _of_all(world: World, claim: Claim, held: Held) -> Held:
    """What the matrix lists shows that something newer is there, and never that nothing is."""
    return UNSEEN if held.outcome is Outcome.PASS and world.history(claim.name) is None else held


def _span(world: World, claim: Claim, begun: date) -> str:
    """From when to when it was the latest, in words."""
    of = f" of {claim.about}" if claim.about else ""
    end = end_of_latest(world, claim)
    if end is None:
        return f"is the latest{of} since {begun}"
    if end.day <= begun:
        return f"of {begun} never was the latest{of}: {end.what} is of {end.day}"
    return f"was the latest{of} from {begun} until {end.what} of {end.day}"


@claim_rule(
    "DO202",
    "What is called the latest still is today",
    kinds=[ClaimKind.LATEST],
    severity="low",
    reads=[History],
    why="the document was overtaken: it is read as if it spoke of today",
    fix="write the document anew",
    source="https://peps.python.org/pep-0700/",
)
def is_latest(world: World, claim: Claim) -> Held | None:
    """Apart from what was so on the document's own date."""
    known, own = world.listed(claim.name), parse_version(claim.version)
    if known is None:
        return UNSEEN
    newest = max(finals(known, series=claim.about), default=None)
    if own is None or newest is None or world.upload(claim.name, claim.version) is None:
        return _absent(world, claim)
    of = f" of {claim.about}" if claim.about else ""
    message = f"today, {world.case.today}, the latest {claim.name}{of} is {newest[0]} of {newest[1]}"
    return _of_all(world, claim, (true if newest[0] <= own else false)(message))


@claim_rule(
    "DO203",
    "The latest of a series is of the newest series",
    kinds=[ClaimKind.LATEST],
    severity="low",
    reads=[History],
    why="the latest of an old series sounds up to date, and gets no fixes any more",
    fix="say which series was the newest, and why this one is used",
    source="https://peps.python.org/pep-0700/",
)
def was_of_newest_series(world: World, claim: Claim) -> Held | None:
    """On the document's date; with none, today."""
    known, own = world.listed(claim.name), parse_version(claim.version)
    if not claim.about:
        return None
    if known is None:
        return UNSEEN
    day = claim.on or world.case.today
    newest = max((each for each in finals(known) if each[1] <= day), default=None)
    if own is None or newest is None or world.upload(claim.name, claim.version) is None:
        return _absent(world, claim)
    count = len(list(finals(known, series=claim.about)))
    only = f", and {claim.version} is the only release of {claim.about}" if count == 1 else ""
    message = f"on {day} the newest {claim.name} was {newest[0]} of {newest[1]}{only}"
    return _of_all(world, claim, (true if newest[0].release[:2] <= own.release[:2] else false)(message))
