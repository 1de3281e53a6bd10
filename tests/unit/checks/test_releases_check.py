"""What the releases' rules say of what the index showed."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.audit import apply, judge
from stackaudit.checks import releases as check
from stackaudit.gate.verdict import decide
from stackaudit.model.audit import Case, Policy
from stackaudit.model.facts.published import Release
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict
from stackaudit.model.manifest import Manifest, Requirement, Setting
from stackaudit.model.parts import Rule
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Evidence, Look, Snapshot, Unseen

TODAY = date(2026, 11, 22)
RULES = (check.on_index, check.not_yanked, check.newest_of_series, check.newest_for_python, check.alive)


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


CELERY = Release(
    name=canonicalize_name("celery"),
    version="5.4.0",
    known=True,
    exists=True,
    uploaded_at=at("2024-04-17"),
    newest_in_series="5.4.0",
    newest_in_series_at=at("2024-04-17"),
    newest="5.4.0",
    newest_for_python="5.4.0",
    newest_for_python_at=at("2024-04-17"),
    last_release=at("2026-11-05"),
)
TZDATA = replace(CELERY, name=canonicalize_name("tzdata"), last_release=at("2012-01-01"), newest_for_python="9")


def required(name: str, *, direct: bool = True) -> Requirement:
    return Requirement(
        name=canonicalize_name(name),
        specifier=SpecifierSet("==5.4.0"),
        pin=Version("5.4.0"),
        where=Place(path="requirements.txt", line=1),
        direct=direct,
    )


def case(*releases: Release, unseen: Unseen | None = None, settings: tuple[Setting, ...] = ()) -> Case:
    look = Look(
        probe="index",
        asked="2 packages",
        evidence=Evidence(tool="package index"),
        facts=releases,
        unseen=unseen,
        yields=("Release",),
        id="index",
    )
    manifest = Manifest(requirements=(required("celery"), required("tzdata", direct=False)), settings=settings)
    return Case(
        manifest=manifest,
        snapshot=Snapshot(taken_at=at("2026-11-22"), host="here", looks=(look,)),
        matrix=None,
        today=TODAY,
    )


def told(rule: Rule, seen: Case) -> list[tuple[str, Outcome]]:
    return [(each.subject, each.outcome) for each in apply(rule, seen)]


def only(rule: Rule, seen: Case) -> Finding:
    (finding,) = apply(rule, seen)
    return finding


@pytest.mark.parametrize("rule", RULES, ids=lambda each: each.code)
def test_a_release_with_nothing_wrong_passes_every_rule(rule: Rule) -> None:
    assert told(rule, case(CELERY)) == [("celery==5.4.0", Outcome.PASS)]


@pytest.mark.parametrize("rule", RULES, ids=lambda each: each.code)
def test_nothing_passes_when_the_index_was_not_seen(rule: Rule) -> None:
    unseen = Unseen(subject="", yields=("Release",), cause="no connection", remedy="look")
    assert told(rule, case(unseen=unseen)) == [("", Outcome.UNKNOWN)]


def test_a_project_that_the_index_does_not_know_can_not_be_judged() -> None:
    absent = replace(CELERY, known=False, exists=False)
    assert told(check.on_index, case(absent)) == [("celery==5.4.0", Outcome.UNCHECKABLE)]
    assert told(check.not_yanked, case(absent)) == []
    assert told(check.alive, case(absent)) == []


def test_a_version_that_vanished_fails() -> None:
    finding = only(check.on_index, case(replace(CELERY, exists=False, newest="5.7.0")))
    assert (finding.outcome, finding.severity) == (Outcome.FAIL, Severity.MEDIUM)
    assert finding.message == "the index has no celery 5.4.0; the newest is 5.7.0"
    assert str(finding.where) == "requirements.txt:1"


def test_a_version_that_came_later_than_the_day_looked_at_is_told_with_that_day() -> None:
    day = Setting(name="exclude_newer", value="2023-01-01", where=Place(path="option --exclude-newer"))
    finding = only(check.on_index, case(replace(CELERY, exists=False), settings=(day,)))
    assert finding.message.startswith("the index on 2023-01-01 had no celery 5.4.0")


def test_a_local_build_is_on_no_index() -> None:
    local = replace(CELERY, version="5.4.0+ours1", exists=False)
    assert told(check.on_index, case(local)) == [("celery==5.4.0+ours1", Outcome.UNCHECKABLE)]


def test_a_yanked_version_fails_with_its_reason_on_one_line() -> None:
    reason = "broken\n\x1b[31m imports,\tsee https://user:hunter2@example.org/x " + "y" * 300
    finding = only(check.not_yanked, case(replace(CELERY, yanked=True, yanked_reason=reason, newest_in_series="5.4.1")))
    assert (finding.outcome, finding.severity) == (Outcome.FAIL, Severity.MEDIUM)
    assert finding.message.isprintable()
    assert "hunter2" not in finding.message
    assert finding.message.startswith("celery 5.4.0 was yanked: broken [31m imports, see")
    assert len(finding.message) < 240
    assert finding.fix == "move to celery 5.4.1"


def test_a_yank_without_a_reason_says_so() -> None:
    assert only(check.not_yanked, case(replace(CELERY, yanked=True))).message.endswith("with no reason given")


BEHIND = replace(
    CELERY,
    newest_in_series="5.4.2",
    newest_in_series_at=at("2024-09-19"),
    newest_for_python="5.7.0",
    newest_for_python_at=at("2026-11-05"),
)


def test_one_package_gets_one_finding_for_what_is_newer() -> None:
    findings = [*apply(check.newest_of_series, case(BEHIND)), *apply(check.newest_for_python, case(BEHIND))]
    assert [(each.rule, each.outcome, each.severity) for each in findings] == [("RE103", Outcome.FAIL, Severity.LOW)]
    assert findings[0].message == (
        "celery 5.4.0 is behind 5.4.2 of 2024-09-19; the newest for this Python is 5.7.0 of 2026-11-05"
    )


def test_the_newest_of_an_old_series_is_behind_overall() -> None:
    seen = case(replace(BEHIND, newest_in_series="5.4.0"))
    assert told(check.newest_of_series, seen) == [("celery==5.4.0", Outcome.PASS)]
    assert only(check.newest_for_python, seen).severity is Severity.LOW


def test_versions_are_ordered_as_versions() -> None:
    assert told(check.newest_of_series, case(replace(CELERY, newest_in_series="5.4.10", version="5.4.9"))) == [
        ("celery==5.4.9", Outcome.FAIL)
    ]


@pytest.mark.parametrize("rule", [check.newest_of_series, check.newest_for_python, check.alive])
def test_packages_that_nobody_chose_are_not_nagged_about(rule: Rule) -> None:
    assert told(rule, case(TZDATA)) == []


@pytest.mark.parametrize(
    ("last", "outcome"),
    [("2023-11-22", Outcome.PASS), ("2023-11-21", Outcome.FAIL), ("2019-07-06", Outcome.FAIL)],
)
def test_three_years_without_a_release_are_long(last: str, outcome: Outcome) -> None:
    assert only(check.alive, case(replace(CELERY, last_release=at(last)))).outcome is outcome


def test_how_long_ago_counts_from_the_day_looked_at() -> None:
    day = Setting(name="exclude_newer", value="2021-01-01", where=Place(path="option --exclude-newer"))
    seen = case(replace(CELERY, last_release=at("2019-07-06")), settings=(day,))
    assert told(check.alive, seen) == [("celery==5.4.0", Outcome.PASS)]


def test_without_upload_times_nobody_can_tell_how_long_ago() -> None:
    assert told(check.alive, case(replace(CELERY, last_release=None))) == [("celery==5.4.0", Outcome.UNCHECKABLE)]


def test_being_behind_warns_and_never_fails() -> None:
    (judgment,) = decide(judge(case(BEHIND, TZDATA), [check.CHECK]), Policy())
    assert judgment.verdict is Verdict.WARN
    assert judgment.summary == "2 releases looked up: 1 behind in their series"


def test_the_check_is_skipped_offline_and_with_nothing_to_ask_about() -> None:
    offline = Setting(name="offline", value=True, where=Place(path="option --offline"))
    assert check.asked_by(Manifest(requirements=(required("celery"),))) is None
    assert check.asked_by(Manifest(requirements=(required("celery"),), settings=(offline,))) is not None
    assert check.asked_by(Manifest(requirements=(replace(required("celery"), pin=None),))) is not None
