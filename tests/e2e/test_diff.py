"""What changed between two audits, held from outside: two real runs, a pin that moved, and a world that learned something."""

import json
import shutil
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from advised import ADVISORIES
from command import Run

CHECK = ("check", "-r", "requirements.txt", "--python-version", "3.11", "--only", "vulnerabilities", "--only", "matrix")
# Both engines say the same of the same; this one needs no pip-audit to start.
WITH = ("--matrix", "celery-redis-ffmpeg", "--advisories", "advisories", "--engine", "native")
PINS = "celery==5.4.0\nredis==5.0.8\noakpress==2.0.0\nelm==1.0\n"


@pytest.fixture
def audited(stackaudit: Run, folder: Path) -> Path:
    """A folder with the record and the document of the first audit, and a world that learned of a hole in oakpress since."""
    (folder / "advisories").mkdir()
    shutil.copy(ADVISORIES / "PYSEC-2099-3.json", folder / "advisories")
    audit(stackaudit, folder, PINS, "old.json", "old.md")
    shutil.copy(ADVISORIES / "PYSEC-2099-1.json", folder / "advisories")
    return folder


def audit(stackaudit: Run, folder: Path, pins: str, *outputs: str) -> None:
    (folder / "requirements.txt").write_text(pins, encoding="utf-8")
    done = stackaudit(*CHECK, *WITH, *(word for each in outputs for word in ("-o", each)))
    assert done.returncode in {0, 1}, done.stderr


def test_a_changed_pin_is_yours_and_a_changed_source_of_advisories_the_worlds(stackaudit: Run, audited: Path) -> None:
    audit(stackaudit, audited, PINS.replace("5.0.8", "3.5.3").replace("elm==1.0\n", ""), "new.json", "new.md")
    done = stackaudit("diff", "old.json", "new.json")
    assert done.returncode == 0, done.stderr
    assert "  + CVE-2099-0001 oakpress appeared (the world): high: oakpress 2.0.0" in done.stdout
    assert "  + MX207 celery appeared (your change): medium: celery[redis] 5.4.0 asks for redis" in done.stdout
    assert "  ~ redis changed (your change): ==5.0.8 -> ==3.5.3\n" in done.stdout
    assert "  - elm removed (your change): ==1.0\n" in done.stdout
    assert "  ~ vulnerabilities: " in done.stdout

    by_document = stackaudit("diff", "old.md", "new.md", "--format", "json")
    assert by_document.returncode == 0, by_document.stderr
    told, there = (
        json.loads(by_document.stdout),
        json.loads(stackaudit("diff", "old.json", "new.json", "--format", "json").stdout),
    )
    jsonschema.validate(
        told, json.loads((files("stackaudit.reports") / "diff.schema.json").read_text(encoding="utf-8"))
    )
    assert told["old"]["name"] == "old.md (record old.json)"
    assert told["differences"] == there["differences"]
    back = json.loads(stackaudit("diff", "new.json", "old.json", "--format", "json").stdout)
    exchanged = [
        {**each, "kind": {"added": "removed", "removed": "added"}.get(each["kind"], each["kind"])}
        for each in back["differences"]
    ]
    assert {(each["subject"], each["kind"], each.get("lane")) for each in exchanged} == {
        (each["subject"], each["kind"], each.get("lane")) for each in told["differences"]
    }


def test_the_same_records_give_the_same_bytes_in_each_format_and_in_files(stackaudit: Run, audited: Path) -> None:
    audit(stackaudit, audited, PINS, "new.json")
    first = stackaudit("diff", "old.json", "new.json", "-o", "diff.md", "-o", "diff.json")
    assert (first.returncode, first.stdout) == (0, "")
    assert first.stderr.endswith("; wrote diff.md, diff.json\n")
    for name, format_ in (("diff.md", "markdown"), ("diff.json", "json")):
        again = stackaudit("diff", "old.json", "new.json", "--format", format_)
        assert again.stdout == (audited / name).read_text(encoding="utf-8")


def test_a_record_does_not_differ_from_itself_nor_from_another_run_of_the_same(stackaudit: Run, audited: Path) -> None:
    audit(stackaudit, audited, PINS, "new.json")
    audit(stackaudit, audited, PINS, "again.json")
    for new in ("new.json", "again.json"):
        done = stackaudit("diff", "new.json", new, "--exit-code")
        assert done.returncode == 0
        assert done.stdout.endswith("\nno difference: both are records of the same facts and judgments\n")
    assert stackaudit("diff", "old.json", "new.json", "--exit-code").returncode == 1


def test_a_check_that_was_not_asked_again_clears_nothing(stackaudit: Run, audited: Path) -> None:
    audit(stackaudit, audited, PINS, "full.json")
    done = stackaudit(*CHECK[:-4], "--only", "matrix", *WITH[:2], "-o", "partial.json")
    assert done.returncode == 0, done.stderr
    told = stackaudit("diff", "full.json", "partial.json").stdout
    assert "  ? CVE-2099-0001 oakpress no longer seen: high: oakpress 2.0.0" in told
    assert " cleared" not in told


def test_what_can_not_be_read_is_told_of_both_files_at_once(stackaudit: Run, audited: Path) -> None:
    whole = json.loads((audited / "old.json").read_text(encoding="utf-8"))
    (audited / "changed.json").write_text(json.dumps({**whole, "verdict": "fail"}), encoding="utf-8")
    (audited / "alone").mkdir()
    shutil.copy(audited / "old.md", audited / "alone" / "old.md")
    done = stackaudit("diff", "changed.json", "alone/old.md")
    assert (done.returncode, done.stdout) == (2, "")
    assert "error: changed.json: its digest does not hold" in done.stderr
    assert "error: alone/old.md: the record that it is of is not beside it" in done.stderr
    assert "= fix:  put the record beside it, or name the record itself" in done.stderr


def test_a_format_that_is_none_is_refused_before_anything_is_read(stackaudit: Run) -> None:
    for wrong in (("--format", "sarif"), ("-o", "diff.xml"), ("--color", "green")):
        done = stackaudit("diff", "a.json", "b.json", *wrong)
        assert done.returncode == 2
        assert "no such file" not in done.stderr
