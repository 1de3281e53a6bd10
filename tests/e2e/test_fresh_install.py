"""Pins that leave something open, asked of the real index: dead today, alive on a day before, and never a pass unasked."""

import json
from pathlib import Path
from typing import Any

import pytest

from command import Run
from environments import Environments

PAIR = "celery==5.4.0\nredis==5.0.8\n"
"""Of both no version is open, and kombu is: 5.7.0 of 2026-11-03 refuses this redis."""

CHECK = ("check", "-r", "requirements.txt", "--python-version", "3.11", "--only", "matrix")
# pip's own folders, where this machine has some, say nothing of the index.
ENV = {"PIP_FIND_LINKS": "", "PIP_EXTRA_INDEX_URL": ""}


@pytest.fixture
def pair(folder: Path) -> Path:
    path = folder / "requirements.txt"
    path.write_text(PAIR, encoding="utf-8")
    return path


def findings(record: dict[str, Any], rule: str, outcome: str) -> list[dict[str, Any]]:
    return [
        each
        for check in record["checks"]
        for each in check["findings"]
        if (each["rule"], each["outcome"]) == (rule, outcome)
    ]


@pytest.mark.usefixtures("pair")
def test_two_pins_are_dead_in_todays_install(stackaudit: Run) -> None:
    done = stackaudit(*CHECK, env=ENV)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "packages in a fresh install" in done.stdout or " in a fresh install)" in done.stdout
    assert "whose code refuses to run without redis>=6.1.0, and redis is 5.0.8" in done.stdout
    assert "fix:  pin kombu==5.6.2" in done.stdout


@pytest.mark.usefixtures("pair")
def test_the_same_pins_were_alive_before_and_the_advised_pin_keeps_them_so(stackaudit: Run, pair: Path) -> None:
    then = stackaudit(*CHECK, "--exclude-newer", "2026-11-01", "--format", "json", env=ENV)
    assert then.returncode == 0, then.stdout
    assert "kombu==5.6.2" in {each["subject"] for each in findings(json.loads(then.stdout), "MX210", "pass")}
    pair.write_text(f"{PAIR}kombu==5.6.2\n", encoding="utf-8")
    now = stackaudit(*CHECK, "--format", "json", env=ENV)
    assert now.returncode == 0, now.stdout


def test_an_environment_that_runs_is_told_that_its_next_build_does_not(
    stackaudit: Run, folder: Path, pair: Path, environments: Environments
) -> None:
    interpreter = environments.get("3.11", *PAIR.split(), "kombu==5.6.2")
    done = stackaudit("check", "--python", interpreter, "--only", "matrix", env=ENV)
    assert pair.parent == folder
    assert done.returncode == 1
    assert (
        "runs today on this machine, dead on the next build: a fresh install of requirements.txt gives kombu"
        in done.stdout
    )


@pytest.mark.usefixtures("pair")
def test_offline_says_that_it_was_not_asked_and_passes_nothing(stackaudit: Run) -> None:
    done = stackaudit(*CHECK, "--offline", "--format", "json")
    assert done.returncode == 0, done.stdout
    record = json.loads(done.stdout)
    assert "a fresh install is not asked about (offline)" in record["checks"][0]["summary"]
    assert findings(record, "MX210", "pass") == findings(record, "MX211", "pass") == []


@pytest.mark.usefixtures("pair")
def test_an_index_that_is_dead_is_unknown_with_a_way_out(stackaudit: Run) -> None:
    env = {**ENV, "PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": "http://127.0.0.1:1/simple"}
    done = stackaudit(*CHECK, env=env)
    assert done.returncode == 3, done.stdout
    assert "unknown[MX210]" in done.stdout
    assert "--allow-unknown MX210" in done.stdout
    assert stackaudit(*CHECK, "--allow-unknown", "MX210", env=env).returncode == 0


@pytest.mark.usefixtures("pair")
def test_a_saved_record_is_judged_by_the_install_that_it_holds(stackaudit: Run, pair: Path) -> None:
    assert stackaudit(*CHECK, "-o", "audit.json", env=ENV).returncode == 1
    pair.unlink()
    again = stackaudit("check", "--from", "audit.json", "--only", "matrix", env={"PATH": "/nowhere"})
    assert again.returncode == 1
    assert "gives kombu" in again.stdout


def test_requirements_that_can_not_be_installed_together_fail(stackaudit: Run, folder: Path) -> None:
    text = "celery==5.5.3\nkombu==5.7.0\nredis==8.1.0\n"
    (folder / "requirements.txt").write_text(text, encoding="utf-8")
    done = stackaudit(*CHECK, env={**ENV, "PIP_CONFIG_FILE": "/dev/null"})
    assert done.returncode == 1
    assert "error[MX211]: a fresh install of requirements.txt ends with an error: " in done.stdout
