"""How a project is deployed, seen from outside: each fault told once, a good project told nothing, and no variable's value told at all."""

import json
from pathlib import Path
from typing import Any

import pytest

from command import Run
from tools import require

OPTIONS = ("check", "-r", "requirements.txt", "--python-version", "3.11", "--format", "json")
ENVIRONMENT = (*OPTIONS, "--only", "environment")
SECRET = "hunter2"

BAD = {
    "Dockerfile": """
FROM python:3-slim AS base
ENV CELERY_TASK_TIME_LIMIT=30 C_FORCE_ROOT=1 REDIS_TOKEN=hunter2
FROM base AS worker
HEALTHCHECK --interval=10s CMD celery -A shop inspect ping
CMD celery -A shop worker --time-limit 300
FROM base
RUN useradd web
USER web
CMD ["gunicorn", "shop.wsgi"]
""",
    "docker-compose.yml": """
services:
  redis:
    image: redis:latest
    command: redis-server --requirepass hunter2
  web:
    build: .
    environment:
      CELERY_BROKER_URL: redis://:hunter2@redis:6379/1
  worker:
    build: {context: ., target: worker}
    stop_grace_period: 30s
    environment:
      - CELERY_BROKER_URL=redis://:${REDIS_PASSWORD}@redis:6379/0
""",
    ".env": "REDIS_PASSWORD=hunter2\nCELERY_BROKER_URL=redis://:hunter2@elsewhere/0\n",
    "shop.py": "from celery import Celery\n\napp = Celery('shop', broker='redis://:hunter2@localhost/9')\n",
}
GOOD = {
    "Dockerfile": """
FROM python:3.11-slim AS base
RUN apt-get update \\
    && apt-get install -y --no-install-recommends ffmpeg
RUN useradd --create-home shop
USER shop
FROM base AS worker
HEALTHCHECK --interval=2m CMD celery -A shop inspect ping -d celery@$HOSTNAME
CMD ["celery", "-A", "shop", "worker", "--time-limit", "300"]
""",
    "docker-compose.yml": """
x-celery: &celery
  build: .
  environment: &environment
    CELERY_BROKER_URL: redis://:${REDIS_PASSWORD}@redis:6379/0
services:
  redis:
    image: redis:7.2
  worker:
    <<: *celery
    stop_grace_period: 6m
  beat:
    <<: *celery
    command: [celery, -A, shop, beat]
""",
    ".env": "REDIS_PASSWORD=hunter2\nCELERY_BROKER_URL=redis://localhost:6379/0\n",
    "shop.py": "import os\nfrom celery import Celery\n\n"
    "app = Celery('shop', broker=os.environ['CELERY_BROKER_URL'])\nPASSWORD = os.environ.get('REDIS_PASSWORD')\n",
}


def write(folder: Path, files: dict[str, str]) -> None:
    pins = "celery==5.4.0\nkombu==5.4.2\nredis==5.2.1\nffmpeg-python==0.2.0\n"
    for name, text in {"requirements.txt": pins, **files}.items():
        (folder / name).write_text(text.lstrip(), encoding="utf-8")


def findings(stdout: str, *outcomes: str) -> list[tuple[str, str, str]]:
    document: Any = json.loads(stdout)
    return sorted(
        (each["rule"], each["severity"], each.get("where", ""))
        for check in document["checks"]
        for each in check["findings"]
        if each["outcome"] in outcomes and each["rule"] != "EN301"
    )


def test_each_fault_of_a_bad_deployment_is_told_once_with_its_place(folder: Path, stackaudit: Run) -> None:
    write(folder, BAD)
    done = stackaudit(*ENVIRONMENT)
    assert done.returncode == 1, done.stderr
    assert findings(done.stdout, "fail") == [
        ("EN103", "low", "docker-compose.yml:8"),
        ("EN401", "medium", "Dockerfile:1"),
        ("EN402", "medium", "Dockerfile:2"),
        ("EN403", "high", "Dockerfile:1"),
        ("EN404", "medium", "Dockerfile:1"),
        ("EN404", "medium", "docker-compose.yml:3"),
        ("EN405", "medium", "Dockerfile:5"),
        ("EN406", "low", "Dockerfile:4"),
        ("EN501", "medium", "docker-compose.yml:9"),
        ("EN502", "medium", "docker-compose.yml:13"),
    ]
    failed = [
        each for check in json.loads(done.stdout)["checks"] for each in check["findings"] if each["outcome"] == "fail"
    ]
    assert all(each["fix"] and each["source"] for each in failed)


def test_a_good_deployment_is_told_nothing(folder: Path, stackaudit: Run) -> None:
    write(folder, GOOD)
    done = stackaudit(*ENVIRONMENT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert findings(done.stdout, "fail", "unknown") == []
    # With the pins alone there is no source of Celery to search.
    assert {rule for rule, _, _ in findings(done.stdout, "uncheckable")} <= {"EN101"}
    passed = {rule for rule, _, _ in findings(done.stdout, "pass")}
    assert {"EN401", "EN402", "EN403", "EN404", "EN405", "EN406", "EN501", "EN502"} <= passed


@pytest.mark.parametrize(
    "form", ["text", "json", "markdown", "html", "sarif", "junit", "github", "gitlab", "cyclonedx"]
)
def test_no_form_tells_a_variables_value_or_a_login(folder: Path, stackaudit: Run, form: str) -> None:
    write(folder, BAD)
    options = ("-vv", "--fail-on", "low", "--exit-zero", "--only", "environment", "--format", form)
    done = stackaudit(*OPTIONS[:5], *options)
    assert done.returncode == 0, done.stderr
    # A bill of materials lists packages and their vulnerabilities alone.
    assert ("EN402" in done.stdout) == (form != "cyclonedx")
    assert SECRET not in done.stdout + done.stderr


def test_a_saved_record_is_judged_again_to_the_same(folder: Path, stackaudit: Run) -> None:
    write(folder, BAD)
    first = stackaudit(*ENVIRONMENT)
    (folder / "audit.json").write_text(first.stdout, encoding="utf-8")
    for name in BAD:
        (folder / name).unlink()
    again = stackaudit("check", "--from", "audit.json", "--only", "environment", "--format", "json")
    assert (again.returncode, findings(again.stdout, "fail")) == (1, findings(first.stdout, "fail"))


def test_a_faulty_file_that_nobody_named_is_a_warning_and_a_named_one_ends_the_audit(
    folder: Path, stackaudit: Run
) -> None:
    write(folder, {**GOOD, "docker-compose.yml": "services: ["})
    done = stackaudit(*ENVIRONMENT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning: docker-compose.yml:1: is not YAML from here on" in done.stderr
    named = stackaudit(*ENVIRONMENT, env={"STACKAUDIT_DEPLOYMENT": "docker-compose.yml"})
    assert named.returncode == 2
    assert "docker-compose.yml:1: is not YAML from here on" in named.stderr


def test_files_in_other_places_are_read_where_they_are_named(folder: Path, stackaudit: Run) -> None:
    (folder / "deploy").mkdir()
    write(folder, {"deploy/Dockerfile.dev": "FROM python:3.11\nUSER root\n"})
    (folder / "stackaudit.toml").write_text('deployment = ["deploy/Dockerfile.dev"]\n', encoding="utf-8")
    assert findings(stackaudit(*ENVIRONMENT).stdout, "fail") == [("EN401", "medium", "deploy/Dockerfile.dev:2")]


def test_what_is_needed_of_ffmpeg_is_asked_of_the_build(folder: Path, stackaudit: Run) -> None:
    require("ffmpeg")
    needs = '["encoder png", "protocol file", "filter nonesuch"]'
    write(folder, {"stackaudit.toml": f"needs = {needs}\n"})
    done = stackaudit(*OPTIONS, "--only", "ffmpeg")
    assert done.returncode == 1, done.stderr
    assert findings(stackaudit(*OPTIONS, "--only", "ffmpeg", "--ffmpeg", require("ffmpeg")).stdout, "unknown") == []
    assert ("FF108", "high", "stackaudit.toml:1") in findings(done.stdout, "fail")
    assert [rule for rule, _, _ in findings(done.stdout, "pass")].count("FF108") == 2
    (folder / "stackaudit.toml").write_text('needs = ["libx264"]\n', encoding="utf-8")
    wrong = stackaudit(*OPTIONS, "--only", "ffmpeg")
    assert wrong.returncode == 2
    assert "`needs` lists a kind (encoder, decoder, filter, protocol, option) and a name each" in wrong.stderr
