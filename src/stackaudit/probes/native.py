"""Looks for known vulnerabilities in this process, over the index of a local copy of advisories; no pip-audit and no network."""

from collections.abc import Sequence

from stackaudit.advisories.sources import Kind, chosen
from stackaudit.model.facts.advised import AdvisoryCopy, Audited
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Look
from stackaudit.probes.pip_audit import audited


def collect(visit: Visit) -> Sequence[Look]:
    """What the sources of advisories say."""
    from stackaudit.advisories.native import consult

    return audited(visit, consult, "stackaudit")


def is_near(manifest: Manifest) -> bool:
    """Whether a local copy is the only source: then no socket is opened, and no child needed that can be killed."""
    return all(each.kind is Kind.LOCAL for each in chosen(manifest))


PROBE = Probe(
    name="native",
    title="vulnerabilities",
    reads=(InterpreterFact, Distribution),
    yields=(Audited, AdvisoryCopy),
    collect=collect,
    serves=lambda manifest: manifest.native and is_near(manifest),
)
