"""What differs between two audits is told once, truly, and the same from either side."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from comparing import CHECKS, DAY, LEAK, READ, a_case, an_audit_of, audit_with, differences, mirrored
from stackaudit.inputs import matrices
from stackaudit.model.audit import Audit, Case, Judgment, Policy
from stackaudit.model.differences import Difference, Kind, Section
from stackaudit.model.facts.advised import Advisory
from stackaudit.model.facts.deployment import Variable
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.facts.programs import Copy, Need, Program, ProgramState
from stackaudit.model.facts.published import Release, Resolution
from stackaudit.model.facts.round_trips import RoundTrip, Route
from stackaudit.model.facts.services import Pulse, ServiceState
from stackaudit.model.facts.workers import ReplyLists
from stackaudit.model.findings import Lane, Outcome, Severity, Verdict
from stackaudit.model.manifest import Requirement, Setting
from stackaudit.model.matrix import Matrix, Proof, Rung
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Unseen
from stackaudit.model.waivers import Waiver
from stories import NOW, look
from tellings import findings

MATRIX = matrices.read("celery-redis-ffmpeg", root=Path())


def of(section: Section, old: Case | Audit, new: Case | Audit) -> list[Difference]:
    was, is_ = (each if isinstance(each, Audit) else an_audit_of(each) for each in (old, new))
    told = differences(was, is_)
    assert mirrored(told) == differences(is_, was).found
    return list(told.of(section))


def only(section: Section, old: Case | Audit, new: Case | Audit) -> Difference:
    (found,) = of(section, old, new)
    return found


def test_an_audit_does_not_differ_from_itself() -> None:
    audit = an_audit_of(a_case({"oak": "1.0"}, {"oak": [LEAK]}))
    told = differences(audit, audit)
    assert not told.differ
    assert told.found == ()


def test_a_pin_that_came_went_or_moved_is_your_change() -> None:
    found = of(Section.PINS, a_case({"oak": "1.0", "elm": "1.0"}), a_case({"oak": "1.1", "ash": "1.0"}))
    assert [(each.subject, each.kind, each.before, each.after, each.lane) for each in found] == [
        ("ash", Kind.ADDED, None, "==1.0", Lane.CHANGE),
        ("oak", Kind.CHANGED, "==1.0", "==1.1", Lane.CHANGE),
        ("elm", Kind.REMOVED, "==1.0", None, Lane.CHANGE),
    ]


def test_extras_and_markers_of_a_pin_count_and_its_line_does_not() -> None:
    plain = a_case({"oak": "1.0"})
    (pin,) = plain.manifest.requirements

    def with_pin(each: Requirement) -> Case:
        return replace(plain, manifest=replace(plain.manifest, requirements=(each,)))

    moved = replace(pin, where=Place(path="requirements.txt", line=9))
    assert of(Section.PINS, plain, with_pin(moved)) == []
    assert only(Section.PINS, plain, with_pin(replace(pin, extras=("fast",)))).after == "[fast]==1.0"
    marked = replace(pin, marker='python_version < "4"')
    assert only(Section.PINS, plain, with_pin(marked)).after == '==1.0; python_version < "4"'
    open_ = replace(pin, pin=None, specifier=SpecifierSet())
    assert only(Section.PINS, plain, with_pin(open_)).after == "any version"


def test_a_new_advisory_on_an_untouched_pin_is_the_worlds_and_one_on_a_new_pin_yours() -> None:
    then = a_case({"oak": "1.0"})
    found = only(Section.ADVISORIES, then, a_case({"oak": "1.0"}, {"oak": [LEAK]}))
    assert (found.subject, found.kind, found.lane, found.seen) == ("CVE-2099-1 oak", Kind.ADDED, Lane.WORLD, True)
    assert found.severity is Severity.HIGH
    found = only(Section.ADVISORIES, then, a_case({"oak": "1.1"}, {"oak": [LEAK]}))
    assert (found.kind, found.lane) == (Kind.ADDED, Lane.CHANGE)


def test_an_advisory_is_cleared_by_your_upgrade_or_withdrawn_by_the_world() -> None:
    then = a_case({"oak": "1.0"}, {"oak": [LEAK]})
    upgraded = only(Section.ADVISORIES, then, a_case({"oak": "9.0"}))
    withdrawn = only(Section.ADVISORIES, then, a_case({"oak": "1.0"}))
    assert (upgraded.kind, upgraded.lane) == (Kind.REMOVED, Lane.CHANGE)
    assert (withdrawn.kind, withdrawn.lane) == (Kind.REMOVED, Lane.WORLD)


def test_an_advisory_that_the_new_pin_has_too_is_neither_cleared_nor_new() -> None:
    found = only(Section.ADVISORIES, a_case({"oak": "1.0"}, {"oak": [LEAK]}), a_case({"oak": "1.1"}, {"oak": [LEAK]}))
    assert (found.kind, found.lane) == (Kind.CHANGED, Lane.CHANGE)
    assert "oak 1.0" in (found.before or "")
    assert "oak 1.1" in (found.after or "")


def test_an_advisory_under_another_id_is_the_same_and_what_it_says_now_is_told() -> None:
    github = Advisory(
        id="GHSA-oak1", aliases=("PYSEC-2099-1",), summary="it leaks", fixed_in=("9.1",), severity=Severity.CRITICAL
    )
    found = only(Section.ADVISORIES, a_case({"oak": "1.0"}, {"oak": [LEAK]}), a_case({"oak": "1.0"}, {"oak": [github]}))
    assert (found.subject, found.kind, found.lane) == ("CVE-2099-1 oak", Kind.CHANGED, Lane.WORLD)
    assert (found.before or "").startswith("high: ")
    assert (found.after or "").startswith("critical: ")
    assert found.severity is Severity.CRITICAL


def blind(pins: dict[str, str], subject: str) -> Case:
    dark = Unseen(subject=subject, yields=("Audited",), cause="the service was silent", remedy="ask again")
    return a_case(pins, looks=[look("pip_audit", unseen=dark, yields=READ)])


@pytest.mark.parametrize("subject", ["", "oak==9.0"])
def test_what_could_not_be_seen_any_more_is_not_called_cleared(subject: str) -> None:
    then, now = a_case({"oak": "1.0"}, {"oak": [LEAK]}), blind({"oak": "9.0"}, subject)
    gone = only(Section.ADVISORIES, then, now)
    assert (gone.kind, gone.seen, gone.lane) == (Kind.REMOVED, False, None)
    (unknown,) = [each for each in of(Section.FINDINGS, then, now) if each.after is not None]
    assert unknown.after == f"unknown: {f'{subject}: ' if subject else ''}the service was silent"


def test_a_check_that_was_not_asked_clears_nothing() -> None:
    then = an_audit_of(a_case({"oak": "1.0"}, {"oak": [LEAK]}))
    now = an_audit_of(a_case({"oak": "1.0"}), [each for each in CHECKS if each.id == "matrix"])
    assert not only(Section.ADVISORIES, then, now).seen
    verdict = next(each for each in of(Section.VERDICTS, then, now) if each.subject == "vulnerabilities")
    assert (verdict.after, verdict.seen) == (None, False)


def test_a_check_that_was_skipped_clears_nothing_and_says_so() -> None:
    then = an_audit_of(a_case({"oak": "1.0"}, {"oak": [LEAK]}))
    skipped = Judgment(check="vulnerabilities", title="V", verdict=Verdict.SKIPPED, summary="left out with --skip")
    now = audit_with(a_case({"oak": "1.0"}), [skipped])
    assert not only(Section.ADVISORIES, then, now).seen
    verdict = next(each for each in of(Section.VERDICTS, then, now) if each.subject == "vulnerabilities")
    assert verdict.after == "skipped: left out with --skip"


def test_a_check_that_neither_ran_is_no_difference() -> None:
    case = a_case({"oak": "1.0"})
    skipped = Judgment(check="redis", title="R", verdict=Verdict.SKIPPED, summary="no broker URL")
    assert of(Section.VERDICTS, audit_with(case, [skipped]), audit_with(case, [])) == []


def accepting(until: date | None) -> Policy:
    return Policy(
        waivers=(
            Waiver(
                where=Place(path="pyproject.toml", line=3),
                reason="behind a wall",
                owner="ann",
                until=until,
                rule="VU101",
            ),
        )
    )


def test_a_waiver_that_came_is_yours_and_one_that_ran_out_the_days() -> None:
    leaking = a_case({"oak": "1.0"}, {"oak": [LEAK]})
    last = DAY + timedelta(days=30)
    bare, accepted = an_audit_of(leaking), an_audit_of(leaking, policy=accepting(last))
    came = only(Section.WAIVERS, bare, accepted)
    assert (came.subject, came.lane) == ("CVE-2099-1 oak", Lane.CHANGE)
    assert came.after == "accepted: behind a wall, by ann, until 2026-12-22"
    later = an_audit_of(replace(leaking, today=last + timedelta(days=1)), policy=accepting(last))
    ended = [each for each in of(Section.WAIVERS, accepted, later) if each.subject == "CVE-2099-1 oak"]
    assert [(each.kind, each.lane) for each in ended] == [(Kind.REMOVED, Lane.WORLD)]
    expired = [each for each in of(Section.WAIVERS, accepted, later) if each.subject.startswith("AU101")]
    assert [(each.kind, each.lane) for each in expired] == [(Kind.ADDED, None)]
    renewed = an_audit_of(replace(leaking, today=later.case.today), policy=accepting(last + timedelta(days=60)))
    assert [each.lane for each in of(Section.WAIVERS, later, renewed) if each.subject == "CVE-2099-1 oak"] == [
        Lane.CHANGE
    ]


def test_services_programs_and_variables_are_told_by_what_differs_of_them() -> None:
    redis = Pulse(endpoint="redis://r/0", state=ServiceState.UP, detail="", product="redis", version="7.0.15")
    ffmpeg = Program(name="ffmpeg", path="/usr/bin/ffmpeg", state=ProgramState.WORKS, detail="", version="5.1.9")
    variable = Variable(name="C_FORCE_ROOT", readers=("celery",))
    then = a_case({"oak": "1.0"}, facts=[redis, ffmpeg, variable])
    now = a_case({"oak": "1.0"}, facts=[replace(redis, version="7.2.4"), ffmpeg, replace(variable, name="NEW")])
    told = [(each.subject, each.before, each.after, each.seen) for each in of(Section.ENVIRONMENT, then, now)]
    assert ("service redis://r/0", "version 7.0.15", "version 7.2.4", True) in told
    assert [each for each in told if "ffmpeg" in each[0]] == []
    assert [each[0] for each in told if each[1] is None] == ["variable NEW"]
    assert [each[2] for each in told if each[0] == "variable NEW"] == ["readers celery"]
    unlooked = only(Section.ENVIRONMENT, a_case({"oak": "1.0"}), a_case({"oak": "1.0"}, facts=[redis]))
    assert (unlooked.kind, unlooked.seen, unlooked.lane) == (Kind.ADDED, False, None)


def test_needs_copies_and_round_trips_are_told_by_what_differs_of_them() -> None:
    need = Need(kind="encoder", name="libx264", met=True)
    copy = Copy(name="ffmpeg", path="/opt/ffmpeg", version="5.1.9", first=False)
    trip = RoundTrip(route=Route.TASK, through="celery", sent=10, back=10, task="celery.accumulate")
    late = replace(trip, back=3, problem="a worker took it from the queue, and no result of it came within 15 s")
    then = a_case({"oak": "1.0"}, facts=[need, trip])
    now = a_case({"oak": "1.0"}, facts=[replace(need, met=False), copy, late])
    told = of(Section.ENVIRONMENT, then, now)
    assert sorted((each.subject, each.before, each.after, each.lane) for each in told) == [
        ("copy of ffmpeg /opt/ffmpeg", None, "version 5.1.9", None),
        ("need of ffmpeg encoder libx264", "met true", "met false", Lane.CHANGE),
        (
            "round trip of task celery.accumulate through queue celery",
            "back 10; problem -",
            f"back 3; problem {late.problem}",
            Lane.CHANGE,
        ),
    ]


def test_proofs_that_came_together_are_told_together() -> None:
    told = of(Section.MATRIX, with_matrix(replace(MATRIX, proofs=(), sha256="0" * 64)), with_matrix(MATRIX))
    proofs = [each for each in told if each.subject.startswith("proof on Python 3.11 of ")]
    assert 0 < len(proofs) < sum(1 for each in MATRIX.proofs if each.python == "3.11")
    assert all(each.after and each.after.startswith(("resolved (", "survived (")) for each in proofs)


def test_what_a_fresh_install_gives_is_the_worlds_where_what_is_declared_stayed_and_nothing_went_where_it_is_refused() -> (
    None
):
    oak = canonicalize_name("oak")
    install = Resolution(files=("requirements.txt",), python="3.11", packages=((oak, "1.0"),))
    then = a_case({"elm": "1.0"}, facts=[install])
    newer = replace(install, packages=((oak, "1.1"),))
    found = only(Section.INSTALLED, then, a_case({"elm": "1.0"}, facts=[newer]))
    assert (found.subject, found.before, found.after, found.lane) == ("fresh install: oak", "1.0", "1.1", Lane.WORLD)
    assert only(Section.INSTALLED, then, a_case({"elm": "1.1"}, facts=[newer])).lane is Lane.CHANGE
    refused = replace(install, packages=(), refusal="they do not go together")
    found = only(Section.INSTALLED, then, a_case({"elm": "1.0"}, facts=[refused]))
    assert (found.subject, found.before, found.seen) == ("fresh install: all packages", "1 package", False)


def test_what_is_installed_is_told_by_version_and_as_a_whole_where_one_audit_had_no_environment() -> None:
    installed = Distribution(name=canonicalize_name("oak"), version="1.0")
    then = a_case({"elm": "1.0"}, facts=[installed])
    found = only(Section.INSTALLED, then, a_case({"elm": "1.0"}, facts=[replace(installed, version="1.1")]))
    assert (found.subject, found.before, found.after, found.lane) == ("oak", "1.0", "1.1", Lane.CHANGE)
    files_alone = a_case({"elm": "1.0"}, looks=[look("pip_audit", yields=("Audited",))])
    found = only(Section.INSTALLED, then, files_alone)
    assert (found.subject, found.before, found.after, found.seen) == ("all packages", "1 package", None, False)


def test_what_the_index_says_anew_of_a_version_that_both_have_is_the_worlds() -> None:
    release = Release(name=canonicalize_name("oak"), version="1.0", known=True, exists=True, newest="1.0")
    found = only(
        Section.FACTS,
        a_case({"oak": "1.0"}, facts=[release]),
        a_case({"oak": "1.0"}, facts=[replace(release, newest="2.0")]),
    )
    assert (found.before, found.after, found.lane) == ("newest 1.0", "newest 2.0", Lane.WORLD)


def with_matrix(matrix: Matrix | None) -> Case:
    return replace(a_case({"celery": "5.4.0"}), matrix=matrix)


def test_a_matrix_is_told_by_its_cells_its_branches_and_its_proofs() -> None:
    celery, *others = MATRIX.packages
    span = celery.ranges[-1]
    version, day = Version("99.1"), date(2026, 12, 1)
    narrower = replace(span, requires_python=SpecifierSet(">=3.12"), releases=(*span.releases, (version, day)))
    python = replace(MATRIX.pythons[-1], end_of_life=date(2040, 1, 1))
    proof = Proof(
        python="3.11",
        rung=Rung.EXERCISED,
        at=NOW,
        by="uv 1",
        platform="linux",
        packages=((celery.name, version),),
        record="r",
    )
    newer = replace(
        MATRIX,
        packages=(replace(celery, ranges=(*celery.ranges[:-1], narrower)), *others),
        pythons=(*MATRIX.pythons[:-1], python),
        proofs=(*MATRIX.proofs, proof),
        sha256="0" * 64,
    )
    told = {each.subject: each for each in of(Section.MATRIX, with_matrix(MATRIX), with_matrix(newer))}
    assert told[f"{celery.name} 99.1"].after == "listed, released 2026-12-01"
    assert told[f"Python {python.name}"].after is not None
    assert told[f"proof on Python 3.11 of 1 row ({celery.name} 99.1)"].after == "exercised (2026-11-22, uv 1, on linux)"
    (cell,) = [each for name, each in told.items() if name.endswith("on Python 3.11") and not name.startswith("proof")]
    assert (cell.before, cell.after) == ("published", "forbidden")
    assert {each.lane for each in told.values()} == {Lane.WORLD}
    assert of(Section.MATRIX, with_matrix(MATRIX), with_matrix(MATRIX)) == []


def test_another_matrix_is_the_change_of_whoever_chose_it() -> None:
    other = only(Section.MATRIX, with_matrix(MATRIX), with_matrix(replace(MATRIX, name="own")))
    none = only(Section.MATRIX, with_matrix(MATRIX), with_matrix(None))
    assert (other.lane, other.kind) == (Lane.CHANGE, Kind.CHANGED)
    assert (none.lane, none.after) == (Lane.CHANGE, None)


def test_a_fact_that_differs_is_told_in_words_and_not_by_a_name_of_the_code() -> None:
    lists = ReplyLists(endpoint="redis://h:6379/0", orphans=1)
    plain = a_case({"oak": "1.0"})
    then, now = (_seeing(plain, replace(lists, orphans=count)) for count in (1, 2))
    assert only(Section.FACTS, then, now).subject == "reply lists redis://h:6379/0"


def _seeing(case: Case, fact: ReplyLists) -> Case:
    snapshot = replace(case.snapshot, looks=(*case.snapshot.looks, look("celery", fact)))
    return replace(case, snapshot=snapshot)


def test_settings_and_the_audited_kind_are_told() -> None:
    plain = a_case({"oak": "1.0"})
    setting = Setting(name="fail_on", value="high", where=Place(path="default"))
    with_setting = replace(plain, manifest=replace(plain.manifest, settings=(setting,), sandbox=True))
    told = {each.subject: (each.before, each.after) for each in of(Section.TARGET, plain, with_setting)}
    assert told == {"kind": ("requirements", "sandbox"), "setting fail_on": (None, "high")}


pins = st.dictionaries(st.sampled_from(["oak", "elm", "ash"]), st.sampled_from(["1.0", "1.1", "9.0"]), min_size=1)
known = st.dictionaries(
    st.sampled_from(["oak", "elm"]),
    st.lists(
        st.builds(
            Advisory,
            id=st.sampled_from(["PYSEC-1", "GHSA-1", "PYSEC-2"]),
            aliases=st.sampled_from([(), ("CVE-1",), ("CVE-2", "GHSA-1")]),
            summary=st.just("it leaks"),
            fixed_in=st.sampled_from([(), ("9.0",)]),
            severity=st.none() | st.sampled_from(Severity),
        ),
        max_size=2,
        unique_by=lambda each: each.id,
    ),
)
policies = st.none() | st.builds(accepting, st.dates(date(2026, 11, 1), date(2026, 12, 31)))


@st.composite
def audits(draw: st.DrawFn) -> Audit:
    """Audits judged by the real checks, some blind or short of a check; and some that say anything at all."""
    given_ = draw(pins)
    case = a_case(given_, draw(known), today=draw(st.dates(date(2026, 11, 1), date(2026, 12, 31))))
    if draw(st.booleans()):
        return audit_with(
            case,
            [
                Judgment(
                    check=name,
                    title="C",
                    verdict=draw(st.sampled_from(Verdict)),
                    summary="s",
                    findings=tuple(draw(st.lists(findings, max_size=3))),
                )
                for name in draw(st.lists(st.sampled_from(["vulnerabilities", "a"]), max_size=2, unique=True))
            ],
        )
    name = draw(st.sampled_from(sorted(given_)))
    if draw(st.booleans()):
        case = blind(given_, draw(st.sampled_from(["", f"{name}=={given_[name]}"])))
    return an_audit_of(case, draw(st.sampled_from([CHECKS, CHECKS[:1], CHECKS[1:]])), draw(policies))


@settings(max_examples=150)
@given(audits(), audits())
def test_from_the_other_side_it_is_the_same_with_before_and_after_exchanged(old: Audit, new: Audit) -> None:
    there, back = differences(old, new), differences(new, old)
    assert mirrored(there) == back.found
    assert there.differ or not there.found


@settings(max_examples=100)
@given(audits(), audits())
def test_what_fails_in_one_audit_alone_is_always_told(old: Audit, new: Audit) -> None:
    def failing(audit: Audit) -> set[tuple[str, str]]:
        return {
            (each.rule, each.subject)
            for judgment in audit.judgments
            if judgment.verdict is not Verdict.SKIPPED
            for each in judgment.findings
            if each.outcome is Outcome.FAIL
        }

    if failing(old) != failing(new):
        told = differences(old, new)
        assert told.of(Section.ADVISORIES) or told.of(Section.FINDINGS) or told.of(Section.WAIVERS)
