"""A finding that is accepted does not gate, until its day; `waive` writes what `check` reads."""

import json
import subprocess
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from command import CLEAN, COMMAND, Run

PINS = "celery==5.4.0\nredis==3.5.3\nkombu==5.6.1\nbilliard==4.2.4\nvine==5.1.0\nffmpeg-python==0.2.0\n"
CHECK = ("check", "-r", "requirements.txt", "--python-version", "3.11", "--only", "matrix")
WAIVED = ("MX207", "MX208")
PROJECT = "# ours\n[tool.stackaudit]\n# timeout = 30\n\n# theirs\n[tool.other]\nkey = 1\n"


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "requirements.txt").write_text(PINS, encoding="utf-8")
    path = folder / "pyproject.toml"
    path.write_text(PROJECT, encoding="utf-8")
    return path


def waive_all(stackaudit: Run) -> None:
    for rule in WAIVED:
        for package in ("celery", "kombu"):
            done = stackaudit("waive", rule, package, "--reason", "the worker is rebuilt in spring", "--owner", "ann")
            assert done.returncode == 0, done.stderr


def lapse(project: Path, days: int) -> None:
    """Let every waiver end `days` from today."""
    today = datetime.now(UTC).date()
    text = project.read_text(encoding="utf-8")
    for waiver in tomllib.loads(text)["tool"]["stackaudit"]["waiver"]:
        text = text.replace(f"until = {waiver['until']}", f"until = {today + timedelta(days=days)}")
    project.write_text(text, encoding="utf-8")


def failed(told: str, check: str) -> dict[str, list[dict[str, object]]]:
    record = json.loads(told)
    (found,) = [each for each in record["checks"] if each["id"] == check]
    by_rule: dict[str, list[dict[str, object]]] = {}
    for finding in found["findings"]:
        if finding["outcome"] == "fail":
            by_rule.setdefault(finding["rule"], []).append(finding)
    return by_rule


def test_what_is_waived_shows_with_reason_owner_and_end_and_does_not_fail(stackaudit: Run, project: Path) -> None:
    assert stackaudit(*CHECK).returncode == 1
    waive_all(stackaudit)
    text = stackaudit(*CHECK)
    assert text.returncode == 0, text.stdout
    end = (datetime.now(UTC).date() + timedelta(days=90)).isoformat()
    assert f"  = accepted: the worker is rebuilt in spring, by ann, until {end}\n" in text.stdout
    accepted = failed(stackaudit(*CHECK, "--format", "json").stdout, "matrix")["MX207"]
    assert {str(each["waiver"]) for each in accepted} == {
        str({"reason": "the worker is rebuilt in spring", "owner": "ann", "until": end})
    }
    assert (
        f"Accepted: the worker is rebuilt in spring, by ann, until {end}"
        in stackaudit(*CHECK, "--format", "markdown").stdout
    )
    assert project.read_text(encoding="utf-8").startswith("# ours\n[tool.stackaudit]\n# timeout = 30\n\n[[tool.")
    assert project.read_text(encoding="utf-8").endswith("\n\n# theirs\n[tool.other]\nkey = 1\n")


def test_a_waiver_holds_on_its_last_day_and_counts_again_on_the_next(stackaudit: Run, project: Path) -> None:
    waive_all(stackaudit)
    lapse(project, 1)
    tomorrow = stackaudit(*CHECK)
    assert tomorrow.returncode == 0, tomorrow.stdout
    assert "note[AU104]: the waiver of MX207 for celery ends with" in tomorrow.stdout
    lapse(project, -1)
    yesterday = stackaudit(*CHECK)
    assert yesterday.returncode == 1
    assert "error[MX208]" in yesterday.stdout
    assert "error[AU101]: the waiver of MX208 for kombu has ended: its last day was" in yesterday.stdout


def test_a_record_is_judged_again_with_todays_waivers(stackaudit: Run, project: Path) -> None:
    assert stackaudit(*CHECK, "-o", "audit.json").returncode == 1
    waive_all(stackaudit)
    assert stackaudit("check", "--from", "audit.json", "--only", "matrix").returncode == 0
    lapse(project, -1)
    assert stackaudit("check", "--from", "audit.json", "--only", "matrix").returncode == 1


def test_one_that_is_not_needed_any_more_is_told(stackaudit: Run, project: Path) -> None:
    waive_all(stackaudit)
    (project.parent / "requirements.txt").write_text(PINS.replace("3.5.3", "5.0.8"), encoding="utf-8")
    done = stackaudit(*CHECK)
    assert done.returncode == 0
    assert "note[AU103]: the waiver of MX207 for celery covers no finding\n --> pyproject.toml:" in done.stdout


@pytest.mark.usefixtures("project")
def test_the_owner_is_gits_user_unless_one_is_named(stackaudit: Run, folder: Path) -> None:
    (folder / ".git").rmdir()
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "config", "user.name", "Bea B."], cwd=folder, check=True)
    assert ", by Bea B.: pyproject.toml:5\n" in stackaudit("waive", "CVE-2099-1", "--reason", "not called").stdout


def test_a_path_counts_from_where_the_command_is_called_and_is_written_from_the_files_folder(project: Path) -> None:
    service = project.parent / "services" / "api"
    service.mkdir(parents=True)
    (project.parent / "requirements.txt").rename(service / "requirements.txt")
    for rule in WAIVED:
        command = [COMMAND, "waive", rule, "kombu", "--reason", "no worker here", "--path", "*.txt"]
        subprocess.run(command, cwd=service, env=CLEAN, check=True, capture_output=True)
    waivers = tomllib.loads(project.read_text(encoding="utf-8"))["tool"]["stackaudit"]["waiver"]
    assert [each["path"] for each in waivers] == ["services/api/*.txt", "services/api/*.txt"]
    done = subprocess.run([COMMAND, *CHECK, "--ignore", "MX207"], cwd=service, env=CLEAN, check=False)
    assert done.returncode == 0


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["MX999", "kombu", "--reason", "so be it"], "there is no rule MX999"),
        (["AU101", "kombu", "--reason", "so be it"], "can't be waived"),
        (["MX207", "--reason", "so be it"], "names the `package`"),
        (["MX207", "kombuu", "--reason", "so be it"], "did you mean kombu?"),
        (["nonsense", "--reason", "so be it"], "no rule's code and no advisory's id"),
        (["CVE-2099-1", "--reason", "TBD"], "--reason says nothing"),
        (["CVE-2099-1"], "--reason"),
        (["CVE-2099-1", "--reason", "so be it", "--owner", " "], "owner` is empty"),
        (["CVE-2099-1", "--reason", "so be it", "--until", "2020-01-01"], "would have ended before it began"),
        (["CVE-2099-1", "--reason", "so be it", "--until", "soon"], "is no day"),
        (["CVE-2099-1", "--reason", "so be it", "--days", "3", "--until", "2099-01-01"], "give one of them"),
        (["CVE-2099-1", "--reason", "so be it", "--days", "999999999"], "is no day"),
        (["MX207", "kombu", "--reason", "so be it", "--until", "until-fixed"], "is for advisories"),
        (["CVE-2099-1", "--reason", "so be it", "--path", "../x"], "stays in it"),
    ],
)
def test_what_cannot_be_waived_is_refused_and_the_file_stays(
    stackaudit: Run, folder: Path, arguments: list[str], said: str
) -> None:
    done = stackaudit("waive", *arguments)
    assert done.returncode == 2, done.stdout
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert (folder / "pyproject.toml").read_text(encoding="utf-8") == PROJECT


def test_the_same_is_not_waived_twice(stackaudit: Run, project: Path) -> None:
    assert stackaudit("waive", "CVE-2099-1", "--reason", "not called").returncode == 0
    once = project.read_text(encoding="utf-8")
    again = stackaudit("waive", "cve-2099-1", "--reason", "still not called")
    assert again.returncode == 2
    assert "the first is at line 5" in again.stderr
    assert project.read_text(encoding="utf-8") == once


def test_a_project_with_no_file_of_settings_gets_one(stackaudit: Run, folder: Path) -> None:
    assert stackaudit("waive", "CVE-2099-1", "--reason", "not called").returncode == 0
    assert tomllib.loads((folder / "stackaudit.toml").read_text(encoding="utf-8"))["waiver"][0]["advisory"]


def test_a_file_that_is_no_toml_is_told_so_and_left_alone(stackaudit: Run, project: Path) -> None:
    project.write_text("[project]\nname = \n", encoding="utf-8")
    done = stackaudit("waive", "CVE-2099-1", "--reason", "not called")
    assert done.returncode == 2
    assert done.stderr.startswith("error: pyproject.toml:2: is not TOML from here on\n")
    assert project.read_text(encoding="utf-8") == "[project]\nname = \n"


def test_settings_in_a_form_that_takes_no_table_are_left_alone(stackaudit: Run, project: Path) -> None:
    text = '[tool]\nstackaudit = { fail-on = "high" }  # tool.stackaudit\n'
    project.write_text(text, encoding="utf-8")
    done = stackaudit("waive", "CVE-2099-1", "--reason", "not called")
    assert done.returncode == 2
    assert "[[tool.stackaudit.waiver]]" in done.stderr
    assert project.read_text(encoding="utf-8") == text


def test_a_link_to_the_file_stays_a_link(stackaudit: Run, project: Path) -> None:
    project.rename(project.parent / "real.toml")
    project.symlink_to("real.toml")
    assert stackaudit("waive", "CVE-2099-1", "--reason", "not called").returncode == 0
    assert project.is_symlink()
    assert "CVE-2099-1" in (project.parent / "real.toml").read_text(encoding="utf-8")


@pytest.mark.usefixtures("project")
def test_a_wrong_waiver_stops_the_audit_before_anything_is_asked(stackaudit: Run, folder: Path) -> None:
    text = '[[tool.stackaudit.waiver]]\nrule = "MX999"\npackage = "kombu"\nreason = "so"\nowner = "a"\nuntil = 2099-01-01\n'
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    done = stackaudit(*CHECK)
    assert done.returncode == 2
    assert done.stderr.startswith("error: pyproject.toml:1: there is no rule MX999\n")
