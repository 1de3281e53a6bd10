"""A call without one of its three streams, as cron and supervisors make them, or ended at its very start or from inside."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from command import CLEAN, COMMAND

PINS = "celery==5.4.0\nredis==3.5.3\nkombu==5.6.1\n"
CLEAN_PINS = "celery==5.5.3\nredis==5.2.1\nkombu==5.5.4\n"
AUDIT = ("check", "-r", "requirements.txt", "--python-version", "3.11", "--only", "matrix", "--offline")


def without(streams: tuple[int, ...], folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with `streams` closed; the others are captured."""
    closed = " ".join(f"{number}{'<' if number == 0 else '>'}&-" for number in streams)
    line = f'exec "$0" "$@" {closed}'
    command = ["bash", "-c", line, COMMAND, *arguments]
    return subprocess.run(command, cwd=folder, env=CLEAN, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("streams", [(0,), (2,), (0, 2)])
def test_a_closed_stream_changes_no_status_and_nothing_that_is_told_on_the_others(
    folder: Path, streams: tuple[int, ...]
) -> None:
    (folder / "requirements.txt").write_text(PINS, encoding="utf-8")
    for arguments in (AUDIT, ("check", "-r", "missing.txt"), ("--version",), ("--bogus",)):
        usual, done = without((), folder, *arguments), without(streams, folder, *arguments)
        assert done.returncode == usual.returncode
        assert done.stdout == _timeless(usual.stdout, done.stdout)
        assert done.stderr == ("" if 2 in streams else _timeless(usual.stderr, done.stderr))


@pytest.mark.parametrize("streams", [(1,), (0, 1, 2)])
def test_a_closed_standard_output_is_no_loss_where_the_files_or_the_status_are_the_result(
    folder: Path, streams: tuple[int, ...]
) -> None:
    (folder / "requirements.txt").write_text(PINS, encoding="utf-8")
    for arguments in ((*AUDIT, "-o", "audit.json"), (*AUDIT, "-qq"), ("--bogus",)):
        usual, done = without((), folder, *arguments), without(streams, folder, *arguments)
        assert done.returncode == usual.returncode
        assert done.stderr == ("" if 2 in streams else _timeless(usual.stderr, done.stderr))
    assert json.loads((folder / "audit.json").read_text(encoding="utf-8"))["verdict"]
    assert without(streams, folder, "init").returncode == 0
    waived = ("waive", "MX101", "kombu", "--reason", "tried", "--owner", "ops", "--days", "9")
    assert without(streams, folder, *waived).returncode == 0
    assert "MX101" in (folder / "stackaudit.toml").read_text(encoding="utf-8")


TELLING = (
    AUDIT,
    (*AUDIT, "--exit-zero", "--format", "json"),
    ("diff", "audit.json", "audit.json"),
    ("matrix", "list"),
    ("check", "--help"),
    ("--help",),
    ("--version",),
)


@pytest.mark.parametrize(
    ("redirected", "why"),
    [
        (">&-", "standard output is closed"),
        (">/dev/full", "No space left on device"),
        (">gone", "nobody reads standard output any more"),
    ],
)
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_result_that_cannot_be_told_is_an_error_and_no_pass(folder: Path, redirected: str, why: str) -> None:
    (folder / "requirements.txt").write_text(CLEAN_PINS, encoding="utf-8")
    assert without((), folder, *AUDIT, "-o", "audit.json").returncode == 0
    reader, gone = os.pipe()
    os.close(reader)
    try:
        for arguments in TELLING:
            line = f'exec "$0" "$@" {redirected.replace("gone", f"&{gone}")}'
            done = subprocess.run(
                ["bash", "-c", line, COMMAND, *arguments],
                cwd=folder,
                env=CLEAN,
                stderr=subprocess.PIPE,
                pass_fds=(gone,),
                text=True,
                check=False,
                timeout=120,
            )
            assert (arguments, done.returncode) == (arguments, 2)
            assert done.stderr.startswith(f"error: the result can't be written: {why}\n")
            assert done.stderr.count("\n") <= 2
    finally:
        os.close(gone)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_standard_error_that_takes_nothing_changes_no_status(folder: Path) -> None:
    (folder / "requirements.txt").write_text(PINS, encoding="utf-8")
    for arguments in (("check", "-r", "missing.txt"), ("--bogus",), (*AUDIT, "-o", "audit.json")):
        usual = without((), folder, *arguments)
        with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device
            done = subprocess.run(
                [COMMAND, *arguments],
                cwd=folder,
                env=CLEAN,
                stdout=subprocess.PIPE,
                stderr=full,
                text=True,
                check=False,
            )
        assert (arguments, done.returncode) == (arguments, usual.returncode)
        assert done.stdout == _timeless(usual.stdout, done.stdout)
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device
        assert subprocess.run([COMMAND, "explain"], env=CLEAN, stdout=full, stderr=full, check=False).returncode == 2


def _timeless(expected: str, found: str) -> str:
    """`expected`, or `found` where the two differ in nothing but the seconds that the audit took."""
    same = [
        one.split(" in ")[0] == other.split(" in ")[0]
        for one, other in zip(expected.splitlines(), found.splitlines(), strict=False)
    ]
    return found if all(same) and expected.count("\n") == found.count("\n") else expected


def test_an_interruption_while_the_tool_itself_is_loaded_is_no_traceback(folder: Path) -> None:
    (folder / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'stackaudit.cli.app':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n",
        encoding="utf-8",
    )
    env = {**CLEAN, "PYTHONPATH": os.fspath(folder)}
    done = subprocess.run(
        [COMMAND, "check"], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 130
    assert done.stderr == "stackaudit: interrupted; nothing was concluded\n"


@pytest.mark.parametrize("module", ["typer", "platformdirs"])
@pytest.mark.parametrize("ends", ["raise SystemExit('no terminal')", "raise SystemExit(0)"])
def test_a_module_that_ends_the_process_when_it_is_imported_passes_nothing(
    folder: Path, module: str, ends: str
) -> None:
    (folder / "requirements.txt").write_text(PINS, encoding="utf-8")
    (folder / "shadows").mkdir()
    (folder / "shadows" / f"{module}.py").write_text(f"{ends}\n", encoding="utf-8")
    env = {**CLEAN, "PYTHONPATH": str(folder / "shadows"), "TMPDIR": str(folder)}
    done = subprocess.run([COMMAND, *AUDIT], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (70, ""), done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


def test_a_terminal_that_goes_away_is_no_bug_and_no_verdict_and_keeps_no_file_from_being_written(folder: Path) -> None:
    (folder / "requirements.txt").write_text(PINS, encoding="utf-8")
    for more, status in (((), 2), (("-o", "audit.json"), 1)):
        kept, terminal = pty.openpty()
        command = [
            sys.executable,
            "-c",
            "import os, sys; sys.stdin.readline(); os.execv(sys.argv[1], sys.argv[1:])",
            COMMAND,
            *AUDIT,
            *more,
        ]
        env = {**CLEAN, "TMPDIR": str(folder)}
        with subprocess.Popen(
            command, cwd=folder, env=env, stdin=subprocess.PIPE, stdout=terminal, stderr=terminal
        ) as run:
            os.close(terminal)
            os.close(kept)
            run.communicate(b"\n", timeout=60)
        assert run.returncode == status
    assert sorted(each.name for each in folder.iterdir()) == [".git", "audit.json", "requirements.txt"]
