"""What users, scripts and CI rely on: exit statuses, streams, and no traceback whatever is done to it."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from command import CLEAN, COMMAND, Run
from stackaudit import __version__

SEED = "celery==5.4.0\nredis==5.0.8\nkombu==5.6.1\nbilliard==4.2.4\nvine==5.1.0\nffmpeg-python==0.2.0\n"
# These tests are about no index: what a fresh install gives is asked in tests of its own.
MATRIX_ONLY = ("check", "-r", "requirements.txt", "--python-version", "3.11", "--only", "matrix", "--offline")


@pytest.fixture
def pins(folder: Path) -> Path:
    path = folder / "requirements.txt"
    path.write_text(SEED, encoding="utf-8")
    return path


def test_no_command_prints_help_and_is_fine(stackaudit: Run) -> None:
    done = stackaudit()
    assert done.returncode == 0
    assert "Usage: stackaudit" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_the_version_is_printed_and_nothing_else(stackaudit: Run, option: str) -> None:
    assert stackaudit(option).stdout == f"stackaudit {__version__}\n"


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_has_help(stackaudit: Run, option: str) -> None:
    for command in ("check", "explain", "init"):
        done = stackaudit(command, option)
        assert done.returncode == 0
        assert done.stdout.startswith("Usage: stackaudit")


@pytest.mark.usefixtures("pins")
def test_pins_that_go_together_pass(stackaudit: Run) -> None:
    done = stackaudit(*MATRIX_ONLY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""


@pytest.mark.usefixtures("pins")
def test_the_status_is_the_same_in_every_format(stackaudit: Run, folder: Path) -> None:
    (folder / "requirements.txt").write_text(SEED.replace("redis==5.0.8", "redis==3.5.3"), encoding="utf-8")
    for form in ("text", "json", "markdown"):
        assert stackaudit(*MATRIX_ONLY, "--format", form).returncode == 1
    assert stackaudit(*MATRIX_ONLY, "-o", "audit.json").returncode == 1
    assert stackaudit(*MATRIX_ONLY, "--exit-zero").returncode == 0


@pytest.mark.usefixtures("pins")
def test_with_files_standard_output_is_empty_and_one_line_sums_up(stackaudit: Run, folder: Path) -> None:
    done = stackaudit(*MATRIX_ONLY, "-o", "audit.json", "-o", "audit.md")
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    record = json.loads((folder / "audit.json").read_text(encoding="utf-8"))
    assert record["schema"] == "stackaudit/record/1"
    assert (folder / "audit.md").read_text(encoding="utf-8").startswith("# Dependency audit")


@pytest.mark.usefixtures("pins")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "--nope"], "--nope"),
        (["chekc"], "chekc"),
        (["check", "--format", "xml"], "formats are"),
        (["check", "--fail-on", "severe"], "option --fail-on"),
        (["check", "--only", "celry"], "did you mean `celery`"),
        (["check", "-r", "missing.txt"], "missing.txt"),
        (["check", "-r", "requirements.txt", "-o", "audit.pdf"], "no format ends in that"),
        (["check", "-r", "requirements.txt", "-o", "nowhere/audit.json"], "there is no folder nowhere"),
        (["check", "-r", "requirements.txt", "--matrix", "celery-reddis-ffmpeg"], "celery-redis-ffmpeg"),
        (["check", "-r", "requirements.txt", "--only", "redis", "--skip", "redis"], "no check is left"),
        (["check", "-r", "requirements.txt", "--broker-url", "redis:localhost"], "option --broker-url: the broker URL can't be used"),
        (["check", "-r", "requirements.txt", "--broker-url", "redis://:p/w@h/0"], "%2F"),
        (["check"], "there is no environment to audit"),
        (["explain", "MX99"], "did you mean MX"),
    ],
)  # fmt: skip
def test_a_wrong_call_says_what_and_what_to_do_and_ends_with_2(
    stackaudit: Run, arguments: list[str], said: str
) -> None:
    done = stackaudit(*arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_every_wrong_line_of_every_file_is_told_at_once_and_nobody_is_asked(stackaudit: Run, folder: Path) -> None:
    (folder / "one.txt").write_text("celery==5.4.0\nredis=5.0.8\n-r two.txt\nkombu >= nonsense\n", encoding="utf-8")
    (folder / "two.txt").write_text("vine==5.1.0\n???\n", encoding="utf-8")
    done = stackaudit("check", "-r", "one.txt", "-o", "audit.json")
    assert done.returncode == 2
    for place in ("one.txt:2", "one.txt:4", "two.txt:2"):
        assert f"error: {place}: " in done.stderr
    assert not (folder / "audit.json").exists()


def test_a_stack_that_no_matrix_is_for_is_told_what_it_lacks(stackaudit: Run, folder: Path) -> None:
    (folder / "requirements.txt").write_text("redis==5.0.8\n", encoding="utf-8")
    done = stackaudit("check", "-r", "requirements.txt")
    assert done.returncode == 2
    assert "celery-redis-ffmpeg is for stacks with celery; " in done.stderr
    assert "--skip matrix" in done.stderr


def test_no_pins_at_all_is_never_a_pass(stackaudit: Run, folder: Path) -> None:
    (folder / "requirements.txt").write_text("# nothing yet\n", encoding="utf-8")
    assert stackaudit("check", "-r", "requirements.txt").returncode == 2
    done = stackaudit("check", "-r", "requirements.txt", "--only", "vulnerabilities")
    assert done.returncode == 3, done.stdout


@pytest.mark.usefixtures("pins")
def test_a_reader_that_has_what_it_wanted_is_no_error(folder: Path) -> None:
    shell = f"'{COMMAND}' {' '.join(MATRIX_ONLY)} | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], cwd=folder, env=CLEAN, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
@pytest.mark.usefixtures("pins")
def test_a_full_disk_is_told(folder: Path) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            [COMMAND, *MATRIX_ONLY], cwd=folder, env=CLEAN, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert "can't be written" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_audit_ends_at_once_and_leaves_no_process(folder: Path, number: signal.Signals) -> None:
    hung = folder / "python"
    hung.write_text("#!/bin/sh\ntrap '' TERM INT\nexec sleep 4242\n", encoding="utf-8")
    hung.chmod(0o755)
    command = [COMMAND, "check", "--python", str(hung), "--only", "conflicts"]
    process = subprocess.Popen(command, cwd=folder, env=CLEAN, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while subprocess.run(["pgrep", "-f", "sleep 4242"], check=False, capture_output=True).returncode != 0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(number)
    time.sleep(0.005)
    process.send_signal(number)  # people press it twice
    _, told = process.communicate(timeout=5)  # the interpreter's own patience is 10 s: nobody waited for it
    assert process.returncode == 130
    assert "Traceback" not in told
    assert subprocess.run(["pgrep", "-f", "sleep 4242"], check=False, capture_output=True).returncode != 0


@pytest.mark.usefixtures("pins")
def test_an_interrupted_audit_leaves_no_file(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    scratch = tmp_path_factory.mktemp("scratch")
    with socket.create_server(("127.0.0.1", 0)) as hung:
        proxy = f"http://127.0.0.1:{hung.getsockname()[1]}"
        env = {
            **CLEAN,
            "TMPDIR": str(scratch),
            "HTTPS_PROXY": proxy,
            "https_proxy": proxy,
            "NO_PROXY": "",
            "no_proxy": "",
        }
        command = [COMMAND, "check", "-r", "requirements.txt", "--only", "vulnerabilities", "--advisories", "pypi"]
        process = subprocess.Popen(command, cwd=folder, env=env, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 25
        while not list(scratch.rglob("pins.txt")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert process.returncode == 130
    assert list(scratch.iterdir()) == []


def test_a_bug_ends_in_one_line_and_a_file_and_70(folder: Path) -> None:
    boom = (
        "import sys\nfrom stackaudit.cli import app, init\n"
        "def boom() -> None:\n    raise ZeroDivisionError('redis://:s3cret@host')\n"
        "init.init = boom\n"
        "sys.exit(app.run(['init']))\n"
    )
    environ = {**CLEAN, "TMPDIR": str(folder)}
    command = [sys.executable, "-c", boom]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 70
    assert len(done.stderr.splitlines()) == 1
    (details,) = folder.glob("stackaudit-bug-*.txt")
    assert str(details) in done.stderr
    assert "ZeroDivisionError" in details.read_text(encoding="utf-8")
    assert "s3cret" not in details.read_text(encoding="utf-8")


def test_a_full_disk_is_no_bug_and_no_verdict(folder: Path) -> None:
    full = (
        "import errno, os, sys\nfrom stackaudit.cli import app, init\n"
        "def fill() -> None:\n    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))\n"
        "init.init = fill\n"
        "sys.exit(app.run(['init']))\n"
    )
    environ = {**CLEAN, "TMPDIR": str(folder)}
    command = [sys.executable, "-c", full]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("error: nothing was concluded: No space left on device\n  = fix:  make room")
    assert list(folder.glob("stackaudit-bug-*")) == []


@pytest.mark.usefixtures("pins")
@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_any_encoding_of_the_terminal_will_do(stackaudit: Run, encoding: str) -> None:
    for form in ("text", "markdown"):
        done = stackaudit(*MATRIX_ONLY, "--format", form, env={"PYTHONIOENCODING": encoding})
        assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("pins")
def test_a_pipe_gets_no_colours_unless_they_are_asked_for(stackaudit: Run) -> None:
    assert "\x1b" not in stackaudit(*MATRIX_ONLY, env={"GITHUB_ACTIONS": "true"}).stdout
    assert "\x1b" not in stackaudit(*MATRIX_ONLY, env={"FORCE_COLOR": "0"}).stdout
    assert "\x1b" in stackaudit(*MATRIX_ONLY, env={"FORCE_COLOR": "1"}).stdout
    assert "\x1b" not in stackaudit(*MATRIX_ONLY, env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).stdout
    assert "\x1b" in stackaudit(*MATRIX_ONLY, "--color", "always", env={"NO_COLOR": "1"}).stdout


def test_the_tools_own_environment_is_never_audited_by_accident(stackaudit: Run) -> None:
    done = stackaudit("check", env={"VIRTUAL_ENV": sys.prefix})
    assert done.returncode == 2
    assert "there is no environment to audit" in done.stderr


def test_init_writes_a_table_that_is_read_and_never_writes_it_twice(stackaudit: Run, folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[project]\nname = "app"\n', encoding="utf-8")
    assert stackaudit("init").returncode == 0
    assert (
        (folder / "pyproject.toml")
        .read_text(encoding="utf-8")
        .startswith('[project]\nname = "app"\n\n[tool.stackaudit]\n')
    )
    assert stackaudit("init").returncode == 2


@pytest.mark.parametrize("name", ["pyproject.toml", "stackaudit.toml"])
def test_the_waiver_that_init_shows_is_one(stackaudit: Run, folder: Path, name: str) -> None:
    if name == "pyproject.toml":
        (folder / name).write_text('[project]\nname = "app"\n', encoding="utf-8")
    assert stackaudit("init").returncode == 0
    file = folder / name
    shown, header, example = file.read_text(encoding="utf-8").partition("# [[")
    assert header, "there is no example of a waiver"
    file.write_text(shown + "[[" + example.replace("\n# ", "\n"), encoding="utf-8")
    (folder / "requirements.txt").write_text("future==0.18.2\n", encoding="utf-8")
    record = stackaudit("check", "-r", "requirements.txt", "--only", "vulnerabilities", "--offline", "--format", "json")
    assert record.returncode == 3, record.stderr
    assert "1 waiver" in json.loads(record.stdout)["checks"][-1]["summary"]


def test_what_could_be_ignored_in_vain_is_refused(stackaudit: Run, folder: Path) -> None:
    (folder / "requirements.txt").write_text("celery==5.4.0\n", encoding="utf-8")
    done = stackaudit("check", "-r", "requirements.txt", "--only", "matrix", "--ignore", "CVE20240001")
    assert done.returncode == 2
    assert done.stderr.startswith("error: option --ignore: CVE20240001 is no rule's code and no advisory's id\n")


def test_completion_is_offered(stackaudit: Run) -> None:
    assert "--install-completion" in stackaudit("--help").stdout
    assert (
        "check"
        in stackaudit(
            env={"_STACKAUDIT_COMPLETE": "complete_bash", "COMP_WORDS": "stackaudit ", "COMP_CWORD": "1"}
        ).stdout
    )


def test_explain_tells_what_why_and_what_to_do(stackaudit: Run) -> None:
    told = stackaudit("explain", "mx101").stdout
    for word in ("MX101", "why:", "fix:", "severity:"):
        assert word in told
    assert "VU101" in stackaudit("explain").stdout


@pytest.mark.usefixtures("pins")
def test_a_saved_record_is_judged_again_with_no_world_at_all(stackaudit: Run, folder: Path) -> None:
    assert stackaudit(*MATRIX_ONLY, "-o", "audit.json").returncode == 0
    (folder / "requirements.txt").unlink()
    again = stackaudit(
        "check", "--from", "audit.json", "--only", "matrix", "--format", "json", env={"PATH": "/nowhere"}
    )
    assert again.returncode == 0, again.stderr
    assert (
        json.loads(again.stdout)["digest"] == json.loads((folder / "audit.json").read_text(encoding="utf-8"))["digest"]
    )
    assert stackaudit("check", "--from", "audit.json").returncode == 3  # nobody looked for the other checks
    assert stackaudit("check", "--from", "audit.json", "--sandbox").returncode == 2
    assert stackaudit("check", "--from", "missing.json").returncode == 2
