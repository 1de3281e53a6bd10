"""What a project's own code says of the stack's variables; it is parsed and never run."""

from pathlib import Path

import pytest

from stackaudit.inputs import code
from stackaudit.inputs.compose import Value
from stackaudit.model.places import Place

SHELL = Place(path="environment CELERY_BROKER_URL")
BROKER: Value = ("CELERY_BROKER_URL", "redis://:pw@broker/0", SHELL)


def overrides(folder: Path, source: str, *variables: Value) -> list[tuple[str, str, str, bool]]:
    (folder / "app.py").write_text(source)
    found = code.read(folder, folder, variables or (BROKER,)).overrides
    return [(each.variable, each.setting, str(each.code), each.differs) for each in found]


@pytest.mark.parametrize(
    "source",
    [
        "from celery import Celery\napp = Celery('x', broker='redis://elsewhere/0')",
        "\napp.conf.broker_url = 'redis://elsewhere/0'",
        "\napp.conf['broker_url'] = 'redis://elsewhere/0'",
        "\napp.conf.update(broker_url='redis://elsewhere/0')",
        "\nbroker_url = 'redis://elsewhere/0'",
        "\nCELERY_BROKER_URL = 'redis://elsewhere/0'",
    ],
)
def test_a_constant_in_the_code_is_held_against_the_variable(tmp_path: Path, source: str) -> None:
    assert overrides(tmp_path, source) == [("CELERY_BROKER_URL", "broker_url", "app.py:2", True)]
    same = source.replace("elsewhere", "me:secret@broker:6379")
    assert overrides(tmp_path, same) == [("CELERY_BROKER_URL", "broker_url", "app.py:2", False)]


@pytest.mark.parametrize(
    "source",
    [
        "app = Celery('x', broker=os.environ['CELERY_BROKER_URL'])",
        "broker = 'redis://elsewhere/0'",
        "def f(): broker_url = 'redis://elsewhere/0'",
        "app.config.update(broker_url='redis://elsewhere/0')",
        "not python at all: broker_url = ?",
        "",
    ],
)
def test_what_is_no_constant_of_celerys_settings_is_no_contradiction(tmp_path: Path, source: str) -> None:
    assert overrides(tmp_path, source) == []


def test_other_settings_are_compared_by_their_text(tmp_path: Path) -> None:
    variable: Value = ("CELERY_WORKER_CONCURRENCY", "3", SHELL)
    assert overrides(tmp_path, "app.conf.worker_concurrency = 4", variable) == [
        ("CELERY_WORKER_CONCURRENCY", "worker_concurrency", "app.py:1", True)
    ]
    assert overrides(tmp_path, "app.conf.worker_concurrency = 3", variable)[0][3] is False


def test_the_variables_that_the_code_names_are_found_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os\nURL = os.environ.get('REDIS_URL')\n")
    (tmp_path / "b.py").write_text("class Settings(BaseSettings):\n    celery_x: str\n\nCELERY_Y = 1\nredis_z: int\n")
    variables = [(name, "x", SHELL) for name in ("REDIS_URL", "CELERY_X", "CELERY_Y", "REDIS_Z")]
    found = code.read(tmp_path, tmp_path, variables).named
    assert [(each.text, str(each.where)) for each in found] == [("CELERY_X", "b.py:2"), ("REDIS_URL", "a.py:2")]


def test_environments_hidden_folders_and_tests_are_not_the_projects_code(tmp_path: Path) -> None:
    for folder in (".hidden", "node_modules", "tests", "mine", "src/pkg"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "app.py").write_text("broker_url = 'redis://elsewhere/0'")
    (tmp_path / "mine" / "pyvenv.cfg").write_text("")
    found = code.read(tmp_path, tmp_path, [BROKER]).overrides
    assert [str(each.code) for each in found] == ["src/pkg/app.py:1"]


def test_without_a_variable_nothing_is_searched_for(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("broker_url = 'redis://elsewhere/0'")
    assert code.read(tmp_path, tmp_path, ()) == code.Code()
