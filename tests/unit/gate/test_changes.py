"""What a change brought is told from what the world brought, and in doubt it is the change."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit import sockets
from stackaudit.audit import judge
from stackaudit.gate.changes import Before, case_before, label
from stackaudit.gate.verdict import decide, overall
from stackaudit.model.audit import Case, Gate, Judgment, Observed, Policy, Recorded
from stackaudit.model.facts.advised import Advisory, Audited
from stackaudit.model.findings import Finding, Lane, Outcome, Severity, Verdict
from stackaudit.model.manifest import Manifest, Requirement, Setting
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Look, Snapshot, Unseen
from stories import NOW, look

CHECKS = tuple(each for each in sockets.checks() if each.id in {"vulnerabilities", "matrix"})
A = Advisory(id="PYSEC-2099-1", aliases=("CVE-2099-1",), summary="it leaks", fixed_in=("9.0",))
B = replace(A, id="PYSEC-2099-2", aliases=())
READ = tuple(sorted({kind.__name__ for check in CHECKS for rule in sockets.rules_of(check) for kind in rule.reads}))
CHANGE_ONLY = Policy(gate=Gate.CHANGE)


def case(
    pins: Mapping[str, str],
    advisories: Mapping[str, Sequence[Advisory]] | None = None,
    *,
    looks: Sequence[Look] | None = None,
    first_line: int = 1,
) -> Case:
    """Pins in a file, and what an advisory service said of each."""
    requirements = tuple(
        Requirement(
            name=canonicalize_name(name),
            specifier=SpecifierSet(f"=={version}"),
            pin=Version(version),
            where=Place(path="requirements.txt", line=line),
        )
        for line, (name, version) in enumerate(pins.items(), first_line)
    )
    audited = [
        Audited(
            name=canonicalize_name(name),
            version=version,
            service="OSV",
            advisories=tuple((advisories or {}).get(name, ())),
        )
        for name, version in pins.items()
    ]
    return Case(
        manifest=Manifest(
            requirements=requirements,
            sources=("requirements.txt",),
            settings=(Setting(name="advisories", value="osv", where=Place(path="default")),),
        ),
        snapshot=Snapshot(
            taken_at=NOW, host="", looks=tuple([look("pip_audit", *audited, yields=READ)] if looks is None else looks)
        ),
        matrix=None,
        today=date(2026, 11, 22),
    )


def recorded(case: Case) -> Recorded:
    observed = Observed(manifest=case.manifest, snapshot=case.snapshot, started_at=NOW, finished_at=NOW)
    return Recorded(observed=observed, judgments=decide(judge(case, CHECKS), Policy()), digest="sha256:0")


def labelled(then: Case, now: Case) -> tuple[Judgment, ...]:
    baseline = recorded(then)
    past = case_before(baseline, now)
    return label(judge(now, CHECKS), now, Before(told=baseline.judgments, case=past, again=judge(past, CHECKS)))


def lanes(judgments: Sequence[Judgment]) -> list[tuple[str, str | None]]:
    return [
        (each.subject, each.lane)
        for judgment in judgments
        for each in judgment.findings
        if each.outcome in {Outcome.FAIL, Outcome.UNKNOWN} and each.rule == "VU101"
    ]


def test_what_was_there_before_is_known() -> None:
    both = case({"oak": "1.0"}, {"oak": [A]})
    assert lanes(labelled(both, both)) == [("oak==1.0", Lane.KNOWN)]


def test_a_line_that_moved_changes_nothing() -> None:
    then = case({"oak": "1.0"}, {"oak": [A]})
    assert lanes(labelled(then, case({"oak": "1.0"}, {"oak": [A]}, first_line=9))) == [("oak==1.0", Lane.KNOWN)]


def test_a_new_advisory_on_an_untouched_pin_is_the_worlds() -> None:
    then = case({"oak": "1.0", "elm": "1.0"})
    now = case({"oak": "1.0", "elm": "2.0"}, {"oak": [A]})
    assert lanes(labelled(then, now)) == [("oak==1.0", Lane.WORLD)]


def test_a_changed_advisory_on_an_untouched_pin_is_the_worlds() -> None:
    worse = replace(A, severity=Severity.CRITICAL)
    assert lanes(labelled(case({"oak": "1.0"}, {"oak": [A]}), case({"oak": "1.0"}, {"oak": [worse]}))) == [
        ("oak==1.0", Lane.WORLD)
    ]


def test_an_advisory_on_a_changed_pin_is_your_change_even_where_the_old_pin_had_it() -> None:
    then = case({"oak": "1.0"}, {"oak": [A]})
    assert lanes(labelled(then, case({"oak": "1.1"}, {"oak": [A]}))) == [("oak==1.1", Lane.CHANGE)]


def test_a_new_package_with_an_advisory_is_your_change() -> None:
    then = case({"elm": "1.0"})
    assert lanes(labelled(then, case({"elm": "1.0", "oak": "1.0"}, {"oak": [A]}))) == [("oak==1.0", Lane.CHANGE)]


def test_a_second_advisory_does_not_hide_behind_a_known_one() -> None:
    then = case({"oak": "1.0"}, {"oak": [A]})
    assert sorted(lanes(labelled(then, case({"oak": "1.0"}, {"oak": [A, B]})))) == [
        ("oak==1.0", Lane.KNOWN),
        ("oak==1.0", Lane.WORLD),
    ]


def test_what_was_not_seen_has_no_lane_and_gates() -> None:
    dark = Unseen(subject="oak==1.0", yields=("Audited",), cause="it was silent", remedy="ask again")
    now = case({"oak": "1.0"}, looks=[look("pip_audit", unseen=dark, yields=READ)])
    judgments = labelled(now, now)
    assert lanes(judgments) == [("oak==1.0", None)]
    assert overall(decide(judgments, CHANGE_ONLY)) is Verdict.UNKNOWN


def test_the_gate_is_open_for_what_the_change_did_not_bring_and_says_how_much() -> None:
    then = case({"oak": "1.0", "elm": "1.0"}, {"oak": [A]})
    now = case({"oak": "1.0", "elm": "1.0"}, {"oak": [A, B]})
    assert overall(decide(labelled(then, now), Policy())) is Verdict.FAIL
    judgments = decide(labelled(then, now), CHANGE_ONLY)
    assert overall(judgments) is Verdict.WARN
    (told,) = [each.summary for each in judgments if each.check == "vulnerabilities"]
    assert told.endswith("; 2 let through: not of this change")


def test_the_gate_is_shut_for_what_the_change_brought() -> None:
    then = case({"oak": "1.0"}, {"oak": [A]})
    assert overall(decide(labelled(then, case({"oak": "1.1"}, {"oak": [A]})), CHANGE_ONLY)) is Verdict.FAIL


CONFLICT = Finding(
    rule="DC201",
    outcome=Outcome.FAIL,
    severity=Severity.HIGH,
    subject="celery==5.4.0",
    message="requirements.txt:3 asks for kombu<6, and kombu is 6.0",
)


def lane_of(finding: Finding, told: Sequence[Finding], again: Sequence[Finding] = ()) -> Lane | None:
    """The lane of a finding about a stack that did not change, after an audit that told `told`."""
    same = case({"celery": "5.4.0"})

    def judgment(findings: Sequence[Finding]) -> Judgment:
        return Judgment(check="c", title="", verdict=Verdict.UNKNOWN, summary="", findings=tuple(findings))

    before = Before(told=(judgment(told),), case=same, again=(judgment(again),))
    return label([judgment([finding])], same, before)[0].findings[0].lane


OTHER = replace(CONFLICT, message="celery 5.4.0 asks for vine>=6, and vine is 5.0")
ASKED = replace(CONFLICT, outcome=Outcome.PASS, subject="vine==5.0")


def test_a_new_conflict_of_an_untouched_package_is_your_change() -> None:
    assert lane_of(CONFLICT, [OTHER]) is Lane.CHANGE


def test_what_todays_rules_say_of_the_old_facts_too_is_the_worlds() -> None:
    assert lane_of(CONFLICT, [ASKED], [CONFLICT]) is Lane.WORLD


def test_a_place_in_a_message_may_move() -> None:
    assert lane_of(CONFLICT, [replace(CONFLICT, message=CONFLICT.message.replace(":3", ":14"))]) is Lane.KNOWN


def test_what_the_earlier_audit_did_not_ask_or_see_has_no_lane_and_fails() -> None:
    assert lane_of(CONFLICT, []) is None
    for subject in ("", CONFLICT.subject):
        assert lane_of(CONFLICT, [ASKED, replace(ASKED, outcome=Outcome.UNKNOWN, subject=subject)]) is None
    assert decide([_with(CONFLICT)], CHANGE_ONLY)[0].verdict is Verdict.FAIL


def test_what_a_fresh_install_gives_is_the_worlds_where_nothing_that_is_declared_changed() -> None:
    fresh = replace(CONFLICT, rule="MX210", subject="kombu==6.0", message="a fresh install gives kombu 6.0")
    then = case({"celery": "5.4.0"})

    def lane(now: Case) -> Lane | None:
        said = Judgment(check="c", title="", verdict=Verdict.UNKNOWN, summary="", findings=(fresh,))
        told = replace(said, findings=(replace(fresh, outcome=Outcome.PASS, subject="x"),))
        return label([said], now, Before(told=(told,), case=then, again=()))[0].findings[0].lane

    assert lane(case({"celery": "5.4.0"}, first_line=7)) is Lane.WORLD
    assert lane(case({"celery": "5.4.0", "vine": "5.0"})) is Lane.CHANGE
    fresh = replace(fresh, rule="VU105", message="a fresh install brings kombu 6.0, which has PYSEC-2099-1")
    assert lane(case({"celery": "5.4.0"}, first_line=7)) is Lane.WORLD
    assert lane(case({"celery": "5.4.0", "vine": "5.0"})) is Lane.CHANGE


def test_a_waiver_that_ended_is_the_calendars_doing() -> None:
    assert lane_of(replace(CONFLICT, rule="AU101"), []) is Lane.WORLD


def _with(finding: Finding) -> Judgment:
    return Judgment(check="c", title="", verdict=Verdict.UNKNOWN, summary="", findings=(finding,))
