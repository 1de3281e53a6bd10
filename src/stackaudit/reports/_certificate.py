"""The document of what was proved of the rows of a matrix, in Markdown: every line from the audit."""

from collections.abc import Iterator

from stackaudit.model.audit import Audit, Judgment
from stackaudit.model.findings import Outcome, Verdict
from stackaudit.reports._escape import inline
from stackaudit.reports._marks import mark_of


def render(audit: Audit) -> str:
    """The document. The same audit gives the same bytes."""
    return "\n".join(_lines(audit)) + "\n"


def _lines(audit: Audit) -> Iterator[str]:
    matrix = audit.case.matrix
    passed = sum(1 for each in audit.judgments if each.verdict is Verdict.PASS)
    yield f"# What was proved of {inline(f'{matrix.name} {matrix.version}' if matrix else 'no matrix')}"
    yield ""
    yield f"**Verdict: {audit.verdict}** - {passed} of {len(audit.judgments)} rows passed."
    yield ""
    yield f"Tried on {audit.started_at:%Y-%m-%d %H:%M} UTC by stackaudit {inline(audit.tool_version)}."
    yield ""
    yield "| Cell | Verdict | Rung | What was found | Asked of |"
    yield "|---|---|---|---|---|"
    tools = {each.id: f"{each.evidence.tool} {each.evidence.tool_version or ''}" for each in audit.case.snapshot.looks}
    for judgment in audit.judgments:
        asked = ", ".join(dict.fromkeys(tools.get(each, each) for each in judgment.evidence))
        cells = (judgment.check, mark_of(judgment), judgment.rung or "-", judgment.summary, asked)
        yield f"| {' | '.join(inline(each) for each in cells)} |"
    yield ""
    yield "## Findings"
    yield ""
    yield from [line for each in audit.judgments for line in _told(each)] or ["None."]


def _told(judgment: Judgment) -> Iterator[str]:
    for each in judgment.findings:
        if each.outcome is not Outcome.PASS:
            fix = f". Fix: {each.fix}" if each.fix else ""
            yield f"- **{each.rule}** {inline(judgment.check)} ({each.outcome}): {inline(each.message + fix)}"
