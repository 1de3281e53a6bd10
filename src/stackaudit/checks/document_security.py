"""Judges what a document says of vulnerabilities: which packages are clean, whether their list is whole, and what is called secure."""

from collections.abc import Iterator
from datetime import date

from packaging.utils import canonicalize_name

from stackaudit.checks._document import UNSEEN, Held, claim_rule, false, open_, true
from stackaudit.checks._document_facts import blind, requirements_on
from stackaudit.checks._document_world import World
from stackaudit.checks._off_index import NOT_ON_INDEX, SAY_PRIVATE
from stackaudit.checks.vulnerabilities import MAX_AGE
from stackaudit.model.claims import Claim, ClaimKind
from stackaudit.model.facts.advised import AdvisoryCopy, Audited
from stackaudit.model.facts.published import History, Published
from stackaudit.model.findings import Outcome, Severity
from stackaudit.model.versions import parse_requirement

_MOST_NAMES = 12


@claim_rule(
    "DO401",
    "No package that is called clean has a known vulnerability",
    kinds=[ClaimKind.CLEAN],
    severity="high",
    reads=[Audited, History],
    why="whoever trusts the document leaves a known hole open",
    fix="upgrade to a version that the advisory calls fixed, and say in the document on which day it was clean",
    source="https://osv.dev",
)
def is_clean(world: World, claim: Claim) -> Held | None:
    """By what the advisories say today; a claim about all packages holds where each of them is clean."""
    claims = (claim,) if claim.name else world.pins
    found = [(each, world.audited(each.name, each.version)) for each in claims]
    foreign = [each.text for each, _ in found if (known := world.history(each.name)) is not None and not known.known]
    bad = [(fact, advisory) for _, fact in found if fact is not None for advisory in fact.advisories]
    if bad:
        told = [
            f"{fact.name} {fact.version} has {each.id}{f': {each.summary}' if each.summary else ''}"
            for fact, each in bad
        ]
        more = f"; and {len(told) - _MOST_NAMES} more" if len(told) > _MOST_NAMES else ""
        worst = max((each.severity or Severity.HIGH for _, each in bad), key=lambda each: each.rank)
        return false(f"{'; '.join(told[:_MOST_NAMES])}{more}", severity=worst)
    if foreign:
        return open_(NOT_ON_INDEX, cause=NOT_ON_INDEX, fix=SAY_PRIVATE)
    if not found or any(fact is None for _, fact in found):
        return UNSEEN
    old = _too_old(world)
    if old is not None:
        return old
    services = sorted({fact.service for _, fact in found if fact is not None})
    count = "" if claim.name else f" of {len(found)} packages"
    return true(f"{' and '.join(services)} knows none{count} on {world.case.today}")


def _too_old(world: World) -> Held | None:
    """That the local copy which answered knows nothing of what was published since, where it is older than is allowed."""
    most = world.case.manifest.number("advisories_max_age", MAX_AGE)
    for copy in world.case.facts(AdvisoryCopy):
        if not copy.as_of:
            return open_(f"nobody can tell how old the {copy.name} is: no record in it says")
        age = (world.case.today - date.fromisoformat(copy.as_of)).days
        if age > most:
            message = f"the newest record of the {copy.name} is of {copy.as_of}, {age} days ago: {most:g} are allowed"
            fix = "fetch the copy anew, or ask a service: --advisories auto"
            return Held(outcome=Outcome.UNKNOWN, message=message, cause=message, fix=fix)
    return None


@claim_rule(
    "DO402",
    "A list of clean packages leaves out nothing that they pull in",
    kinds=[ClaimKind.COMPLETE],
    severity="medium",
    reads=[Published],
    why="what is left out was not looked at, or not told; a vulnerability there is the stack's all the same",
    fix="list the whole closure: audit the environment, not the pins",
)
def is_whole(world: World, claim: Claim) -> Held | None:
    """What the listed packages require themselves, on the document's Python and without extras."""
    listed = set(claim.about.split(","))
    missing: dict[str, str] = {}
    for each in world.pins:
        if each.name not in listed:
            continue
        release = world.published(each.name, each.version)
        if release is None:
            return blind(world, each.name, each.version)
        for name in _required(world, release):
            if name not in listed:
                missing.setdefault(name, release.name)
    if missing:
        names = [f"{name} (of {missing[name]})" for name in sorted(missing)]
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        return false(
            f"it leaves out {len(names)} that its own packages pull in: {', '.join(names[:_MOST_NAMES])}{more}"
        )
    return true(f"the {len(listed)} packages require nothing else")


def _required(world: World, release: Published) -> Iterator[str]:
    found = filter(None, map(parse_requirement, release.requires))
    names = dict.fromkeys(str(canonicalize_name(each.name)) for each in found)
    return (name for name in names if requirements_on(world, release, name))


@claim_rule(
    "DO403",
    "What is called secure has no open vulnerability by the document's own count",
    kinds=[ClaimKind.VETTED],
    severity="medium",
    reads=[],
    why="the document contradicts itself: what it found is open still",
    fix="say what is open, and take the praise away",
)
def is_vetted(world: World, _claim: Claim) -> Held:
    """Where the document counts none, praise is praise."""
    counted = world.claims(ClaimKind.OPEN)
    if not counted:
        return open_("praise: nobody can hold it against anything", cause="praise")
    told = ", ".join(f"{each.text} ({each.where})" for each in counted)
    return false(f"the document itself says: {told}")
