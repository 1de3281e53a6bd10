"""The probes of ffmpeg against the real one, and against all the ways in which a program of that name can be broken."""

import os
import stat
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from stackaudit.audit import apply, gather
from stackaudit.checks import ffmpeg as check
from stackaudit.model.audit import Case
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.programs import MediaTrial, Program, ProgramState
from stackaudit.model.findings import Finding, Outcome
from stackaudit.model.manifest import Manifest, ProgramRequest
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Snapshot
from stackaudit.probes import ffmpeg, media
from stackaudit.probes._media_steps import Bench
from tools import require

GOOD_BANNER = 'echo "ffmpeg version 7.1 Copyright (c) 2000-2024 the FFmpeg developers"'


def look(command: str, seconds: float = 60) -> tuple[Manifest, Snapshot]:
    request = ProgramRequest(name="ffmpeg", command=command, where=Place(path="option --ffmpeg"))
    manifest = Manifest(programs=(request,))
    now = datetime(2026, 11, 22, tzinfo=UTC)
    return manifest, gather(manifest, [ffmpeg.PROBE, media.PROBE], Deadline(seconds), now)


def program(snapshot: Snapshot, name: str = "ffmpeg") -> Program:
    (found,) = [each for each in snapshot.facts(Program) if each.name == name]
    return found


def findings(manifest: Manifest, snapshot: Snapshot) -> list[Finding]:
    case = Case(manifest=manifest, snapshot=snapshot, matrix=None, today=date(2026, 11, 22))
    return [finding for rule in (check.ffmpeg_works, check.steps_make_files) for finding in apply(rule, case)]


def outcomes(manifest: Manifest, snapshot: Snapshot) -> dict[str, set[Outcome]]:
    found: dict[str, set[Outcome]] = {}
    for each in findings(manifest, snapshot):
        found.setdefault(each.rule, set()).add(each.outcome)
    return found


def script(folder: Path, *lines: str, name: str = "ffmpeg") -> str:
    path = folder / name
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return str(path)


def test_the_real_ffmpeg_makes_a_clip_a_thumbnail_and_a_rotation() -> None:
    require("ffprobe")
    manifest, snapshot = look(require("ffmpeg"))
    found = program(snapshot)
    assert found.state is ProgramState.WORKS
    assert found.version is not None
    assert {"encoder mjpeg", "filter transpose"} <= set(found.features)
    trials = {each.step: each for each in snapshot.facts(MediaTrial)}
    assert {step: (each.width, each.height) for step, each in trials.items()} == {
        "encode": (320, 240),
        "thumbnail": (160, 120),
        "rotate": (240, 320),
    }
    assert all(each.ok and each.size for each in trials.values())
    assert outcomes(manifest, snapshot) == {"FF101": {Outcome.PASS}, "FF104": {Outcome.PASS}}


def test_two_looks_at_one_ffmpeg_show_the_same_facts() -> None:
    path = require("ffmpeg")
    assert look(path)[1].facts(MediaTrial) == look(path)[1].facts(MediaTrial)


def test_ffprobe_is_taken_from_beside_ffmpeg_and_then_from_path(tmp_path: Path) -> None:
    real, probe = require("ffmpeg"), require("ffprobe")
    (tmp_path / "ffmpeg-7").symlink_to(real)
    assert program(look(str(tmp_path / "ffmpeg-7"))[1], "ffprobe").path == probe
    (tmp_path / "ffprobe-7").symlink_to(probe)
    assert program(look(str(tmp_path / "ffmpeg-7"))[1], "ffprobe").path == str(tmp_path / "ffprobe-7")


def test_without_a_working_ffprobe_the_files_are_still_examined(tmp_path: Path) -> None:
    (tmp_path / "ffmpeg").symlink_to(require("ffmpeg"))
    script(tmp_path, "exit 1", name="ffprobe")
    _, snapshot = look(str(tmp_path / "ffmpeg"))
    assert program(snapshot, "ffprobe").state is ProgramState.BROKEN
    trials = snapshot.facts(MediaTrial)
    assert len(trials) == 3
    assert all(each.ok for each in trials)


def test_a_file_of_a_package_names_the_package() -> None:
    require("dpkg-query")
    owner = program(look(require("ffmpeg"))[1]).owner
    if owner is None:
        pytest.skip("this ffmpeg belongs to no Debian package")
    assert owner.startswith("ffmpeg ")


BROKEN = {
    "is empty": (["exit 0"], ProgramState.BROKEN),
    "prints a good banner and fails": ([GOOD_BANNER, "exit 1"], ProgramState.BROKEN),
    "crashes": (["kill -SEGV $$"], ProgramState.BROKEN),
    "misses a library": (
        ['echo "ffmpeg: error while loading shared libraries: libavdevice.so.63" >&2', "exit 127"],
        ProgramState.BROKEN,
    ),
    "is another program": (["echo I am a teapot"], ProgramState.FOREIGN),
    "is ffprobe": ([GOOD_BANNER.replace("ffmpeg version", "ffprobe version")], ProgramState.FOREIGN),
}


@pytest.mark.parametrize("specimen", BROKEN)
def test_a_program_that_does_not_work_fails_and_blinds_the_files(specimen: str, tmp_path: Path) -> None:
    lines, state = BROKEN[specimen]
    manifest, snapshot = look(script(tmp_path, *lines))
    assert program(snapshot).state is state
    assert outcomes(manifest, snapshot) == {"FF101": {Outcome.FAIL}, "FF104": {Outcome.UNKNOWN}}


def test_a_program_that_sleeps_is_hung(tmp_path: Path) -> None:
    manifest, snapshot = look(script(tmp_path, "trap '' TERM", "sleep 300"))
    assert program(snapshot).state is ProgramState.HUNG
    assert outcomes(manifest, snapshot) == {"FF101": {Outcome.FAIL}, "FF104": {Outcome.UNKNOWN}}
    first, second = findings(manifest, snapshot)
    assert second.message.startswith("ffmpeg does not work, and was asked no more: ")
    assert first.cause == second.cause


def test_when_the_audits_time_is_up_first_nothing_was_seen(tmp_path: Path) -> None:
    manifest, snapshot = look(script(tmp_path, "sleep 300"), seconds=1)
    assert snapshot.facts(Program) == ()
    assert outcomes(manifest, snapshot) == {"FF101": {Outcome.UNKNOWN}, "FF104": {Outcome.UNKNOWN}}


def test_what_is_no_program_at_all_fails(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("#!/bin/sh\n")
    plain.chmod(0o644)
    text = tmp_path / "text"
    text.write_text("not a program\n")
    text.chmod(0o755)
    orphan = tmp_path / "orphan"
    orphan.write_text("#!/nonexistent/interpreter\n")
    orphan.chmod(0o755)
    cut = tmp_path / "cut"
    cut.write_bytes(Path(require("ffmpeg")).read_bytes()[:20000])
    cut.chmod(0o755)
    for specimen in (plain, text, orphan, cut, tmp_path):
        manifest, snapshot = look(str(specimen))
        assert program(snapshot).state is ProgramState.BROKEN, specimen.name
        assert outcomes(manifest, snapshot)["FF101"] == {Outcome.FAIL}, specimen.name
    assert program(look(str(tmp_path / "nowhere"))[1]).state is ProgramState.ABSENT
    assert program(look("no-such-ffmpeg")[1]).state is ProgramState.ABSENT


def test_a_good_banner_that_writes_nothing_and_exits_0_fails(tmp_path: Path) -> None:
    manifest, snapshot = look(script(tmp_path, GOOD_BANNER, "exit 0"))
    (trial,) = snapshot.facts(MediaTrial)
    assert (trial.step, trial.ok, trial.exit_status) == ("encode", False, 0)
    assert "no file" in trial.detail
    # What could not be tried for want of a clip is unknown, and passes nothing.
    assert outcomes(manifest, snapshot) == {"FF101": {Outcome.PASS}, "FF104": {Outcome.FAIL, Outcome.UNKNOWN}}


@pytest.mark.parametrize(("content", "words"), [("", "empty file"), ("garbage", "cannot be read back")])
def test_a_file_that_is_no_clip_fails(content: str, words: str, tmp_path: Path) -> None:
    require("ffprobe")
    lines = [GOOD_BANNER, f'case "$*" in *clip.mp4*) printf "{content}" > clip.mp4;; esac']
    _, snapshot = look(script(tmp_path, *lines, "exit 0"))
    (trial,) = snapshot.facts(MediaTrial)
    assert not trial.ok
    assert words in trial.detail


def test_a_thumbnail_that_is_never_written_fails_though_everything_exits_0(tmp_path: Path) -> None:
    real = require("ffmpeg")
    lines = ['case "$*" in *thumbnail.jpg*) exit 0;; esac', f'exec "{real}" "$@"']
    _, snapshot = look(script(tmp_path, *lines))
    assert {each.step: each.ok for each in snapshot.facts(MediaTrial)} == {
        "encode": True,
        "thumbnail": False,
        "rotate": True,
    }


@pytest.mark.parametrize(
    ("file", "size", "step"), [("thumbnail.jpg", "64x64", "thumbnail"), ("rotated.mp4", "320x240", "rotate")]
)
def test_a_picture_of_the_wrong_size_fails_though_it_is_a_real_one(
    file: str, size: str, step: str, tmp_path: Path
) -> None:
    real = require("ffmpeg")
    made = f'"{real}" -v error -y -f lavfi -i testsrc=size={size}:duration=1 {"-frames:v 1" if step == "thumbnail" else ""}'
    lines = [f'case "$*" in *{file}*-y) exec {made} {file};; esac', f'exec "{real}" "$@"']
    _, snapshot = look(script(tmp_path, *lines))
    trials = {each.step: each for each in snapshot.facts(MediaTrial)}
    assert {name for name, trial in trials.items() if not trial.ok} == {step}
    assert f"it made {size} where" in trials[step].detail


def test_a_step_that_hangs_fails_and_leaves_no_process(tmp_path: Path) -> None:
    real = require("ffmpeg")
    pids = tmp_path / "pids"
    lines = [f'case "$*" in *clip.mp4*) echo $$ > "{pids}"; sleep 300;; esac', f'exec "{real}" "$@"']
    bench = Bench(
        folder=tmp_path,
        ffmpeg=script(tmp_path, *lines),
        ffprobe=None,
        encoder="mpeg4",
        deadline=Deadline(60),
        patience=1.0,
    )
    first, *others = media.try_steps(bench, None)
    (trial,) = [each for each in first.facts if isinstance(each, MediaTrial)]
    assert not trial.ok
    assert "not done within 1 s" in trial.detail
    assert all(each.unseen is not None for each in others)
    pid = int(pids.read_text())
    until = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = require("ffmpeg")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    look(real)
    assert [each.name for each in tmp_path.iterdir() if stat.S_ISDIR(each.stat().st_mode)] == []
