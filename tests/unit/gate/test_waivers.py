"""A waiver holds for what it names until its day, and says when it ended, ends soon, or covers nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from advised import requirement
from stackaudit import sockets
from stackaudit.gate.changes import OF_A_FRESH_INSTALL, OF_THE_WORLD
from stackaudit.gate.coverage import ADVISORIES, FRESH_ADVISORIES, NOT_NAMED
from stackaudit.gate.verdict import decide
from stackaudit.gate.waivers import OF_PRODUCTS, TERMS, waive
from stackaudit.model.audit import Judgment, Policy
from stackaudit.model.facts.advised import Advisory, Audited
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict
from stackaudit.model.manifest import Requirement
from stackaudit.model.places import Place
from stackaudit.model.waivers import Waiver
from stories import a_case, look

TODAY = a_case().today
HERE = Place(path="pyproject.toml", line=9)
BROKEN = Finding(
    rule="MX207",
    outcome=Outcome.FAIL,
    severity=Severity.HIGH,
    subject="kombu==5.6.1",
    message="it stops",
    where=Place(path="services/api/requirements.txt", line=3),
)
VULNERABLE = replace(BROKEN, rule="VU101", subject="future==1.0.0", aliases=("PYSEC-2099-1", "CVE-2099-1"))
ELSEWHERE = replace(BROKEN, rule="MX207", subject="vine==5.1.0", outcome=Outcome.PASS)


def waiver(days: int | None = 100, **words: object) -> Waiver:
    base = Waiver(
        where=HERE,
        reason="the new release waits for the vendor",
        owner="ann",
        until=None if days is None else TODAY + timedelta(days=days),
        rule="MX207",
        package=canonicalize_name("kombu"),
        root="/srv/app",
    )
    return replace(base, **words)  # type: ignore[arg-type]  # the tests name its fields


def of_advisory(days: int | None = 100, **words: object) -> Waiver:
    return waiver(days, **{"rule": None, "advisory": "cve-2099-1", "package": None, **words})


def judged(findings: list[Finding], *waivers: Waiver, fixed_in: tuple[str, ...] = ()) -> tuple[Judgment, ...]:
    advisory = Advisory(id="PYSEC-2099-1", aliases=("CVE-2099-1",), summary="", fixed_in=fixed_in)
    audited = Audited(name=canonicalize_name("future"), version="1.0.0", service="OSV", advisories=(advisory,))
    case = a_case()
    case = replace(case, snapshot=replace(case.snapshot, looks=(look("x", audited),)))
    judgment = Judgment(
        check="matrix", title="Matrix", verdict=Verdict.UNKNOWN, summary="", findings=(*findings, ELSEWHERE)
    )
    policy = Policy(waivers=waivers, folder="/srv/app")
    return decide(waive([judgment], policy, case), policy)


def told(judgments: tuple[Judgment, ...]) -> list[tuple[str, str]]:
    return [
        (each.rule, each.severity.value)
        for judgment in judgments
        if judgment.check == "waivers"
        for each in judgment.findings
        if each.outcome is Outcome.FAIL
    ]


def verdicts(judgments: tuple[Judgment, ...]) -> list[Verdict]:
    return [each.verdict for each in judgments]


def test_what_is_accepted_stays_and_does_not_gate() -> None:
    judgments = judged([BROKEN], waiver())
    (finding,) = [each for each in judgments[0].findings if each.outcome is Outcome.FAIL]
    assert finding.waiver is not None
    assert (finding.waiver.reason, finding.waiver.owner) == ("the new release waits for the vendor", "ann")
    assert finding.waiver.until == (TODAY + timedelta(days=100)).isoformat()
    assert verdicts(judgments) == [Verdict.WARN, Verdict.PASS]


def test_the_last_day_is_a_day_and_the_day_after_it_counts_again() -> None:
    assert verdicts(judged([BROKEN], waiver(0))) == [Verdict.WARN, Verdict.WARN]
    lapsed = judged([BROKEN], waiver(-1))
    assert verdicts(lapsed) == [Verdict.FAIL, Verdict.FAIL]
    assert told(lapsed) == [("AU101", "high")]


def test_a_waiver_that_ended_fails_as_hard_as_what_it_covered() -> None:
    lapsed = judged([replace(BROKEN, severity=Severity.LOW)], waiver(-1))
    assert told(lapsed) == [("AU101", "low")]
    assert verdicts(lapsed) == [Verdict.WARN, Verdict.WARN]


@pytest.mark.parametrize(("days", "expected"), [(14, [("AU104", "low")]), (15, [])])
def test_one_that_ends_within_14_days_is_told(days: int, expected: list[tuple[str, str]]) -> None:
    assert told(judged([BROKEN], waiver(days))) == expected


def test_one_that_covers_nothing_is_told() -> None:
    judgments = judged([], waiver())
    assert told(judgments) == [("AU103", "low")]
    assert verdicts(judgments) == [Verdict.PASS, Verdict.WARN]


@pytest.mark.parametrize("subject", ["", "kombu==5.6.1"])
@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.UNCHECKABLE])
def test_nothing_is_called_unused_where_its_rule_was_blind(subject: str, outcome: Outcome) -> None:
    assert told(judged([replace(BROKEN, outcome=outcome, subject=subject)], waiver())) == []


def test_a_waiver_of_what_was_not_checked_says_nothing_and_changes_no_verdict() -> None:
    judgments = judged([], waiver(rule="DC202"))
    assert verdicts(judgments) == [Verdict.PASS, Verdict.SKIPPED]
    assert judgments[-1].summary == "1 waiver: 1 of what was not checked"


CLEAN = replace(VULNERABLE, outcome=Outcome.PASS, aliases=())


def test_an_advisory_of_a_package_that_is_clean_is_not_waived_for_any_more() -> None:
    assert told(judged([CLEAN], of_advisory(package=canonicalize_name("future")))) == [("AU103", "low")]
    assert told(judged([CLEAN], of_advisory(advisory="PYSEC-2099-1"))) == [("AU103", "low")]


def test_an_advisory_that_may_be_a_servers_is_not_called_unused_where_no_server_was_asked() -> None:
    assert told(judged([CLEAN], of_advisory())) == []
    servers = [replace(CLEAN, rule=rule, subject=rule) for rule in ("RD110", "FF107")]
    assert told(judged([CLEAN, *servers], of_advisory())) == [("AU103", "low")]


def test_an_unknown_cannot_be_waived() -> None:
    assert verdicts(judged([replace(BROKEN, outcome=Outcome.UNKNOWN)], waiver()))[0] is Verdict.UNKNOWN


def test_an_advisory_is_meant_by_any_of_its_ids_in_any_case() -> None:
    for name in ("CVE-2099-1", "cve-2099-1", "PYSEC-2099-1"):
        assert verdicts(judged([VULNERABLE], of_advisory(advisory=name)))[0] is Verdict.WARN
    assert verdicts(judged([VULNERABLE], of_advisory(advisory="CVE-2099-2")))[0] is Verdict.FAIL


def test_until_fixed_ends_with_a_newer_version_that_is_fixed() -> None:
    assert verdicts(judged([VULNERABLE], of_advisory(None)))[0] is Verdict.WARN
    assert verdicts(judged([VULNERABLE], of_advisory(None), fixed_in=("0.9",)))[0] is Verdict.WARN
    there = judged([VULNERABLE], of_advisory(None), fixed_in=("0.9", "1.0.1"))
    assert verdicts(there) == [Verdict.FAIL, Verdict.FAIL]
    assert told(there) == [("AU102", "high")]


def test_until_fixed_covers_nothing_of_rules_that_know_no_fix() -> None:
    fault_of_a_server = replace(VULNERABLE, rule="RD110", subject="redis://localhost")
    assert verdicts(judged([fault_of_a_server], of_advisory(None)))[0] is Verdict.FAIL
    assert verdicts(judged([fault_of_a_server], of_advisory(30)))[0] is Verdict.WARN


def test_a_waiver_of_one_version_does_not_cover_the_next() -> None:
    exact = waiver(package=None, subject="kombu==5.6.1")
    assert verdicts(judged([BROKEN], exact))[0] is Verdict.WARN
    assert verdicts(judged([BROKEN], replace(exact, subject="Kombu == 5.6.1.0")))[0] is Verdict.WARN
    assert verdicts(judged([replace(BROKEN, subject="kombu==5.6.2")], exact))[0] is Verdict.FAIL


def test_the_one_that_ends_last_counts_and_the_other_is_not_needed() -> None:
    judgments = judged([BROKEN], waiver(-5), waiver(50, package=None, subject="kombu==5.6.1"))
    assert verdicts(judgments) == [Verdict.WARN, Verdict.WARN]
    assert told(judgments) == [("AU103", "low")]


def test_one_until_a_fix_that_is_there_is_not_needed_where_another_covers_the_same() -> None:
    judgments = judged([VULNERABLE], of_advisory(None), of_advisory(100, advisory="PYSEC-2099-1"), fixed_in=("1.0.1",))
    assert told(judgments) == [("AU103", "low")]
    assert judgments[0].findings[0].waiver is not None


@pytest.mark.parametrize(
    ("glob", "covered"),
    [
        ("services/api/requirements.txt", True),
        ("services/*/requirements.txt", True),
        ("./services/**", True),
        ("**/requirements.txt", True),
        ("*/requirements.txt", False),
        ("*.txt", False),
        ("services", False),
    ],
)
def test_a_path_scopes_it_to_the_files_that_it_names(glob: str, covered: bool) -> None:  # noqa: FBT001 - a case's answer
    assert (verdicts(judged([BROKEN], waiver(path=glob)))[0] is Verdict.WARN) is covered


def test_a_path_counts_from_the_settings_file_wherever_the_command_is_called() -> None:
    finding = replace(BROKEN, where=Place(path="../web/requirements.txt", line=1))
    judgment = Judgment(check="matrix", title="", verdict=Verdict.UNKNOWN, summary="", findings=(finding,))
    policy = Policy(waivers=(waiver(path="services/web/*.txt"),), folder="/srv/app/services/api")
    assert waive([judgment], policy, a_case())[0].findings[0].waiver is not None
    outside = replace(finding, where=Place(path="/etc/requirements.txt", line=1))
    judgment = replace(judgment, findings=(outside,))
    assert waive([judgment], replace(policy, waivers=(waiver(path="**"),)), a_case())[0].findings[0].waiver is None


API, WEB = BROKEN.where, Place(path="services/web/requirements.txt", line=5)
OF_API, OF_WEB = (waiver(path=f"services/{name}/*.txt") for name in ("api", "web"))


def pinned_in(where: Place | None, pin: str = "5.6.1") -> Requirement:
    assert where is not None
    return requirement(f"kombu=={pin}", where=where)


def accepted_with(requirements: list[Requirement], *waivers: Waiver) -> Finding:
    case = a_case()
    case = replace(case, manifest=replace(case.manifest, requirements=tuple(requirements)))
    judgment = Judgment(check="matrix", title="", verdict=Verdict.UNKNOWN, summary="", findings=(BROKEN,))
    return waive([judgment], Policy(waivers=waivers, folder="/srv/app"), case)[0].findings[0]


def test_what_is_accepted_for_one_file_counts_in_another_that_pins_the_same() -> None:
    both = [pinned_in(API), pinned_in(WEB)]
    open_still = accepted_with(both, OF_API)
    assert open_still.waiver is None
    assert open_still.where == WEB, "it is told where nobody accepted it"
    assert accepted_with(both, OF_API, OF_WEB).waiver is not None
    assert accepted_with(both, waiver(path="services/**")).waiver is not None


def test_another_pin_elsewhere_is_a_finding_of_its_own() -> None:
    assert accepted_with([pinned_in(API), pinned_in(WEB, "5.6.2")], OF_API).waiver is not None


def test_without_waivers_nothing_is_said_of_them() -> None:
    assert [each.check for each in judged([BROKEN])] == ["matrix"]


@given(st.integers(-400, 400))
def test_on_every_day_either_the_waiver_holds_or_its_end_is_told(days: int) -> None:
    judgments = judged([BROKEN], waiver(days))
    accepted = any(each.waiver is not None for each in judgments[0].findings)
    assert accepted is (days >= 0)
    assert (("AU101", "high") in told(judgments)) is not accepted


def test_what_is_said_of_waivers_has_codes_of_its_own() -> None:
    codes = [each.code for each in TERMS]
    assert codes == ["AU101", "AU102", "AU103", "AU104"]
    assert not {each.code for each in sockets.rules()}.intersection(codes)


def test_the_rules_that_the_gate_knows_by_name_are_there() -> None:
    named = {ADVISORIES, FRESH_ADVISORIES, NOT_NAMED, *OF_PRODUCTS, *OF_A_FRESH_INSTALL}
    assert named <= {each.code for each in sockets.rules()}
    assert {each[:2] for each in named} | set(OF_THE_WORLD) <= {each.code for each in sockets.checks()}


def test_an_advisory_that_only_a_fresh_install_brings_is_covered_until_it_is_fixed() -> None:
    fresh = replace(VULNERABLE, rule=FRESH_ADVISORIES)
    assert judged([fresh], of_advisory())[0].findings[0].waiver is not None
    assert judged([fresh], of_advisory(None))[0].findings[0].waiver is not None
    assert judged([fresh], of_advisory(None), fixed_in=("1.0.1",))[0].findings[0].waiver is None


def test_a_waiver_is_not_called_unused_where_nobody_saw_what_a_fresh_install_brings() -> None:
    asked = [replace(ELSEWHERE, rule=code) for code in (ADVISORIES, *OF_PRODUCTS)]
    unused = ("AU103", "low")
    assert unused in told(judged(asked, of_advisory()))
    dark = replace(ELSEWHERE, rule=FRESH_ADVISORIES, outcome=Outcome.UNKNOWN, subject="")
    assert unused not in told(judged([*asked, dark], of_advisory()))
    unnamed = replace(dark, rule=NOT_NAMED, outcome=Outcome.UNCHECKABLE, subject="requirements.txt")
    assert unused not in told(judged([*asked, unnamed], of_advisory()))
    vine = of_advisory(package=canonicalize_name("vine"))
    assert unused in told(judged([*asked, unnamed], vine)), "that package is named, and was audited"
