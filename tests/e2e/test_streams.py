"""A call without one of its three streams, as cron and supervisors make them, or ended at its very start or from inside."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from command import CLEAN, COMMAND

PINS = "celery==5.4.0\nredis==3.5.3\nkombu==5.6.1\n"
AUDIT = ("check", "-r", "requirements.txt", "--python-version", "3.11", "--only", "matrix", "--offline")


def without(streams: tuple[int, ...], folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with `streams` closed; the others are captured."""
    closed = " ".join(f"{number}{'<' if number == 0 else '>'}&-" for number in streams)
    line = f'exec "$0" "$@" {closed}'
    command = ["/bin/sh", "-c", line, COMMAND, *arguments]
    return subprocess.run(command, cwd=folder, env=CLEAN, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("streams", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)])
def test_a_closed_stream_changes_no_status_and_nothing_that_is_told_on_the_others(
    folder: Path, streams: tuple[int, ...]
) -> None:
    (folder / "requirements.txt").write_text(PINS, encoding="utf-8")
    for arguments in (
        AUDIT,
        (*AUDIT, "-o", "audit.json"),
        ("check", "-r", "missing.txt"),
        ("--version",),
        ("--bogus",),
    ):
        usual, done = without((), folder, *arguments), without(streams, folder, *arguments)
        assert done.returncode == usual.returncode
        assert done.stdout == ("" if 1 in streams else _timeless(usual.stdout, done.stdout))
        assert done.stderr == ("" if 2 in streams else _timeless(usual.stderr, done.stderr))


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


def test_a_terminal_that_goes_away_changes_no_status_and_no_file(folder: Path) -> None:
    (folder / "requirements.txt").write_text(PINS, encoding="utf-8")
    for more in ((), ("-o", "audit.json")):
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
        assert run.returncode == 1
    assert sorted(each.name for each in folder.iterdir()) == [".git", "audit.json", "requirements.txt"]
