"""Judges what else a document says: what reads a setting, what a command checks, what is asynchronous, and what is only praise."""

import re
from collections.abc import Sequence

from stackaudit.checks._document import UNSEEN, Held, claim_rule, false, open_, true
from stackaudit.checks._document_world import World
from stackaudit.model.claims import CHECKING, Claim, ClaimKind
from stackaudit.model.facts.deployment import SourceRead

_MOST_LINES = 5
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


_BLUNT = (
    (
        re.compile(r"redis-cli\s+ping"),
        "`redis-cli ping` ends with status 0 on NOAUTH, MISCONF and a full server too: `redis-cli -e ping` does not",
        "https://redis.io/docs/latest/develop/tools/cli/",
    ),
    (
        re.compile(r"pip\s+check"),
        "`pip check` looks at neither extras nor Requires-Python: it is green where they are broken",
        "https://pip.pypa.io/en/stable/cli/pip_check/",
    ),
    (
        re.compile(r"pip-audit"),
        "`pip-audit` ends with status 0 though it skipped packages, even all: count what it audited",
        "https://github.com/pypa/pip-audit",
    ),
    (
        re.compile(r"pip3?\s+(?:list|freeze)\s*\|\s*grep\b(?=.*\|).*"),
        "grep ends with status 0 as soon as one of the names is there, at whatever version",
        "https://www.gnu.org/software/grep/manual/grep.html#Exit-Status-1",
    ),
)
"""What is known to succeed where the thing is broken: the whole command, what it misses, who says so."""

_INSPECT = "https://docs.celeryq.dev/en/stable/userguide/monitoring.html"
_ONE_WORKER = re.compile(r"celery\s.*inspect\s+ping")
_OWN = re.compile(r"(?:python3?\s+)?\S+\.(?:py|sh)")
_OWN_NOT_READ = "a script of the document's own: nobody read what it does"


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
    """Only those are judged of which it is known what they miss; what a debug command is for nobody says."""
    for pattern, missed, source in _BLUNT:
        if pattern.fullmatch(claim.name):
            return false(missed, source=source)
    if claim.about == CHECKING and _ONE_WORKER.fullmatch(claim.name):
        return false("it ends with status 0 as soon as one worker answers, however many should", source=_INSPECT)
    why = _OWN_NOT_READ if _OWN.fullmatch(claim.name) else _NOT_RUN
    return open_(why, cause=why)


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
    "DO602",
    "Every version that the document names was read",
    kinds=[ClaimKind.UNREAD],
    severity="low",
    reads=[],
    why="what was not understood was held against nothing, and nothing here says that it is true",
    fix="put them into a table with the columns Package and Version, or write name==version",
)
def is_read_whole(_world: World, claim: Claim) -> Held:
    """A reader would see them: the rest being true says nothing of these."""
    lines = claim.about.split(",")
    many = f"{len(lines)} line{'s' * (len(lines) != 1)}"
    return open_(f"{many} with a version held nothing that is understood here: {_shown(lines)}")


def _shown(lines: Sequence[str]) -> str:
    """The first of the numbers `lines`, and where the rest of them stand."""
    more = len(lines) - _MOST_LINES
    rest = f" and {more} more; the record lists all (--format json)" if more > 0 else ""
    return f"{', '.join(lines[:_MOST_LINES])}{rest}"


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
    count = len(every) - 1
    more = f"; so are {count} more such clause{'s' * (count != 1)} (lines {_shown(lines)})" if count else ""
    return open_(f"praise or prose, which nobody can hold against anything{more}")
