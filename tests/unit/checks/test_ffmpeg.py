"""What ffmpeg's rules say of what was seen."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from stackaudit.audit import apply
from stackaudit.checks import ffmpeg as check
from stackaudit.model.audit import Case
from stackaudit.model.facts.programs import MediaTrial, Program, ProgramState
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.manifest import Manifest, ProgramRequest
from stackaudit.model.matrix import Branch, Layer, Matrix, ProductEntry
from stackaudit.model.parts import Rule
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Evidence, Look, Snapshot, Unseen

TODAY = date(2026, 11, 22)
MANIFEST = Manifest(programs=(ProgramRequest(name="ffmpeg", command="ffmpeg", where=Place(path="default")),))
FFMPEG = Program(
    name="ffmpeg",
    path="/usr/bin/ffmpeg",
    state=ProgramState.WORKS,
    detail="ffmpeg version 5.1.9",
    version="5.1.9",
    kind="release",
    branch="5.1",
    features=("encoder aac", "encoder libx264", "encoder mjpeg", "encoder mpeg4", "filter scale", "filter transpose"),
)
FFPROBE = replace(FFMPEG, name="ffprobe", path="/usr/bin/ffprobe", features=())
ABSENT = Program(name="ffmpeg", path=None, state=ProgramState.ABSENT, detail="no ffmpeg is on PATH")
ENCODED = MediaTrial(step="encode", ok=True, detail="a 1 s clip was encoded")


def branch(name: str, end: date | None) -> Branch:
    return Branch(name=name, released=None, end_of_life=end, latest=None, source="https://ffmpeg.org/download.html")


MATRIX = Matrix(
    name="test",
    title="Test",
    version="1",
    looked_at=TODAY,
    pythons=(),
    packages=(),
    products=(
        ProductEntry(
            name="ffmpeg",
            kind="program",
            role="media",
            where=Place(path="test.toml"),
            branches=(branch("4.3", date(2026, 6, 21)), branch("5.1", None)),
        ),
    ),
    where=Place(path="test.toml"),
    sha256="",
    layers=(Layer(name="", sha256="", content=""),),
)


def case(*facts: Program | MediaTrial, unseen: Unseen | None = None, matrix: Matrix | None = MATRIX) -> Case:
    yields = ("MediaTrial", "Program")
    looks = [Look(probe="ffmpeg", asked="ffmpeg", evidence=Evidence(tool="ffmpeg"), facts=facts, yields=yields)]
    if unseen is not None:
        looks.append(
            Look(probe="media", asked="clip", evidence=Evidence(tool="ffmpeg"), unseen=unseen, yields=("MediaTrial",))
        )
    snapshot = Snapshot(taken_at=datetime(2026, 11, 22, tzinfo=UTC), host="", looks=tuple(looks))
    return Case(manifest=MANIFEST, snapshot=snapshot, matrix=matrix, today=TODAY)


def only(rule: Rule, what: Case) -> Finding:
    (finding,) = apply(rule, what)
    return finding


def test_a_healthy_ffmpeg_passes_every_rule() -> None:
    healthy = case(FFMPEG, FFPROBE, ENCODED)
    rules = [check.ffmpeg_works, check.ffprobe_works, check.branch_is_supported, check.steps_make_files]
    for rule in [*rules, check.same_version, check.can_do]:
        assert only(rule, healthy).outcome is Outcome.PASS, rule.code


@pytest.mark.parametrize("state", [each for each in ProgramState if each is not ProgramState.WORKS])
def test_an_ffmpeg_that_does_not_work_fails_and_nothing_else_is_said_to_be_well(state: ProgramState) -> None:
    broken = case(replace(ABSENT, state=state), replace(FFPROBE, state=state))
    assert only(check.ffmpeg_works, broken).severity is Severity.HIGH
    assert only(check.ffmpeg_works, broken).outcome is Outcome.FAIL
    assert only(check.ffprobe_works, broken).outcome is Outcome.FAIL
    for rule in [check.branch_is_supported, check.same_version, check.can_do]:
        assert apply(rule, broken) == []


def test_files_that_nobody_could_make_are_unknown_and_never_a_pass() -> None:
    unseen = Unseen(subject="", yields=("MediaTrial",), cause="no ffmpeg is on PATH", remedy="")
    finding = only(check.steps_make_files, case(ABSENT, unseen=unseen))
    assert (finding.outcome, finding.cause) == (Outcome.UNKNOWN, ABSENT.detail)
    assert only(check.ffmpeg_works, case(ABSENT)).message == ABSENT.detail


def test_a_step_without_its_file_fails_and_the_other_steps_pass() -> None:
    thumbnail = MediaTrial(step="thumbnail", ok=False, detail="it wrote no file", exit_status=0)
    findings = {each.subject: each for each in apply(check.steps_make_files, case(FFMPEG, ENCODED, thumbnail))}
    assert findings["ffmpeg encode"].outcome is Outcome.PASS
    assert findings["ffmpeg thumbnail"].outcome is Outcome.FAIL
    assert "no file" in findings["ffmpeg thumbnail"].message


def test_an_ended_branch_hurts_unless_a_distribution_looks_after_it() -> None:
    old = replace(FFMPEG, version="4.3.9", branch="4.3")
    owned = replace(old, owner="ffmpeg 7:4.3.9-0+deb11u2")
    assert only(check.branch_is_supported, case(old)).severity is Severity.MEDIUM
    finding = only(check.branch_is_supported, case(owned))
    assert (finding.outcome, finding.severity) == (Outcome.FAIL, Severity.LOW)
    assert finding.fix == "move to a branch that is supported: 5.1"


def test_support_ends_with_its_last_day() -> None:
    last_day = replace(case(replace(FFMPEG, branch="4.3")), today=date(2026, 6, 21))
    assert only(check.branch_is_supported, last_day).outcome is Outcome.PASS


def test_a_branch_that_nobody_vouches_for_is_not_ticked() -> None:
    finding = only(check.branch_is_supported, case(replace(FFMPEG, version="11.0", branch="11.0")))
    assert (finding.outcome, finding.severity) == (Outcome.FAIL, Severity.LOW)


@pytest.mark.parametrize("what", [case(replace(FFMPEG, branch=None)), case(FFMPEG, matrix=None)])
def test_support_of_an_unknown_branch_or_without_a_matrix_cannot_be_told(what: Case) -> None:
    assert only(check.branch_is_supported, what).outcome is Outcome.UNCHECKABLE


def test_two_builds_side_by_side_are_told() -> None:
    finding = only(check.same_version, case(FFMPEG, replace(FFPROBE, version="9.0.2")))
    assert (finding.outcome, finding.subject, finding.severity) == (Outcome.FAIL, "ffprobe", Severity.LOW)


def without(*features: str) -> Case:
    return case(replace(FFMPEG, features=tuple(each for each in FFMPEG.features if each not in features)))


@pytest.mark.parametrize(
    ("missing", "severity"),
    [
        (("filter transpose",), Severity.MEDIUM),
        (("encoder libx264", "encoder mpeg4"), Severity.MEDIUM),
        (("encoder libx264",), Severity.LOW),
        (("encoder aac",), Severity.LOW),
    ],
)
def test_what_a_build_cannot_do_is_named(missing: tuple[str, ...], severity: Severity) -> None:
    finding = only(check.can_do, without(*missing))
    assert finding.severity is severity
    assert missing[0] in finding.message


def test_the_check_is_skipped_where_no_ffmpeg_is_asked_for() -> None:
    assert check.asked_by(Manifest()) == "no ffmpeg asked for"
    assert check.asked_by(MANIFEST) is None


def test_the_summary_says_what_there_is_and_what_was_made() -> None:
    thumbnail = MediaTrial(step="thumbnail", ok=True, detail="")
    rotated = MediaTrial(step="rotate", ok=True, detail="")
    whole = case(replace(FFMPEG, owner="ffmpeg 7:5.1.9-0+deb12u1"), FFPROBE, rotated, ENCODED, thumbnail)
    assert check.summarize(whole, []) == (
        "ffmpeg 5.1.9 and ffprobe 5.1.9 (package ffmpeg 7:5.1.9-0+deb12u1); "
        "a 1 s clip was encoded, thumbnailed and rotated"
    )
    partly = case(FFMPEG, ENCODED, replace(thumbnail, ok=False))
    expected = "ffmpeg 5.1.9, no working ffprobe; a 1 s clip was encoded, thumbnail failed"
    assert check.summarize(partly, []) == expected
    assert check.summarize(case(ABSENT), []) == "no ffmpeg is on PATH"
    assert check.summarize(case(), []) == "ffmpeg was not seen"
