"""What an application says of itself, imported in the target's own interpreter, and what becomes of one that can't be asked."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from asking import declared, gathered, judged, passed, told
from environments import Environments
from servers import free_port
from stackaudit.model.audit import Case
from stackaudit.model.facts.celery_settings import CelerySettings
from stackaudit.model.findings import Outcome
from stackaudit.model.manifest import Interpreter, Setting
from stackaudit.model.places import Place
from stackaudit.model.wire import encode

SECRET = "hunter2-is-a-secret"
GOOD = f"""
import sys
from celery import Celery
print("{SECRET}")
print("{SECRET}", file=sys.stderr)
app = Celery("shop", broker="redis://:{SECRET}@broker.test:6379/0", backend="redis://:{SECRET}@broker.test:6379/1")
app.conf.update(
    accept_content=["json", "pickle"],
    broker_transport_options={{"visibility_timeout": 600, "sentinel_kwargs": {{"password": "{SECRET}"}}}},
    beat_schedule={{"x": {{"task": "shop.sell", "args": ["{SECRET}"], "schedule": 10}}}},
    broker_connection_retry_on_startup=True,
)

@app.task(name="shop.sell", acks_late=True, time_limit=1200)
def sell(): ...
"""


@pytest.fixture
def python(environments: Environments) -> str:
    """The interpreter of an environment as the first stack had it."""
    return environments.get("3.11", "celery==5.4.0", "kombu==5.6.1", "redis==5.0.8")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the call, which an application is looked for in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def named(python: str | None, app: str, *, broker: str | None = None, seconds: float = 60) -> Case:
    manifest = declared(broker=broker)
    setting = Setting(name="app", value=app, where=Place(path="option --app"))
    target = None if python is None else Interpreter(path=python, where=Place(path="option --python"))
    manifest = replace(manifest, settings=(*manifest.settings, setting), interpreter=target)
    return gathered(manifest, "redis", "celery", "application", seconds=seconds)


def causes(case: Case) -> set[str | None]:
    return {each.cause for each in judged(case, "CE3") if each.outcome is Outcome.UNKNOWN}


def test_an_application_is_judged_by_its_settings_with_no_worker_at_all(python: str, folder: Path) -> None:
    (folder / "shop.py").write_text(GOOD, encoding="utf-8")
    case = named(python, "shop:app")
    failed = {rule: severity for rule, severity, _ in told(case, "CE")}
    assert failed["CE201"] == "high"
    assert failed["CE301"] == "medium"
    assert ("CE204", "application shop:app") in passed(case, "CE")
    assert ("CE205", "application shop:app") in passed(case, "CE")
    # That no worker was asked is no pass of anything about workers.
    assert {each.outcome for each in judged(case, "CE1")} == {Outcome.UNKNOWN}


def test_nothing_that_an_application_prints_or_holds_gets_into_the_record(python: str, folder: Path) -> None:
    (folder / "shop.py").write_text(GOOD, encoding="utf-8")
    case = named(python, "shop:app")
    assert case.facts(CelerySettings)
    assert SECRET not in json.dumps(encode(case.snapshot))
    assert SECRET not in repr(judged(case, "CE"))
    assert not list(folder.rglob("*.pyc")), "a look leaves nothing in the project"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (f"raise RuntimeError('{SECRET}')", "it raised RuntimeError"),
        ("import no_such_module_here", "there is no module no_such_module_here"),
        ("app = 5", "it is of the type int"),
        ("import sys; sys.exit('bye')", "it raised SystemExit"),
        ("import os; os._exit(0)", "ended the interpreter"),
        ("from celery import Celery\napp = Celery('x', include=['gone_tasks'])", "the modules with the tasks"),
        ("other = 1", "it raised AttributeError"),
    ],
)
def test_an_application_that_fails_is_unknown_with_the_cause_in_our_words(
    python: str, folder: Path, code: str, words: str
) -> None:
    (folder / "shop.py").write_text(code, encoding="utf-8")
    case = named(python, "shop:app")
    (cause,) = causes(case)
    assert cause is not None
    assert words in cause
    assert SECRET not in json.dumps(encode(case.snapshot))
    assert passed(case, "CE") == []


def test_an_application_that_hangs_is_killed_at_the_deadline(python: str, folder: Path) -> None:
    (folder / "shop.py").write_text("import time\ntime.sleep(600)", encoding="utf-8")
    case = named(python, "shop:app", seconds=3)
    assert causes(case) == {"the import of shop:app did not end in time, and was killed"}


def test_without_an_environment_there_is_nobody_to_import_it() -> None:
    assert causes(named(None, "shop:app")) == {
        "an application is imported in the interpreter of an environment, and none is audited"
    }


def test_a_broker_that_is_down_leaves_the_application_to_be_judged(python: str, folder: Path) -> None:
    (folder / "shop.py").write_text(GOOD, encoding="utf-8")
    case = named(python, "shop:app", broker=f"redis://127.0.0.1:{free_port()}/0")
    assert ("CE201", "high", "application shop:app") in told(case, "CE")
    assert {each.outcome for each in judged(case, "CE101")} == {Outcome.UNKNOWN}
