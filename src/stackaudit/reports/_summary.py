"""The audit on one page of Markdown, for the summary of a workflow's step."""

from collections.abc import Iterator, Sequence

from stackaudit.model.audit import Audit
from stackaudit.reports._escape import inline
from stackaudit.reports._marks import mark_of, mark_of_all
from stackaudit.reports._told import Told, told
from stackaudit.reports.github import ORDER, level_of

LIMIT = 900_000
"""The most bytes: GitHub drops a summary of more than 1 MiB as a whole, and other steps of the job may write to it too."""


def summary(audit: Audit, limit: int = LIMIT) -> str:
    """The verdict, a line a check, and a line a finding, worst first, as far as `limit` bytes reach; what is left out is counted."""
    sandbox = " of a sandbox" if audit.case.manifest.sandbox else ""
    head = [
        f"## stackaudit{sandbox}: {mark_of_all(audit)}",
        "",
        "| Check | Verdict | What was found |",
        "|---|---|---|",
        *(f"| {inline(each.check)} | {mark_of(each)} | {inline(each.summary)} |" for each in audit.judgments),
        "",
    ]
    found = sorted(told(audit), key=lambda each: ORDER.index(level_of(each)))
    rows = [*_rows(found)]
    left = limit - sum(len(each.encode()) + 1 for each in head) - 400
    kept = 0
    while kept < len(rows) and (left := left - len(rows[kept].encode()) - 1) >= 0:
        kept += 1
    table = (
        ["| Level | Rule | Finding | Where | What to do |", "|---|---|---|---|---|", *rows[:kept], ""] if kept else []
    )
    more = (
        [f"{len(rows) - kept} more findings do not fit here: they are in the log of the step.", ""]
        if kept < len(rows)
        else []
    )
    return "\n".join((*head, *table, *more)) + "\n"


def _rows(found: Sequence[Told]) -> Iterator[str]:
    for each in found:
        finding = each.finding
        cells = (level_of(each), finding.rule, each.sentence, finding.where or "", finding.fix or "")
        yield f"| {' | '.join(inline(cell) for cell in cells)} |"
