"""Looks for known vulnerabilities by asking the sources of advisories itself, local copies and services alike; no pip-audit.

It needs no child that can be killed: what talks to a service waits in threads that hold no exit back (`outside.http`).
"""

from collections.abc import Sequence

from stackaudit.model.facts.advised import AdvisoryCopy, Audited
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Look
from stackaudit.probes.pip_audit import audited


def collect(visit: Visit) -> Sequence[Look]:
    """What the sources of advisories say."""
    from stackaudit.advisories.native import consult

    return audited(visit, consult, "stackaudit")


PROBE = Probe(
    name="native",
    title="vulnerabilities",
    reads=(InterpreterFact, Distribution),
    yields=(Audited, AdvisoryCopy),
    collect=collect,
    serves=lambda manifest: manifest.native,
)
