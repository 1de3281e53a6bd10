"""A real stack, audited from outside: healthy it passes, and each thing that breaks turns it red for that reason."""

import json
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import workers
from command import Run
from environments import Environments
from osv_service import OsvService
from servers import RedisServer, redis_server
from tools import require

PROJECTS = Path(__file__).parent.parent / "projects"
ADVISORIES = Path(__file__).parent.parent / "advisories"
PINS = tuple((PROJECTS / "seed" / "requirements.txt").read_text(encoding="utf-8").split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One running stack, and the options that name its parts."""

    redis: RedisServer
    worker: workers.RunningWorker
    options: Sequence[str]


def write_pins(folder: Path) -> None:
    (folder / "requirements.txt").write_text("\n".join(PINS) + "\n", encoding="utf-8")


@pytest.fixture
def stack(request: pytest.FixtureRequest, environments: Environments, folder: Path) -> Iterator[Stack]:
    """The six pins installed on the Python that the test names, a prefork worker on a Redis of its own, advisories on loopback."""
    require("ffmpeg")
    write_pins(folder)
    interpreter = environments.get(getattr(request, "param", "3.11"), *PINS)
    with redis_server(folder / "redis") as redis, OsvService(ADVISORIES) as service:
        settings = json.dumps(workers.HEALTHY)
        worker = workers.start(
            folder / "worker", redis.url(), "w1@stack", pool="prefork", python=interpreter, settings=settings
        )
        with workers.running(worker):
            options = ("--python", interpreter, "--broker-url", redis.url(), "--advisories", service.url)
            yield Stack(redis=redis, worker=worker, options=options)


def record(done: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def verdicts(document: dict[str, Any]) -> dict[str, str]:
    return {check["id"]: check["verdict"] for check in document["checks"]}


def told(document: dict[str, Any], outcome: str) -> list[tuple[str, str]]:
    return sorted(
        (each["rule"], each["severity"])
        for check in document["checks"]
        for each in check["findings"]
        if each["outcome"] == outcome
    )


@pytest.mark.parametrize("stack", ["3.9", "3.11", "3.13"], indirect=True)
def test_a_healthy_stack_passes_on_every_python(stack: Stack, stackaudit: Run) -> None:
    done = stackaudit("check", *stack.options, "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    document = record(done)
    assert set(verdicts(document).values()) <= {"pass", "warn"}
    assert told(document, "unknown") == []
    assert {severity for _, severity in told(document, "fail")} <= {"low"}
    assert (
        verdicts(document)["conflicts"]
        == verdicts(document)["vulnerabilities"]
        == verdicts(document)["celery"]
        == "pass"
    )
    ended = [
        each
        for check in document["checks"]
        for each in check["findings"]
        if each["rule"] == "MX402" and each["outcome"] == "fail"
    ]
    assert len(ended) == (1 if document["target"]["python"]["version"].startswith("3.9") else 0)


def test_two_audits_of_the_same_stack_have_the_same_digest(stack: Stack, stackaudit: Run) -> None:
    first, second = (record(stackaudit("check", *stack.options, "--format", "json")) for _ in range(2))
    assert first["digest"] == second["digest"]
    assert first["started_at"] != second["started_at"]


def test_a_killed_worker_fails_the_audit(stack: Stack, stackaudit: Run) -> None:
    stack.worker.kill()
    done = stackaudit("check", *stack.options, "--format", "json")
    assert done.returncode == 1
    document = record(done)
    assert verdicts(document)["celery"] == "fail"
    assert verdicts(document)["redis"] in {"pass", "warn"}


def test_a_stopped_worker_fails_the_audit(stack: Stack, stackaudit: Run) -> None:
    with stack.worker.stopped():
        done = stackaudit("check", *stack.options, "--only", "celery", "--format", "json")
    assert done.returncode == 1, done.stdout
    assert verdicts(record(done)) == {"celery": "fail"}


def test_a_dead_redis_fails_the_audit_and_is_told_once(stack: Stack, stackaudit: Run) -> None:
    stack.redis.process.send_signal(signal.SIGKILL)
    stack.redis.process.wait()
    done = stackaudit("check", *stack.options, "--only", "redis", "--only", "celery", "--format", "json")
    assert done.returncode == 1
    assert verdicts(record(done)) == {"redis": "fail", "celery": "unknown"}
    text = stackaudit("check", *stack.options, "--only", "redis", "--only", "celery").stdout
    assert text.count("[RD101]") == 1
    assert text.count("\nunknown[") <= 1


def test_a_dead_advisory_service_is_unknown_and_never_clean(stack: Stack, stackaudit: Run) -> None:
    options = [*stack.options[:-1], "http://127.0.0.1:1"]
    done = stackaudit("check", *options, "--format", "json")
    assert done.returncode == 3, done.stdout
    assert verdicts(record(done))["vulnerabilities"] == "unknown"
    assert told(record(done), "fail") == [each for each in told(record(done), "fail") if each[1] == "low"]


def test_a_missing_ffmpeg_fails_the_audit(stack: Stack, stackaudit: Run) -> None:
    done = stackaudit("check", *stack.options, "--ffmpeg", "/nowhere/ffmpeg", "--only", "ffmpeg", "--format", "json")
    assert done.returncode == 1
    assert verdicts(record(done)) == {"ffmpeg": "fail"}


def test_what_one_line_resolves_to_today_fails_though_pip_check_is_green(
    environments: Environments, folder: Path, stackaudit: Run
) -> None:
    """kombu 5.7.0 refuses the redis-py that celery 5.4.0's extra admits: the worker dies at its start."""
    (folder / "requirements.txt").write_text("celery[redis]==5.4.0\n", encoding="utf-8")
    interpreter = environments.get("3.11", "celery[redis]==5.4.0", "kombu==5.7.0", "redis==5.3.1", own_pip=True)
    done = stackaudit("check", "--python", interpreter, "--only", "matrix", "--only", "conflicts", "--format", "json")
    assert done.returncode == 1
    document = record(done)
    assert verdicts(document) == {"matrix": "fail", "conflicts": "fail"}
    (ran,) = [fact for look in document["looks"] if look["probe"] == "pip" for fact in look["facts"]]
    assert ran["conflicts"] == []
    assert ("MX206", "high") in told(document, "fail")


def test_no_secret_reaches_any_output(environments: Environments, folder: Path, stackaudit: Run) -> None:
    write_pins(folder)
    with redis_server(folder / "redis", password="s3cret") as redis:
        url = f"redis://:s3cret@127.0.0.1:{redis.port}/0"
        options = ["--python", environments.get("3.11", *PINS), "--only", "redis", "--only", "celery"]
        for form in ("text", "json", "markdown"):
            done = stackaudit("check", *options, "--format", form, "-v", env={"CELERY_BROKER_URL": url})
            assert done.returncode == 1  # no worker answers
            assert "s3cret" not in done.stdout + done.stderr
