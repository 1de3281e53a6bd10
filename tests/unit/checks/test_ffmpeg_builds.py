"""What the rules about builds of ffmpeg say: what is needed, what is on PATH, what packages hold."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from packaging.utils import canonicalize_name

from stackaudit.audit import apply
from stackaudit.checks import ffmpeg as check
from stackaudit.checks import ffmpeg_builds as builds
from stackaudit.checks.ffmpeg_bundled import copies_are_supported
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.programs import Copy, Need, Program, ProgramState
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.known_bad import Condition, Exposure, KnownBad
from stackaudit.model.manifest import Manifest, ProgramRequest, Setting
from stackaudit.model.matrix import Branch, Layer, Matrix, ProductEntry
from stackaudit.model.parts import Rule
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Evidence, Look, Snapshot

TODAY = date(2026, 11, 22)
FFMPEG = Program(
    name="ffmpeg",
    path="/usr/bin/ffmpeg",
    state=ProgramState.WORKS,
    detail="",
    version="5.1.9",
    kind="release",
    branch="5.1",
    features=("protocol http",),
    flags=("--enable-gpl",),
)


def branch(name: str, end: date | None, latest: str | None = None) -> Branch:
    return Branch(name=name, released=None, end_of_life=end, latest=latest, source="https://ffmpeg.org/download.html")


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
            branches=(branch("7.0", date(2026, 6, 22)), branch("5.1", None, "5.1.10"), branch("8.1", None)),
        ),
    ),
    where=Place(path="test.toml"),
    sha256="",
    layers=(Layer(name="", sha256="", content=""),),
)


def case(*facts: Fact, needs: tuple[str, ...] = (), matrix: Matrix | None = MATRIX, command: str = "ffmpeg") -> Case:
    kinds = tuple(each.__name__ for each in (Copy, Distribution, Need, Program))
    look = Look(probe="ffmpeg", asked="", evidence=Evidence(tool="ffmpeg"), facts=facts, yields=kinds)
    return Case(
        manifest=Manifest(
            programs=(ProgramRequest(name="ffmpeg", command=command, where=Place(path="PATH")),),
            settings=(Setting(name="needs", value=needs, where=Place(path="pyproject.toml", line=3)),),
        ),
        snapshot=Snapshot(taken_at=datetime(2026, 11, 22, tzinfo=UTC), host="", looks=(look,)),
        matrix=matrix,
        today=TODAY,
    )


def told(rule: Rule, what: Case) -> list[tuple[str, Outcome]]:
    return [(each.subject, each.outcome) for each in apply(rule, what)]


def only(rule: Rule, what: Case) -> Finding:
    (finding,) = apply(rule, what)
    return finding


def test_what_is_needed_and_not_there_fails_where_it_was_said() -> None:
    vsync, x264 = Need(kind="option", name="vsync", met=False), Need(kind="encoder", name="libx264", met=True)
    what = case(FFMPEG, vsync, x264, needs=("option vsync", "encoder libx264"))
    missing, there = apply(builds.has_what_is_needed, what)
    assert (missing.subject, missing.severity, str(missing.where)) == (
        "ffmpeg option vsync",
        Severity.HIGH,
        "pyproject.toml:3",
    )
    assert missing.fix == "-fps_mode takes its place"
    assert (there.subject, there.outcome) == ("ffmpeg encoder libx264", Outcome.PASS)


def test_a_project_that_says_nothing_of_its_needs_is_not_asked() -> None:
    for rule in (builds.has_what_is_needed, builds.opens_no_connections):
        assert apply(rule, case(FFMPEG)) == []


def test_protocols_that_open_connections_are_advised_against_where_none_is_needed() -> None:
    assert only(builds.opens_no_connections, case(FFMPEG, needs=("encoder aac",))).severity is Severity.LOW
    for what in (
        case(FFMPEG, needs=("protocol https",)),
        case(replace(FFMPEG, features=("encoder aac",)), needs=("encoder aac",)),
    ):
        assert only(builds.opens_no_connections, what).outcome is Outcome.PASS


def test_a_build_that_may_be_given_to_nobody_is_told() -> None:
    nonfree = replace(FFMPEG, flags=("--enable-gpl", "--enable-nonfree"))
    assert only(builds.may_be_passed_on, case(nonfree)).severity is Severity.LOW
    assert only(builds.may_be_passed_on, case(FFMPEG)).outcome is Outcome.PASS


def test_a_newer_release_of_the_branch_is_told_of_builds_that_no_distribution_owns() -> None:
    assert only(builds.newest_of_branch, case(FFMPEG)).message == "it is 5.1.9, and 5.1.10 is out"
    assert only(builds.newest_of_branch, case(replace(FFMPEG, version="5.1.10"))).outcome is Outcome.PASS
    for what in (
        case(replace(FFMPEG, owner="ffmpeg 7:5.1.9-0+deb12u1")),
        case(replace(FFMPEG, kind="git", version="N-1-gabcdef")),
        case(replace(FFMPEG, branch="8.1", version="8.1.0")),
        case(FFMPEG, matrix=None),
    ):
        assert apply(builds.newest_of_branch, what) == []


def test_another_version_behind_the_first_on_path_is_told() -> None:
    first = Copy(name="ffmpeg", path="/a/ffmpeg", version="7.1", first=True)
    same, other = (replace(first, path=f"/{each}/ffmpeg", first=False) for each in "bc")
    what = case(first, same, replace(other, version="5.1.9"), replace(first, name="ffprobe", path="/a/ffprobe"))
    assert told(builds.one_on_path, what) == [
        ("ffmpeg /c/ffmpeg", Outcome.FAIL),
        ("ffmpeg /a/ffmpeg", Outcome.PASS),
        ("ffmpeg /b/ffmpeg", Outcome.PASS),
        ("ffprobe /a/ffprobe", Outcome.PASS),
    ]
    broken = only(builds.one_on_path, case(replace(first, version=None, first=False), first))
    assert broken.severity is Severity.LOW


def test_an_ffmpeg_that_is_named_by_its_path_is_no_question_of_path() -> None:
    nobody_looked = replace(case(command="/opt/ffmpeg"), snapshot=replace(case().snapshot, looks=()))
    assert apply(builds.one_on_path, nobody_looked) == []


@pytest.mark.parametrize(("other", "severity"), [("5.1", Severity.LOW), ("7.1", Severity.MEDIUM), (None, Severity.LOW)])
def test_an_ffprobe_of_another_branch_hurts(other: str | None, severity: Severity) -> None:
    ffprobe = replace(FFMPEG, name="ffprobe", version="x", branch=other)
    assert only(check.same_version, case(FFMPEG, ffprobe)).severity is severity


def holding(name: str, *files: str) -> Distribution:
    return Distribution(name=canonicalize_name(name), version="1.0", listed=True, bundled=files)


@pytest.mark.parametrize(
    ("distribution", "outcome"),
    [
        (holding("imageio-ffmpeg", "ffmpeg-linux-x86_64-v7.0.2"), Outcome.FAIL),
        (holding("imageio-ffmpeg", "ffmpeg-macos-aarch64-v8.1"), Outcome.PASS),
        (holding("imageio-ffmpeg", "ffmpeg-win-x86_64-v8.1.exe"), Outcome.PASS),
        (holding("av", "libavcodec-0a1b2c3d.so.62.28.102", "libavutil-1a2b3c4d.so.60.26.102"), Outcome.PASS),
        (holding("av", "libavutil-1a2b3c4d.so.59.8.100"), Outcome.FAIL),
        (holding("av", "libavutil.59.8.100.dylib"), Outcome.FAIL),
        (holding("av", "libavutil.60.dylib"), Outcome.UNCHECKABLE),
        (holding("av", "avutil-60-0123abcd.dll"), Outcome.UNCHECKABLE),
        (holding("av", "libavutil-1a2b3c4d.so.60.30.100"), Outcome.UNCHECKABLE),
        (holding("odd", "ffmpeg-linux-x64-ubuntu-24.04"), Outcome.UNCHECKABLE),
        (holding("static-ffmpeg"), Outcome.UNCHECKABLE),
    ],
)
def test_copies_inside_packages_go_by_the_names_of_their_files(distribution: Distribution, outcome: Outcome) -> None:
    finding = only(copies_are_supported, case(distribution))
    assert (finding.subject, finding.outcome) == (distribution.subject, outcome)


def test_a_known_fault_of_the_very_release_inside_a_package_is_told() -> None:
    known = KnownBad(
        id="ffmpeg-81-x",
        when=Condition(programs=(("ffmpeg", "<8.1.2"),)),
        unless=None,
        severity=Severity.HIGH,
        symptom="a crafted file runs code",
        exposed_by=Exposure.STATIC,
        source="https://example.org/x",
        first_seen=None,
        where=Place(path="test.toml"),
        aliases=("CVE-2099-1",),
    )
    what = case(holding("imageio-ffmpeg", "ffmpeg-linux-x86_64-v8.1"), matrix=replace(MATRIX, known_bad=(known,)))
    finding = only(copies_are_supported, what)
    assert (finding.severity, finding.aliases) == (Severity.HIGH, ("CVE-2099-1",))


def test_packages_without_a_copy_are_not_asked_about() -> None:
    assert apply(copies_are_supported, case(holding("lxml", "libxml2-0a1b.so.2.13"))) == []
    assert apply(copies_are_supported, case(holding("av", "libavutil-1.so.59.8.100"), matrix=None)) == []
