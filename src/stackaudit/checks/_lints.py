"""The sentences that should hold of every matrix, as rules are those of every stack."""

from stackaudit.model.findings import Severity
from stackaudit.model.rule_text import RuleText

OLDEST = 90
"""Days after which the facts of a matrix want a new look: stacks like these have a release every few weeks."""

FRESH = RuleText(
    code="MX501",
    title=f"The facts of the matrix are not older than {OLDEST} days",
    severity=Severity.LOW,
    why="releases, withdrawals and end-of-life dates since then are not in it",
    fix="look at the sources again and set `looked_at` to that day; what is derived, derive again: `stackaudit matrix derive`",
)
USABLE = RuleText(
    code="MX502",
    title="Every listed version can be used with the others",
    severity=Severity.MEDIUM,
    why="no row of the matrix can hold it: whoever pins it is told to take something that is not listed",
    fix="list the versions that it needs, or take it out",
)
FIRING = RuleText(
    code="MX503",
    title="Every note, demand and known-bad rule is about something that is listed",
    severity=Severity.LOW,
    why="it is never told: a fault that it knows of goes by unseen",
    fix="mend the versions that it names, list what it is about, or take it out",
)
SOURCED = RuleText(
    code="MX504",
    title="Every source is an https address",
    severity=Severity.LOW,
    why="a fact whose source can't be opened, or can be changed on the way, can't be checked by its reader",
    fix="name the page that says it, with https://",
)
FILLED = RuleText(
    code="MX505",
    title="Every required package has a release for every Python",
    severity=Severity.LOW,
    why="the stack has no row there",
    fix="list a release that admits it, or take the Python out",
)
AGREEING = RuleText(
    code="MX506",
    title="Nothing in the matrix contradicts another part of it",
    severity=Severity.MEDIUM,
    why="one of the two is wrong, and a reader can't tell which",
    fix="look at the sources of both, and mend the wrong one",
)

LINTS = (FRESH, USABLE, FIRING, SOURCED, FILLED, AGREEING)
