"""What a fresh install would bring besides is judged like what is there, and where nobody could look nothing passes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from packaging.utils import canonicalize_name

from stackaudit.audit import apply
from stackaudit.checks._audited import summarize
from stackaudit.checks.unaudited import closure_told
from stackaudit.checks.vulnerabilities import brings_none, fresh
from stackaudit.model.audit import Case
from stackaudit.model.facts.advised import Advisory, AdvisoryCopy, FreshAudited
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.published import Resolution
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.snapshot import Evidence, Look, Unseen
from unit.checks.test_vulnerabilities import HERE, HIGH, UNSCORED, audited, case, declared

ELM, OAK, VINE = map(canonicalize_name, ("elm", "oakpress", "vine"))
GIVEN = Resolution(
    files=("requirements.txt",),
    python="3.11.7",
    packages=((ELM, "1.0"), (OAK, "2.0"), (VINE, "5.1")),
    required_by=((OAK, (VINE,)), (VINE, (ELM,))),
)


def brought(name: str, version: str, *advisories: Advisory) -> FreshAudited:
    return FreshAudited(name=canonicalize_name(name), version=version, service="OSV", advisories=advisories)


def looked(*facts: Fact, given: Resolution = GIVEN, blind: Sequence[Unseen] = ()) -> Case:
    """An audit of `elm==1.0` alone, with what was looked at of a fresh install."""
    base = case([audited("elm", "1.0"), given], (), declared("elm", "1.0"))
    kind, evidence = (FreshAudited.__name__,), Evidence(tool="t")
    looks = [Look(probe="fresh_audit", asked="", evidence=evidence, facts=facts, yields=kind)]
    looks += [Look(probe="fresh_audit", asked="", evidence=evidence, unseen=each, yields=kind) for each in blind]
    return replace(base, snapshot=replace(base.snapshot, looks=(*base.snapshot.looks, *looks)))


def judged(given: Case) -> list[Finding]:
    return apply(brings_none, given)


def unseen(subject: str, *, knowable: bool = True) -> Unseen:
    return Unseen(subject=subject, yields=("FreshAudited",), cause="no answer", remedy="again", knowable=knowable)


def test_what_a_fresh_install_brings_is_a_finding_with_the_path_that_pulls_it_in() -> None:
    oak, vine = judged(looked(brought("oakpress", "2.0", HIGH), brought("vine", "5.1")))
    assert (oak.outcome, oak.severity, oak.subject) == (Outcome.FAIL, Severity.CRITICAL, "oakpress==2.0")
    assert (oak.via, oak.where) == (("elm", "vine"), HERE)
    assert oak.aliases == ("PYSEC-2099-1", "CVE-2099-0001", "GHSA-oak1-oak2-oak3")
    assert oak.message.startswith(
        "a fresh install of requirements.txt brings oakpress 2.0, which has PYSEC-2099-1 (CVE-2099-0001, "
    )
    assert (vine.outcome, vine.subject) == (Outcome.PASS, "vine==5.1")


def test_an_install_of_an_earlier_day_is_told_as_that() -> None:
    then = replace(GIVEN, until=datetime(2098, 5, 1, tzinfo=UTC), required_by=())
    (oak,) = judged(looked(brought("oakpress", "2.0", UNSCORED), given=then))
    assert "a fresh install of requirements.txt brought on 2098-05-01 oakpress 2.0" in oak.message
    assert (oak.severity, oak.via, oak.where) == (Severity.HIGH, (), HERE), (
        "who requires whom the installer did not say"
    )


def test_what_could_not_be_looked_at_is_no_pass() -> None:
    (whole,) = judged(looked(blind=[unseen("")]))
    assert (whole.outcome, whole.severity, whole.cause) == (Outcome.UNKNOWN, Severity.HIGH, "no answer")
    told = judged(looked(brought("vine", "5.1"), blind=[unseen("oakpress==2.0", knowable=False)]))
    assert {each.subject: each.outcome for each in told} == {
        "oakpress==2.0": Outcome.UNCHECKABLE,
        "vine==5.1": Outcome.PASS,
    }


def test_either_a_fresh_install_is_audited_or_it_is_told_that_it_was_not() -> None:
    given = looked(brought("vine", "5.1"))
    assert judged(given)
    assert apply(closure_told, given) == []
    blind = looked(blind=[unseen("")])
    assert [each.outcome for each in judged(blind)] == [Outcome.UNKNOWN]
    assert apply(closure_told, blind) == [], "it is told already"
    nobody = case([audited("elm", "1.0")], (), declared("elm", "1.0"))
    assert judged(nobody) == []
    assert [each.outcome for each in apply(closure_told, nobody)] == [Outcome.UNCHECKABLE]


def test_the_summary_counts_it_beside_what_is_audited() -> None:
    def told(given: Case) -> str:
        return summarize(given, judged(given)).partition("by OSV, ")[2]

    assert told(looked(brought("oakpress", "2.0", HIGH, UNSCORED), brought("vine", "5.1"))) == (
        "of a fresh install 2 of 2 more packages audited, 2 known vulnerabilities"
    )
    partly = looked(brought("vine", "5.1"), blind=[unseen("oakpress==2.0")])
    assert told(partly) == "of a fresh install 1 of 2 more packages audited, no known vulnerabilities"
    assert told(looked()) == "a fresh install brings nothing else"
    assert told(looked(blind=[unseen("")])) == "what else a fresh install brings was not audited"


def test_a_copy_that_answered_for_both_is_told_once() -> None:
    copy = AdvisoryCopy(name="local mirror", as_of="2098-01-01", sha256="s")
    assert len([each for each in apply(fresh, case([copy, copy])) if each.subject == "local mirror"]) == 1
