"""The check that a document's claims make up: how it is placed, and how it is summed up."""

from collections import Counter
from collections.abc import Sequence

from stackaudit.checks._document_facts import window
from stackaudit.checks._document_world import World
from stackaudit.model.audit import Case
from stackaudit.model.claims import Standing, standings
from stackaudit.model.facts.published import History
from stackaudit.model.findings import Finding
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Check


def asked_by(manifest: Manifest) -> str | None:
    """Where a document is verified."""
    return None if manifest.claims else "no document is verified"


def summarize(case: Case, findings: Sequence[Finding]) -> str:
    """How many claims there are, what became of them, and when the document can have been written."""
    counts = Counter(standing for _, standing, _ in standings(case.manifest.claims, findings))
    told = [f"{counts[standing]} {standing}" for standing in Standing if counts[standing]]
    total = sum(counts.values())
    world = World(case=case)
    bounds = window(world)
    copied = [each.name for each in world.pins if world.by_matrix(each.name, each.version, History)]
    copy = (
        f"; the index was not seen: {', '.join(copied)} by its copy in the matrix, as of {_day(case)}" if copied else ""
    )
    return f"{total} claim{'s' * (total != 1)}: {', '.join(told)}{f'; {bounds}' if bounds else ''}{copy}"


def _day(case: Case) -> str:
    return (
        str(case.matrix.published_at.date())
        if case.matrix is not None and case.matrix.published_at is not None
        else "-"
    )


CHECK = Check(
    id="document", code="DO", title="The document's claims", order=100, asked_by=asked_by, summarize=summarize
)
