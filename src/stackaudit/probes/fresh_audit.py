"""Looks for known vulnerabilities in what a fresh install of the declared files would bring besides what is audited already."""

from collections.abc import Sequence

from stackaudit.advisories.sources import chosen
from stackaudit.model.facts.advised import FreshAudited
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.facts.published import Resolution
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Evidence, Look
from stackaudit.model.versions import parse_version
from stackaudit.probes._wanted import Wanted, elsewhere, wanted_packages
from stackaudit.probes.pip_audit import Asked, answers


def collect(visit: Visit) -> Sequence[Look]:
    """What the sources of advisories say of what nobody asked them about yet, by the engine that asks about the rest."""
    fresh = next((each for each in visit.facts(Resolution) if each.packages), None)
    if fresh is None or not chosen(visit.manifest):
        return []
    tool = "stackaudit" if visit.manifest.native else "pip-audit"
    asked = Asked(probe="fresh_audit", kind=FreshAudited)
    for each in _more(visit, fresh):
        asked.add(each)
    if not asked.pins and not asked.blind:
        # Said all the same: what was looked for and is not there is not what nobody looked for.
        told = f"{fresh.subject} brings nothing that is not audited already"
        return [Look(probe="fresh_audit", asked=told, evidence=Evidence(tool="stackaudit"))]
    if visit.manifest.native:
        from stackaudit.advisories import native

        return answers(visit, asked, native.consult, tool)
    from stackaudit.advisories import consult

    return answers(visit, asked, consult.consult, tool)


def _more(visit: Visit, fresh: Resolution) -> Sequence[Wanted]:
    """The packages of `fresh` that are not among those that the sources are asked about anyway, at that version."""
    known = {(each.name, parse_version(each.version)) for each in wanted_packages(visit) if each.elsewhere is None}
    why = elsewhere(visit)
    found = [Wanted(name=name, version=version, elsewhere=why(name)) for name, version in fresh.packages]
    return [each for each in found if (each.name, parse_version(each.version)) not in known]


PROBE = Probe(
    name="fresh_audit",
    title="vulnerabilities of a fresh install",
    reads=(InterpreterFact, Distribution, Resolution),
    yields=(FreshAudited,),
    collect=collect,
    child=True,
    follows=(Resolution,),
)
