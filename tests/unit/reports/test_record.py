"""The record holds the audit whole, in one shape, with a digest of its facts."""

import json
from dataclasses import replace
from datetime import date, timedelta
from importlib.resources import files

import jsonschema

from stackaudit.gate.changes import Before, label
from stackaudit.gate.verdict import decide
from stackaudit.gate.waivers import waive
from stackaudit.model.audit import Audit, Policy
from stackaudit.model.findings import Verdict
from stackaudit.model.manifest import Endpoint
from stackaudit.model.places import Place
from stackaudit.model.secret import Secret
from stackaudit.model.waivers import Waiver
from stackaudit.reports.record import record, render
from stories import an_audit

SCHEMA = json.loads(files("stackaudit.reports").joinpath("record.schema.json").read_text(encoding="utf-8"))


def test_it_is_of_the_shape_that_ships() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(render(an_audit())), SCHEMA, format_checker=jsonschema.FormatChecker())


def test_its_keys_stand_in_the_promised_order() -> None:
    promised = [
        "schema",
        "tool",
        "started_at",
        "finished_at",
        "target",
        "manifest",
        "matrix",
        "looks",
        "checks",
        "measured",
        "verdict",
        "digest",
    ]
    assert [key for key in record(an_audit()) if key in promised] == promised


def test_two_audits_of_the_same_facts_have_the_same_digest() -> None:
    audit = an_audit()
    later = replace(
        audit, started_at=audit.started_at + timedelta(hours=1), finished_at=audit.finished_at + timedelta(hours=2)
    )
    slower = replace(
        later.case.snapshot,
        looks=tuple(replace(each, measured=(("seconds", 9.9),)) for each in later.case.snapshot.looks),
    )
    later = replace(later, case=replace(later.case, snapshot=slower, today=audit.case.today + timedelta(days=1)))
    assert record(audit)["digest"] == record(later)["digest"]
    assert record(audit)["started_at"] != record(later)["started_at"]


def test_another_fact_makes_another_digest() -> None:
    audit = an_audit()
    assert record(audit)["digest"] != record(replace(audit, verdict=Verdict.PASS))["digest"]
    fewer = replace(audit.case.snapshot, looks=audit.case.snapshot.looks[1:])
    assert record(audit)["digest"] != record(replace(audit, case=replace(audit.case, snapshot=fewer)))["digest"]


def test_a_password_never_enters_it() -> None:
    audit = an_audit()
    broker = Endpoint(role="broker", url=Secret("redis://:s3cret@localhost/0"), where=Place(path="option --broker-url"))
    with_broker = replace(audit, case=replace(audit.case, manifest=replace(audit.case.manifest, endpoints=(broker,))))
    assert "s3cret" not in render(with_broker)
    assert "redis://***@localhost/0" in render(with_broker)


def test_the_policy_is_not_in_it_but_what_it_decided_is() -> None:
    audit: Audit = an_audit(Policy(ignore=frozenset({"CVE-2099-1"})))
    findings = [
        each
        for check in json.loads(render(audit))["checks"]
        for each in check["findings"]
        if "CVE-2099-1" in each.get("aliases", ())
    ]
    assert [each["waiver"]["reason"] for each in findings] == ["ignored for this run: --ignore CVE-2099-1"]


def test_waivers_lanes_and_the_baseline_are_in_it_in_the_shape_that_ships() -> None:
    waiver = Waiver(
        where=Place(path="pyproject.toml", line=3),
        advisory="CVE-2099-1",
        reason="nothing calls it",
        owner="ann",
        until=date(2026, 12, 1),
    )
    audit = an_audit()
    policy = Policy(waivers=(waiver,))
    judgments = label(
        waive(audit.judgments, policy, audit.case), audit.case, Before(told=(), case=audit.case, again=audit.judgments)
    )
    content = json.loads(render(replace(audit, judgments=decide(judgments, policy), baseline="sha256:" + 64 * "0")))
    jsonschema.validate(content, SCHEMA)
    assert content["baseline"] == "sha256:" + 64 * "0"
    assert [each["id"] for each in content["checks"]][-1] == "waivers"
    found = {each["rule"]: each for check in content["checks"] for each in check["findings"] if "lane" in each}
    assert found["AU104"]["lane"] == "world"
    assert found["VU101"]["waiver"] == {"reason": "nothing calls it", "owner": "ann", "until": "2026-12-01"}
