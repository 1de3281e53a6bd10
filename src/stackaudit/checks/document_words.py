"""Judges what else a document says: what reads a setting, what a command checks, what is asynchronous, and what is only praise."""

from stackaudit.checks._document import UNSEEN, Held, claim_rule, false, open_, true
from stackaudit.checks._document_world import World
from stackaudit.model.claims import Claim, ClaimKind
from stackaudit.model.facts.deployment import SourceRead

_MOST_LINES = 40
_NO_SOURCE = "the document pins none of the packages whose source is read for this"
_NOT_RUN = "commands are not run: nobody looked whether they do what the document says"


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
