"""Draws how many findings there are of each severity, and how much was not seen, as bars with their numbers."""

from collections import Counter
from collections.abc import Iterator

from stackaudit.model.audit import Audit
from stackaudit.model.findings import Outcome, Severity, Verdict
from stackaudit.reports._drawing import picture, words
from stackaudit.reports._told import told

KINDS = (*(each.value for each in reversed(Severity)), "accepted", "unknown", "uncheckable")
"""The bars from top to bottom: failures by severity, worst first, then those that were accepted, then what was not seen."""
_LEFT, _LONGEST, _HEIGHT = 100, 200, 30


def tally(audit: Audit) -> dict[str, int]:
    """How many findings are of each of `KINDS`; a check that saw nothing counts as one that is unknown."""
    counted = Counter(
        _kind(one.outcome, one.severity, each.accepted is not None) for each in told(audit) for one in each.members
    )
    return {kind: counted[kind] for kind in KINDS}


def _kind(outcome: Outcome, severity: Severity, accepted: bool) -> str:  # noqa: FBT001 - two outcomes of one failure
    if outcome is Outcome.FAIL:
        return "accepted" if accepted else severity.value
    return outcome.value


def reach(audit: Audit) -> str:
    """How far the numbers reach: which checks ran, and which did not."""
    skipped = [each.check for each in audit.judgments if each.verdict is Verdict.SKIPPED]
    ran = f"{len(audit.judgments) - len(skipped)} of {len(audit.judgments)} checks ran"
    return f"{ran}; not checked: {', '.join(skipped)}" if skipped else ran


def severities(audit: Audit) -> str:
    """The bars as SVG, the longest for the largest number; each has its word and its number beside it."""
    counts = tally(audit)
    said = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    size = (_LEFT + _LONGEST + 50, _HEIGHT * len(KINDS) + 10)
    return picture("severities", "Findings by severity", f"{said}. {reach(audit)}.", size, _bars(counts))


def _bars(counts: dict[str, int]) -> Iterator[str]:
    most = max(*counts.values(), 1)
    for at, (kind, count) in enumerate(counts.items()):
        top = 5 + _HEIGHT * at
        # However many others there are, one finding can be seen.
        long = max(round(_LONGEST * count / most), 4) if count else 0
        yield words(0, top + 19, kind)
        if long:
            yield f'<rect x="{_LEFT}" y="{top + 3}" width="{long}" height="{_HEIGHT - 8}" rx="2" class="{kind}"/>'
        yield words(_LEFT + long + 8, top + 19, str(count), "number")
