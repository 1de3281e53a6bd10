"""One audit, ready to be held against another."""

from collections.abc import Iterator, Sequence

from stackaudit.gate.changes import Before, Kept, case_before, label
from stackaudit.model.audit import Audit, Case, Judgment, Saved
from stackaudit.model.findings import Finding, Lane, Outcome, Verdict
from stackaudit.model.values import dataclass

OF_A_WAIVER = "AU1"
"""How the codes of the rules about waivers begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An audit as it was saved, under the `name` of its file.

    `asked` are the codes of all rules that it asked, those among them that had nothing to be about too; `again` is what today's rules say
    of its facts by the other audit's matrix and on its day.
    """

    name: str
    saved: Saved
    asked: frozenset[str] = frozenset()
    again: tuple[Judgment, ...] = ()

    @property
    def audit(self) -> Audit:
        """The audit."""
        return self.saved.audit

    @property
    def case(self) -> Case:
        """Its case: its own facts, matrix and day."""
        return self.saved.audit.case


def told(judgments: Sequence[Judgment]) -> Iterator[Finding]:
    """All that is no pass, of the checks that ran."""
    for judgment in judgments:
        if judgment.verdict is not Verdict.SKIPPED:
            yield from (each for each in judgment.findings if each.outcome is not Outcome.PASS)


def labelled(one: Held, other: Held) -> tuple[Judgment, ...]:
    """The judgments of `one`, with the lanes that they have when `other` came before: of what it alone says, who brought it."""
    past = case_before(other.saved.recorded, one.case)
    return label(one.audit.judgments, one.case, Before(told=other.audit.judgments, case=past, again=other.again))


def declares_the_same(old: Held, new: Held) -> bool:
    """Whether all that is declared, and the Python, are the same in both."""
    return Kept(new.case, case_before(old.saved.recorded, new.case)).declares_the_same


def joint(first: Lane | None, second: Lane | None) -> Lane | None:
    """Who brought what differs on both sides: in doubt it is the change, and where one side can't tell nobody can."""
    if first is None or second is None:
        return None
    return first if first is second else Lane.CHANGE


class Sight:
    """What an audit asked, and could see."""

    def __init__(self, held: Held) -> None:
        found = [
            each
            for judgment in held.audit.judgments
            if judgment.verdict is not Verdict.SKIPPED
            for each in judgment.findings
        ]
        dark = (each for each in found if each.outcome in {Outcome.UNKNOWN, Outcome.UNCHECKABLE})
        self._asked = held.asked | {each.rule for each in found}
        self._dark = {(each.rule, name_of(each.subject)) for each in dark}
        self._snapshot = held.case.snapshot

    def would_tell(self, finding: Finding, asked: frozenset[str]) -> bool:
        """Whether it would tell `finding` of an audit that asked the rules `asked`, were it so there too.

        What is said of a waiver hangs on every rule that the waiver may cover.
        """
        if finding.rule.startswith(OF_A_WAIVER):
            return asked <= self._asked
        if finding.rule not in self._asked:
            return False
        return not {(finding.rule, ""), (finding.rule, name_of(finding.subject))} & self._dark

    def sees(self, kind: str, subject: str) -> bool:
        """Whether it looked for the fact of this kind about `subject`, and nothing blinded it to that."""
        dark = self._snapshot.unseen(frozenset({kind}))
        return self._snapshot.looked_for(kind) and not any(each.subject in {"", subject} for _, each in dark)


def name_of(subject: str) -> str:
    """What `subject` names, without its version."""
    return subject.partition("==")[0]
