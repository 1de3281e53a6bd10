"""Who reads the environment's variables, by the source of a real Celery installed by a real uv."""

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stackaudit.audit import gather
from stackaudit.model.deadline import Deadline
from stackaudit.model.deployment import Container, DeclaredVariable, Deployment, Said
from stackaudit.model.facts.deployment import Variable
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.manifest import Endpoint, Interpreter, Manifest
from stackaudit.model.places import Place
from stackaudit.model.secret import Secret
from stackaudit.model.snapshot import Snapshot
from stackaudit.model.variables import looks_like_ours
from stackaudit.probes import interpreter, variables
from stackaudit.probes._environment_readers import command_variables, parse
from tools import require

SET = {
    "BROKER_URL": "redis://stray.example/0",
    "CELERY_BROKER_URL": "redis://ann:hunter2@broker.example:6379/0",
    "CELERY_TASK_TIME_LIMIT": "30",
    "CELERY_WORKER_CONCURRENCY": "3",
    "CELERY_WORKER_LOGFILE": "worker.log",
    "CELERY_WORKER_PREFETCH_MULTIPLIER": "1",
    "CELERY_WORKER_REVOKES_MAX": "10",
    "CELERYD_CONCURRENCY": "3",
    "CELERYD_NODES": "w1",
    "C_FORCE_ROOT": "1",
    "FFREPORT": "file=x",
    "KOMBU_LOG_CONNECTION": "1",
    "LOADER": "default",
    "REDIS_CONNECTION_POOL_MAX_CONNECTIONS": "20",
    "REMAP_SIGTERM": "SIGQUIT",
    "WORKDIR": "elsewhere",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A real environment with Celery 5.4.0 in it."""

    python: str
    site_packages: Path


@pytest.fixture(scope="module")
def celery(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    uv = require("uv")
    home = tmp_path_factory.mktemp("environment") / "venv"
    quiet = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(home)], check=True, env=quiet)
    python = str(home / "bin" / "python")
    pins = ["celery==5.4.0", "kombu==5.6.1", "redis==5.0.8"]
    subprocess.run([uv, "pip", "install", "-q", "--python", python, *pins], check=True, env=quiet)
    return Environment(python=python, site_packages=next(home.glob("lib/python*/site-packages")))


@pytest.fixture(autouse=True)
def _shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in os.environ if looks_like_ours(each)]:
        monkeypatch.delenv(name)
    for name in variables.COMMON_NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in SET.items():
        monkeypatch.setenv(name, value)


def look(python: str | None) -> Snapshot:
    place = Place(path="option --broker-url")
    manifest = Manifest(
        interpreter=None if python is None else Interpreter(path=python, where=Place(path="option --python")),
        endpoints=(Endpoint(role="broker", url=Secret("redis://broker.example"), where=place),),
    )
    return gather(manifest, [interpreter.PROBE, variables.PROBE], Deadline(60), datetime.now(UTC))


def found(snapshot: Snapshot) -> dict[str, Variable]:
    return {each.name: each for each in snapshot.facts(Variable)}


def test_the_readers_are_those_whose_source_reads_the_variable(celery: Environment) -> None:
    seen = look(celery.python)
    assert {each.unseen for each in seen.looks} == {None}
    assert {name: (each.readers, each.note) for name, each in found(seen).items()} == {
        "BROKER_URL": (("celery",), "celery/bin/celery.py"),
        "CELERYD_CONCURRENCY": ((), None),
        "CELERYD_NODES": (("celery's service scripts",), "documented"),
        "CELERY_BROKER_URL": (("celery",), "celery/app/utils.py"),
        "CELERY_TASK_TIME_LIMIT": ((), None),
        "CELERY_WORKER_CONCURRENCY": (("celery",), "`celery worker --concurrency`"),
        "CELERY_WORKER_LOGFILE": (("celery",), "`celery worker --logfile`"),
        "CELERY_WORKER_PREFETCH_MULTIPLIER": (("celery",), "`celery worker --prefetch-multiplier`"),
        "CELERY_WORKER_REVOKES_MAX": (("celery",), "celery/worker/state.py"),
        "C_FORCE_ROOT": (("celery",), "celery/platforms.py"),
        "FFREPORT": (("ffmpeg",), "documented"),
        "KOMBU_LOG_CONNECTION": (("kombu",), "kombu/connection.py"),
        "LOADER": (("celery",), "celery/bin/celery.py"),
        "REDIS_CONNECTION_POOL_MAX_CONNECTIONS": ((), None),
        "REMAP_SIGTERM": (("billiard",), "billiard/common.py"),
    }
    assert found(seen)["BROKER_URL"].searched == ("amqp", "billiard", "celery", "kombu", "redis", "vine")


def test_click_itself_reads_what_the_source_was_found_to_read(celery: Environment) -> None:
    """The independent oracle: celery's own command line, asked for the names that click will look up."""
    program = (
        "import click\n"
        "from celery.bin.celery import celery\n"
        "def walk(command, context):\n"
        "    for each in command.params:\n"
        "        if isinstance(each, click.Option):\n"
        "            print('_'.join(part.upper().replace('-', '_') for part in ('celery', *context, each.name)))\n"
        "walk(celery, ())\n"
        "for name in ('worker', 'beat', 'events'): walk(celery.commands[name], (name,))\n"
    )
    listed = subprocess.run([celery.python, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    modules = {
        path.stem: tree
        for path in (celery.site_packages / "celery" / "bin").glob("*.py")
        if (tree := parse(path.read_bytes())) is not None
    }
    # click adds --help to each command by itself, and never asks the environment for it.
    ours = command_variables(modules)
    wanted = {each for each in listed if not each.endswith("_HELP")}
    prefixes = ("CELERY_WORKER_", "CELERY_BEAT_", "CELERY_EVENTS_")
    assert {each for each in ours if each.startswith(prefixes)} == {
        each for each in wanted if each.startswith(prefixes)
    }
    assert wanted <= set(ours)
    assert len(wanted) > 40


def test_broker_variables_are_compared_and_their_values_never_kept(celery: Environment) -> None:
    seen = look(celery.python)
    agreeing = {name: each.agrees for name, each in found(seen).items() if each.agrees is not None}
    assert agreeing == {"BROKER_URL": False, "CELERY_BROKER_URL": True}
    assert not any(secret in repr(seen) for secret in ("hunter2", "stray.example", "worker.log"))


def test_without_an_environment_the_names_are_told_and_no_reader_is_made_up() -> None:
    seen = look(None)
    assert "LOADER" not in found(seen)
    assert {name for name, each in found(seen).items() if each.readers} == {"CELERYD_NODES", "FFREPORT"}
    assert {each.searched for each in found(seen).values()} == {()}


def test_variables_of_files_are_searched_for_too_and_are_none_of_the_shells(celery: Environment) -> None:
    names = ("CELERY_BROKER_URL", "CELERY_TASK_ACKS_LATE", "CELERY_WORKER_POOL", "REDIS_OWN", "SECRET_KEY")
    container = Container(
        name="service worker",
        where=Place(path="compose.yml", line=1),
        composed=True,
        built=True,
        variables=tuple(
            DeclaredVariable(name=name, where=Place(path="compose.yml", line=line), holder="service worker")
            for line, name in enumerate(names, 2)
        ),
    )
    own = (Said(text="REDIS_OWN", where=Place(path="app.py", line=1)),)
    manifest = Manifest(
        interpreter=Interpreter(path=celery.python, where=Place(path="option --python")),
        deployment=Deployment(containers=(container,), named=own),
    )
    seen = found(gather(manifest, [interpreter.PROBE, variables.PROBE], Deadline(60), datetime.now(UTC)))
    told = {name: (seen[name].readers, seen[name].shell, str(*seen[name].places)) for name in names if name in seen}
    assert told == {
        "CELERY_BROKER_URL": (("celery",), True, "compose.yml:2"),
        "CELERY_TASK_ACKS_LATE": ((), False, "compose.yml:3"),
        "CELERY_WORKER_POOL": (("celery",), False, "compose.yml:4"),
        "REDIS_OWN": (("the project's code",), False, "compose.yml:5"),
    }


def test_source_that_can_not_be_read_blinds_the_look(celery: Environment) -> None:
    source = celery.site_packages / "celery" / "app" / "utils.py"
    whole = source.read_bytes()
    # uv links files to its cache: a new file instead of another content for all environments.
    source.unlink()
    source.write_bytes(b"os.environ['CELERY_BROKER_URL'] ? !")
    try:
        seen = look(celery.python)
    finally:
        source.unlink()
        source.write_bytes(whole)
    assert found(seen) == {}
    (unseen,) = (each.unseen for each in seen.looks if each.unseen is not None)
    assert (unseen.subject, unseen.yields) == ("", ("Variable",))
    assert unseen.cause.startswith("the source of celery can't be read")


def test_a_distribution_without_its_source_blinds_the_look(celery: Environment) -> None:
    source = celery.site_packages / "vine"
    source.rename(source.with_name("vine-elsewhere"))
    try:
        seen = look(celery.python)
    finally:
        source.with_name("vine-elsewhere").rename(source)
    assert "vine" in {each.name for each in seen.facts(Distribution)}
    (unseen,) = (each.unseen for each in seen.looks if each.unseen is not None)
    assert "vine" in unseen.cause
