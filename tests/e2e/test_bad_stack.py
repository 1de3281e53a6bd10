"""A deliberately bad stack, of which each fault is told once with its fix and its source; and a healthy one, of which none is told."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import workers
from command import Run
from environments import Environments
from servers import RedisServer, redis_server

PINS = (Path(__file__).parent.parent / "projects" / "seed" / "requirements.txt").read_text(encoding="utf-8")
PASSWORD = "s3cr3t-of-the-good"
OF_THIS_MACHINE = {"RD106", "RD110", "EN301"}
"""What these say hangs on the Redis that this machine happens to have, and on who runs the tests."""

TASK = """
@app.task(name="shop.film", time_limit=300)
def film(): pass
"""
LIMITS = ("--maxmemory", "64mb", "--maxmemory-policy")
BAD = {
    "accept_content": ["json", "pickle"],
    "broker_transport_options": {"visibility_timeout": 60},
    "task_acks_late": True,
}
DOCKERFILE = """FROM python:3.11-slim
RUN apt-get update && apt-get install -y ffmpeg
{user}CMD ["celery", "-A", "shop", "worker"]
"""
BAD_FILES = {"Dockerfile": DOCKERFILE.format(user=""), ".env": "CELERY_TASK_TIME_LIMIT=300\n"}
GOOD_FILES = {
    "Dockerfile": DOCKERFILE.format(user="RUN useradd shop\nUSER shop\n"),
    ".env": "CELERY_WORKER_CONCURRENCY=2\n",
}


@pytest.fixture(scope="module")
def python(environments: Environments) -> str:
    return environments.get("3.11", *PINS.split())


@pytest.fixture(scope="module")
def bad(python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A cache as broker and as result backend, and two workers, one of them of other versions than the pins."""
    folder = tmp_path_factory.mktemp("bad")
    with redis_server(folder / "redis", *LIMITS, "allkeys-lru") as server:
        settings = json.dumps({**BAD, "result_backend": server.url(1)})
        # Celery does not start as root with pickle accepted, which tests in containers are.
        os.environ["C_FORCE_ROOT"] = "1"
        try:
            one = workers.start(
                folder / "1", server.url(), "one@bad", pool="prefork", settings=settings, lines=TASK, python=python
            )
            other = workers.start(
                folder / "2", server.url(), "other@bad", pool="prefork", settings=settings, lines=TASK
            )
        finally:
            del os.environ["C_FORCE_ROOT"]
        with workers.running(one, other):
            yield server


def audited(
    stackaudit: Run, folder: Path, files: dict[str, str], *options: str, **variables: str
) -> tuple[int, list[dict[str, Any]], str]:
    """Exit status, the findings that failed, and what was told of a project with `files`."""
    for name, text in {"requirements.txt": PINS, **files}.items():
        (folder / name).write_text(text, encoding="utf-8")
    done = stackaudit("check", *options, "--only", "redis,celery,environment", "-o", "audit.json", env=variables)
    record: dict[str, Any] = json.loads((folder / "audit.json").read_text(encoding="utf-8"))
    told = stackaudit("report", "--from", "audit.json", "--format", "text").stdout
    findings = [each for check in record["checks"] for each in check["findings"] if each["outcome"] == "fail"]
    return done.returncode, [each for each in findings if each["rule"] not in OF_THIS_MACHINE], told


def test_each_fault_of_a_bad_stack_is_told_once_with_its_cure_and_its_source(
    folder: Path, python: str, bad: RedisServer, stackaudit: Run
) -> None:
    variables = {"REDIS_CONNECTION_POOL_MAX_CONNECTIONS": "50"}
    options = ("--python", python, "--broker-url", bad.url())
    status, failed, told = audited(stackaudit, folder, BAD_FILES, *options, **variables)
    assert status == 1
    worse = {(each["rule"], each["severity"], each["subject"]) for each in failed if each["severity"] != "low"}
    assert sorted(worse) == [
        ("CE103", "medium", "other@bad"),
        ("CE104", "medium", bad.url()),
        ("CE201", "high", "one@bad"),
        ("CE201", "high", "other@bad"),
        ("CE301", "medium", "one@bad"),
        ("CE301", "medium", "other@bad"),
        ("EN401", "medium", "image of Dockerfile"),
        ("RD111", "high", bad.url()),
    ]
    for rule in {rule for rule, _, _ in worse}:
        assert told.count(f"error[{rule}]") == 1, rule
    milder = {each["rule"] for each in failed if each["severity"] == "low"}
    assert milder >= {"RD113", "EN101"}
    for placebo in ("CELERY_TASK_TIME_LIMIT", *variables):
        assert [each["rule"] for each in failed if each["subject"] == placebo] == ["EN101"]
        assert told.count(f"[EN101]: {placebo}:") == 1
    assert [each["rule"] for each in failed if not (each["fix"] and each.get("source"))] == []


def test_a_healthy_stack_is_told_nothing_that_hurts(folder: Path, python: str, stackaudit: Run, tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(
            redis_server(tmp_path / "redis", *LIMITS, "noeviction", "--appendonly", "yes", password=PASSWORD)
        )
        url = server.url(user=f":{PASSWORD}@")
        settings = json.dumps({**workers.HEALTHY, "result_backend": server.url(1, user=f":{PASSWORD}@")})
        stack.enter_context(
            workers.running(
                *(
                    workers.start(
                        tmp_path / node,
                        url,
                        f"{node}@good",
                        pool="prefork",
                        settings=settings,
                        python=python,
                    )
                    for node in ("one", "two")
                )
            )
        )
        options = ("--python", python, "--broker-url", url)
        status, failed, told = audited(stackaudit, folder, GOOD_FILES, *options)
        smoked = stackaudit("smoke", *options, "--only", "redis,celery")
    assert [(each["rule"], each["message"]) for each in failed if each["severity"] != "low"] == []
    assert status == smoked.returncode == 0, told + smoked.stdout
    assert "10 of 10 tasks came back through queue celery" in smoked.stdout
    assert PASSWORD not in told + smoked.stdout + smoked.stderr + (folder / "audit.json").read_text(encoding="utf-8")
