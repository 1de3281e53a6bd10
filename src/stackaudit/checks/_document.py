"""What the rules about a document share: how a claim is held against the facts, and the check that they make up."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from stackaudit.checks._document_world import World
from stackaudit.model.audit import Case
from stackaudit.model.claims import Claim, ClaimKind
from stackaudit.model.facts.fact import Fact
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Rule
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What became of a claim: the outcome, and the evidence in words.

    `severity`, `fix` and `source` replace the rule's own; `cause` is as in a finding.
    """

    outcome: Outcome
    message: str
    severity: Severity | None = None
    fix: str | None = None
    source: str | None = None
    cause: str | None = None


Hold: TypeAlias = Callable[[World, Claim], Held | None]
"""Holds a claim against what was seen of the world; None where the rule does not apply to it."""


def true(message: str) -> Held:
    """The claim holds; `message` is the evidence."""
    return Held(outcome=Outcome.PASS, message=message)


def false(
    message: str, *, severity: Severity | None = None, source: str | None = None, cause: str | None = None
) -> Held:
    """The claim does not hold; `message` is what is true instead."""
    return Held(outcome=Outcome.FAIL, message=message, severity=severity, source=source, cause=cause)


def open_(message: str, *, cause: str | None = None, fix: str | None = None) -> Held:
    """Nobody could tell from here."""
    return Held(outcome=Outcome.UNCHECKABLE, message=message, cause=cause, fix=fix)


UNSEEN = Held(outcome=Outcome.UNKNOWN, message="what it is held against was not seen")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRule(Rule):
    """A rule about each claim of some kinds."""

    kinds: tuple[ClaimKind, ...]
    hold: Hold

    def held(self, case: Case) -> Iterator[tuple[Claim, Held]]:
        """Each claim that the rule applies to, and what became of it."""
        world = World(case=case)
        for claim in world.claims(*self.kinds):
            held = self.hold(world, claim)
            if held is not None:
                yield claim, _sourced(world, claim, held, self.reads)


def _sourced(world: World, claim: Claim, held: Held, reads: Sequence[type[Fact]]) -> Held:
    """`held` with the day of the matrix's copy, where that stood in for an index that was not seen."""
    matrix = world.case.matrix
    if matrix is None or matrix.published_at is None or held.outcome not in {Outcome.PASS, Outcome.FAIL}:
        return held
    if claim.kind is ClaimKind.PYTHON:
        return held
    about = [(claim.name, claim.version)] if claim.name else [(each.name, each.version) for each in world.pins]
    about += [(claim.other, each) for each in world.pinned(claim.other)] if claim.other else []
    if not any(world.by_matrix(name, version, kind) for name, version in about for kind in reads):
        return held
    return replace(held, message=f"{held.message} (the index as of {matrix.published_at.date()}, by the matrix)")


def claim_rule(  # noqa: PLR0913 - the words that place a rule, each by name
    code: str,
    title: str,
    *,
    kinds: Sequence[ClaimKind],
    severity: str,
    reads: Sequence[type[Fact]],
    why: str,
    fix: str,
    source: str | None = None,
    asked_by: Callable[[Manifest], str | None] = lambda _manifest: None,
) -> Callable[[Hold], ClaimRule]:
    """Make a rule of a function that holds one claim of `kinds` against the facts; a document without any is not asked about it."""

    def asked(manifest: Manifest) -> str | None:
        return asked_by(manifest) if manifest.claims_of(*kinds) else "the document claims nothing of that"

    def wrap(hold: Hold) -> ClaimRule:
        def about(case: Case) -> Iterator[str]:
            world = World(case=case)
            for claim in world.claims(*kinds):
                held = hold(world, claim)
                if held is not None and held.outcome is Outcome.PASS:
                    yield claim.text

        return ClaimRule(
            code=code,
            title=title,
            severity=Severity(severity),
            reads=tuple(reads),
            about=about,
            why=why,
            fix=fix,
            source=source,
            judge=_judge,
            asked_by=asked,
            by_subject=True,
            kinds=tuple(kinds),
            hold=hold,
        )

    return wrap


def _judge(rule: Rule, case: Case) -> Iterator[Finding]:
    """A finding for each claim that does not hold, or could not be held against anything."""
    if not isinstance(rule, ClaimRule):
        raise TypeError(f"{rule.code} is no rule about claims")
    for claim, held in rule.held(case):
        if held.outcome is Outcome.FAIL:
            yield rule.fails(
                claim.text,
                held.message,
                where=claim.where,
                fix=held.fix,
                severity=held.severity,
                source=held.source,
                cause=held.cause,
            )
        elif held.outcome is Outcome.UNCHECKABLE:
            yield rule.uncheckable(claim.text, held.message, where=claim.where, fix=held.fix, cause=held.cause)
        elif held.outcome is Outcome.UNKNOWN:
            yield _unknown(rule, case, claim, held)


def _unknown(rule: ClaimRule, case: Case, claim: Claim, held: Held) -> Finding:
    """That `claim` could not be held against anything, with the cause that blinded it: a claim is told with its own line."""
    kinds = frozenset(each.__name__ for each in rule.reads)
    named = {"", claim.name, claim.other, f"{claim.name}=={claim.version}"}
    # A claim about all packages is blinded by what hides any of them.
    dark = [each for _, each in case.snapshot.unseen(kinds) if not claim.name or each.subject in named]
    dark += [
        each
        for _, each in case.snapshot.unseen(kinds)
        if claim.other and each.subject.partition("==")[0] == claim.other and each not in dark
    ]
    # What a rule saw itself of why it can't tell comes before what stayed unseen.
    unseen = next(iter(dark), None) if held is UNSEEN else None
    knowable = unseen is None or unseen.knowable
    return Finding(
        rule=rule.code,
        outcome=Outcome.UNKNOWN if knowable else Outcome.UNCHECKABLE,
        severity=rule.severity if knowable else Severity.LOW,
        subject=claim.text,
        message=held.message if unseen is None else unseen.cause,
        where=claim.where,
        fix=held.fix or "run it again" if unseen is None else unseen.remedy,
        cause=held.cause if unseen is None else unseen.cause,
    )


def with_evidence(findings: Sequence[Finding], rules: Sequence[Rule], case: Case) -> tuple[Finding, ...]:
    """`findings` with the line and the evidence of each claim that passed."""
    held = {
        (rule.code, claim.text): (claim, each)
        for rule in rules
        if isinstance(rule, ClaimRule)
        for claim, each in rule.held(case)
        if each.outcome is Outcome.PASS
    }
    return tuple(
        replace(each, message=held[each.rule, each.subject][1].message, where=held[each.rule, each.subject][0].where)
        if each.outcome is Outcome.PASS and (each.rule, each.subject) in held
        else each
        for each in findings
    )
