"""Sums up an audit for vulnerabilities: how many of how many, what was left out and why, what was found, and by whom."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from stackaudit.model.audit import Case
from stackaudit.model.facts.advised import AdvisoryCopy, Audited, FreshAudited
from stackaudit.model.findings import Finding, Outcome

_RULE, _FRESH_RULE = "VU101", "VU105"
_MOST_NAMES = 3
_LEFT_OUT = {Outcome.UNKNOWN: "could not be", Outcome.UNCHECKABLE: "skipped"}


def summarize(case: Case, findings: Sequence[Finding]) -> str:
    """How many of how many were audited, always; which were not, and why; what was found, and by whom."""
    blind = {each.subject: each for each in findings if each.rule == _RULE and each.outcome in _LEFT_OUT}
    audited = {
        subject: fact for fact in case.facts(Audited) if (subject := fact.subject) not in blind or fact.advisories
    }
    unseen = [finding for subject, finding in blind.items() if subject and subject not in audited]
    every = {*audited, *(each.subject for each in unseen)}
    total = len(every.union(each.subject for each in case.packages()) if "" in blind else every)
    words = [f"{len(audited)} of {_count(total, 'package')} audited", *_left_out(unseen)]
    if audited:
        found = [advisory for fact in audited.values() for advisory in fact.advisories]
        unscored = sum(1 for each in found if each.severity is None)
        more = f" ({unscored} without score)" if unscored else ""
        words.append(f"{_known(len(found))}{more}")
        words.append("by " + " and ".join(_services(case, audited.values())))
    words += not_in_use(case)
    words += _of_a_fresh_install(case, findings)
    return ", ".join(words)


def not_in_use(case: Case) -> Iterator[str]:
    """What files hold besides, for extras and groups that are not in use; an environment is audited as it is, whatever it was made for."""
    for each in case.manifest.terms.left_out if case.manifest.interpreter is None else ():
        more = f" and {len(each.parts) - _MOST_NAMES} more" if len(each.parts) > _MOST_NAMES else ""
        named = f" ({', '.join(each.parts[:_MOST_NAMES])}{more})" if each.parts else ""
        yield f"{_count(each.packages, 'more package')} of {each.path} not audited: for parts that are not in use{named}"


def _of_a_fresh_install(case: Case, findings: Sequence[Finding]) -> Iterator[str]:
    """How many of what a fresh install brings besides were audited, where somebody looked at that."""
    if not case.snapshot.looked_for(FreshAudited.__name__):
        return
    blind = {each.subject for each in findings if each.rule == _FRESH_RULE and each.outcome in _LEFT_OUT}
    facts = case.facts(FreshAudited)
    if "" in blind:
        yield "what else a fresh install brings was not audited"
    elif not facts and not blind:
        yield "a fresh install brings nothing else"
    else:
        total = _count(len(blind.union(each.subject for each in facts)), "more package")
        found = sum(len(each.advisories) for each in facts)
        yield f"of a fresh install {len(facts)} of {total} audited, {_known(found)}"


def _known(number: int) -> str:
    return {1: "1 known vulnerability"}.get(number, f"{number or 'no'} known vulnerabilities")


def _left_out(unseen: Sequence[Finding]) -> Iterator[str]:
    """Each reason once, with the names that it holds for: what could have been seen first."""
    for outcome, verb in _LEFT_OUT.items():
        reasons: dict[str, list[str]] = {}
        for each in unseen:
            if each.outcome is outcome:
                reasons.setdefault(each.message, []).append(each.subject)
        for reason in sorted(reasons):
            names = sorted(reasons[reason])
            more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
            yield f"{len(names)} {verb} because {reason} ({', '.join(names[:_MOST_NAMES])}{more})"


def _services(case: Case, audited: Iterable[Audited]) -> list[str]:
    """Who answered; a copy on this machine with its age."""
    ages = {
        f"the {each.name}": (case.today - date.fromisoformat(each.as_of)).days
        for each in case.facts(AdvisoryCopy)
        if each.as_of
    }
    services = sorted({fact.service for fact in audited})
    return [
        f"{each}, {_aged(ages[name])}" if (name := each.partition(", whose ")[0]) in ages else each for each in services
    ]


def _aged(number: int) -> str:
    return f"{days(number)} old" if number >= 0 else "a day that is still to come"


def days(number: int) -> str:
    """`3 days`."""
    return _count(number, "day")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
