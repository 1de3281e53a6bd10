"""Each advisory of each package is a finding, and what was not audited is never counted as audited."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.audit import apply
from stackaudit.checks._audited import summarize
from stackaudit.checks._off_index import NOT_ON_INDEX, OTHER_INDEX
from stackaudit.checks.releases import on_index as on_index_rule
from stackaudit.checks.vulnerabilities import asked_by, fresh, not_vulnerable
from stackaudit.model.audit import Case
from stackaudit.model.facts.advised import Advisory, AdvisoryCopy, Audited
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.published import Release
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
    score=9.8,
    vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
)
WORDED = replace(HIGH, score=None, vector=None)
UNSCORED = replace(HIGH, id="PYSEC-2099-7", aliases=(), severity=None, score=None, vector=None, fixed_in=())


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
        "oakpress 2.0, a direct dependency, has PYSEC-2099-1 (CVE-2099-0001, GHSA-oak1-oak2-oak3): "
        "Visitors can read any file; fixed in 1.9.3, 2.1.0, 3.0; CVSS 3.1 score 9.8"
    )


def test_of_two_pins_of_one_package_each_is_told_where_it_stands() -> None:
    other = replace(declared("oakpress", "2.0.5"), where=Place(path="web/requirements.txt", line=7))
    facts: list[Fact] = [audited("oakpress", version, HIGH) for version in ("2.0", "2.0.5")]
    found = judged(case(facts, (), declared("oakpress", "2.0"), other))
    assert {each.subject: each.where for each in found} == {"oakpress==2.0": HERE, "oakpress==2.0.5": other.where}


def test_without_a_score_it_counts_as_high_and_says_so() -> None:
    (finding,) = judged(case([audited("oakpress", "2.0", UNSCORED)]))
    assert finding.severity is Severity.HIGH
    assert "no fixed version is known; no score: counted as high" in finding.message
    assert finding.fix is not None
    assert "no newer version of oakpress" in finding.fix


def test_the_word_of_a_database_is_a_severity_and_no_score() -> None:
    (finding,) = judged(case([audited("oakpress", "2.0", WORDED)]))
    assert finding.severity is Severity.CRITICAL
    assert "score" not in finding.message


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
    assert by_subject["media==1.0"].message.startswith("media 1.0, a transitive dependency, has")


def test_a_direct_requirement_is_pulled_in_by_nobody() -> None:
    given = case([audited("media", "1.0", HIGH), installed("app", "media"), installed("media")], (), declared("media"))
    assert judged(given)[0].via == ()
    assert judged(given)[0].message.startswith("media 1.0, a direct dependency, has")


def test_with_files_alone_a_lock_says_what_is_direct() -> None:
    locked = replace(declared("media", "1.0"), direct=False)
    lock = case([audited("media", "1.0", HIGH)], (), locked)
    assert judged(lock)[0].message.startswith("media 1.0, a transitive dependency, has")
    both = case([audited("media", "1.0", HIGH)], (), locked, declared("media"))
    assert judged(both)[0].message.startswith("media 1.0, a direct dependency, has")


def test_with_files_alone_a_lock_says_who_pulls_a_package_in() -> None:
    app = replace(declared("app", "1.0"), requires=('old ; python_version < "3"', "zoo"))
    zoo = replace(declared("zoo", "1.0"), direct=False, requires=("app", "media"))
    media, old = (replace(declared(name, "1.0"), direct=False) for name in ("media", "old"))
    lock = case([audited("media", "1.0", HIGH), audited("old", "1.0", HIGH)], (), app, zoo, media, old)
    first, second = judged(lock)
    assert (first.via, first.where) == (("app", "zoo"), HERE)
    assert second.via == ()


def test_with_nothing_declared_what_nobody_requires_is_direct() -> None:
    given = case([audited("media", "1.0", HIGH), installed("app", "media"), installed("media")])
    assert judged(given)[0].via == ("app",)


def test_a_cycle_of_requirements_ends() -> None:
    given = case(
        [audited("c", "1.0", HIGH), installed("a", "b"), installed("b", "a"), installed("c")], (), declared("a")
    )
    assert judged(given)[0].via == ()


def test_what_is_only_required_in_a_circle_is_neither_direct_nor_transitive() -> None:
    given = case([audited("c", "1.0", HIGH), installed("a"), installed("c", "d"), installed("d", "c")])
    assert judged(given)[0].message.startswith("c 1.0 has")


def test_the_summary_says_how_many_of_how_many() -> None:
    given = case(
        [audited("oakpress", "2.0", HIGH, UNSCORED), audited("elm", "1.0")],
        (unseen("ash==1"), unseen("own==1", knowable=False)),
    )
    assert summarize(given, judged(given)) == (
        "2 of 4 packages audited, 1 could not be because no answer (ash==1), 1 skipped because no answer (own==1), "
        "2 known vulnerabilities (1 without score), by OSV"
    )


def test_the_summary_names_three_packages_of_a_cause_and_counts_the_others() -> None:
    blind = tuple(unseen(f"{name}==1", knowable=False) for name in ("a", "b", "c", "d", "e"))
    given = case([audited("elm", "1.0")], blind)
    assert "5 skipped because no answer (a==1, b==1, c==1 and 2 more)" in summarize(given, judged(given))


def test_the_summary_of_a_clean_audit_names_who_said_so() -> None:
    given = case([audited("elm", "1.0")])
    assert summarize(given, judged(given)) == "1 of 1 package audited, no known vulnerabilities, by OSV"


def test_the_summary_of_a_blind_look_claims_nothing() -> None:
    given = case([], (unseen(""),), declared("elm", "1.0"), declared("oak", "1.0"))
    assert summarize(given, judged(given)) == "0 of 2 packages audited"


def test_what_a_blind_look_left_out_counts_beside_what_is_not_pinned() -> None:
    given = case([], (unseen(""), unseen("loose", knowable=False)), declared("elm", "1.0"))
    assert summarize(given, judged(given)).startswith("0 of 2 packages audited, 1 skipped")


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
        f"1 of 2 packages audited, 1 skipped because {NOT_ON_INDEX} (own==1.0), no known vulnerabilities, by OSV"
    )


def test_what_a_lock_takes_from_an_index_of_its_own_is_asked_about_and_never_clean() -> None:
    private = [replace(declared(name, "1.0"), private=True) for name in ("own", "built")]
    given = case([audited("own", "1.0"), audited("built", "1.0", HIGH), audited("elm", "1.0")], (), *private)
    assert {each.subject: each.outcome for each in judged(given)} == {
        "own==1.0": Outcome.UNCHECKABLE,
        "built==1.0": Outcome.FAIL,
        "elm==1.0": Outcome.PASS,
    }
    assert summarize(given, judged(given)).startswith(f"2 of 3 packages audited, 1 skipped because {OTHER_INDEX} (own")


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


# --- the age of a copy


def copied(as_of: str, *settings: Setting) -> Case:
    service = f"the local mirror, whose newest record is of {as_of}"
    fact = Audited(name=canonicalize_name("elm"), version="1.0", service=service, advisories=())
    copy = AdvisoryCopy(name="local mirror", as_of=as_of, sha256="0" * 64)
    look = Look(
        probe="p", asked="", evidence=Evidence(tool="t"), facts=(fact, copy), yields=("Audited", "AdvisoryCopy")
    )
    return Case(
        manifest=Manifest(settings=settings),
        snapshot=Snapshot(taken_at=datetime(2099, 1, 15, tzinfo=UTC), host="h", looks=(look,)),
        matrix=None,
        today=date(2099, 1, 15),
    )


def test_a_copy_is_fresh_for_fourteen_days_and_a_finding_after() -> None:
    assert [each.outcome for each in apply(fresh, copied("2099-01-01"))] == [Outcome.PASS]
    (finding,) = apply(fresh, copied("2098-12-31"))
    assert (finding.outcome, finding.severity) == (Outcome.FAIL, Severity.MEDIUM)
    assert finding.message == "the newest record of the local mirror is of 2098-12-31, 15 days ago: 14 are allowed"
    assert finding.fix == "`stackaudit advisories sync`"


def test_how_old_a_copy_may_be_is_a_setting() -> None:
    days = Setting(name="advisories_max_age", value=15.0, where=HERE)
    assert [each.outcome for each in apply(fresh, copied("2098-12-31", days))] == [Outcome.PASS]


@pytest.mark.parametrize("as_of", ["", "2099-01-16"])
def test_a_copy_whose_age_nobody_can_tell_is_not_fresh(as_of: str) -> None:
    assert [each.outcome for each in apply(fresh, copied(as_of))] == [Outcome.UNCHECKABLE]


def test_the_summary_says_how_old_the_copy_is() -> None:
    given = copied("2099-01-14")
    assert summarize(given, judged(given)).endswith(
        "by the local mirror, whose newest record is of 2099-01-14, 1 day old"
    )


def test_a_copy_of_a_day_to_come_has_no_age() -> None:
    told = summarize(copied("2099-03-01"), [])
    assert "2099-03-01, a day that is still to come" in told
    assert "-" not in told.partition("2099-03-01, ")[2]


def test_without_a_copy_there_is_nothing_to_be_fresh() -> None:
    look = Look(probe="p", asked="", evidence=Evidence(tool="t"), yields=("Audited", "AdvisoryCopy"))
    assert apply(fresh, replace(copied(""), snapshot=replace(copied("").snapshot, looks=(look,)))) == []
