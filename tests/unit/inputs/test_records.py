"""A saved record holds all that is needed to judge it again."""

import json
from pathlib import Path

import pytest

from stackaudit import sockets
from stackaudit.audit import judge
from stackaudit.gate.verdict import decide
from stackaudit.inputs import records
from stackaudit.model.audit import Case, Policy
from stackaudit.model.errors import InputError
from stackaudit.model.wire import digest
from stackaudit.reports.record import render
from stories import a_case, an_audit


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "audit.json"
    path.write_text(render(an_audit()), encoding="utf-8")
    return path


def test_judged_again_it_says_the_same(saved: Path) -> None:
    observed = records.read(saved, saved.parent)
    case = a_case()
    again = Case(manifest=observed.manifest, snapshot=observed.snapshot, matrix=case.matrix, today=case.today)
    assert decide(judge(again, sockets.checks()), Policy()) == an_audit().judgments
    assert observed.started_at == an_audit().started_at


def fault(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        records.read(path, path.parent)
    (only,) = caught.value.faults
    return str(only)


def test_what_is_no_record_is_told_with_its_place(saved: Path) -> None:
    whole = json.loads(saved.read_text(encoding="utf-8"))
    saved.write_text('{"schema":\n nonsense}', encoding="utf-8")
    assert fault(saved) == "audit.json:2: it is not JSON"
    saved.write_text("[]", encoding="utf-8")
    assert "it is no record" in fault(saved)
    saved.write_text(json.dumps({**whole, "schema": "stackaudit/record/9"}), encoding="utf-8")
    assert "its `schema` is stackaudit/record/9, and this version of stackaudit reads stackaudit/record/1" in fault(
        saved
    )
    saved.write_text(json.dumps({**whole, "schema": "other/thing"}), encoding="utf-8")
    assert "it is no record" in fault(saved)
    del whole["looks"][0]["evidence"]["tool"]
    saved.write_text(json.dumps(whole), encoding="utf-8")
    assert fault(saved).startswith("audit.json: it is no whole record: looks[0].evidence")


def test_facts_that_were_changed_are_judged_no_more(saved: Path) -> None:
    whole = json.loads(saved.read_text(encoding="utf-8"))
    for look in whole["looks"]:
        for each in look["facts"]:
            if "advisories" in each:
                each["advisories"] = []
    saved.write_text(json.dumps(whole), encoding="utf-8")
    assert fault(saved) == "audit.json: its digest does not hold: it was changed after it was written"


def test_a_record_may_be_longer_than_any_list_of_requirements(saved: Path) -> None:
    text = saved.read_text(encoding="utf-8")
    saved.write_text(text + " " * 21 * 1024 * 1024, encoding="utf-8")
    assert records.read(saved, saved.parent).started_at == an_audit().started_at
    with saved.open("ab") as stream:
        stream.truncate(101 * 1024 * 1024)
    assert fault(saved) == "audit.json: is larger than 100 MB, which no record is"


@pytest.mark.parametrize("name", ["target", "manifest", "looks", "started_at", "finished_at"])
def test_a_record_with_a_part_missing_is_refused(saved: Path, name: str) -> None:
    content = json.loads(saved.read_text(encoding="utf-8"))
    del content[name]
    saved.write_text(json.dumps(content), encoding="utf-8")
    assert name in fault(saved)


def test_a_fact_of_another_shape_is_told_by_its_place_and_not_by_a_name_of_the_code(saved: Path) -> None:
    content = json.loads(saved.read_text(encoding="utf-8"))
    (fact, *_) = content["looks"][0]["facts"]
    field = next(name for name in fact if name != "fact")
    value = fact.pop(field)
    saved.write_text(json.dumps(content), encoding="utf-8")
    assert fault(saved).startswith(f"audit.json: it is no whole record: looks[0].facts[0]: missing {field}")
    saved.write_text(
        json.dumps({**content, "looks": [{**content["looks"][0], "facts": [{**fact, field: value, "x": 1}]}]})
    )
    assert fault(saved).startswith("audit.json: it is no whole record: looks[0].facts[0].x: unknown field")
    assert fact["fact"] not in fault(saved)


def test_read_whole_it_holds_its_own_judgments_and_its_digest(saved: Path) -> None:
    recorded = records.read_whole(saved, saved.parent)
    assert recorded.judgments == an_audit().judgments
    assert recorded.observed == records.read(saved, saved.parent)
    assert recorded.digest == json.loads(saved.read_text(encoding="utf-8"))["digest"]


@pytest.mark.parametrize("part", ["checks", "looks", "manifest", "verdict"])
def test_read_whole_a_record_that_was_changed_is_refused(saved: Path, part: str) -> None:
    content = json.loads(saved.read_text(encoding="utf-8"))
    content[part] = [] if isinstance(content[part], list) else {} if isinstance(content[part], dict) else "pass"
    saved.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError, match="its digest does not hold"):
        records.read_whole(saved, saved.parent)


def test_read_whole_a_record_with_no_checks_is_refused(saved: Path) -> None:
    content = json.loads(saved.read_text(encoding="utf-8"))
    del content["checks"]
    hashed = {name: content[name] for name in ("target", "manifest", "matrix", "looks", "verdict")}
    saved.write_text(json.dumps({**content, "digest": digest(hashed)}), encoding="utf-8")
    with pytest.raises(InputError, match="checks: a list is expected"):
        records.read_whole(saved, saved.parent)


def test_read_whole_text_that_is_no_unicode_is_refused_like_any_other_change(saved: Path) -> None:
    whole = saved.read_text(encoding="utf-8").replace('"requirements.txt"', '"\\ud800"', 1)
    saved.write_text(whole, encoding="utf-8")
    with pytest.raises(InputError, match="its digest does not hold"):
        records.read_whole(saved, saved.parent)


def test_read_saved_it_is_the_audit_that_was_written(saved: Path) -> None:
    read = records.read_saved(saved, saved.parent)
    assert read.digest == json.loads(saved.read_text(encoding="utf-8"))["digest"]
    told = json.loads(render(read.audit))
    assert told["digest"] == read.digest
    assert (told["today"], told["tool"]) == ("2026-11-22", {"name": "stackaudit", "version": "0.0"})


def test_read_saved_a_matrix_that_is_none_is_told_with_its_line(saved: Path) -> None:
    content = json.loads(saved.read_text(encoding="utf-8"))
    content["matrix"]["content"] = "schema = [\n"
    hashed = {name: content[name] for name in ("target", "manifest", "matrix", "looks", "checks", "verdict")}
    saved.write_text(json.dumps({**content, "digest": digest(hashed)}), encoding="utf-8")
    with pytest.raises(InputError, match=r"audit\.json, its matrix celery-redis-ffmpeg:\d+: "):
        records.read_saved(saved, saved.parent)
