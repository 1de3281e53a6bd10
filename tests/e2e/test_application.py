"""`--app` and the celery check, as the installed command tells of them."""

import json
import sys
from pathlib import Path

from command import Run

SECRET = "hunter2-is-a-secret"
APP = f"""\
from celery import Celery
print("{SECRET}")
app = Celery("shop", broker="redis://:{SECRET}@broker.test/0")
app.conf.update(accept_content=["json", "pickle"], beat_schedule={{"x": {{"args": ["{SECRET}"]}}}})
"""


def test_an_application_is_imported_where_it_is_named_and_nowhere_else(stackaudit: Run, folder: Path) -> None:
    (folder / "shop.py").write_text(APP, encoding="utf-8")
    common = ("check", "--only", "celery", "--python", sys.executable, "--format", "json")
    done = stackaudit(*common, "--app", "shop:app")
    # Its fault is seen; that no worker was asked is no pass.
    assert done.returncode == 1, done.stderr
    (check,) = [each for each in json.loads(done.stdout)["checks"] if each["id"] == "celery"]
    failed = {each["rule"]: each["severity"] for each in check["findings"] if each["outcome"] == "fail"}
    assert failed["CE201"] == "high"
    unknown = {each["message"] for each in check["findings"] if each["outcome"] == "unknown"}
    assert unknown == {"there is no broker URL: no worker was asked"}
    assert SECRET not in done.stdout + done.stderr
    without = stackaudit(*common)
    assert without.returncode == 3
    assert "shop" not in without.stdout


def test_an_application_that_is_no_name_in_a_module_is_refused(stackaudit: Run) -> None:
    done = stackaudit("check", "--app", "shop", "--python", sys.executable)
    assert done.returncode == 2
    assert "a module and a name in it" in done.stderr
