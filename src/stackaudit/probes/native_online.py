"""Looks for known vulnerabilities by asking the sources of advisories itself, where one of them is a service; no pip-audit."""

from collections.abc import Sequence

from stackaudit.model.facts.advised import AdvisoryCopy, Audited
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Look
from stackaudit.probes import native


def collect(visit: Visit) -> Sequence[Look]:
    """What the sources of advisories say."""
    return native.collect(visit)


PROBE = Probe(
    name="native_online",
    title="vulnerabilities",
    reads=(InterpreterFact, Distribution),
    yields=(Audited, AdvisoryCopy),
    collect=collect,
    child=True,
    serves=lambda manifest: manifest.native and not native.is_near(manifest),
)
