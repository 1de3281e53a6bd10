"""Compares what two audits said: findings, advisories, and what was accepted of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from stackaudit.gate.changes import said_by
from stackaudit.gate.held import OF_A_WAIVER, Held, Sight, joint, labelled, name_of, told
from stackaudit.model.differences import Difference, Section
from stackaudit.model.findings import UNTIL_FIXED, Finding, Lane, Outcome, Waived

_Key = tuple[str, str, str]


def said(old: Held, new: Held) -> Iterator[Difference]:
    """What one of both alone says, and what they say otherwise of the same.

    The same is one rule about one package at any version, or about one service or program, and one advisory under any of its ids.
    """
    before, after = _comparable(old, new), _comparable(new, old)
    canonical = _canonical([*before, *after])
    groups = _grouped(before, canonical), _grouped(after, canonical)
    then, now = Sight(old), Sight(new)
    waivers = _waivers(old) & _waivers(new)
    for key in sorted(groups[0].keys() | groups[1].keys()):
        for was, is_ in _pairs(groups[0].get(key, ()), groups[1].get(key, ())):
            if was is None and is_ is not None:
                found = _difference(key, None, _known(is_, waivers), seen=then.would_tell(is_, new.asked))
            elif was is not None and is_ is None:
                found = _difference(key, _known(was, waivers), None, seen=now.would_tell(was, old.asked))
            else:
                found = _difference(key, was, is_, seen=True)
            if found.before != found.after:
                yield found
            yield from _accepted(found, (was, is_), (old, new))


def _comparable(one: Held, other: Held) -> tuple[Finding, ...]:
    """What `one` tells, each thing once."""
    return tuple({said_by(each): each for each in told(labelled(one, other))}.values())


def _waivers(held: Held) -> set[str]:
    """The waivers that `held` speaks of, in force or not."""
    return {each.subject for judgment in held.audit.judgments for each in judgment.findings if _is_waivers(each)}


def _is_waivers(finding: Finding) -> bool:
    return finding.rule.startswith(OF_A_WAIVER)


def _known(finding: Finding, waivers: set[str]) -> Finding:
    """Of a waiver that both speak of it is not known whether the day or a new term made the difference; one that came or went is yours."""
    if not _is_waivers(finding):
        return finding
    return replace(finding, lane=None if finding.subject in waivers else Lane.CHANGE)


def _canonical(findings: Sequence[Finding]) -> Callable[[Finding], str]:
    """For each finding the one id of its advisory, whichever of its ids either audit knew; empty where it has none."""
    ids: dict[str, set[str]] = {}
    for finding in findings:
        joined: set[str] = set(finding.aliases)
        for each in finding.aliases:
            joined |= ids.get(each, set())
        ids |= dict.fromkeys(joined, joined)

    def canonical(finding: Finding) -> str:
        known = ids[finding.aliases[0]] if finding.aliases else set[str]()
        return min(known, key=lambda each: (not each.startswith("CVE-"), each), default="")

    return canonical


def _grouped(findings: Sequence[Finding], canonical: Callable[[Finding], str]) -> dict[_Key, list[Finding]]:
    groups: dict[_Key, list[Finding]] = {}
    for each in findings:
        groups.setdefault((each.rule, name_of(each.subject), canonical(each)), []).append(each)
    return groups


def _pairs(before: Sequence[Finding], after: Sequence[Finding]) -> Iterator[tuple[Finding | None, Finding | None]]:
    """Equal ones together; of the others one each together, and of several each by itself."""
    was, now = ({said_by(each): each for each in findings} for findings in (before, after))
    yield from ((was[each], now[each]) for each in was if each in now)
    gone = [was[each] for each in sorted(was.keys() - now.keys())]
    come = [now[each] for each in sorted(now.keys() - was.keys())]
    if len(gone) == len(come) == 1:
        yield gone[0], come[0]
        return
    yield from ((each, None) for each in gone)
    yield from ((None, each) for each in come)


def _difference(key: _Key, was: Finding | None, is_: Finding | None, *, seen: bool) -> Difference:
    rule, name, advisory = key
    sides = [each for each in (was, is_) if each is not None]
    lane = joint(sides[0].lane, sides[-1].lane)
    return Difference(
        section=Section.WAIVERS if _is_waivers(sides[0]) else Section.ADVISORIES if advisory else Section.FINDINGS,
        subject=" ".join(each for each in (advisory or rule, name) if each),
        before=None if was is None else _sentence(was),
        after=None if is_ is None else _sentence(is_),
        lane=lane if seen else None,
        severity=max((each.severity for each in sides), key=lambda each: each.rank),
        seen=seen,
    )


def _sentence(finding: Finding) -> str:
    """How bad it is or that it could not be seen, of which version, and what is so."""
    word = finding.severity if finding.outcome is Outcome.FAIL else finding.outcome
    name, _, version = finding.subject.partition("==")
    message = said_by(finding)[-1]
    named = "" if name in message and version in message else f"{finding.subject}: "
    return f"{word}: {named}{message}"


def _accepted(
    found: Difference, findings: tuple[Finding | None, Finding | None], audits: tuple[Held, Held]
) -> Iterator[Difference]:
    """What was accepted of it in one audit and not in the other, or on other terms."""
    was, is_ = (None if each is None else each.waiver for each in findings)
    if was == is_:
        return
    lane = found.lane
    if None not in findings:
        lane = Lane.WORLD if _ran_out(was, is_, audits[1]) or _ran_out(is_, was, audits[0]) else Lane.CHANGE
    yield replace(
        found,
        section=Section.WAIVERS,
        before=None if was is None else f"accepted: {was.told}",
        after=None if is_ is None else f"accepted: {is_.told}",
        lane=lane,
    )


def _ran_out(has: Waived | None, other: Waived | None, later: Held) -> bool:
    """Whether what one audit accepts ended by itself before the day of the other, which does not accept it."""
    if has is None or has.until is None or other is not None:
        return False
    if has.until == UNTIL_FIXED:
        return any(each.rule == "AU102" for each in told(later.audit.judgments))
    return has.until < later.case.today.isoformat()
