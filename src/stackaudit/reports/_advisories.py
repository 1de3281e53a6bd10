"""What the services said of each advisory, to be found by what a finding names."""

from collections.abc import Mapping

from stackaudit.model.audit import Audit
from stackaudit.model.facts.advised import Advisory, Answered
from stackaudit.model.findings import Finding


def advisories(audit: Audit) -> Mapping[tuple[str, str], Advisory]:
    """Each advisory by the subject that it is about and its own id."""
    return {(fact.subject, each.id): each for fact in audit.case.facts(Answered) for each in fact.advisories}


def said_of(known: Mapping[tuple[str, str], Advisory], finding: Finding) -> Advisory | None:
    """The advisory that `finding` tells of, to the letter; None where no service spoke of it (a server's, by the matrix)."""
    return known.get((finding.subject, finding.aliases[0])) if finding.aliases else None
