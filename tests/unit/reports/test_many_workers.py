"""What one rule finds of many workers is one entry in what machines read: the same however many there are, whatever they are called."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

from asking import case_of, declared
from stackaudit import sockets
from stackaudit.audit import judge
from stackaudit.gate.verdict import decide, overall
from stackaudit.model.audit import Audit, Policy
from stackaudit.model.facts.celery_settings import CelerySettings
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.findings import Outcome
from stackaudit.reports import github, gitlab, junit, sarif
from stackaudit.reports._severities import tally
from stackaudit.reports._told import told
from tellings import told_audit

URL = "redis://broker.test:6379/0"


def fleet(nodes: Sequence[str], *, healthy: int = 0, holding: Sequence[int] = ()) -> Audit:
    """The celery check of workers called `nodes` that take pickle, but for the first `healthy`; each holds so many tasks for far later."""
    told_by = [
        CelerySettings(
            node=node,
            origin="worker",
            values=(
                ("accept_content", ("json",) if number < healthy else ("json", "pickle")),
                ("visibility_timeout", 3600.0),
            ),
            far=holding[number] if holding else 0,
        )
        for number, node in enumerate(nodes)
    ]
    there = [Worker(node=node, answered=True, expected_by=("pidbox",)) for node in nodes]
    case = case_of(
        declared(broker=URL), Broadcast(endpoint=URL, subscribers=len(nodes), replies=len(nodes)), *there, *told_by
    )
    decided = decide(judge(case, [each for each in sockets.checks() if each.id == "celery"]), Policy())
    return replace(told_audit(), case=case, judgments=decided, verdict=overall(decided))


def named(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number:02}@pod-{number}" for number in range(count)]


def results(audit: Audit, code: str) -> list[dict[str, Any]]:
    return [each for each in json.loads(sarif.render(audit))["runs"][0]["results"] if each["ruleId"] == code]


def entries(audit: Audit, code: str) -> list[dict[str, Any]]:
    return [each for each in json.loads(gitlab.render(audit)) if each["check_name"] == code]


def cases(audit: Audit, code: str) -> list[tuple[str, str | None]]:
    root = ET.fromstring(junit.render(audit).encode())
    found = [each for each in root.iter("testcase") if each.attrib["name"].startswith(code)]
    return [(each.attrib["name"], next((ending.tag for ending in each), None)) for each in found]


def test_fifty_workers_with_one_fault_are_one_alert_that_names_them_all() -> None:
    nodes = named("w", 50)
    audit = fleet(nodes)
    (result,) = results(audit, "CE201")
    assert all(node in result["message"]["text"] for node in nodes)
    assert [each["fullyQualifiedName"] for each in result["locations"][0]["logicalLocations"]] == nodes
    assert (result["level"], result["properties"]["subjects"]) == ("error", nodes)
    (entry,) = entries(audit, "CE201")
    assert entry["description"].startswith("w00@pod-0, w01@pod-1")
    assert "and 42 more: it takes pickle" in entry["description"]
    assert cases(audit, "CE201") == [("CE201 workers", "failure")]
    assert github.render(audit).count("title=CE201") == 1


def test_an_alert_is_the_same_alert_with_other_workers_and_with_one() -> None:
    fleets = [
        fleet(named("w", 50)),
        fleet(named("other", 3)),
        fleet(["celery@a1b2c3"]),
        fleet(named("w", 4), healthy=2),
    ]
    for found in (results, entries):
        every = [each for audit in fleets for each in found(audit, "CE201")]
        prints = {str(each.get("partialFingerprints", each.get("fingerprint"))) for each in every}
        assert (len(every), len(prints)) == (4, 1)
    assert {name for audit in fleets for name, _ in cases(audit, "CE201")} == {"CE201 workers"}


def test_what_differs_from_worker_to_worker_is_in_the_one_alert() -> None:
    (result,) = results(fleet(named("w", 6), holding=[1, 1, 2, 3, 4, 0]), "CE302")
    first, *details = result["message"]["text"].split("\n")
    assert first.startswith("w00@pod-0, w01@pod-1: it holds 1 task for later")
    assert first.endswith("; and 1 more such finding")
    assert any(each.startswith("it holds 4 tasks") and each.endswith(": w04@pod-4") for each in details)
    assert "w05@pod-5" not in result["message"]["text"]


def test_a_pass_of_all_workers_is_one_case_and_none_where_some_fail() -> None:
    assert cases(fleet(named("w", 50), healthy=50), "CE201") == [("CE201 workers", None)]
    assert cases(fleet(named("w", 50), healthy=49), "CE201") == [("CE201 workers", "failure")]


def test_nothing_is_lost_and_the_verdict_is_the_same() -> None:
    audit = fleet(named("w", 50), healthy=10)
    (judgment,) = audit.judgments
    failed = [each for each in judgment.findings if each.outcome is not Outcome.PASS]
    assert sorted((one.rule, one.subject) for each in told(audit) for one in each.members) == sorted(
        (each.rule, each.subject) for each in failed
    )
    assert sum(tally(audit).values()) == len(failed)
    assert json.loads(sarif.render(audit))["runs"][0]["properties"]["verdict"] == audit.verdict == "fail"
