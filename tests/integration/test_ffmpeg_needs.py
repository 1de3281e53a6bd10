"""What a project needs of ffmpeg, asked of the real one and of those that can't tell; and all that PATH holds by that name."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from stackaudit.audit import gather
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.programs import Copy, Need, Program
from stackaudit.model.manifest import Manifest, ProgramRequest, Setting
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Snapshot
from stackaudit.probes import ffmpeg, ffmpeg_copies, ffmpeg_needs
from tools import require

HERE = Place(path="test")
BANNER = 'echo "ffmpeg version 7.1 Copyright (c) 2000-2024 the FFmpeg developers"'


def look(command: str, *needs: str) -> Snapshot:
    manifest = Manifest(
        programs=(ProgramRequest(name="ffmpeg", command=command, where=HERE),),
        settings=(Setting(name="needs", value=needs, where=HERE),),
    )
    probes = [ffmpeg.PROBE, ffmpeg_needs.PROBE, ffmpeg_copies.PROBE]
    return gather(manifest, probes, Deadline(60), datetime(2026, 11, 22, tzinfo=UTC))


def script(folder: Path, *lines: str, name: str = "ffmpeg") -> str:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return str(path)


def test_the_real_ffmpeg_is_asked_for_each_kind() -> None:
    there = ["decoder h264", "encoder png", "filter scale", "option y", "option:-c", "protocol file"]
    gone = ["decoder nope", "encoder nope", "filter nope", "option nope", "protocol nope"]
    found = look(require("ffmpeg"), *there, *gone).facts(Need)
    assert {each.subject for each in found if each.met} == {
        "ffmpeg decoder h264",
        "ffmpeg encoder png",
        "ffmpeg filter scale",
        "ffmpeg option y",
        "ffmpeg option c",
        "ffmpeg protocol file",
    }
    assert len([each for each in found if not each.met]) == len(gone)


def test_the_flags_that_decide_on_the_license_are_those_of_its_configuration() -> None:
    (program,) = [each for each in look(require("ffmpeg")).facts(Program) if each.name == "ffmpeg"]
    assert set(program.flags) <= {"--enable-gpl", "--enable-nonfree", "--enable-version3"}


def test_without_needs_nothing_is_asked_and_without_ffmpeg_nothing_is_made_up(tmp_path: Path) -> None:
    assert look(require("ffmpeg")).facts(Need) == ()
    seen = look(str(tmp_path / "none"), "encoder aac")
    (unseen,) = [each.unseen for each in seen.looks if each.unseen is not None]
    assert (unseen.yields, unseen.cause) == (
        ("Need",),
        f"ffmpeg does not work, and was asked no more: there is no file {tmp_path / 'none'}",
    )


@pytest.mark.parametrize("answer", ["exit 0", "exit 1", "echo garbage"])
def test_an_ffmpeg_that_does_not_list_what_it_has_leaves_the_need_unseen(tmp_path: Path, answer: str) -> None:
    path = script(tmp_path, f'case "$*" in *-version*) {BANNER}; exit 0;; esac', answer)
    seen = look(path, "encoder aac")
    assert seen.facts(Need) == ()
    assert [each.unseen.cause for each in seen.looks if each.unseen is not None] == [
        f"{path} did not list its encoders"
    ]


def test_each_file_on_path_is_told_once_with_the_first_that_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    script(first, BANNER)
    script(second, BANNER.replace("7.1", "5.1.9"))
    script(tmp_path / "third", "exit 1")
    (tmp_path / "fourth").mkdir()
    (tmp_path / "fourth" / "ffmpeg").symlink_to(first / "ffmpeg")
    folders = [str(tmp_path / each) for each in ("first", "second", "third", "fourth")]
    monkeypatch.setenv("PATH", ":".join([*folders, "/bin"]))
    found = [each for each in look("ffmpeg").facts(Copy) if each.path.startswith(str(tmp_path))]
    assert [(Path(each.path).parent.name, each.version, each.first) for each in found] == [
        ("first", "7.1", True),
        ("second", "5.1.9", False),
        ("third", None, False),
    ]


def test_one_on_path_or_one_that_is_named_by_its_path_is_no_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = script(tmp_path, BANNER)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert look("ffmpeg").facts(Copy) == ()
    script(tmp_path / "other", BANNER)
    monkeypatch.setenv("PATH", f"{tmp_path}:{tmp_path / 'other'}")
    assert len(look("ffmpeg").facts(Copy)) == 2
    assert look(path).facts(Copy) == ()
