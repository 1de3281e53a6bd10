"""Looks for known vulnerabilities by asking the sources of advisories itself, where one of them is a service; no pip-audit."""

from stackaudit.model.facts import AdvisoryCopy, Audited, Distribution, InterpreterFact
from stackaudit.model.parts import Probe
from stackaudit.probes.native import collect, is_near

PROBE = Probe(
    name="native_online",
    title="vulnerabilities",
    reads=(InterpreterFact, Distribution),
    yields=(Audited, AdvisoryCopy),
    collect=collect,
    child=True,
    serves=lambda manifest: manifest.native and not is_near(manifest),
)
