"""What a fresh install brings besides, asked of the real pip-audit and of the native engine over an advisory service on loopback."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
from packaging.utils import canonicalize_name

from advised import ADVISORIES, HERE, environment_probe, requirement
from osv_service import OsvService
from stackaudit import sockets
from stackaudit.audit import apply, gather
from stackaudit.checks.vulnerabilities import CHECK, brings_none
from stackaudit.model.audit import Case
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.facts.published import Resolution
from stackaudit.model.findings import Finding, Outcome
from stackaudit.model.manifest import Interpreter, Manifest, Requirement, Setting
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.probes.fresh_audit import PROBE

pytestmark = pytest.mark.usefixtures("own_cache")

ENGINES = ("reference", "native")
AUDITED = {"reference": "pip-audit", "native": "stackaudit"}
GIVEN = (("elm", "1.0"), ("oakpress", "2.0.1"), ("tinfoil-hat", "3.3"))


def installer(*packages: tuple[str, str], unseen: Unseen | None = None) -> Probe:
    """Stands where an installer is asked: what a fresh install gives is `packages`."""
    fact = Resolution(
        files=("requirements.txt",),
        python="3.12.1",
        packages=tuple((canonicalize_name(name), version) for name, version in packages),
    )

    def collect(_visit: Visit) -> list[Look]:
        facts = (fact,) if packages else ()
        return [Look(probe="resolver", asked="", evidence=Evidence(tool="uv"), facts=facts, unseen=unseen)]

    return Probe(name="resolver", title="fresh install", reads=(), yields=(Resolution,), collect=collect)


def declared(advisories: str, *requirements: Requirement, engine: str = "reference", private: str = "") -> Manifest:
    settings = (
        Setting(name="advisories", value=advisories, where=HERE),
        Setting(name="engine", value=engine, where=HERE),
        Setting(name="private", value=(private,) if private else (), where=HERE),
    )
    return Manifest(requirements=requirements, settings=settings)


def audit(
    manifest: Manifest, resolver: Probe, environment: Sequence[Distribution] = ()
) -> tuple[list[Finding], tuple[Look, ...]]:
    """What the rule says, and the looks of the probe."""
    probes = [PROBE, resolver, *([environment_probe(environment)] if environment else [])]
    snapshot = gather(manifest, probes, Deadline(60), datetime.now(UTC))
    case = Case(manifest=manifest, snapshot=snapshot, matrix=None, today=date(2099, 1, 1))
    return apply(brings_none, case), tuple(each for each in snapshot.looks if each.probe == PROBE.name)


def outcomes(findings: Sequence[Finding]) -> dict[str, Outcome]:
    return {each.subject: each.outcome for each in findings}


@pytest.mark.parametrize("engine", ENGINES)
def test_what_is_not_audited_already_is_asked_about_once_and_nothing_else(engine: str, service: OsvService) -> None:
    manifest = declared(service.url, requirement("elm==1.0"), engine=engine)
    findings, (look,) = audit(manifest, installer(*GIVEN))
    assert outcomes(findings) == {"oakpress==2.0.1": Outcome.FAIL, "tinfoil-hat==3.3": Outcome.PASS}
    assert look.evidence.tool == AUDITED[engine]
    assert service.requests["querybatch"] == 1
    assert "2 of 2 packages audited" in look.asked


@pytest.mark.parametrize("engine", ENGINES)
def test_where_nothing_new_comes_nobody_is_asked(engine: str, service: OsvService) -> None:
    manifest = declared(service.url, *(requirement(f"{name}=={version}") for name, version in GIVEN), engine=engine)
    findings, (look,) = audit(manifest, installer(*GIVEN))
    assert (findings, service.requests.total()) == ([], 0)
    assert look.asked == "a fresh install of requirements.txt brings nothing that is not audited already"


def test_of_an_environment_the_other_versions_are_asked_about(service: OsvService) -> None:
    installed = [
        Distribution(name=canonicalize_name("elm"), version="1.0"),
        Distribution(name=canonicalize_name("oakpress"), version="2.1.0"),
        Distribution(name=canonicalize_name("tinfoil-hat"), version="3.3.0"),
    ]
    base = declared(service.url, requirement("elm==1.0"), requirement("oakpress"))
    manifest = Manifest(
        requirements=base.requirements,
        settings=base.settings,
        interpreter=Interpreter(path="python", where=HERE),
    )
    findings, _ = audit(manifest, installer(*GIVEN), installed)
    assert outcomes(findings) == {"oakpress==2.0.1": Outcome.FAIL}, "3.3 and 3.3.0 are one version"


def test_a_private_package_is_told_and_not_asked_about(service: OsvService) -> None:
    manifest = declared(service.url, requirement("elm==1.0"), private="oak*")
    findings, _ = audit(manifest, installer(*GIVEN))
    assert outcomes(findings) == {"oakpress==2.0.1": Outcome.UNCHECKABLE, "tinfoil-hat==3.3": Outcome.PASS}


def test_a_local_copy_answers_and_is_told_with_its_age() -> None:
    findings, (look,) = audit(declared(str(ADVISORIES), requirement("elm==1.0")), installer(*GIVEN))
    assert outcomes(findings)["oakpress==2.0.1"] is Outcome.FAIL
    assert "AdvisoryCopy" in {type(each).__name__ for each in look.facts}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_service_that_is_dead_is_unknown(engine: str) -> None:
    with OsvService(ADVISORIES, fault="500") as service:
        findings, _ = audit(declared(service.url, requirement("elm==1.0"), engine=engine), installer(*GIVEN))
    (finding,) = findings
    assert (finding.outcome, finding.subject) == (Outcome.UNKNOWN, "")
    assert finding.message.startswith("the advisory service audited none of the packages: ")


@pytest.mark.parametrize(("knowable", "outcome"), [(True, Outcome.UNKNOWN), (False, Outcome.UNCHECKABLE)])
def test_what_blinds_the_installer_blinds_this_with_the_same_cause(
    knowable: bool,  # noqa: FBT001 - a case's condition
    outcome: Outcome,
    service: OsvService,
) -> None:
    dark = Unseen(subject="", yields=("Resolution",), cause="the index is dead", remedy="again", knowable=knowable)
    (finding,), _ = audit(declared(service.url, requirement("elm==1.0")), installer(unseen=dark))
    assert (finding.outcome, finding.cause) == (outcome, "the index is dead")
    assert service.requests.total() == 0


def test_it_has_no_installer_asked_but_follows_where_one_is() -> None:
    manifest = declared("osv", requirement("elm==1.0"))
    alone = {each.name for each in sockets.needed([CHECK], manifest)}
    assert alone == {"pip_audit"}
    followed = {each.name for each in sockets.needed([CHECK], manifest, [Resolution])}
    assert followed == {"pip_audit", "resolver", "fresh_audit"}
