"""`report` from outside: a document of what was audited, the same again from its record, each quarter, with what people wrote."""

import json
import re
from pathlib import Path

import pytest

from command import Run
from environments import Environments

SNAPSHOTS = Path(__file__).parent.parent / "snapshots"
RECORD = str(SNAPSHOTS / "stack.json")
PINS = "celery==5.4.0\nkombu==5.6.1\nredis==5.0.8\n"
FILES = ("-r", "requirements.txt", "--only", "matrix,conflicts", "--python-version", "3.11", "--offline")
LATER = {"SOURCE_DATE_EPOCH": "1798761600"}
"""2027-01-01: the first day of a quarter."""


@pytest.fixture
def pins(folder: Path) -> Path:
    path = folder / "requirements.txt"
    path.write_text(PINS, encoding="utf-8")
    return path


def test_a_record_is_told_as_it_was_and_the_same_each_time(stackaudit: Run, folder: Path) -> None:
    first = stackaudit("report", "--from", RECORD)
    assert first.returncode == 1, first.stderr
    assert json.loads((SNAPSHOTS / "stack.json").read_text())["digest"] in first.stdout
    assert stackaudit("report", "--from", RECORD).stdout == first.stdout
    assert stackaudit("report", "--from", RECORD, env={"SOURCE_DATE_EPOCH": "0"}).stdout == first.stdout
    written = stackaudit("report", "--from", RECORD, "-o", "audit.md", "--exit-zero")
    assert written.returncode == 0
    assert written.stdout == ""
    assert (folder / "audit.md").read_text(encoding="utf-8") == first.stdout


def test_a_record_held_against_itself_has_no_difference(stackaudit: Run) -> None:
    done = stackaudit("report", "--from", RECORD, "--baseline", RECORD)
    changes = done.stdout.partition("## Changes since the last audit\n")[2].partition("\n## ")[0]
    assert "audited on 2026-11-22, verdict fail." in changes
    assert "Nothing that is told here differs." in changes


@pytest.mark.usefixtures("pins")
def test_the_document_of_a_fresh_audit_is_that_of_its_record_and_that_of_check(stackaudit: Run, folder: Path) -> None:
    done = stackaudit("report", *FILES, "-o", "audit.md", "-o", "audit.json")
    assert done.returncode in {0, 1, 3}, done.stderr
    document = (folder / "audit.md").read_text(encoding="utf-8")
    assert stackaudit("report", "--from", "audit.json").stdout == document
    stackaudit("check", *FILES, "-o", "checked.md")
    checked = (folder / "checked.md").read_text(encoding="utf-8")
    assert re.sub(r"Audited on .*", "", checked) == re.sub(r"Audited on .*", "", document)


@pytest.mark.usefixtures("pins")
def test_what_people_wrote_survives_report_and_check(stackaudit: Run, folder: Path) -> None:
    path = folder / "audit.md"
    stackaudit("report", *FILES, "-o", "audit.md")
    marker = "<!-- stackaudit:keep kombu -->\n"
    path.write_text(path.read_text().replace(marker, f"{marker}We *chose* it | for #2007.\n"), encoding="utf-8")
    for command in ("report", "check"):
        stackaudit(command, *FILES, "-o", "audit.md")
        assert f"{marker}We *chose* it | for #2007.\n<!-- stackaudit:end -->" in path.read_text()


@pytest.mark.parametrize("command", ["report", "check"])
@pytest.mark.usefixtures("pins")
def test_a_broken_marker_is_told_before_anything_is_asked_and_nothing_is_written(
    stackaudit: Run, folder: Path, command: str
) -> None:
    broken = "# Mine\n\n<!-- stackaudit:keep kombu -->\nmy text\n"
    (folder / "audit.md").write_text(broken, encoding="utf-8")
    done = stackaudit(command, *FILES, "-o", "audit.md", "-o", "audit.json")
    assert done.returncode == 2
    assert "error: audit.md:3: the block `kombu` does not end" in done.stderr
    assert (folder / "audit.md").read_text(encoding="utf-8") == broken
    assert not (folder / "audit.json").exists()


def test_a_template_of_ones_own_takes_the_place_of_ours(stackaudit: Run, folder: Path) -> None:
    (folder / "own.j2").write_text(
        "{{ document.verdict }} on {{ document.dated }}\n\n{{ keep('note') }}", encoding="utf-8"
    )
    done = stackaudit("report", "--from", RECORD, "--template", "own.j2")
    assert done.stdout.endswith("fail on 2026-11-22 12:40\n\n<!-- stackaudit:keep note -->\n<!-- stackaudit:end -->\n")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("one\n{% if %}", "own.j2:2: "),
        ("one\n\n{{ document.nothing }}", "own.j2:3: "),
        ("{{ ''.__class__ }}", "own.j2:1: "),
    ],
)
def test_a_faulty_template_is_one_clear_error_with_its_line(
    stackaudit: Run, folder: Path, template: str, said: str
) -> None:
    (folder / "own.j2").write_text(template, encoding="utf-8")
    done = stackaudit("report", "--from", RECORD, "--template", "own.j2", "-o", "audit.md")
    assert done.returncode == 2
    assert f"error: {said}" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "audit.md").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", RECORD, "--sandbox"), "it goes with none of --sandbox"),
        (("--from", RECORD, "-r", "requirements.txt", "--only", "matrix"), "--only, --requirement"),
        (("--from", "none.json"), "none.json"),
        (("--from", RECORD, "--template", "none.j2"), "none.j2: it can't be read"),
        (("--from", RECORD, "--format", "yaml"), "there is no format 'yaml'"),
    ],
)
def test_a_wrong_call_is_one_clear_error(stackaudit: Run, arguments: tuple[str, ...], said: str) -> None:
    done = stackaudit("report", *arguments)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.usefixtures("pins")
def test_the_time_of_a_fresh_audits_document_can_be_set_and_it_says_so(stackaudit: Run) -> None:
    done = stackaudit("report", *FILES, env=LATER)
    assert "Audited on 2027-01-01 00:00 UTC (as SOURCE\\_DATE\\_EPOCH says)." in done.stdout
    wrong = stackaudit("report", *FILES, env={"SOURCE_DATE_EPOCH": "yesterday"})
    assert wrong.returncode == 2
    assert "SOURCE_DATE_EPOCH" in wrong.stderr


def test_each_quarter_has_its_document_with_what_changed_since_the_last_and_what_people_wrote(
    stackaudit: Run, folder: Path, pins: Path
) -> None:
    (folder / "audits").mkdir()
    (folder / "stackaudit.toml").write_text('documents = "audits"\n', encoding="utf-8")
    first = stackaudit("report", "--quarter", "--from", RECORD)
    assert first.returncode == 1, first.stderr
    document = folder / "audits" / "AUDIT-2026-Q4.md"
    assert "No earlier record was given." in document.read_text()
    assert document.with_suffix(".json").is_file()
    marker = "<!-- stackaudit:keep conclusion -->\n"
    document.write_text(document.read_text().replace(marker, f"{marker}Signed.\n"), encoding="utf-8")
    pins.write_text(PINS.replace("kombu==5.6.1", "kombu==5.6.2"), encoding="utf-8")
    second = stackaudit("report", "--quarter", *FILES, env=LATER)
    assert second.returncode in {0, 1, 3}, second.stderr
    told = (folder / "audits" / "AUDIT-2027-Q1.md").read_text()
    assert told.startswith("# Dependency audit: ")
    assert ", 2027-Q1\n" in told
    changes = told.partition("## Changes since the last audit\n")[2].partition("\n## ")[0]
    assert "Held against audits/AUDIT-2026-Q4.json, audited on 2026-11-22, verdict fail." in changes
    assert "| Pins | kombu | changed | ==5.6.1 | ==5.6.2 | your change |" in changes
    assert "due on 2027-04-01, as 2027-Q2" in told
    assert f"{marker}Signed.\n" in told


def test_a_broken_last_record_is_told_and_nothing_is_written(stackaudit: Run, folder: Path, pins: Path) -> None:
    (folder / "AUDIT-2026-Q3.json").write_text("{", encoding="utf-8")
    done = stackaudit("report", "--quarter", *FILES, env=LATER)
    assert done.returncode == 2
    assert "AUDIT-2026-Q3.json:1: it is not JSON" in done.stderr
    assert [*folder.glob("*.md")] == []
    assert pins.is_file()


def test_what_importing_the_stack_costs_is_measured_in_the_targets_interpreter(
    stackaudit: Run, environments: Environments
) -> None:
    interpreter = environments.get("3.11", "vine==5.1.0", "ffmpeg-python==0.2.0")
    done = stackaudit("report", "--python", interpreter, "--only", "conflicts", "--offline")
    measured = done.stdout.partition("## Performance\n")[2].partition("\n## ")[0]
    assert re.search(r"\| vine==5\.1\.0: import vine \| [\d.]+ m?s(, [\d.]+ MiB of memory)? \|", measured), done.stdout
    assert "| ffmpeg-python==0.2.0: import ffmpeg |" in measured
    assert "celery==" not in measured
