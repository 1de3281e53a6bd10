"""The findings in SARIF 2.1.0, for code scanning."""

import json
from collections.abc import Iterator
from urllib.parse import quote

from stackaudit.model.audit import Audit
from stackaudit.model.findings import Outcome, Verdict
from stackaudit.model.parts import Renderer
from stackaudit.model.wire import Json
from stackaudit.reports._advisories import advisories, said_of
from stackaudit.reports._identity import fingerprints
from stackaudit.reports._sarif_rules import LEVELS, as_message, described, rule_id, score
from stackaudit.reports._told import Told, file_of, home_of, line, told
from stackaudit.reports.record import record

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
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
    known = advisories(audit)
    spoken = [(each, said_of(known, each.finding)) for each in found]
    rules = described(audit, spoken)
    numbers = {name: number for number, name in enumerate(rules)}
    driver: dict[str, Json] = {"name": "stackaudit", "version": audit.tool_version, "rules": [*rules.values()]}
    digest = record(audit)["digest"]
    run: dict[str, Json] = {
        "tool": {"driver": driver},
        "invocations": [_invocation(audit, found)],
        "originalUriBaseIds": {ROOT: {"description": {"text": "the root of the repository"}}},
        "columnKind": "unicodeCodePoints",
        "results": [
            {
                **_result(audit, each, score(each.finding, advisory)),
                "ruleId": rule_id(each.finding, advisory),
                "ruleIndex": numbers[rule_id(each.finding, advisory)],
                # GitHub goes by the second: what it makes itself of the line's text would merge two advisories on one pin.
                "partialFingerprints": {
                    "stackaudit/1": fingerprint,
                    "primaryLocationLineHash": f"{fingerprint[:16]}:1",
                },
            }
            for (each, advisory), fingerprint in zip(spoken, fingerprints(audit, found), strict=True)
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


def _result(audit: Audit, each: Told, number: str) -> dict[str, Json]:
    finding = each.finding
    suppressions: list[Json] = []
    if each.accepted is not None:
        suppressions = [{"kind": "external", "status": "accepted", "justification": line(each.accepted.told)}]
    return {
        "kind": "open" if finding.outcome is Outcome.UNCHECKABLE else "fail",
        "level": _level(each),
        "message": {"text": as_message("\n".join((each.sentence, *each.details)))},
        "locations": [_location(audit, each)],
        "suppressions": suppressions,
        "properties": {**_properties(each), "check": each.check, "security-severity": number},
    }


def _level(each: Told) -> str:
    if each.finding.outcome is Outcome.UNCHECKABLE:
        return "none"
    if each.finding.outcome is Outcome.UNKNOWN:
        return "warning" if each.passes else "error"
    return LEVELS[each.finding.severity]


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
        yield {"level": "note", "message": {"text": as_message(line(f"{judgment.check} {state}: {judgment.summary}"))}}
    blind = [each for each in found if each.finding.outcome is Outcome.UNKNOWN]
    for check, message in dict.fromkeys((each.check, one.message) for each in blind for one in each.members):
        yield {"level": "error", "message": {"text": as_message(f"{check} could not be checked: {line(message)}")}}


RENDERER = Renderer(name="sarif", suffixes=(".sarif.json", ".sarif"), render=render)
