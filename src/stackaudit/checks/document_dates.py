"""Judges the days that a document bears: what there was on them, and when its releases were made."""

from datetime import date

from stackaudit.checks._document import UNSEEN, Held, claim_rule, false, open_, true
from stackaudit.checks._document_facts import DATED, held_by_release_day
from stackaudit.checks._document_world import World
from stackaudit.checks._off_index import NOT_ON_INDEX, SAY_PRIVATE
from stackaudit.checks._pythons_released import SOURCE, released, released_after
from stackaudit.model.claims import Claim, ClaimKind
from stackaudit.model.facts.published import History
from stackaudit.model.versions import parse_version

_NO_DATE = "the document has no date: nobody can tell what there was on it"


@claim_rule(
    "DO101",
    "No version in the document was released after its date",
    kinds=DATED,
    severity="high",
    reads=[History],
    why="it was not written, or not finished, on the day that it bears: what it says was checked then can't have been",
    fix="give the document the day on which its last version was checked",
    source="https://peps.python.org/pep-0700/",
)
def was_there(world: World, claim: Claim) -> Held | None:
    """By the day (UTC) of the first file on the index; of Pythons by python.org."""
    if claim.kind is ClaimKind.PYTHON:
        return _python_was_there(claim)
    return held_by_release_day(world, claim, lambda day: _held_by_day(claim, day))


def _python_was_there(claim: Claim) -> Held | None:
    day, later = released(claim.about), released_after(claim.about)
    if day is not None:
        return _held_by_day(claim, day)
    if later is not None and claim.on is not None and claim.on < later[1]:
        message = f"{claim.thing} came out after Python {later[0]} of {later[1]}, which is after {claim.on} already"
        return false(message, source=SOURCE)
    return open_(f"when {claim.thing} was released is not written down here", fix=f"see {SOURCE}")


def _held_by_day(claim: Claim, day: date) -> Held:
    if claim.on is None:
        return open_(_NO_DATE, cause=_NO_DATE, fix="give the document a date")
    if day > claim.on:
        source = SOURCE if claim.kind is ClaimKind.PYTHON else None
        message = f"{claim.thing} was released on {day}, {_days((day - claim.on).days)} after the document's {claim.on}"
        return false(message, source=source)
    return true(f"{claim.thing} was released on {day}, and the document is of {claim.on}")


def _days(number: int) -> str:
    return f"{number} day{'s' * (number != 1)}"


@claim_rule(
    "DO102",
    "Every version that the document names is on the index",
    kinds=[ClaimKind.PIN, ClaimKind.TOOL],
    severity="high",
    reads=[History],
    why="what is not on the index can't be installed, and was hardly ever checked",
    fix="name the version that is really in use",
    source="https://peps.python.org/pep-0691/",
)
def is_on_index(world: World, claim: Claim) -> Held | None:
    """A project that the index does not know may be private."""
    known = world.history(claim.name)
    if known is None:
        return UNSEEN if world.upload(claim.name, claim.version) is None else true(f"there is {claim.thing}")
    if not known.known:
        return open_(NOT_ON_INDEX, cause=NOT_ON_INDEX, fix=SAY_PRIVATE)
    found, wanted = world.upload(claim.name, claim.version), parse_version(claim.version)
    if found is None and wanted is not None and wanted.local is not None:
        return open_(f"{claim.version} is a local build, which the index never lists")
    if found is None:
        return false(f"the index has no {claim.thing}")
    return true(f"the index has {claim.thing}{', which its maintainers withdrew' if found.yanked else ''}")


@claim_rule(
    "DO103",
    "The document is of no day to come",
    kinds=[ClaimKind.DATE],
    severity="high",
    reads=[],
    why="nothing was checked on a day that has not been",
    fix="give the document the day on which it was written",
)
def is_past(world: World, claim: Claim) -> Held:
    """Today is the day of this run, in UTC."""
    day = date.fromisoformat(claim.about)
    return (true if day <= world.case.today else false)(f"the document is of {day}, and today is {world.case.today}")


@claim_rule(
    "DO104",
    "A release date that is named is the release's own",
    kinds=[ClaimKind.RELEASED],
    severity="medium",
    reads=[History],
    why="how old a release is decides how far it is trusted",
    fix="take the date from the package index",
    source="https://peps.python.org/pep-0700/",
)
def has_its_date(world: World, claim: Claim) -> Held | None:
    """A day more or less is the time zone of whoever wrote it."""

    def held(day: date) -> Held:
        near = abs((day - date.fromisoformat(claim.about)).days) <= 1
        return (true if near else false)(f"{claim.name} {claim.version} was released on {day}")

    return held_by_release_day(world, claim, held)
