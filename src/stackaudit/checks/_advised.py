"""Words one advisory of one package version as a finding."""

from urllib.parse import quote

from stackaudit.checks._clearing import clearing
from stackaudit.checks._row import Row
from stackaudit.model.facts.advised import Advisory, Answered
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.parts import Rule


def told(rule: Rule, fact: Answered, advisory: Advisory, what: str, here: Row | None) -> Finding:
    """That `advisory` is about `fact`; `what` begins the sentence, and the fix is one that goes with the row `here`."""
    return rule.fails(
        fact.subject,
        f"{what} {_said(advisory)}",
        severity=advisory.severity or Severity.HIGH,
        fix=clearing(here, fact, advisory),
        source=f"https://osv.dev/vulnerability/{quote(advisory.id, safe='')}",
        aliases=(advisory.id, *advisory.aliases),
    )


def _said(advisory: Advisory) -> str:
    named = f"{advisory.id} ({', '.join(advisory.aliases)})" if advisory.aliases else advisory.id
    fixed = f"fixed in {', '.join(advisory.fixed_in)}" if advisory.fixed_in else "no fixed version is known"
    summary = f": {advisory.summary}" if advisory.summary else ""
    return f"{named}{summary}; {fixed}{_score(advisory)}"


def _score(advisory: Advisory) -> str:
    if advisory.severity is None:
        return "; no score: counted as high"
    if advisory.score is None or advisory.vector is None:
        return ""
    return f"; CVSS {advisory.vector.partition('/')[0].removeprefix('CVSS:')} score {advisory.score:.1f}"
