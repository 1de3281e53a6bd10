"""The findings as GitLab's code quality report."""

import json

from stackaudit.model.audit import Audit
from stackaudit.model.findings import Outcome, Severity
from stackaudit.model.parts import Renderer
from stackaudit.model.wire import Json
from stackaudit.reports._identity import fingerprints
from stackaudit.reports._told import Told, file_of, home_of, told

SEVERITIES = {
    Severity.LOW: "minor",
    Severity.MEDIUM: "major",
    Severity.HIGH: "critical",
    Severity.CRITICAL: "blocker",
}


def render(audit: Audit) -> str:
    """A JSON list with an entry for each finding that is no pass, and a newline at its end. The same audit gives the same bytes."""
    found = told(audit)
    entries = [
        _entry(audit, each, fingerprint) for each, fingerprint in zip(found, fingerprints(audit, found), strict=True)
    ]
    return json.dumps(entries, ensure_ascii=False, indent=1) + "\n"


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
