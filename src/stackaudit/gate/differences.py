"""Compares two audits: what differs in what they are of, in what they saw and in what they said, and who brought it."""

from collections.abc import Iterator

from stackaudit.gate._cells import matrices
from stackaudit.gate._declared import declared, installed
from stackaudit.gate._observed import observed, tools
from stackaudit.gate._said import said
from stackaudit.gate.held import Held
from stackaudit.model.audit import Judgment
from stackaudit.model.differences import Difference, Differences, Section, Side
from stackaudit.model.findings import Verdict


def compare(old: Held, new: Held) -> Differences:
    """All that differs from `old` to `new`, worst first within each section.

    Held the other way round it is the same with before and after exchanged. Two records with one digest differ in nothing.
    """
    parts = (_verdicts, said, declared, installed, matrices, observed, tools)
    found = () if old.saved.digest == new.saved.digest else tuple(each for part in parts for each in part(old, new))
    return Differences(
        old=_side(old), new=_side(new), found=tuple(sorted(dict.fromkeys(found), key=lambda each: each.order))
    )


def _side(held: Held) -> Side:
    audit = held.audit
    return Side(
        name=held.name,
        digest=held.saved.digest,
        started_at=audit.started_at,
        today=audit.case.today,
        tool_version=audit.tool_version,
        verdict=audit.verdict,
    )


def _verdicts(old: Held, new: Held) -> Iterator[Difference]:
    """The checks that ended otherwise; a check that one of both does not have was not asked there."""
    then, now = ({each.check: each for each in held.audit.judgments} for held in (old, new))
    for check in sorted(then.keys() | now.keys()):
        was, is_ = then.get(check), now.get(check)
        if {each.verdict for each in (was, is_) if each is not None} == {Verdict.SKIPPED}:
            continue
        if was is None or is_ is None or _ending(was) != _ending(is_):
            yield Difference(
                section=Section.VERDICTS,
                subject=check,
                before=None if was is None else f"{_ending(was)}: {was.summary}",
                after=None if is_ is None else f"{_ending(is_)}: {is_.summary}",
                seen=was is not None and is_ is not None,
            )


def _ending(judgment: Judgment) -> str:
    """The verdict; of a pass also how strong its evidence is."""
    rung = judgment.rung if judgment.verdict is Verdict.PASS else None
    return f"{judgment.verdict} ({rung})" if rung is not None else str(judgment.verdict)
