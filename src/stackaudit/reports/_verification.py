"""What became of each claim of a document, in Markdown: every line from the audit."""

from collections.abc import Iterator, Sequence

from stackaudit.model.audit import Audit
from stackaudit.model.claims import ClaimKind, Standing, standings
from stackaudit.model.findings import Finding, Outcome
from stackaudit.model.kinds import title_of
from stackaudit.reports._escape import inline

_MARKS = {
    Standing.TRUE: "✅ ",
    Standing.FALSE: "❌ ",
    Standing.MISLEADING: "⚠️ ",
    Standing.UNKNOWN: "❔ ",
    Standing.OPEN: "",
}
_ORDER = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.UNCHECKABLE, Outcome.PASS)


def render(audit: Audit) -> str:
    """The document. The same audit gives the same bytes."""
    return "\n".join(_lines(audit)) + "\n"


def _lines(audit: Audit) -> Iterator[str]:
    manifest = audit.case.manifest
    findings = [finding for judgment in audit.judgments for finding in judgment.findings]
    yield f"# {inline(title_of(audit))}"
    yield ""
    yield f"**Verdict: {audit.verdict}** - {inline('; '.join(each.summary for each in audit.judgments))}."
    yield ""
    yield f"Held against the world on {audit.started_at:%Y-%m-%d %H:%M} UTC by stackaudit {inline(audit.tool_version)}."
    yield ""
    yield "| Line | Claim | Standing | What is so | Rules |"
    yield "|---|---|---|---|---|"
    # Praise is counted, not told clause by clause.
    praise = [each for each in manifest.claims if each.kind is ClaimKind.PROSE][1:]
    claims = [each for each in manifest.claims if each not in praise]
    for claim, standing, about in standings(claims, findings):
        rules = ", ".join(dict.fromkeys(each.rule for each in about))
        cells = (str(claim.where.line), claim.text, f"{_MARKS[standing]}{standing}", _told(about), rules)
        yield f"| {' | '.join(inline(each) for each in cells)} |"
    told = {claim.text for claim in claims}
    rest = [each for each in findings if each.subject not in told and each.outcome is not Outcome.PASS]
    if rest:
        yield ""
        yield "## What could not be seen"
        yield ""
        yield from dict.fromkeys(f"- {inline(each.subject or 'all')}: {inline(each.message)}" for each in rest)


def _told(findings: Sequence[Finding]) -> str:
    """What the rules say, the worst alone where they differ: a claim is as true as its worst part."""
    worst = next((each for each in _ORDER if any(finding.outcome is each for finding in findings)), None)
    return "; ".join(dict.fromkeys(each.message for each in findings if each.outcome is worst)) or "-"
