"""What deployment files declare, and that no value of a variable leaves their reader."""

import json
from pathlib import Path

import pytest

from stackaudit.inputs._deployed import deployed
from stackaudit.inputs._deployment_files import deployment_files
from stackaudit.inputs.deployment import read
from stackaudit.inputs.settings import resolve
from stackaudit.model.deployment import Container, Deployment, Form
from stackaudit.model.errors import InputError
from stackaudit.model.manifest import Manifest, SettingValue
from stackaudit.model.wire import decode, encode


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / NAMES.get(name, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


NAMES = {
    "compose": "docker-compose.yml",
    "override": "docker-compose.override.yml",
    "prod": "docker-compose.prod.yml",
    "dev": "docker-compose.dev.yml",
    "docker": "Dockerfile",
    "docker_worker": "docker/worker.Dockerfile",
    "env": ".env",
    "worker_env": "worker.env",
}


def declared(folder: Path, **environ: str) -> Deployment:
    found = read(deployment_files(folder), folder, environ)
    assert found.faults == ()
    return found.deployment


def containers(folder: Path, **environ: str) -> dict[str, Container]:
    return {each.name: each for each in declared(folder, **environ).containers}


def faults(folder: Path) -> list[str]:
    return [str(each) for each in read(deployment_files(folder), folder, {}).faults]


def test_a_service_has_what_its_dockerfile_says_and_wins_over_it(tmp_path: Path) -> None:
    written(
        tmp_path,
        docker_worker='ARG V=3.9\nFROM python:$V\nUSER app\nENV A_B=1 BROKER_URL=redis://one/0\nENTRYPOINT ["celery", "-A", "x"]\n'
        'CMD ["beat"]\nFROM debian:12 AS last\n',
        compose="""
services:
  worker:
    build:
      context: .
      dockerfile: docker/worker.Dockerfile
      target: "0"
      args: {V: "3.11"}
    command: worker --time-limit 60
    stop_grace_period: 1m30s
    user: "0:0"
    environment:
      BROKER_URL: redis://:pw@two/1
  beat:
    build: {context: docker, dockerfile: worker.Dockerfile, target: "0"}
    entrypoint: ["/entry.sh"]
""",
    )
    found = containers(tmp_path)
    worker, beat = found["service worker"], found["service beat"]
    assert worker.base is not None
    assert worker.user is not None
    assert worker.start is not None
    assert (worker.base.text, str(worker.base.where)) == ("python:3.11", "docker/worker.Dockerfile:2")
    assert (worker.user.text, str(worker.user.where)) == ("0:0", "docker-compose.yml:11")
    assert (worker.start.runs, worker.start.form, worker.start.time_limit) == ("celery worker", Form.PROGRAM, 60.0)
    assert (worker.grace, worker.composed, worker.built, worker.whole) == (90.0, True, True, True)
    assert [(each.name, each.broker, str(each.where)) for each in worker.variables] == [
        ("BROKER_URL", "redis://two:6379/1", "docker-compose.yml:13")
    ]
    assert beat.base is not None
    assert beat.base.text == "python:3.9"
    assert beat.start is not None
    # Its own entrypoint takes the image's command away.
    assert (beat.start.runs, beat.start.form) == ("", Form.SCRIPT)


def test_a_dockerfile_that_no_service_builds_is_a_container_of_its_own(tmp_path: Path) -> None:
    written(tmp_path, docker="FROM python:3.11\nCMD celery -A x worker", compose="services: {web: {image: 'app:1'}}")
    found = containers(tmp_path)
    assert list(found) == ["image of Dockerfile", "service web"]
    assert found["image of Dockerfile"].runs_worker
    assert not found["service web"].built


def test_merged_keys_lists_of_variables_and_files_of_them_are_read(tmp_path: Path) -> None:
    written(
        tmp_path,
        worker_env="CELERY_A=1\nBROKER_URL=redis://file/0\n",
        env="HOST=from-env-file\n",
        compose="""
x-common: &common
  environment: &variables
    CELERY_BROKER_URL: redis://${HOST:-none}/0
    C_FORCE_ROOT:
services:
  one:
    image: one
    <<: *common
  two:
    <<: [*common]
    image: two
    command: celery worker
    env_file: [worker.env, {path: gone.env, required: false}]
    environment: ["CELERY_BROKER_URL=redis://two:6379/0", REDIS_PASSWORD=x$$y, CELERY_X]
""",
    )
    found = containers(tmp_path, CELERY_X="")
    assert [(each.name, each.broker, each.empty, str(each.where)) for each in found["service one"].variables] == [
        ("CELERY_BROKER_URL", "redis://from-env-file:6379/0", False, "docker-compose.yml:4"),
        ("C_FORCE_ROOT", None, False, "docker-compose.yml:5"),
    ]
    assert [(each.name, each.broker, each.empty, str(each.where)) for each in found["service two"].variables] == [
        ("CELERY_A", None, False, "worker.env:1"),
        ("BROKER_URL", "redis://file:6379/0", False, "worker.env:2"),
        ("CELERY_BROKER_URL", "redis://two:6379/0", False, "docker-compose.yml:15"),
        ("REDIS_PASSWORD", None, False, "docker-compose.yml:15"),
        ("CELERY_X", None, True, "docker-compose.yml:15"),
    ]
    # The shell wins over the file.
    assert containers(tmp_path, HOST="shell")["service one"].variables[0].broker == "redis://shell:6379/0"


def test_files_are_laid_over_each_other_and_services_extend_others(tmp_path: Path) -> None:
    written(
        tmp_path,
        compose="services:\n  base: {image: 'a:1', command: celery worker}\n  worker: {extends: base}\n"
        "  far: {extends: {file: other.yml, service: base}, command: celery worker}\n",
        override="services:\n  worker: {stop_grace_period: 20s}\n",
        prod="services:\n  base: {stop_grace_period: 30s}\n",
        dev="services:\n  base: {user: root}\n",
    )
    assert [path.name for path in deployment_files(tmp_path)] == [
        "docker-compose.yml",
        "docker-compose.override.yml",
        "docker-compose.prod.yml",
    ]
    found = containers(tmp_path)
    assert {name: (each.grace, each.runs_worker, each.whole) for name, each in found.items()} == {
        "service base": (30.0, True, True),
        "service far": (None, True, False),
        "service worker": (20.0, True, True),
    }


def test_the_time_limit_of_a_variable_counts_where_the_command_gives_none(tmp_path: Path) -> None:
    written(
        tmp_path,
        compose="services:\n  w: {image: a, command: celery worker, environment: {CELERY_WORKER_TIME_LIMIT: 120}}\n",
    )
    start = containers(tmp_path)["service w"].start
    assert start is not None
    assert start.time_limit == 120.0


@pytest.mark.parametrize(
    ("health", "found"),
    [
        ("{test: [CMD, celery, inspect, ping], interval: 15s}", (15.0, False)),
        ("{test: celery inspect ping -d celery@h}", (30.0, True)),
        ("{interval: 90s}", (90.0, False)),
        ("{disable: true}", None),
        ("{test: [NONE]}", None),
        ("{test: [CMD, redis-cli, ping]}", None),
    ],
)
def test_a_services_own_health_check_wins(tmp_path: Path, health: str, found: tuple[float, bool] | None) -> None:
    written(
        tmp_path,
        docker="FROM a:1\nHEALTHCHECK --interval=5s CMD celery inspect ping",
        compose=f"services:\n  w: {{build: ., healthcheck: {health}}}\n",
    )
    seen = containers(tmp_path)["service w"].health
    assert (None if seen is None else (seen.every, seen.addressed)) == found


def test_no_value_of_a_variable_and_no_login_leaves_the_reader(tmp_path: Path) -> None:
    written(
        tmp_path,
        env='CELERY_BROKER_URL="redis://ann:hunter2@h/0?password=hunter2"\nREDIS_PASSWORD=hunter2\nKEY=\nhunter2==\n',
        docker="FROM https://ann:hunter2@registry/x:1\nENV REDIS_TOKEN=hunter2\nARG BROKER_PASSWORD=hunter2\n"
        "CMD celery -b redis://:hunter2@h/0 worker\n",
        compose="services:\n  r: {image: 'redis:7', command: redis-server --requirepass hunter2, environment: {REDIS_A: hunter2}}\n"
        "  w: {image: w, command: 'celery -b redis://:hunter2@h/1 worker', environment: ['REDIS_B=hunter2']}\n",
    )
    found = declared(tmp_path)
    assert "hunter2" not in repr(found)
    assert [each.name for each in found.variables] == ["CELERY_BROKER_URL", "REDIS_PASSWORD"]
    manifest = Manifest(deployment=found)
    assert decode(Manifest, json.loads(json.dumps(encode(manifest)))) == manifest


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("services: [", "docker-compose.yml:1: is not YAML from here on"),
        ("a: 1\n\tb: 2", "docker-compose.yml:2: is not YAML from here on"),
        ("just text", "docker-compose.yml: its outermost value is no mapping"),
        ("a: 1\n---\nb: 2", "docker-compose.yml:2: is not YAML from here on"),
        ("a: *nowhere", "docker-compose.yml:1: is not YAML from here on"),
        ("[" * 100_000, "docker-compose.yml:1: is nested too deep"),
        ("a: " + "b" * 300_000, "docker-compose.yml: is larger than 256 kB, which no compose file is"),
    ],
)
def test_a_faulty_file_is_told_with_its_line_and_never_breaks_the_reader(tmp_path: Path, text: str, fault: str) -> None:
    written(tmp_path, compose=text)
    assert faults(tmp_path) == [fault]


def test_a_file_that_swells_or_refers_to_itself_is_read_in_the_size_that_it_has(tmp_path: Path) -> None:
    bomb = "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 30))
    text = f"a0: &a0 {{image: x}}\n{bomb}services:\n  w: *a29\n  self: &self {{<<: *self, image: y}}\n"
    written(tmp_path, compose=text)
    assert {each.text for each in declared(tmp_path).bases} == {"x", "y"}


@pytest.mark.parametrize(
    "text",
    [
        "services:",
        "services: []",
        "services: {w: }",
        "services: {w: [1, 2]}",
        "services: {w: {build: {args: 3}, command: {}, environment: 3, healthcheck: [], env_file: {}, user: [], extends: w}}",
        "services: {a: {extends: b}, b: {extends: a}}",
        "services: {w: {image: !reset null, command: !override [celery, worker]}}",
        "? [a, b]\n: c\nservices: {1: {image: x}}",
    ],
)
def test_values_of_the_wrong_kind_break_nothing(tmp_path: Path, text: str) -> None:
    written(tmp_path, compose=text, docker="FROM a:1")
    declared(tmp_path)


def test_files_that_nobody_named_are_warned_of_and_named_ones_must_be_right(tmp_path: Path) -> None:
    written(tmp_path, compose="services: [", docker="FROM a:1\nUSER b\n")

    def found(**options: SettingValue) -> tuple[Deployment, list[str]]:
        deployment, wrong = deployed(resolve(options, {}, tmp_path), tmp_path, {})
        return deployment, [str(each) for each in wrong]

    deployment, wrong = found()
    assert wrong == ["docker-compose.yml:1: is not YAML from here on"]
    assert [each.name for each in deployment.containers] == ["image of Dockerfile"]
    assert found(deployment=("Dockerfile",))[0].sources == ("Dockerfile",)
    for named in ("docker-compose.yml", "gone.yml"):
        with pytest.raises(InputError):
            found(deployment=(named,))


def test_files_for_tests_and_development_are_read_only_where_they_are_named(tmp_path: Path) -> None:
    for name in (
        "Dockerfile.dev",
        "Dockerfile.test",
        "docker-compose.ci.yml",
        ".env.example",
        "Dockerfile.dockerignore",
    ):
        (tmp_path / name).write_text("")
    assert deployment_files(tmp_path) == ()
    (tmp_path / "Dockerfile.worker").write_text("")
    (tmp_path / "compose.yaml").write_text("")
    assert [path.name for path in deployment_files(tmp_path)] == ["compose.yaml", "Dockerfile.worker"]


@pytest.mark.parametrize(
    ("entrypoint", "command", "user"),
    [
        ('["tini", "--", "su-exec", "app:app"]', '["celery", "-A", "x", "worker"]', "app"),
        ("null", "gosu app celery -A x worker", "app"),
        ("null", "celery -A x worker --uid=app", "app"),
        ("null", 'sh -c "migrate && exec gosu app celery -A x worker"', "app"),
        ("null", "celery -A x worker", None),
    ],
)
def test_the_user_that_a_command_hands_over_to_is_read(
    tmp_path: Path, entrypoint: str, command: str, user: str | None
) -> None:
    written(
        tmp_path,
        docker="FROM python:3.11\nRUN apt-get install gosu\n",
        compose=f"services:\n  worker:\n    build: .\n    entrypoint: {entrypoint}\n    command: {command}\n",
    )
    (worker,) = containers(tmp_path).values()
    assert worker.hands_over
    assert worker.start is not None
    assert (worker.start.runs, worker.start.user) == ("celery worker", user)


@pytest.mark.parametrize(
    ("command", "form"),
    [
        ('bash -c "celery -A x worker"', Form.PROGRAM),
        ('bash -c "migrate && celery -A x worker"', Form.SCRIPT),
        ('bash -c "celery -A x worker; echo over"', Form.SHELL),
        ('sh -c "celery -A x worker"', Form.SHELL),
    ],
)
def test_bash_gives_its_place_to_the_last_command_and_dash_does_not(tmp_path: Path, command: str, form: Form) -> None:
    written(tmp_path, compose=f"services:\n  worker:\n    image: x:1\n    command: {command}\n")
    (worker,) = containers(tmp_path).values()
    assert worker.start is not None
    assert worker.start.form is form
