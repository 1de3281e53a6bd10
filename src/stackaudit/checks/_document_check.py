"""The check that a document's claims make up: how it is placed, and how it is summed up."""

from collections import Counter
from collections.abc import Iterator, Sequence

from stackaudit.checks._document_facts import window
from stackaudit.checks._document_world import World
from stackaudit.model.audit import Case
from stackaudit.model.claims import Claim
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Check

TRUE, FALSE, MISLEADING, UNKNOWN, OPEN = "true", "false", "misleading", "unknown", "that nobody can check"


def asked_by(manifest: Manifest) -> str | None:
    """Where a document is verified."""
    return None if manifest.claims else "no document is verified"


def summarize(case: Case, findings: Sequence[Finding]) -> str:
    """How many claims there are, what became of them, and when the document can have been written."""
    counts = Counter(word for _, word in outcomes(case, findings))
    told = [f"{counts[word]} {word}" for word in (TRUE, FALSE, MISLEADING, UNKNOWN, OPEN) if counts[word]]
    total = sum(counts.values())
    bounds = window(World(case=case))
    return f"{total} claim{'s' * (total != 1)}: {', '.join(told)}{f'; {bounds}' if bounds else ''}"


def outcomes(case: Case, findings: Sequence[Finding]) -> Iterator[tuple[Claim, str]]:
    """Each claim in a word: the worst of what the rules say of it; one that no rule speaks of can't be checked.

    What is true and breaks a rule of low severity besides, such as the latest of an old series, is misleading.
    """
    found: dict[str, list[Finding]] = {}
    for each in findings:
        found.setdefault(each.subject, []).append(each)
    for claim in case.manifest.claims:
        yield claim, _word(found.get(claim.text, []))


def _word(findings: Sequence[Finding]) -> str:
    failed = [each.severity for each in findings if each.outcome is Outcome.FAIL]
    seen = {each.outcome for each in findings}
    if any(each is not Severity.LOW for each in failed):
        return FALSE
    if Outcome.UNKNOWN in seen:
        return UNKNOWN
    if failed:
        return MISLEADING
    return TRUE if Outcome.PASS in seen else OPEN


CHECK = Check(
    id="document", code="DO", title="The document's claims", order=100, asked_by=asked_by, summarize=summarize
)
