"""The findings in SARIF 2.1.0, for code scanning."""

import json
from collections.abc import Iterator
from urllib.parse import quote

from stackaudit.model.audit import Audit
from stackaudit.model.facts.advised import Advisory
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict
from stackaudit.model.parts import Renderer
from stackaudit.model.rule_text import RuleText
from stackaudit.model.wire import Json
from stackaudit.reports._advisories import advisories, said_of
from stackaudit.reports._identity import fingerprints
from stackaudit.reports._told import Told, file_of, home_of, line, told
from stackaudit.reports.record import record

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
LEVELS = {Severity.LOW: "note", Severity.MEDIUM: "warning", Severity.HIGH: "error", Severity.CRITICAL: "error"}
SCORES = {Severity.LOW: "2.0", Severity.MEDIUM: "5.5", Severity.HIGH: "8.0", Severity.CRITICAL: "9.5"}
"""The middle of what CVSS calls by each word, for viewers that sort by `security-severity`."""
STATUSES = {Verdict.FAIL: 1, Verdict.UNKNOWN: 3}
"""The exit statuses of the verdicts that are not 0."""


def render(audit: Audit) -> str:
    """One run as indented JSON with a newline at its end. The same audit gives the same bytes."""
    return json.dumps(log(audit), ensure_ascii=False, indent=1) + "\n"


def log(audit: Audit) -> dict[str, Json]:
    """The SARIF log: a result for each finding that is no pass, one for what a rule finds of many workers, in the order of the checks.

    What could not be checked is a result of kind `fail` and level `error`. SARIF's own word for it would be kind `open`, whose level must
    be `none`: viewers hide those, and close the alerts of earlier runs for want of a result, so that an outage would read as a repair.
    What nobody can check is `open`: it never gates.
    """
    found = told(audit)
    rules = _rules(audit, found)
    numbers = {str(each["id"]): number for number, each in enumerate(rules)}
    driver: dict[str, Json] = {"name": "stackaudit", "version": audit.tool_version, "rules": [*rules]}
    digest = record(audit)["digest"]
    known = advisories(audit)
    run: dict[str, Json] = {
        "tool": {"driver": driver},
        "invocations": [_invocation(audit, found)],
        "originalUriBaseIds": {ROOT: {"description": {"text": "the root of the repository"}}},
        "columnKind": "unicodeCodePoints",
        "results": [
            {
                **_result(audit, each, _score(each.finding, said_of(known, each.finding))),
                "ruleIndex": numbers[each.finding.rule],
                # GitHub goes by the second: what it makes itself of the line's text would merge two advisories on one pin.
                "partialFingerprints": {
                    "stackaudit/1": fingerprint,
                    "primaryLocationLineHash": f"{fingerprint[:16]}:1",
                },
            }
            for each, fingerprint in zip(found, fingerprints(audit, found), strict=True)
        ],
        "properties": {
            "verdict": audit.verdict.value,
            "digest": digest,
            "stack": "sandbox" if audit.case.manifest.sandbox else "real",
            "checks": [
                {"id": each.check, "verdict": each.verdict.value, "summary": line(each.summary)}
                for each in audit.judgments
            ],
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rules(audit: Audit, found: tuple[Told, ...]) -> list[dict[str, Json]]:
    """The rules that were asked, and what stands for checks that did not run; by code."""
    texts = {each.code: each for each in audit.rules}
    checks = {each.rule: judgment.check for judgment in audit.judgments for each in judgment.findings}
    checks |= {each.finding.rule: each.check for each in found}
    titles = {each.check: each.title for each in audit.judgments}
    return [
        _rule(code, check, texts[code]) if code in texts else _unworded(code, check, titles.get(code))
        for code, check in sorted(checks.items())
    ]


def _rule(code: str, check: str, text: RuleText) -> dict[str, Json]:
    described: dict[str, Json] = {
        "id": code,
        "shortDescription": {"text": _message(text.title)},
        "fullDescription": {"text": _message(text.why)},
        "help": {"text": _message(f"{text.why}\n\nfix: {text.fix}\nmore: stackaudit explain {code}")},
    }
    if text.source is not None:
        described["helpUri"] = text.source
    tags = ["security"] if code.startswith("VU") else []
    return {
        **described,
        "defaultConfiguration": {"level": LEVELS[text.severity]},
        "properties": {"security-severity": SCORES[text.severity], "tags": [*tags, check]},
    }


def _unworded(code: str, check: str, title: str | None) -> dict[str, Json]:
    """A rule whose words are not at hand (the record of another version), or the stand-in of a check."""
    return {
        "id": code,
        "shortDescription": {"text": _message(title or code)},
        "properties": {"security-severity": SCORES[Severity.HIGH], "tags": [check]},
    }


def _result(audit: Audit, each: Told, score: str) -> dict[str, Json]:
    finding = each.finding
    suppressions: list[Json] = []
    if each.accepted is not None:
        suppressions = [{"kind": "external", "status": "accepted", "justification": line(each.accepted.told)}]
    return {
        "ruleId": finding.rule,
        "kind": "open" if finding.outcome is Outcome.UNCHECKABLE else "fail",
        "level": _level(each),
        "message": {"text": _message("\n".join((each.sentence, *each.details)))},
        "locations": [_location(audit, each)],
        "suppressions": suppressions,
        "properties": {**_properties(each), "check": each.check, "security-severity": score},
    }


def _level(each: Told) -> str:
    if each.finding.outcome is Outcome.UNCHECKABLE:
        return "none"
    if each.finding.outcome is Outcome.UNKNOWN:
        return "warning" if each.passes else "error"
    return LEVELS[each.finding.severity]


def _score(finding: Finding, advisory: Advisory | None) -> str:
    """The advisory's own CVSS score where it has one, else what stands for the word."""
    score = advisory.score if advisory is not None else None
    return SCORES[finding.severity] if score is None else f"{score:.1f}"


def _properties(each: Told) -> dict[str, Json]:
    finding = each.finding
    named: dict[str, Json] = {
        "outcome": finding.outcome.value,
        "severity": finding.severity.value,
        "subject": line(each.subject),
        "scope": finding.scope,
    }
    named |= {"subjects": [*map(line, each.subjects)]} if len(each.subjects) > 1 else {}
    named |= {"aliases": [*map(line, finding.aliases)]} if finding.aliases else {}
    named |= {"via": [*map(line, finding.via)]} if finding.via else {}
    return named | ({"lane": finding.lane} if finding.lane is not None else {})


def _location(audit: Audit, each: Told) -> dict[str, Json]:
    """Where it is: the line of a file, or the file that stands for the stack, since code scanning refuses a result without one."""
    finding = each.finding
    file = file_of(audit, finding.where)
    physical: dict[str, Json] = {"artifactLocation": _artifact(file or home_of(audit))}
    if file is not None and finding.where is not None and finding.where.line is not None:
        physical["region"] = {"startLine": finding.where.line}
    before = "" if finding.where is None or file is not None else f"{finding.where}: "
    logical: list[Json] = [{"fullyQualifiedName": line(f"{before}{name}")} for name in each.subjects if before or name]
    return {"physicalLocation": physical, **({"logicalLocations": logical} if logical else {})}


def _artifact(path: str) -> dict[str, Json]:
    if path.startswith("/"):
        return {"uri": f"file://{quote(path)}"}
    return {"uri": quote(path), "uriBaseId": ROOT}


def _invocation(audit: Audit, found: tuple[Told, ...]) -> dict[str, Json]:
    status = STATUSES.get(audit.verdict, 0)
    return {
        "startTimeUtc": f"{audit.started_at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
        "endTimeUtc": f"{audit.finished_at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
        "exitCode": status,
        "exitCodeDescription": f"the status of the verdict {audit.verdict}; with --exit-zero it is 0",
        "executionSuccessful": not any(each.finding.outcome is Outcome.UNKNOWN for each in found),
        "toolExecutionNotifications": [*_notifications(audit, found)],
    }


def _notifications(audit: Audit, found: tuple[Told, ...]) -> Iterator[Json]:
    """What each check looked at and found, or why it was skipped; and each cause of an unknown once."""
    for judgment in audit.judgments:
        state = "not checked" if judgment.verdict is Verdict.SKIPPED else judgment.verdict
        yield {"level": "note", "message": {"text": _message(line(f"{judgment.check} {state}: {judgment.summary}"))}}
    blind = [each for each in found if each.finding.outcome is Outcome.UNKNOWN]
    for check, message in dict.fromkeys((each.check, one.message) for each in blind for one in each.members):
        yield {"level": "error", "message": {"text": _message(f"{check} could not be checked: {line(message)}")}}


def _message(text: str) -> str:
    """`text` as a SARIF message: a bracket and a parenthesis side by side would be a link."""
    return "\n".join(line(each).replace("](", "] (") for each in text.split("\n"))


RENDERER = Renderer(name="sarif", suffixes=(".sarif.json", ".sarif"), render=render)
