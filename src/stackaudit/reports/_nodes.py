"""Which subjects of findings are workers: their names are another thing with each deployment, and so is how many there are."""

from stackaudit.model.audit import Case
from stackaudit.model.facts.celery_settings import APPLICATION, CelerySettings
from stackaudit.model.facts.fleet import VersionSet
from stackaudit.model.facts.workers import Worker


def nodes_of(case: Case) -> frozenset[str]:
    """The names of all workers that were seen, or should have been."""
    named = {each.node for each in case.facts(Worker)}
    named |= {each.node for each in case.facts(CelerySettings) if each.origin != APPLICATION}
    return frozenset(named.union(*(each.nodes for each in case.facts(VersionSet))))
