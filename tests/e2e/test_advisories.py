"""The mirror as a user meets it: made, looked at, audited from with no network, and never lost."""

import json
import os
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from advised import ADVISORIES
from command import CLEAN, COMMAND, Run
from environments import Environments
from servers import stays_silent, stranger

PINS = "oakpress==2.0.1\nelm==1.0\nacme-billing==1.0\n"
SEED = (Path(__file__).parents[1] / "projects" / "seed" / "requirements.txt").read_text(encoding="utf-8").split()
CLOSED = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), "http://127.0.0.1:9")


@pytest.fixture
def home(folder: Path) -> Path:
    """Where the user's data lies."""
    return folder / "home"


@pytest.fixture
def run(stackaudit: Run, home: Path) -> Run:
    """The command, for a user whose data lies in `home`, with no network."""

    def with_home(*arguments: str) -> subprocess.CompletedProcess[str]:
        return stackaudit(*arguments, env={"XDG_DATA_HOME": str(home), "XDG_CACHE_HOME": str(home), **CLOSED})

    return with_home


def files(home: Path) -> set[str]:
    return {each.name for each in (home / "stackaudit" / "advisories").iterdir()}


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not what():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_without_a_mirror_status_says_how_to_make_one(run: Run) -> None:
    done = run("advisories", "status")
    assert done.returncode == 3
    assert "there is no mirror" in done.stdout
    assert "stackaudit advisories sync" in done.stdout


def test_a_mirror_is_made_from_a_folder_and_told(run: Run, home: Path) -> None:
    made = run("advisories", "sync", str(ADVISORIES))
    assert made.returncode == 0, made.stderr
    assert made.stderr == "reading the records\nverifying 5 records\n"
    told = run("advisories", "status")
    assert told.returncode == 0
    assert told.stdout == made.stdout
    for word in (
        "advisories  5 about PyPI packages",
        "newest ",
        "synced ",
        "0 days old",
        "digest      sha256 ",
        str(home),
    ):
        assert word in told.stdout
    assert run("advisories", "sync", "-q", str(ADVISORIES)).stderr == ""


def test_the_status_can_be_read_by_a_program(run: Run, home: Path) -> None:
    none = run("advisories", "status", "--format", "json")
    assert (none.returncode, none.stdout) == (3, "null\n")
    assert run("advisories", "sync", str(ADVISORIES)).returncode == 0
    done = run("advisories", "status", "--format", "json")
    told, text = json.loads(done.stdout), run("advisories", "status").stdout
    assert done.returncode == 0
    assert (told["count"], told["source"]) == (5, str(ADVISORIES))
    assert f"newest      {told['newest']}, a day that is still to come" in text
    assert told["age_days"] < 0
    assert f"sha256 {told['sha256']}" in text
    assert Path(told["path"]).parent.is_relative_to(home)
    wrong = run("advisories", "status", "--format", "xml")
    assert wrong.returncode == 2
    assert "it is one of text, json" in wrong.stderr


def test_an_audit_with_no_network_stands_on_the_mirror(run: Run, folder: Path) -> None:
    (folder / "requirements.txt").write_text(PINS, encoding="utf-8")
    (folder / "stackaudit.toml").write_text('private = ["acme-*"]\n', encoding="utf-8")
    audit = ("check", "-r", "requirements.txt", "--only", "vulnerabilities", "--format", "json", "--offline")
    skipped = run(*audit)
    assert skipped.returncode == 3
    assert "make a mirror with `stackaudit advisories sync`" in json.loads(skipped.stdout)["checks"][0]["summary"]

    assert run("advisories", "sync", str(ADVISORIES)).returncode == 0
    done = run(*audit)
    assert done.returncode == 1, done.stderr
    record = json.loads(done.stdout)
    (check,) = record["checks"]
    outcomes = {each["subject"]: each["outcome"] for each in check["findings"] if each["rule"] == "VU101"}
    assert outcomes == {"oakpress==2.0.1": "fail", "elm==1.0": "pass", "acme-billing==1.0": "uncheckable"}
    assert check["summary"].startswith("2 of 3 packages audited, 1 skipped because no public source can know it")
    assert "by the local mirror, whose newest record is of " in check["summary"]
    (look,) = [each for each in record["looks"] if each["facts"]]
    assert "AdvisoryCopy" in {each["fact"] for each in look["facts"]}
    assert str(folder) not in json.dumps(record["looks"])


def test_an_old_mirror_is_a_finding_until_more_days_are_allowed(run: Run, folder: Path) -> None:
    (folder / "requirements.txt").write_text("elm==1.0\n", encoding="utf-8")
    (folder / "old").mkdir()
    affected = [{"package": {"ecosystem": "PyPI", "name": "oak"}, "versions": ["1.0"]}]
    record = {"id": "PYSEC-2020-1", "modified": "2020-01-01T00:00:00Z", "affected": affected}
    (folder / "old" / "a.json").write_text(json.dumps(record), encoding="utf-8")
    assert run("advisories", "sync", "old").returncode == 0
    audit = ("check", "-r", "requirements.txt", "--only", "vulnerabilities", "--offline")
    old = run(*audit)
    assert old.returncode == 1
    assert "error[VU102]: the newest record of the local mirror is of 2020-01-01" in old.stdout
    (folder / "stackaudit.toml").write_text("advisories-max-age = 36500\n", encoding="utf-8")
    assert run(*audit).returncode == 0
    (folder / "stackaudit.toml").write_text("advisories-max-age = -1\n", encoding="utf-8")
    wrong = run(*audit)
    assert wrong.returncode == 2
    assert "stackaudit.toml:1: `advisories-max-age` is a number of days" in wrong.stderr


@pytest.mark.parametrize(
    ("source", "status"),
    [("nowhere", 2), ("broken.zip", 2), ("empty", 2), ("http://127.0.0.1:9/all.zip", 3), ("http://[::1", 3)],
)
def test_a_source_that_is_wrong_costs_nothing(run: Run, folder: Path, home: Path, source: str, status: int) -> None:
    (folder / "broken.zip").write_text("<html>", encoding="utf-8")
    (folder / "empty").mkdir()
    assert run("advisories", "sync", str(ADVISORIES)).returncode == 0
    before, kept = run("advisories", "status").stdout, files(home)
    done = run("advisories", "sync", source)
    assert done.returncode == status
    assert done.stdout == ""
    assert "error: " in done.stderr
    assert "= fix: " in done.stderr
    assert "Traceback" not in done.stderr
    assert run("advisories", "status").stdout == before
    assert files(home) == kept


def test_a_source_that_holds_less_than_the_one_before_is_taken_and_told(run: Run, folder: Path) -> None:
    assert run("advisories", "sync", str(ADVISORIES)).returncode == 0
    (folder / "less").mkdir()
    (folder / "less" / "a.json").write_text((ADVISORIES / "PYSEC-2099-3.json").read_text(), encoding="utf-8")
    done = run("advisories", "sync", "-q", "less")
    assert done.returncode == 0
    assert done.stderr.startswith("warning: the mirror holds 1 records now, and held 5 before, from ")
    assert run("advisories", "sync", "-q", str(ADVISORIES)).stderr == ""


def test_a_damaged_mirror_is_told_as_such(run: Run, home: Path) -> None:
    assert run("advisories", "sync", str(ADVISORIES)).returncode == 0
    (home / "stackaudit" / "advisories" / "mirror.json").write_text("{}", encoding="utf-8")
    done = run("advisories", "status")
    assert done.returncode == 3
    assert done.stderr.startswith("error: the local mirror: it can't be read")
    assert run("advisories", "sync", str(ADVISORIES)).returncode == 0
    assert run("advisories", "status").returncode == 0


def test_a_full_disk_costs_nothing(run: Run, folder: Path, home: Path) -> None:
    assert run("advisories", "sync", str(ADVISORIES)).returncode == 0
    before, kept = run("advisories", "status").stdout, files(home)
    done = subprocess.run(
        [COMMAND, "advisories", "sync", str(ADVISORIES)],
        cwd=folder,
        env={**CLEAN, "XDG_DATA_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
        # No file may grow past a kilobyte: a write fails as it does where the disk is full.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024)),
    )
    assert done.returncode == 3
    assert "error: the local mirror: it can't be written to" in done.stderr
    assert "it is as it was" in done.stderr
    assert run("advisories", "status").stdout == before
    assert files(home) == kept


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_while_it_is_fetched_costs_nothing(
    run: Run, folder: Path, home: Path, number: signal.Signals
) -> None:
    assert run("advisories", "sync", str(ADVISORIES)).returncode == 0
    before, kept = run("advisories", "status").stdout, files(home)
    reached: list[bool] = []

    def hang(connection: socket.socket) -> None:
        reached.append(True)
        stays_silent(connection)

    with stranger(hang) as port:
        process = subprocess.Popen(
            [COMMAND, "advisories", "sync", f"http://127.0.0.1:{port}/all.zip"],
            cwd=folder,
            env={**CLEAN, "XDG_DATA_HOME": str(home)},
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for(lambda: bool(reached))
        os.kill(process.pid, number)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in told
    assert "Traceback" not in told
    assert run("advisories", "status").stdout == before
    assert files(home) == kept


def test_a_sync_that_is_killed_leaves_no_lock_behind(run: Run, folder: Path, home: Path) -> None:
    reached: list[bool] = []

    def hang(connection: socket.socket) -> None:
        reached.append(True)
        stays_silent(connection)

    with stranger(hang) as port:
        process = subprocess.Popen(
            [COMMAND, "advisories", "sync", "-q", f"http://127.0.0.1:{port}/all.zip"],
            cwd=folder,
            env={**CLEAN, "XDG_DATA_HOME": str(home)},
        )
        wait_for(lambda: bool(reached))
        waiting = run("advisories", "sync", "--timeout", "0.5", str(ADVISORIES))
        assert waiting.returncode == 3
        assert "another sync is at work" in waiting.stderr
        process.kill()
        process.wait()
    assert run("advisories", "sync", str(ADVISORIES)).returncode == 0


def test_a_vulnerable_package_that_nobody_asked_for_is_told_with_the_path_that_pulls_it_in(
    run: Run, folder: Path, environments: Environments
) -> None:
    (folder / "mine").mkdir()
    affected = [{"package": {"ecosystem": "PyPI", "name": "future"}, "versions": ["1.0.0"]}]
    severity = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:N"}]
    record = {"id": "PYSEC-2099-9", "modified": "2099-01-01T00:00:00Z", "affected": affected, "severity": severity}
    (folder / "mine" / "a.json").write_text(json.dumps(record), encoding="utf-8")
    assert run("advisories", "sync", "mine").returncode == 0
    (folder / "requirements.txt").write_text("\n".join(SEED), encoding="utf-8")
    python = environments.get("3.11", *SEED)
    done = run("check", "--python", python, "--only", "vulnerabilities", "--offline", "--format", "json")
    assert done.returncode == 1, done.stderr
    (check,) = json.loads(done.stdout)["checks"]
    (found,) = [each for each in check["findings"] if each["outcome"] == "fail"]
    assert found["subject"] == "future==1.0.0"
    assert found["via"] == ["ffmpeg-python"]
    assert found["where"] == f"requirements.txt:{1 + SEED.index('ffmpeg-python==0.2.0')}"
    assert "future 1.0.0, a transitive dependency, has PYSEC-2099-9" in found["message"]
    assert found["message"].endswith("; CVSS 3.1 score 7.1")
    assert found["severity"] == "high"
