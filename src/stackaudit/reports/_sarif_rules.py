"""The rules of a SARIF log: those of the checks, and one for each advisory."""

from collections.abc import Sequence

from stackaudit.model.audit import Audit
from stackaudit.model.facts.advised import Advisory
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.rule_text import RuleText
from stackaudit.model.wire import Json
from stackaudit.reports._identity import advisory_of
from stackaudit.reports._told import Told, line

LEVELS = {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error", Severity.CRITICAL: "error"}
SCORES = {Severity.LOW: "2.0", Severity.MEDIUM: "5.5", Severity.HIGH: "8.0", Severity.CRITICAL: "9.5"}
"""The middle of what CVSS calls by each word, for viewers that sort by `security-severity`."""


def rule_id(finding: Finding, advisory: Advisory | None) -> str:
    """The rule's code; of what `advisory` says of a package `VU101/CVE-2025-50817`, which is a rule under that one.

    GitHub titles and ranks an alert by its rule alone: under one rule a critical advisory would look no worse than any other.
    """
    if advisory is None or finding.outcome is not Outcome.FAIL:
        return finding.rule
    return f"{finding.rule}/{line(advisory_of(finding) or advisory.id)}"


def score(finding: Finding, advisory: Advisory | None) -> str:
    """The advisory's own CVSS score where it has one, else what stands for the word."""
    own = advisory.score if advisory is not None else None
    return SCORES[finding.severity] if own is None else f"{own:.1f}"


def described(audit: Audit, found: Sequence[tuple[Told, Advisory | None]]) -> dict[str, dict[str, Json]]:
    """The rules that were asked, what stands for checks that did not run, and the advisories among `found`; by id, in order."""
    texts = {each.code: each for each in audit.rules}
    checks = {each.rule: judgment.check for judgment in audit.judgments for each in judgment.findings}
    checks |= {each.finding.rule: each.check for each, _ in found}
    titles = {each.check: each.title for each in audit.judgments}
    rules = {
        code: _rule(code, check, texts[code]) if code in texts else _unworded(code, check, titles.get(code))
        for code, check in checks.items()
    }
    # The worst of one advisory comes last, and stays.
    for each, advisory in sorted(found, key=lambda one: float(score(one[0].finding, one[1]))):
        if advisory is not None and (name := rule_id(each.finding, advisory)) != each.finding.rule:
            rules[name] = {
                **rules[each.finding.rule],
                **_of_advisory(name, each.finding, advisory),
                "properties": {"security-severity": score(each.finding, advisory), "tags": ["security", each.check]},
            }
    return dict(sorted(rules.items()))


def _rule(code: str, check: str, text: RuleText) -> dict[str, Json]:
    """A rule as our own words tell it. Viewers show its short text as the title of an alert, where a title alone would say the opposite."""
    worded: dict[str, Json] = {
        "id": code,
        "shortDescription": {"text": as_message(f"Should hold: {text.title}")},
        "fullDescription": {"text": as_message(text.why)},
        "help": {"text": as_message(f"{text.why}\n\nfix: {text.fix}\nmore: stackaudit explain {code}")},
    }
    if text.source is not None:
        worded["helpUri"] = text.source
    tags = ["security"] if code.startswith("VU") else []
    return {
        **worded,
        "defaultConfiguration": {"level": LEVELS[text.severity]},
        "properties": {"security-severity": SCORES[text.severity], "tags": [*tags, check]},
    }


def _unworded(code: str, check: str, title: str | None) -> dict[str, Json]:
    """A rule whose words are not at hand (the record of another version), or the stand-in of a check."""
    return {
        "id": code,
        "shortDescription": {"text": as_message(title or code)},
        "properties": {"security-severity": SCORES[Severity.HIGH], "tags": [check]},
    }


def _of_advisory(name: str, finding: Finding, advisory: Advisory) -> dict[str, Json]:
    """What a rule about one advisory says otherwise than the rule that it is under."""
    own = name.partition("/")[2]
    worded: dict[str, Json] = {
        "id": name,
        "shortDescription": {"text": as_message(f"{own}: {advisory.summary}" if advisory.summary else own)},
        "defaultConfiguration": {"level": LEVELS[finding.severity]},
    }
    return {**worded, "helpUri": finding.source} if finding.source else worded


def as_message(text: str) -> str:
    """`text` as a SARIF message: a bracket and a parenthesis side by side would be a link."""
    return "\n".join(line(each).replace("](", "] (") for each in text.split("\n"))
