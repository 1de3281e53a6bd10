"""What was measured stands apart in a record, and comes back to the looks that it is of."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from documents import a_full_audit
from stackaudit.inputs import records
from stackaudit.model.edition import Edition
from stackaudit.model.errors import InputError
from stackaudit.model.snapshot import Evidence, Look
from stackaudit.reports import markdown
from stackaudit.reports.record import render


def test_what_was_measured_comes_back_and_the_document_is_the_same(tmp_path: Path) -> None:
    audit = a_full_audit()
    (tmp_path / "audit.json").write_text(render(audit), encoding="utf-8")
    saved = records.read_saved(tmp_path / "audit.json", tmp_path)
    assert {each.id: sorted(each.measured) for each in saved.audit.case.snapshot.looks} == {
        each.id: sorted(each.measured) for each in audit.case.snapshot.looks
    }
    told = markdown.render(replace(saved.audit, edition=Edition(digest=saved.digest)))
    assert told == markdown.render(audit)


def test_what_was_measured_of_one_look_is_not_of_another_whose_id_it_begins_with(tmp_path: Path) -> None:
    evidence = Evidence(tool="stackaudit")
    looks = tuple(
        Look(probe="drill", asked="", evidence=evidence, id=each, measured=((name, 1.5),))
        for each, name in (("drill.3.11:solo", "environment"), ("drill.3.11:solo.ping.1", "seconds"))
    )
    audit = a_full_audit()
    drilled = replace(audit, case=replace(audit.case, snapshot=replace(audit.case.snapshot, looks=looks)))
    (tmp_path / "audit.json").write_text(render(drilled), encoding="utf-8")
    observed = records.read(tmp_path / "audit.json", tmp_path)
    assert [each.measured for each in observed.snapshot.looks] == [each.measured for each in looks]


def test_a_measurement_that_is_no_number_is_told_by_its_name(tmp_path: Path) -> None:
    content = json.loads(render(a_full_audit()))
    content["measured"]["latencies"]["redis.connect"] = "fast"
    (tmp_path / "audit.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match=r"measured\.latencies\.redis\.connect: a number is expected"):
        records.read_saved(tmp_path / "audit.json", tmp_path)
