"""The findings as GitLab's code quality report."""

import hashlib
import json
from collections.abc import Iterator

from stackaudit.model.audit import Audit
from stackaudit.model.findings import Outcome, Severity, Verdict
from stackaudit.model.parts import Renderer
from stackaudit.model.wire import Json
from stackaudit.reports._identity import fingerprints
from stackaudit.reports._told import Told, file_of, home_of, told

VULNERABILITIES = "vulnerabilities"
SEVERITIES = {
    Severity.LOW: "minor",
    Severity.MEDIUM: "major",
    Severity.HIGH: "critical",
    Severity.CRITICAL: "blocker",
}


def render(audit: Audit) -> str:
    """A JSON list with an entry for each finding that is no pass, and one that says how many packages were audited for vulnerabilities.

    What a rule finds of many workers is one entry. A newline ends it. The same audit gives the same bytes.
    """
    found = told(audit)
    entries = [
        _entry(audit, each, fingerprint) for each, fingerprint in zip(found, fingerprints(audit, found), strict=True)
    ]
    return json.dumps([*entries, *_counted(audit)], ensure_ascii=False, indent=1) + "\n"


def _counted(audit: Audit) -> Iterator[dict[str, Json]]:
    """How many of how many packages were audited: a list that is empty says nothing of that."""
    for each in audit.judgments:
        if each.check == VULNERABILITIES and each.verdict is not Verdict.SKIPPED:
            yield {
                "description": f"{each.title}: {each.summary}",
                "check_name": each.check,
                "fingerprint": hashlib.sha256(each.check.encode()).hexdigest(),
                "severity": "info",
                "location": {"path": home_of(audit), "lines": {"begin": 1}},
            }


def _entry(audit: Audit, each: Told, fingerprint: str) -> dict[str, Json]:
    place = each.finding.where
    file = file_of(audit, place)
    begin = place.line if file is not None and place is not None else None
    return {
        "description": each.sentence,
        "check_name": each.finding.rule,
        "fingerprint": fingerprint,
        "severity": _severity(each),
        # A file and a line are asked for: what is in neither is told at the file that declares the stack.
        "location": {"path": file or home_of(audit), "lines": {"begin": begin or 1}},
    }


def _severity(each: Told) -> str:
    """A format without a word for what was accepted, or can't be checked by anyone: these are `info`; what was not checked is not less."""
    if each.accepted is not None or each.finding.outcome is Outcome.UNCHECKABLE:
        return "info"
    return SEVERITIES[each.finding.severity]


RENDERER = Renderer(name="gitlab", suffixes=("gl-code-quality-report.json",), render=render)
