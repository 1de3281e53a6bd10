"""The bill of materials is one by the schema of CycloneDX 1.6, and never calls clean what was not checked."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings
from packageurl import PackageURL

from stackaudit.model.audit import Audit
from stackaudit.model.facts.advised import Audited
from stackaudit.model.findings import Outcome, Severity, Waived
from stackaudit.reports.cyclonedx import render
from tellings import Parts, a_finding, judged, parts, told_audit

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)


def bill_of(audit: Audit) -> dict[str, Any]:
    text = render(audit)
    assert VALIDATOR.validate_str(text) is None
    bill = json.loads(text)
    assert isinstance(bill, dict)
    return bill


def said_of(bill: dict[str, Any], name: str) -> str:
    (component,) = (each for each in bill["components"] if each["name"] == name)
    return str(properties(component)["stackaudit:vulnerabilities"])


def properties(element: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in element["properties"]}


@given(parts)
@settings(max_examples=40)
def test_any_audit_is_a_bill_by_the_schema_and_every_reference_leads_to_a_component(parts: Parts) -> None:
    audit = parts.audit()
    bill = bill_of(audit)
    components = [each["bom-ref"] for each in bill["components"]]
    assert len(set(components)) == len(components)
    for each in bill["vulnerabilities"]:
        assert [affected["ref"] in components for affected in each["affects"]] == [True]
    advisories = [
        each
        for judgment in audit.judgments
        for each in judgment.findings
        if each.aliases and each.outcome is not Outcome.PASS
    ]
    assert len(bill["vulnerabilities"]) == len(advisories)
    assert properties(bill["metadata"])["stackaudit:verdict"] == audit.verdict


def test_the_library_of_its_makers_reads_it_with_every_package_and_advisory() -> None:
    bill: Any = Bom.from_json(json.loads(render(told_audit())))  # type: ignore[attr-defined]  # made by a decorator
    assert {str(each.purl) for each in bill.components} >= {"pkg:pypi/celery@5.4.0", "pkg:pypi/vine@5.1.0"}
    assert [each.id for each in bill.vulnerabilities] == ["PYSEC-2099-1"]


def test_a_package_is_clean_only_where_it_was_audited() -> None:
    audit = told_audit()
    bill = bill_of(audit)
    assert said_of(bill, "kombu") == "pass"
    assert said_of(bill, "celery") == "fail"
    assert said_of(bill, "vine") == "unknown: the service does not know it"
    blinded = bill_of(blind(audit))
    assert said_of(blinded, "kombu") == "unknown: no answer"
    assert said_of(blinded, "celery") == "fail"
    gone = replace(audit, judgments=tuple(each for each in audit.judgments if each.check != "vulnerabilities"))
    assert said_of(bill_of(gone), "kombu") == "not checked"


def blind(audit: Audit) -> Audit:
    """The same, where a whole service did not answer."""
    whole = replace(a_finding(Outcome.UNKNOWN, advisory=None), subject="", message="no answer")
    return replace(
        audit,
        judgments=tuple(
            replace(each, findings=(*each.findings, whole)) if each.check == "vulnerabilities" else each
            for each in audit.judgments
        ),
    )


def test_what_each_check_found_is_in_the_metadata() -> None:
    said = properties(bill_of(judged([a_finding()], skipped="no broker URL"))["metadata"])
    assert said["stackaudit:check:a"] == "fail: a in short"
    assert said["stackaudit:check:skipped"] == "skipped: no broker URL"
    nothing = properties(bill_of(judged(skipped="offline"))["metadata"])
    assert nothing["stackaudit:check:audit"] == "unknown: nothing was checked"


def test_no_package_is_said_to_require_nothing() -> None:
    assert "dependencies" not in bill_of(told_audit())


def test_what_was_accepted_is_told_as_vex_and_stays_exploitable() -> None:
    dated = replace(a_finding(), waiver=Waived(reason="not reachable", owner="ann", until="2027-01-31"))
    waiting = replace(dated, waiver=Waived(reason="waiting", until="until-fixed"))
    first, second, third = bill_of(judged([dated], [waiting], [a_finding()]))["vulnerabilities"]
    assert first["analysis"] == {
        "state": "exploitable",
        "response": ["will_not_fix"],
        "detail": "accepted: not reachable, by ann, until 2027-01-31",
    }
    assert second["analysis"]["response"] == ["can_not_fix"]
    assert second["analysis"]["detail"] == "accepted: waiting, until there is a fix"
    assert "analysis" not in third


def test_without_a_score_the_rating_is_unknown_though_the_gate_counts_it_as_high() -> None:
    (found,) = bill_of(told_audit())["vulnerabilities"]
    assert found["ratings"] == [{"severity": "unknown"}]
    assert properties(found)["stackaudit:severity"] == "high"


def test_a_score_is_told_with_its_vector_and_method() -> None:
    audit = told_audit()
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    looks = tuple(
        replace(look, facts=tuple(scored(fact, vector) if isinstance(fact, Audited) else fact for fact in look.facts))
        for look in audit.case.snapshot.looks
    )
    case = replace(audit.case, snapshot=replace(audit.case.snapshot, looks=looks))
    (found,) = bill_of(replace(audit, case=case))["vulnerabilities"]
    assert found["ratings"] == [{"severity": "critical", "score": 9.8, "method": "CVSSv31", "vector": vector}]


def scored(fact: Audited, vector: str) -> Audited:
    found = tuple(replace(each, severity=Severity.CRITICAL, score=9.8, vector=vector) for each in fact.advisories)
    return replace(fact, advisories=found)


def test_an_advisory_of_a_server_affects_a_component_of_its_own() -> None:
    server = replace(
        a_finding(advisory="CVE-2099-9"), rule="RD401", subject="redis://host/0", source="https://redis.io"
    )
    bill = bill_of(judged([server]))
    assert bill["components"][-1]["name"] == "redis://host/0"
    assert bill["vulnerabilities"][0]["affects"] == [{"ref": bill["components"][-1]["bom-ref"]}]


def test_an_id_that_osv_has_no_page_of_names_its_owner_alone() -> None:
    foreign = replace(a_finding(), aliases=("PYSEC-2099-1", "SNYK-PYTHON-CELERY-1", "CVE-2099-1"))
    (found,) = bill_of(judged([foreign]))["vulnerabilities"]
    assert [each["source"] for each in found["references"]] == [
        {"name": "OSV", "url": "https://osv.dev/vulnerability/CVE-2099-1"},
        {"name": "SNYK"},
    ]


def test_a_package_url_is_canonical() -> None:
    odd = replace(a_finding(), subject="odd==1!2.0+local.1")
    (ref,) = (each["affects"][0]["ref"] for each in bill_of(judged([odd]))["vulnerabilities"])
    assert PackageURL.from_string(ref).to_string() == ref


def test_its_serial_number_is_that_of_the_record_and_another_one_for_another_run() -> None:
    audit = told_audit()
    later = replace(audit, finished_at=audit.finished_at + timedelta(seconds=1))
    assert render(audit) == render(replace(audit))
    assert bill_of(audit)["serialNumber"] != bill_of(later)["serialNumber"]
    assert bill_of(audit)["metadata"]["timestamp"] == "2026-11-22T12:40:00+00:00"
