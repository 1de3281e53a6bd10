"""`stackaudit verify`, from outside: what is false in an old document is told with its line, and our own documents are true."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from advised import ADVISORIES
from command import Run
from distributions import listed, metadata, wheel_of
from index_service import IndexService, serving
from stackaudit import reports

PROJECTS = Path(__file__).parents[1] / "projects"
CLASSIFIER = "Classifier: Programming Language :: Python :: "
CELERY_SOURCE = b"import os\nURL = os.environ.get('CELERY_BROKER_URL')\n"
RELEASES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("celery", "5.3.6", "2023-11-22", ("Requires-Python: >=3.8",)),
    (
        "celery",
        "5.4.0",
        "2024-04-17",
        (
            "Requires-Python: >=3.8",
            *(f"{CLASSIFIER}3.{minor}" for minor in range(8, 13)),
            "Requires-Dist: kombu<6.0,>=5.3.4",
            "Requires-Dist: vine<6.0,>=5.1.0",
            "Provides-Extra: redis",
            "Requires-Dist: redis<6.0,>=4.5.2; extra == 'redis'",
        ),
    ),
    ("celery", "5.5.3", "2025-06-01", ()),
    ("kombu", "5.3.7", "2024-04-11", ()),
    ("kombu", "5.5.4", "2025-06-01", ()),
    (
        "kombu",
        "5.6.1",
        "2025-11-25",
        (
            "Requires-Python: >=3.9",
            *(f"{CLASSIFIER}3.{minor}" for minor in range(9, 14)),
            "Requires-Dist: vine==5.1.0",
            "Requires-Dist: amqp>=5.1.1",
        ),
    ),
    ("kombu", "5.6.2", "2025-12-29", ()),
    ("redis", "5.0.8", "2024-07-30", ("Requires-Python: >=3.7", *(f"{CLASSIFIER}3.{minor}" for minor in range(7, 12)))),
    ("redis", "6.2.0", "2025-05-28", ()),
    ("vine", "5.1.0", "2023-11-05", ("Requires-Python: >=3.6", *(f"{CLASSIFIER}3.{minor}" for minor in range(7, 13)))),
    ("ffmpeg_python", "0.2.0", "2019-07-06", (f"{CLASSIFIER}3.6", "Requires-Dist: future")),
    ("zeta", "1.0", "2024-01-01", ("Requires-Python: >=3.8", f"{CLASSIFIER}3.11")),
    ("pip_audit", "2.10.0", "2025-12-01", ()),
    ("pip_audit", version("pip-audit"), "2026-06-10", ()),
)
MODULES = {"ffmpeg_python": "ffmpeg"}

Verify = Callable[..., subprocess.CompletedProcess[str]]


@contextmanager
def world() -> Iterator[IndexService]:
    """The package index with the releases of the story, and what their metadata and source say."""
    pages: dict[str, list[dict[str, Any]] | str] = {}
    files: dict[str, bytes | str] = {}
    for name, number, day, lines in RELEASES:
        module = MODULES.get(name, name)
        source = CELERY_SOURCE if name == "celery" else b"X = 1\n"
        more = [(f"{module}/__init__.py", source)] if module != name else [(f"{module}/settings.py", source)]
        content = wheel_of(name, number, metadata(name.replace("_", "-"), number, *lines), more=more)
        filename = f"{name}-{number}-py3-none-any.whl"
        files[filename] = content
        project = pages.setdefault(name.replace("_", "-"), [])
        assert isinstance(project, list)
        project.append(listed(filename, content, f"{day}T12:00:00Z"))
    with serving(IndexService(projects=pages, contents=files)) as service:
        yield service


@pytest.fixture
def index() -> Iterator[IndexService]:
    with world() as service:
        yield service


@pytest.fixture
def verify(stackaudit: Run, folder: Path, index: IndexService) -> Verify:
    shutil.copytree(PROJECTS / "old-audit", folder, dirs_exist_ok=True)
    shutil.copytree(PROJECTS / "documents", folder, dirs_exist_ok=True)

    def run(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
        return stackaudit("verify", *arguments, "--no-progress", env=reaching(index), **more)

    return run


def reaching(index: IndexService) -> dict[str, str]:
    return {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": index.url,
        "PIP_EXTRA_INDEX_URL": "",
        "STACKAUDIT_ADVISORIES": str(ADVISORIES),
    }


def told(done: subprocess.CompletedProcess[str], outcome: str) -> set[tuple[str, str, str]]:
    """The rule, the line and the subject of each finding of one outcome."""
    (check,) = json.loads(done.stdout)["checks"]
    assert check["id"] == "document"
    return {
        (each["rule"], each.get("where", "").rpartition(":")[2], each["subject"])
        for each in check["findings"]
        if each["outcome"] == outcome
    }


def test_what_is_false_in_an_old_audit_is_told_with_its_line(verify: Verify) -> None:
    done = verify("AUDIT.md", "--format", "json")
    assert done.returncode == 1, done.stderr
    low = {"DO202", "DO203", "DO304", "DO305", "DO308", "DO309", "DO502"}
    assert {each for each in told(done, "fail") if each[0] not in low} == {
        ("DO101", "11", "Python 3.11.14"),
        ("DO101", "19", "kombu 5.6.1"),
        ("DO101", "42", "pip-audit 2.10.0"),
        ("DO201", "25", "kombu 5.6.1 is the latest"),
        ("DO301", "25", "celery 5.4.0 requires kombu 5.6.1"),
        ("DO303", "38", "kombu 5.6.1 supports Python 3.8"),
        ("DO402", "45", "the list of clean packages is whole"),
        ("DO403", "63", "the whole is called hardened"),
        ("DO501", "57", "REDIS_POOL_RETRY"),
        ("DO503", "26", "kombu 5.6.1 is written for async/await"),
    }


def test_what_is_true_in_it_passes_with_its_line_and_its_evidence(verify: Verify) -> None:
    done = verify("AUDIT.md", "--format", "json")
    passed = told(done, "pass")
    assert ("DO201", "17", "celery 5.4.0 is the latest of 5.4") in passed
    assert ("DO302", "20", "celery 5.4.0 depends on vine") in passed
    assert ("DO306", "18", "redis 5.0.8 is compatible with celery 5.4") in passed
    assert ("DO306", "31", "celery 5.4.0 is compatible with redis 5.0.8") in passed
    assert ("DO501", "56", "CELERY_BROKER_URL") in passed
    messages = {each["subject"]: each["message"] for each in json.loads(done.stdout)["checks"][0]["findings"]}
    assert messages["CELERY_BROKER_URL"] == "read by celery: celery/settings.py"
    assert messages["celery 5.4.0 depends on vine"] == "celery 5.4.0 asks for vine>=5.1.0,<6.0"


def test_the_days_that_the_document_can_be_of_are_told(verify: Verify) -> None:
    line = verify("AUDIT.md").stdout.splitlines()[2]
    assert "it can't be older than 2025-12-01 (pip-audit 2.10.0)" in line
    assert "all true from then to 2025-12-28, the day before kombu 5.6.2" in line


def test_praise_is_told_once_and_gates_nothing(verify: Verify, folder: Path) -> None:
    (folder / "praise.md").write_text("celery==5.4.0\n\nA robust, modern base.\n\nFully reliable.\n", encoding="utf-8")
    done = verify("praise.md")
    assert done.returncode == 0
    assert done.stdout.count("praise or prose") == 1
    assert "(lines 3, 5)" in done.stdout


def test_a_table_of_other_columns_in_another_order_is_verified(verify: Verify) -> None:
    done = verify("components.md", "--format", "json")
    assert told(done, "fail") == set()
    passed = told(done, "pass")
    assert ("DO104", "6", "kombu 5.6.1 was released on 2025-11-25") in passed
    assert ("DO302", "7", "celery 5.4.0 depends on vine") in passed
    assert not any("postgresql" in subject for _, _, subject in passed)
    assert done.returncode == 0


def test_a_page_of_changes_is_held_against_the_day_of_each_section(verify: Verify) -> None:
    done = verify("changes.md", "--format", "json")
    assert {each for each in told(done, "fail") if each[0] != "DO202"} == {
        ("DO101", "14", "celery 5.4.0 on 2024-01-10")
    }
    assert ("DO101", "9", "celery 5.4.0") in told(done, "pass")
    assert ("DO201", "5", "kombu 5.6.1 is the latest") in told(done, "pass")
    assert done.returncode == 1


def test_the_compatibility_section_of_a_readme_is_verified(verify: Verify) -> None:
    done = verify("readme.md", "--format", "json")
    assert [each for each in told(done, "fail") if each[0] == "DO303"] == [
        ("DO303", "7", "the packages support Python 3.8")
    ]
    assert ("DO303", "7", "the packages support Python 3.9") in told(done, "pass")
    assert done.returncode == 1


def test_our_own_document_is_true_on_the_day_it_is_written(
    verify: Verify, stackaudit: Run, folder: Path, index: IndexService
) -> None:
    pins = "celery==5.4.0\nkombu==5.6.1\nredis==5.0.8\nvine==5.1.0\nffmpeg-python==0.2.0\n"
    (folder / "requirements.txt").write_text(pins, encoding="utf-8")
    written = stackaudit(
        *("check", "-r", "requirements.txt", "--python-version", "3.11", "-o", "audit.md"), env=reaching(index)
    )
    assert (folder / "audit.md").is_file(), written.stderr
    done = verify("audit.md", "--format", "json")
    assert told(done, "fail") == set()
    assert told(done, "unknown") == set()
    assert {"DO101", "DO102", "DO103", "DO104", "DO303", "DO401"} <= {rule for rule, _, _ in told(done, "pass")}
    assert done.returncode == 0, done.stdout


def test_a_package_that_is_called_clean_and_is_not_fails_with_its_advisory(verify: Verify, folder: Path) -> None:
    (folder / "clean.md").write_text(
        "Clean, with no known vulnerabilities:\n\n- oakpress==2.0.1\n- celery==5.4.0\n", encoding="utf-8"
    )
    done = verify("clean.md", "--format", "json")
    failed = {each for each in told(done, "fail") if each[0] == "DO401"}
    assert failed == {
        ("DO401", "1", "no package has a known vulnerability"),
        ("DO401", "3", "oakpress 2.0.1 has no known vulnerability"),
    }
    assert ("DO401", "4", "celery 5.4.0 has no known vulnerability") in told(done, "pass")
    assert done.returncode == 1


def test_a_version_that_never_was_fails_and_a_package_that_the_index_does_not_know_is_told(
    verify: Verify, folder: Path
) -> None:
    (folder / "pins.md").write_text("celery==5.4.0\ncelery==5.4.9\nacme-internal==1.0\n", encoding="utf-8")
    done = verify("pins.md", "--format", "json")
    assert told(done, "fail") == {("DO102", "2", "celery 5.4.9")}
    assert ("DO102", "3", "acme-internal 1.0") in told(done, "uncheckable")
    assert told(done, "unknown") == set()
    assert done.returncode == 1


LONE = "Audited on 2026-01-10.\n\ncelery==5.4.0\nzeta==1.0\n\n## Celery 5.4.0\n\nThe latest version.\n"


@pytest.mark.parametrize("more", [("--offline",), ()], ids=["offline", "a dead index"])
def test_where_the_index_could_not_be_asked_the_matrix_tells_what_it_keeps_and_the_rest_is_unknown(
    stackaudit: Run, folder: Path, more: tuple[str, ...]
) -> None:
    (folder / "lone.md").write_text(LONE, encoding="utf-8")
    env = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:1/simple", "PIP_EXTRA_INDEX_URL": ""}
    done = stackaudit("verify", "lone.md", *more, "--format", "json", "--no-progress", env=env)
    assert done.returncode == 1, "a newer celery is in the matrix"
    assert told(done, "pass") == {
        ("DO101", "3", "celery 5.4.0"),
        ("DO102", "3", "celery 5.4.0"),
        ("DO103", "1", "dated 2026-01-10"),
    }
    assert told(done, "unknown") == {("DO101", "4", "zeta 1.0"), ("DO102", "4", "zeta 1.0")}
    (check,) = json.loads(done.stdout)["checks"]
    assert "the index was not seen: celery by its copy in the matrix, as of 20" in check["summary"]


def test_the_release_that_can_t_be_read_is_unknown_and_the_others_are_not(
    verify: Verify, index: IndexService, folder: Path
) -> None:
    index.contents = {name: content for name, content in index.contents.items() if not name.startswith("zeta")}
    (folder / "pins.md").write_text(
        "Works on Python 3.11.\n\n## Celery 5.4.0\n\nSupports Python 3.11.\n\n## Zeta 1.0\n\nSupports Python 3.11.\n",
        encoding="utf-8",
    )
    done = verify("pins.md", "--format", "json")
    assert {each for each in told(done, "unknown") if each[2].endswith("3.11")} == {
        ("DO303", "1", "the packages support Python 3.11"),
        ("DO303", "9", "zeta 1.0 supports Python 3.11"),
        ("DO304", "1", "the packages support Python 3.11"),
        ("DO304", "9", "zeta 1.0 supports Python 3.11"),
    }
    assert ("DO303", "5", "celery 5.4.0 supports Python 3.11") in told(done, "pass")
    assert done.returncode == 3


def test_the_record_is_one_by_its_schema(verify: Verify) -> None:
    schema = json.loads((Path(reports.__file__).parent / "record.schema.json").read_text(encoding="utf-8"))
    record = json.loads(verify("AUDIT.md", "--format", "json").stdout)
    jsonschema.validate(record, schema)
    assert record["manifest"]["claims"]


def test_a_document_that_is_none_exits_2_with_its_place(verify: Verify, folder: Path) -> None:
    (folder / "empty.md").write_text("# Nothing\n", encoding="utf-8")
    done = verify("empty.md")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: empty.md: names no package at a version")


def test_the_markdown_is_a_table_of_the_claims_with_what_became_of_each(verify: Verify) -> None:
    lines = verify("AUDIT.md", "--format", "markdown").stdout.splitlines()
    assert lines[0] == "# What is true of AUDIT.md"
    rows = {each.split(" | ")[1]: each for each in lines if each.startswith("| ") and " | " in each}
    assert "❌ false | celery 5.4.0 asks for kombu" in rows["celery 5.4.0 requires kombu 5.6.1"]
    assert "✅ true | celery 5.4.0 asks for vine" in rows["celery 5.4.0 depends on vine"]
    assert "⚠️ misleading" in rows["celery 5.4.0 is the latest of 5.4"]
    assert "not checkable | -" in rows["12 vulnerabilities were found"]


def test_with_an_environment_the_document_is_held_against_what_is_installed(verify: Verify, folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "env"], check=True)
    site = next((folder / "env").glob("lib/python*/site-packages"))
    for name, number in (("celery", "5.4.0"), ("kombu", "5.5.4")):
        info = site / f"{name}-{number}.dist-info"
        info.mkdir()
        (info / "METADATA").write_bytes(metadata(name, number))
    done = verify("changes.md", "--python", "env", "--format", "json")
    failed = {each for each in told(done, "fail") if each[0] == "DO307"}
    assert ("DO307", "5", "kombu 5.6.1") in failed
    assert ("DO307", "9", "celery 5.4.0") in told(done, "pass")
    assert ("DO101", "5", "kombu 5.6.1") in told(done, "pass")


def test_a_rule_about_documents_is_explained_with_the_command_that_asks_it(stackaudit: Run) -> None:
    assert "`stackaudit verify` asks it of a document" in stackaudit("explain", "DO301").stdout


def test_an_allowed_unknown_passes_and_is_still_told(stackaudit: Run, folder: Path) -> None:
    (folder / "lone.md").write_text("Audited on 2026-01-10.\n\nzeta==1.0\n", encoding="utf-8")
    done = stackaudit("verify", "lone.md", "--offline", "--allow-unknown", "document", "--no-progress")
    assert done.returncode == 0
    assert "unknown[DO101]" in done.stdout
