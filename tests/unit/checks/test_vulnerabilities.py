"""Each advisory of each package is a finding, and what was not audited is never counted as audited."""

from dataclasses import replace
from datetime import UTC, date, datetime

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.audit import apply
from stackaudit.checks.releases import on_index as on_index_rule
from stackaudit.checks.vulnerabilities import asked_by, not_vulnerable, summarize
from stackaudit.model.audit import Case
from stackaudit.model.facts import Advisory, Audited, Distribution, Fact, Release
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.manifest import Interpreter, Manifest, Requirement, Setting
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Evidence, Look, Snapshot, Unseen

HERE = Place(path="requirements.txt", line=3)
HIGH = Advisory(
    id="PYSEC-2099-1",
    aliases=("CVE-2099-0001", "GHSA-oak1-oak2-oak3"),
    summary="Visitors can read any file",
    fixed_in=("1.9.3", "2.1.0", "3.0"),
    severity=Severity.CRITICAL,
)
UNSCORED = replace(HIGH, id="PYSEC-2099-7", aliases=(), severity=None, fixed_in=())


def audited(name: str, version: str, *advisories: Advisory) -> Audited:
    return Audited(name=canonicalize_name(name), version=version, service="OSV", advisories=advisories)


def installed(name: str, *requires: str, provides: tuple[str, ...] = ()) -> Distribution:
    return Distribution(name=canonicalize_name(name), version="1.0", requires=requires, provides=provides)


def declared(name: str, pin: str | None = None) -> Requirement:
    specifier = SpecifierSet(f"=={pin}" if pin else "")
    return Requirement(name=canonicalize_name(name), specifier=specifier, pin=Version(pin) if pin else None, where=HERE)


def unseen(subject: str, *, knowable: bool = True) -> Unseen:
    return Unseen(subject=subject, yields=("Audited",), cause="no answer", remedy="again", knowable=knowable)


def case(facts: list[Fact], blind: tuple[Unseen, ...] = (), *requirements: Requirement) -> Case:
    looks = [Look(probe="pip_audit", asked="", evidence=Evidence(tool="t"), facts=tuple(facts), yields=("Audited",))]
    looks += [
        Look(probe="p", asked="", evidence=Evidence(tool="t"), unseen=each, yields=("Audited",)) for each in blind
    ]
    environment = any(isinstance(each, Distribution) for each in facts)
    manifest = Manifest(
        requirements=requirements, interpreter=Interpreter(path="python", where=HERE) if environment else None
    )
    snapshot = Snapshot(taken_at=datetime(2099, 1, 1, tzinfo=UTC), host="h", looks=tuple(looks))
    return Case(manifest=manifest, snapshot=snapshot, matrix=None, today=date(2099, 1, 1))


def judged(given: Case) -> list[Finding]:
    return apply(not_vulnerable, given)


def test_an_advisory_becomes_one_finding_with_all_that_is_known() -> None:
    (finding,) = judged(case([audited("oakpress", "2.0", HIGH)], (), declared("oakpress", "2.0")))
    assert (finding.outcome, finding.severity) == (Outcome.FAIL, Severity.CRITICAL)
    assert finding.subject == "oakpress==2.0"
    assert finding.where == HERE
    assert finding.aliases == ("PYSEC-2099-1", "CVE-2099-0001", "GHSA-oak1-oak2-oak3")
    assert finding.fix == "oakpress>=2.1.0"
    assert finding.source == "https://osv.dev/vulnerability/PYSEC-2099-1"
    assert finding.message == (
        "oakpress 2.0 has PYSEC-2099-1 (CVE-2099-0001, GHSA-oak1-oak2-oak3): Visitors can read any file; "
        "fixed in 1.9.3, 2.1.0, 3.0"
    )


def test_without_a_score_it_counts_as_high_and_says_so() -> None:
    (finding,) = judged(case([audited("oakpress", "2.0", UNSCORED)]))
    assert finding.severity is Severity.HIGH
    assert "no fixed version is known; no score: counted as high" in finding.message
    assert finding.fix is not None
    assert "no newer version of oakpress" in finding.fix


def test_two_advisories_of_one_package_are_two_findings_and_no_pass() -> None:
    findings = judged(case([audited("oakpress", "2.0", HIGH, UNSCORED), audited("elm", "1.0")]))
    assert [(each.subject, each.outcome) for each in findings] == [
        ("oakpress==2.0", Outcome.FAIL),
        ("oakpress==2.0", Outcome.FAIL),
        ("elm==1.0", Outcome.PASS),
    ]


def test_what_was_not_audited_hides_no_advisory_and_gets_no_pass() -> None:
    findings = judged(
        case(
            [audited("oakpress", "2.0", HIGH), audited("elm", "1.0")],
            (unseen("ash==1"), unseen("own==1", knowable=False)),
        )
    )
    assert {each.subject: each.outcome for each in findings} == {
        "oakpress==2.0": Outcome.FAIL,
        "elm==1.0": Outcome.PASS,
        "ash==1": Outcome.UNKNOWN,
        "own==1": Outcome.UNCHECKABLE,
    }


def test_a_service_that_audited_nothing_passes_nothing() -> None:
    findings = judged(case([], (unseen(""),), declared("elm", "1.0")))
    assert [each.outcome for each in findings] == [Outcome.UNKNOWN]


def test_the_shortest_path_that_pulls_a_package_in_is_told() -> None:
    given = case(
        [
            audited("future", "1.0", HIGH),
            audited("media", "1.0", HIGH),
            installed("app", "zoo", "media"),
            installed("zoo", "media", "broken requirement !!"),
            installed("media", 'future>=0.9; python_version > "3"', 'elm; extra == "x"', provides=("x",)),
            installed("future"),
            installed("elm"),
        ],
        (),
        declared("app"),
    )
    by_subject = {each.subject: each for each in judged(given)}
    assert by_subject["future==1.0"].via == ("app", "media")
    assert by_subject["future==1.0"].where == HERE, "where the package is declared that pulls it in"
    assert by_subject["media==1.0"].via == ("app",)


def test_a_direct_requirement_is_pulled_in_by_nobody() -> None:
    given = case([audited("media", "1.0", HIGH), installed("app", "media"), installed("media")], (), declared("media"))
    assert judged(given)[0].via == ()


def test_with_nothing_declared_what_nobody_requires_is_direct() -> None:
    given = case([audited("media", "1.0", HIGH), installed("app", "media"), installed("media")])
    assert judged(given)[0].via == ("app",)


def test_a_cycle_of_requirements_ends() -> None:
    given = case(
        [audited("c", "1.0", HIGH), installed("a", "b"), installed("b", "a"), installed("c")], (), declared("a")
    )
    assert judged(given)[0].via == ()


def test_the_summary_says_how_many_of_how_many() -> None:
    given = case(
        [audited("oakpress", "2.0", HIGH, UNSCORED), audited("elm", "1.0")],
        (unseen("ash==1"), unseen("own==1", knowable=False)),
    )
    assert summarize(given, judged(given)) == (
        "2 of 4 packages audited, 1 could not be, 1 uncheckable, 2 known vulnerabilities (1 without score), by OSV"
    )


def test_the_summary_of_a_clean_audit_names_who_said_so() -> None:
    given = case([audited("elm", "1.0")])
    assert summarize(given, judged(given)) == "1 of 1 package audited, no known vulnerabilities, by OSV"


def test_the_summary_of_a_blind_look_claims_nothing() -> None:
    given = case([], (unseen(""),), declared("elm", "1.0"), declared("oak", "1.0"))
    assert summarize(given, judged(given)) == "0 of 2 packages audited"


def on_index(name: str, *, known: bool) -> Release:
    return Release(name=canonicalize_name(name), version="1.0", known=known, exists=known)


def test_what_neither_the_source_nor_the_index_knows_is_no_pass() -> None:
    given = case(
        [audited("elm", "1.0"), audited("own", "1.0"), on_index("elm", known=True), on_index("own", known=False)]
    )
    assert {each.subject: each.outcome for each in judged(given)} == {
        "elm==1.0": Outcome.PASS,
        "own==1.0": Outcome.UNCHECKABLE,
    }
    assert summarize(given, judged(given)) == (
        "1 of 2 packages audited, 1 uncheckable, no known vulnerabilities, by OSV"
    )


def test_what_the_index_does_not_know_is_told_once_with_what_the_releases_say() -> None:
    given = case([audited("own", "1.0"), on_index("own", known=False)])
    (mine,), (theirs,) = judged(given), on_index_rule.judge(on_index_rule, given)
    assert mine.cause == theirs.cause is not None


def test_an_advisory_of_a_package_that_left_the_index_is_still_told() -> None:
    given = case([audited("own", "1.0", HIGH), on_index("own", known=False)])
    assert [each.outcome for each in judged(given)] == [Outcome.FAIL]


def test_where_the_index_was_not_asked_the_source_is_believed() -> None:
    assert [each.outcome for each in judged(case([audited("own", "1.0")]))] == [Outcome.PASS]


def test_a_package_whose_answer_is_in_doubt_is_not_counted_as_audited() -> None:
    given = case([audited("elm", "1.0"), audited("ash", "1")], (unseen("ash==1"),))
    assert summarize(given, judged(given)).startswith("1 of 2 packages audited, 1 could not be")


def test_it_is_skipped_with_a_reason_where_nothing_can_be_asked() -> None:
    offline = Setting(name="offline", value=True, where=HERE)
    assert asked_by(Manifest()) == "there is nothing to audit: no environment and no pins"
    assert "offline" in (asked_by(Manifest(requirements=(declared("elm", "1.0"),), settings=(offline,))) or "")
    assert asked_by(Manifest(requirements=(declared("elm", "1.0"),))) is None
