"""What a container starts, and who its first process is."""

import pytest

from stackaudit.inputs._commands import Words, started_by
from stackaudit.inputs._durations import seconds
from stackaudit.model.deployment import Form
from stackaudit.model.places import Place

HERE = Place(path="Dockerfile", line=1)
WORKER = "celery worker"


def words(*given: str) -> Words:
    return Words(words=given, by_shell=False, where=HERE)


def shell(text: str) -> Words:
    return Words(words=(text,), by_shell=True, where=HERE)


@pytest.mark.parametrize(
    ("entrypoint", "command", "form", "runs"),
    [
        (None, words("celery", "-A", "proj", "worker", "-l", "info"), Form.PROGRAM, WORKER),
        (None, words("celery", "-A", "worker", "beat"), Form.PROGRAM, "celery beat"),
        (None, words("python", "-m", "celery", "--app=proj", "worker"), Form.PROGRAM, WORKER),
        (None, words("poetry", "run", "/venv/bin/celery", "-A", "x", "worker"), Form.PROGRAM, WORKER),
        (None, words("gunicorn", "celery.wsgi"), Form.PROGRAM, ""),
        (None, words("su", "-u", "celery"), Form.PROGRAM, ""),
        (None, shell("celery -A proj worker"), Form.SHELL, WORKER),
        (None, shell("exec celery -A proj worker"), Form.PROGRAM, WORKER),
        (None, shell("./manage.py migrate && celery -A proj worker 2>&1"), Form.SHELL, WORKER),
        (None, shell("./manage.py migrate; exec celery -A proj worker"), Form.PROGRAM, WORKER),
        (None, shell('celery -A "proj worker'), Form.SHELL, WORKER),
        (None, words("sh", "-c", "celery -A proj worker"), Form.SHELL, WORKER),
        (None, words("/bin/bash", "-euxc", "exec celery -A proj worker"), Form.PROGRAM, WORKER),
        (words("tini", "--"), words("celery", "-A", "x", "worker"), Form.PROGRAM, WORKER),
        (words("tini", "--"), shell("celery -A x worker"), Form.SHELL, WORKER),
        (words("tini", "-g", "--"), shell("celery -A x worker"), Form.PROGRAM, WORKER),
        (words("dumb-init", "--"), shell("celery -A x worker"), Form.PROGRAM, WORKER),
        (words("celery", "-A", "x"), words("worker"), Form.PROGRAM, WORKER),
        (shell("celery -A x worker"), words("ignored"), Form.SHELL, WORKER),
        (words("/docker-entrypoint.sh"), words("celery", "-A", "x", "worker"), Form.SCRIPT, WORKER),
        (words("/entrypoint"), words("celery", "-A", "x", "worker"), Form.SCRIPT, WORKER),
        (words("celery", "-A", "x", "worker"), None, Form.PROGRAM, WORKER),
    ],
)
def test_the_program_and_its_first_process_are_told_apart(
    entrypoint: Words | None, command: Words | None, form: Form, runs: str
) -> None:
    start = started_by(entrypoint, command)
    assert start is not None
    assert (start.form, start.runs) == (form, runs)


def test_with_neither_the_image_below_decides() -> None:
    assert started_by(None, None) is None


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("celery -A x worker --time-limit 300 --soft-time-limit=60", 300.0),
        ("celery -A x worker --soft-time-limit=60", 60.0),
        ("celery -A x worker --time-limit=$LIMIT", None),
        ("celery -A x worker", None),
    ],
)
def test_the_time_limit_of_its_options_is_taken(text: str, limit: float | None) -> None:
    start = started_by(None, shell(text))
    assert start is not None
    assert start.time_limit == limit


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1m30s", 90.0),
        ("500ms", 0.5),
        ("10", 10.0),
        ("1h", 3600.0),
        ("2.5s", 2.5),
        ("", None),
        ("soon", None),
        ("1 m", None),
    ],
)
def test_durations_are_read_as_docker_writes_them(text: str, found: float | None) -> None:
    assert seconds(text) == found
