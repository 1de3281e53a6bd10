"""A document of ours leads to the record that it is of, and no other document leads anywhere."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from stackaudit.inputs.record_files import find_record
from stackaudit.inputs.records import read_saved
from stackaudit.model.errors import InputError
from stackaudit.model.findings import Verdict
from stackaudit.reports import markdown, record
from stories import an_audit


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """A document with the record of another audit and its own beside it, under a name of its own."""
    audit = an_audit()
    (tmp_path / "another.json").write_text(record.render(replace(audit, verdict=Verdict.PASS)), encoding="utf-8")
    (tmp_path / "broken.json").write_bytes(b"\xff{")
    (tmp_path / "own.json").write_text(record.render(audit), encoding="utf-8")
    path = tmp_path / "AUDIT.md"
    path.write_text(markdown.render(audit), encoding="utf-8")
    return path


def fault(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        find_record(path, path.parent)
    (only,) = caught.value.faults
    assert only.hint is not None
    return str(only)


def test_a_record_is_itself(tmp_path: Path) -> None:
    assert find_record(tmp_path / "audit.json", tmp_path) == tmp_path / "audit.json"


def test_the_record_of_a_document_is_found_by_its_digest_whatever_it_is_called(document: Path) -> None:
    found = find_record(document, document.parent)
    assert found.name == "own.json"
    assert read_saved(found, document.parent).audit.verdict is an_audit().verdict


def test_the_record_of_the_documents_own_name_comes_first(document: Path) -> None:
    (document.parent / "AUDIT.json").write_text(record.render(an_audit()), encoding="utf-8")
    assert find_record(document, document.parent).name == "AUDIT.json"


def test_a_record_that_only_was_the_baseline_is_not_the_documents(document: Path) -> None:
    own = document.parent / "own.json"
    content = json.loads(own.read_text(encoding="utf-8"))
    own.write_text(json.dumps({**content, "baseline": content["digest"], "digest": "sha256:0"}), encoding="utf-8")
    assert fault(document).startswith("AUDIT.md: the record that it is of is not beside it")


def test_a_document_that_names_no_record_is_refused(document: Path) -> None:
    document.write_text("# An audit\n\nAll is well. sha256:" + "0" * 64 + "\n", encoding="utf-8")
    assert fault(document).startswith("AUDIT.md: it does not say which record it is of")


def test_a_document_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.md: there is no such file"):
        find_record(tmp_path / "none.md", tmp_path)
