"""Red for what a commit brought, news for what the world brought since: held in a repository with two commits."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from advised import ADVISORIES
from command import Run

AUDIT = ("check", "-r", "requirements.txt", "--only", "vulnerabilities", "--advisories", "advisories")
# Both engines say the same of the same; this one needs no pip-audit to start.
ARGUMENTS = (*AUDIT, "--engine", "native")
OLD_PIN, NEW_PIN, OTHER = "oakpress==2.0.0\n", "oakpress==2.0.1\n", "elm==1.0\n"


@pytest.fixture
def repository(folder: Path) -> Path:
    """A repository whose first commit pins two packages, with the advisories of its day beside it."""
    (folder / ".git").rmdir()
    git(folder, "init", "-q")
    (folder / "advisories").mkdir()
    shutil.copy(ADVISORIES / "PYSEC-2099-3.json", folder / "advisories")
    commit(folder, OLD_PIN + OTHER)
    return folder


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.org", *arguments], cwd=folder, check=True
    )


def commit(folder: Path, pins: str) -> None:
    (folder / "requirements.txt").write_text(pins, encoding="utf-8")
    git(folder, "add", "requirements.txt")
    git(folder, "commit", "-q", "-m", "pins")


def publish(folder: Path) -> None:
    """The world learns of a hole in oakpress before 2.1.0."""
    shutil.copy(ADVISORIES / "PYSEC-2099-1.json", folder / "advisories")


def lanes(stackaudit: Run, *more: str) -> list[tuple[str, str]]:
    done = stackaudit(*ARGUMENTS, "--baseline", "base.json", "--format", "json", *more)
    return [
        (each["subject"], each["lane"])
        for check in json.loads(done.stdout)["checks"]
        for each in check["findings"]
        if each["rule"] == "VU101" and each["outcome"] == "fail"
    ]


def test_an_untouched_pin_with_a_new_advisory_is_green_and_a_changed_one_red(stackaudit: Run, repository: Path) -> None:
    assert stackaudit(*ARGUMENTS, "-o", "base.json").returncode == 0
    publish(repository)
    assert stackaudit(*ARGUMENTS).returncode == 1

    untouched = stackaudit(*ARGUMENTS, "--baseline", "base.json", "--gate", "change")
    assert untouched.returncode == 0, untouched.stdout
    assert "warning[VU101] (the world): oakpress 2.0.0" in untouched.stdout
    assert "1 let through" in untouched.stdout.splitlines()[-1]
    assert lanes(stackaudit) == [("oakpress==2.0.0", "world")]
    assert stackaudit(*ARGUMENTS, "--baseline", "base.json").returncode == 1

    commit(repository, "# one line more\n" + NEW_PIN + OTHER)
    changed = stackaudit(*ARGUMENTS, "--baseline", "base.json", "--gate", "change")
    assert changed.returncode == 1, changed.stdout
    assert "error[VU101] (your change): oakpress 2.0.1" in changed.stdout
    assert lanes(stackaudit) == [("oakpress==2.0.1", "change")]


def test_what_the_baseline_told_is_known_and_shown_in_the_document(stackaudit: Run, repository: Path) -> None:
    publish(repository)
    assert stackaudit(*ARGUMENTS, "-o", "base.json").returncode == 1
    gate = ("--baseline", "base.json", "--gate", "change", "--format", "markdown")
    done = stackaudit("check", "--from", "base.json", "--only", "vulnerabilities", *gate)
    assert done.returncode == 0, done.stderr
    assert ", known) oakpress 2.0.0" in done.stdout
    digest = json.loads((repository / "base.json").read_text(encoding="utf-8"))["digest"]
    assert f"| Held against the record | {digest} |" in done.stdout


def test_an_advisory_service_that_is_down_is_unknown_in_either_lane(stackaudit: Run, repository: Path) -> None:
    assert stackaudit(*ARGUMENTS, "-o", "base.json").returncode == 0
    shutil.rmtree(repository / "advisories")
    (repository / "advisories").mkdir()
    (repository / "advisories" / "broken.json").write_text("{", encoding="utf-8")
    assert stackaudit(*ARGUMENTS, "--baseline", "base.json", "--gate", "change").returncode == 3


def test_a_baseline_that_is_none_stops_the_audit(stackaudit: Run, repository: Path) -> None:
    assert stackaudit(*ARGUMENTS, "-o", "base.json").returncode == 0
    whole = json.loads((repository / "base.json").read_text(encoding="utf-8"))
    for content, said in (
        (None, "there is no such file"),
        ("{", "base.json:1: it is not JSON"),
        (json.dumps({**whole, "schema": "stackaudit/record/9"}), "its `schema` is stackaudit/record/9"),
        (json.dumps({**whole, "verdict": "fail"}), "its digest does not hold"),
    ):
        if content is None:
            (repository / "base.json").unlink()
        else:
            (repository / "base.json").write_text(content, encoding="utf-8")
        done = stackaudit(*ARGUMENTS, "--baseline", "base.json")
        assert done.returncode == 2
        assert said in done.stderr


@pytest.mark.usefixtures("repository")
def test_a_gate_for_changes_needs_a_baseline(stackaudit: Run) -> None:
    done = stackaudit(*ARGUMENTS, "--gate", "change")
    assert done.returncode == 2
    assert done.stderr.startswith("error: option --gate: ")
    assert "--baseline RECORD" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("verify", "audit.md", "--offline"),
        ("smoke", "-r", "requirements.txt", "--only", "conflicts"),
        ("fleet", "--broker-url", "redis://127.0.0.1:1/0"),
    ],
    ids=lambda each: each[0],
)
def test_a_command_that_compares_with_nothing_is_stopped_by_no_setting_for_changes(
    stackaudit: Run, repository: Path, command: tuple[str, ...]
) -> None:
    (repository / "audit.md").write_text("# Audit\n\ncelery==5.4.0\n", encoding="utf-8")
    before = stackaudit(*command)
    (repository / "stackaudit.toml").write_text('gate = "change"\n', encoding="utf-8")
    done = stackaudit(*command)
    assert "baseline" not in done.stderr
    assert done.returncode == before.returncode != 2


def test_the_shipped_matrix_and_a_real_stack_make_a_baseline_that_holds(stackaudit: Run, folder: Path) -> None:
    pins = "celery==5.4.0\nredis==5.0.8\nkombu==5.6.1\nbilliard==4.2.4\nvine==5.1.0\nffmpeg-python==0.2.0\n"
    (folder / "requirements.txt").write_text(pins, encoding="utf-8")
    matrix = ("check", "-r", "requirements.txt", "--python-version", "3.11", "--only", "matrix")
    assert stackaudit(*matrix, "-o", "base.json").returncode == 0
    (folder / "requirements.txt").write_text("# moved\n" + pins.replace("5.0.8", "3.5.3"), encoding="utf-8")
    done = stackaudit(*matrix, "--baseline", "base.json", "--gate", "change")
    assert done.returncode == 1
    assert "error[MX207] (your change)" in done.stdout
    assert "(known): ffmpeg-python 0.2.0 names Python" in done.stdout
