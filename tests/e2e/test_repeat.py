"""`--repeat N`: what fails once in N times does not hold, and a proof says how often it was tried."""

import json
import os
import tomllib
from pathlib import Path

import pytest

from command import CLEAN, Run
from matrices_of_one import written
from tools import require

PINS = ("ffmpeg-python==0.2.0", "future==1.0.0")
TIMES = 2


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A PATH with an ffmpeg that fails on one rotation: the one after so many as the file `sound`, beside it, has lines."""
    require("uv")
    require("redis-server")
    folder = tmp_path_factory.mktemp("programs")
    (folder / "sound").touch()
    (folder / "ffmpeg").write_text(
        f"""#!/bin/sh
case "$*" in
*transpose*)
  echo rotation >> '{folder}/rotations'
  [ "$(wc -l < '{folder}/rotations')" -eq "$(($(wc -l < '{folder}/sound') + 1))" ] && exit 1 ;;
esac
exec {require("ffmpeg")} "$@"
""",
        encoding="utf-8",
    )
    (folder / "ffmpeg").chmod(0o755)
    return {
        "PATH": f"{folder}{os.pathsep}{CLEAN['PATH']}",
        "XDG_CACHE_HOME": str(folder / "kept"),
        "XDG_STATE_HOME": str(folder / "state"),
        "SOUND": str(folder / "sound"),
    }


def fail_after(environment: dict[str, str], sound: int) -> None:
    """Let the ffmpeg of `environment` fail on the rotation after `sound` more."""
    file = Path(environment["SOUND"])
    file.with_name("rotations").unlink(missing_ok=True)
    file.write_text("rotation\n" * sound, encoding="utf-8")


def test_a_rung_takes_all_of_n_runs_and_one_that_fails_takes_it_back(
    stackaudit: Run, folder: Path, environment: dict[str, str]
) -> None:
    proofs = written(folder, "films", PINS).with_suffix(".proof.toml")
    fail_after(environment, TIMES)
    held = stackaudit("matrix", "certify", "films", "--repeat", str(TIMES), env=environment)
    assert held.returncode == 0, held.stdout + held.stderr
    (proof,) = tomllib.loads(proofs.read_text(encoding="utf-8"))["proof"]
    assert proof["rung"] == "survived"
    assert f" drills {TIMES} times" in proof["by"]
    fail_after(environment, TIMES - 1)
    lame = stackaudit("matrix", "certify", "films", "--repeat", str(TIMES), "--fresh", env=environment)
    assert lame.returncode == 1, lame.stdout + lame.stderr
    assert f"ffmpeg ended with an error (1 of {TIMES} runs)" in lame.stdout
    assert "it failed now" in lame.stderr
    assert [each["rung"] for each in tomllib.loads(proofs.read_text(encoding="utf-8"))["proof"]] == ["imported"]


def test_a_drill_that_does_not_hold_in_the_last_of_its_runs_did_not_hold(
    stackaudit: Run, folder: Path, environment: dict[str, str]
) -> None:
    (folder / "requirements.txt").write_text("\n".join(PINS), encoding="utf-8")
    asked = (
        "drill",
        "-r",
        "requirements.txt",
        "--drill",
        "ffmpeg-rotation",
        "--format",
        "json",
        "--repeat",
        str(TIMES),
    )
    outcomes = []
    for sound in (TIMES, TIMES - 1):
        fail_after(environment, sound)
        done = stackaudit(*asked, env=environment)
        record = json.loads(done.stdout)
        (check,) = record["checks"]
        outcomes.append((done.returncode, [each["outcome"] for each in check["findings"]]))
        runs = [fact["run"] for look in record["looks"] for fact in look["facts"] if "run" in fact]
        assert runs == list(range(1, TIMES + 1))
    assert outcomes == [(0, ["pass"]), (1, ["fail"])]
