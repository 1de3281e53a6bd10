"""Each drill of ffmpeg passes with the real one, and catches the fault that it is for."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stackaudit.target import drill_ffmpeg
from tools import require

WRAPPER = """\
#!{python}
import os, pathlib, subprocess, sys
words = sys.argv[1:]
made = [each for at, each in enumerate(words) if each.endswith((".mp4", ".jpg")) and words[at - 1] != "-i"]
file = made[0] if made else None
def really(words):
    return subprocess.run([{ffmpeg!r}, *words], stdin=subprocess.DEVNULL if "-nostdin" in words else None).returncode
{fault}
sys.exit(really(words))
"""


def tried(folder: Path, step: str, path: str | None = None) -> list[str]:
    """What the drill says of `step`, done in `folder` with `path` as its PATH."""
    require("ffmpeg")
    program = folder / "drill_ffmpeg.py"
    shutil.copyfile(drill_ffmpeg.__file__, program)
    command = [sys.executable, str(program), path or os.environ["PATH"], step]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=120)
    problems: list[str] = json.loads(done.stdout)["problems"]
    return problems


def with_fault(folder: Path, fault: str) -> str:
    """A PATH on which ffmpeg has that fault: `words` are its arguments, `file` is the file that it is to write."""
    programs = folder / "programs"
    programs.mkdir()
    wrapper = programs / "ffmpeg"
    text = WRAPPER.format(python=sys.executable, ffmpeg=require("ffmpeg"), fault=fault)
    wrapper.write_text(text, encoding="utf-8")
    wrapper.chmod(0o755)
    return f"{programs}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize("step", drill_ffmpeg.STEPS)
def test_the_ffmpeg_of_this_machine_holds(tmp_path: Path, step: str) -> None:
    assert tried(tmp_path, step) == []


FAULTS = [
    (
        "encode",
        'words = [each.replace("320x240", "160x120") for each in words]',
        "the picture is 160x120 where 320x240 was asked for",
    ),
    ("encode", "if file == 'encode.mp4': sys.exit(1)", "ffmpeg ended with an error"),
    (
        "thumbnail",
        "if file == 'thumbnail.jpg': sys.exit(0)",
        "ffmpeg ended with exit status 0 and wrote nothing",
    ),
    (
        "thumbnail",
        "if file == 'thumbnail.jpg': pathlib.Path(file).write_bytes(b'x'); sys.exit(0)",
        "the file that ffmpeg wrote cannot be read back",
    ),
    (
        "rotation",
        'words = [each.replace("transpose=1", "null") for each in words]',
        "the picture is 320x240 where 240x320 was asked for",
    ),
    (
        "seek-past-end",
        "if file == 'behind.jpg': pathlib.Path(file).write_bytes(b'x'); sys.exit(0)",
        "a seek past the end left a file that holds no frame of the clip",
    ),
    (
        "truncated-file",
        "if file == 'from-cut.mp4': pathlib.Path(file).write_bytes(b'x'); sys.exit(0)",
        "ffmpeg ended with exit status 0 on a truncated file, and what it wrote cannot be read back",
    ),
    ("hang", "if file == 'never.mp4': sys.exit(0)", "ffmpeg ended before its input came"),
    (
        "hang",
        "if file == 'never.mp4': really('-nostdin -v error -f lavfi -i testsrc=d=1 never.mp4'.split()); sys.stdin.read()",
        "an ffmpeg that was killed left a file that looks whole",
    ),
]


@pytest.mark.parametrize(("step", "fault", "told"), FAULTS)
def test_what_an_ffmpeg_does_wrong_is_caught(tmp_path: Path, step: str, fault: str, told: str) -> None:
    assert tried(tmp_path, step, with_fault(tmp_path, fault)) == [told]


def test_another_package_that_goes_by_the_name_of_ffmpeg_is_caught(tmp_path: Path) -> None:
    (tmp_path / "ffmpeg.py").write_text("class FFmpeg: pass\n", encoding="utf-8")
    assert tried(tmp_path, "encode") == ["ffmpeg-python raises AttributeError"]


def test_an_ffmpeg_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert tried(tmp_path, "thumbnail", str(tmp_path)) == ["ffmpeg-python raises FileNotFoundError"]
