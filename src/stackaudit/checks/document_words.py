"""Judges what else a document says: that packages are clean, what reads a setting, what a command checks, and what is only praise."""

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from stackaudit.checks._document import UNSEEN, Held, claim_rule, false, open_, true
from stackaudit.checks._document_facts import blind, requirements_on
from stackaudit.checks._document_world import World
from stackaudit.checks.releases import NOT_ON_INDEX, SAY_PRIVATE
from stackaudit.model.claims import Claim, ClaimKind
from stackaudit.model.facts import Audited, History, Published, SourceRead
from stackaudit.model.findings import Severity
from stackaudit.model.versions import parse_requirement

_MOST_NAMES = 12
_MOST_LINES = 40
_NO_SOURCE = "the document pins none of the packages whose source is read for this"
_NOT_RUN = "commands are not run: nobody looked whether they do what the document says"


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
    services = sorted({fact.service for _, fact in found if fact is not None})
    count = "" if claim.name else f" of {len(found)} packages"
    return true(f"{' and '.join(services)} knows none{count} on {world.case.today}")


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


@claim_rule(
    "DO501",
    "Every variable that the document sets is read by something",
    kinds=[ClaimKind.VARIABLE],
    severity="medium",
    reads=[SourceRead],
    why="a setting that nothing reads looks like it is in force and changes nothing",
    fix="take it out, and set what it was meant to do in the Celery configuration",
    source="https://docs.celeryq.dev/en/stable/reference/cli.html",
)
def is_read(world: World, claim: Claim) -> Held | None:
    """By the source of the releases that the document pins; code of the user's own is not searched."""
    source = next(iter(world.case.facts(SourceRead)), None)
    if source is None:
        return UNSEEN
    places = [place for name, place in source.readers if name == claim.name]
    if places:
        return true(f"read by {', '.join(dict.fromkeys(places))}")
    if not source.searched or claim.name not in source.asked:
        return open_(_NO_SOURCE, cause=_NO_SOURCE)
    return false(f"nothing in {', '.join(source.searched)} reads it: only code of your own could")


_BLUNT = {
    "redis-cli ping": (
        "`redis-cli ping` ends with status 0 on NOAUTH, MISCONF and a full server too: `redis-cli -e ping` does not",
        "https://redis.io/docs/latest/develop/tools/cli/",
    ),
    "pip check": (
        "`pip check` looks at neither extras nor Requires-Python: it is green where they are broken",
        "https://pip.pypa.io/en/stable/cli/pip_check/",
    ),
}


@claim_rule(
    "DO502",
    "A command that is called a check sees what it is said to check",
    kinds=[ClaimKind.COMMAND],
    severity="low",
    reads=[],
    why="it succeeds where the thing is broken",
    fix="use a check that fails then",
)
def sees(_world: World, claim: Claim) -> Held:
    """Only those are judged of which it is known what they miss."""
    blunt = _BLUNT.get(claim.name)
    return open_(_NOT_RUN, cause=_NOT_RUN) if blunt is None else false(blunt[0], source=blunt[1])


@claim_rule(
    "DO503",
    "What is called asynchronous has coroutines",
    kinds=[ClaimKind.ASYNC],
    severity="medium",
    reads=[SourceRead],
    why="nothing of it can be awaited: called from asynchronous code it blocks the loop",
    fix="take the sentence out, or name the package that can be awaited",
)
def is_async(world: World, claim: Claim) -> Held | None:
    """By the `async def` in the source of the releases that the document pins."""
    source = next(iter(world.case.facts(SourceRead)), None)
    if source is None:
        return UNSEEN
    counts = {name: count for name, count in source.coroutines if not claim.name or name == claim.name}
    if not counts:
        return open_(_NO_SOURCE, cause=_NO_SOURCE)
    told = ", ".join(f"{name} has {count or 'no'} `async def`" for name, count in counts.items())
    return (true if all(counts.values()) else false)(told)


@claim_rule(
    "DO601",
    "Every sentence can be held against something",
    kinds=[ClaimKind.PROSE],
    severity="low",
    reads=[],
    why="praise is no evidence",
    fix="say what was measured, when and how",
)
def is_checkable(world: World, claim: Claim) -> Held | None:
    """All such clauses are told once, by the first; the record holds each."""
    every = world.claims(ClaimKind.PROSE)
    if claim is not every[0]:
        return None
    lines = list(dict.fromkeys(str(each.where.line) for each in every))
    shown = ", ".join(lines[:_MOST_LINES]) + (", …" if len(lines) > _MOST_LINES else "")
    count = len(every) - 1
    more = f"; so are {count} more such clause{'s' * (count != 1)} (lines {shown})" if count else ""
    return open_(f"praise or prose, which nobody can hold against anything{more}")
