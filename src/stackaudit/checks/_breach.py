"""One thing by which a row of the matrix does not hold, as a value: told of what is installed, and of what a fresh install gives."""

from stackaudit.checks._stack import subject_of
from stackaudit.model.audit import Case
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.parts import Rule
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """What package `holder` breaks, or is broken by.

    `sentence` says it by itself, `clause` after the holder and its version ("…, whose code refuses to run without redis>=6.1.0"). `names`
    are the packages that are at odds, the best to declare otherwise first. `fix` is for what is installed; `severity` and `why` are None
    where the rule's own hold. The rest is as in a finding.
    """

    holder: str
    sentence: str
    clause: str
    names: tuple[str, ...]
    severity: Severity | None = None
    fix: str | None = None
    source: str | None = None
    why: str | None = None
    cause: str | None = None
    aliases: tuple[str, ...] = ()


def told(rule: Rule, case: Case, breach: Breach) -> Finding:
    """`breach` of the audited stack as a finding of `rule`, at the first place that declares one of the packages at odds."""
    places = (case.place_of(name) for name in breach.names)
    return rule.fails(
        subject_of(case, breach.holder),
        breach.sentence,
        where=next((each for each in places if each is not None), None),
        fix=breach.fix,
        severity=breach.severity,
        source=breach.source,
        why=breach.why,
        cause=breach.cause,
        aliases=breach.aliases,
    )
