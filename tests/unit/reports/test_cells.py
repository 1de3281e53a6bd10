"""The document of drills and of proofs tells what was tried, on what and how often, and leaves out what neither asks."""

import re
from datetime import UTC, date, datetime, timedelta

from packaging.utils import canonicalize_name

from stackaudit.gate.verdict import decide, overall
from stackaudit.lab.outcomes import judge_drills
from stackaudit.model.audit import Audit, Case, Policy
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.facts.trials import DrilledStack, ExerciseTrial, LeftOut, RecoveryTrial, Trial
from stackaudit.model.manifest import Interpreter, Manifest
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Evidence, Look, Snapshot, Unseen
from stackaudit.reports import html, markdown
from stackaudit.reports.record import record

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
CELL = "3.11:prefork"
PYTHON = "sandbox/env/bin/python"
SERVER = Evidence(tool="redis-server", tool_version="7.0.15")


def held() -> Look:
    interpreter = InterpreterFact(
        path=PYTHON,
        version="3.11.7",
        implementation="CPython",
        platform="linux-x86_64",
        prefix="sandbox/env",
        markers=(("python_version", "3.11"),),
        site_packages=(),
        virtual=True,
        pip=None,
    )
    packages = [Distribution(name=canonicalize_name(name), version="5.4.0") for name in ("celery", "kombu")]
    yields = ("Distribution", "InterpreterFact")
    evidence = Evidence(tool="python", tool_version="3.11.7")
    return Look(
        probe="interpreter",
        asked="",
        evidence=evidence,
        facts=(interpreter, *packages),
        yields=yields,
        id="interpreter",
    )


def about(cell: str = CELL) -> Look:
    left = LeftOut(cell=cell, drill="redelivery", sentence="It is run again", reason="slow, and --slow was not given")
    stack = DrilledStack(cell=cell, pool=cell.partition(":")[2])
    kinds = ("DrilledStack", "LeftOut")
    return Look(
        probe="drill",
        asked="which",
        evidence=Evidence(tool="stackaudit"),
        facts=(stack, left),
        yields=kinds,
        id=f"drill.{cell}",
    )


def trial(kind: type[Trial], name: str, *problems: str, run: int = 1, seconds: float = 1.5) -> Look:
    fact = kind(cell=CELL, drill=name, sentence=f"{name} holds", run=run, problems=problems)
    return Look(
        probe="drill",
        asked=fact.sentence,
        evidence=SERVER,
        facts=(fact,),
        yields=(kind.__name__,),
        measured=(("seconds", seconds),),
        id=f"drill.{CELL}.{name}.{run}",
    )


def untried(kind: type[Trial], name: str) -> Look:
    unseen = Unseen(subject=name, yields=(kind.__name__,), cause="no worker came up", remedy="try again")
    return Look(
        probe="drill",
        asked=f"{name} holds",
        evidence=SERVER,
        unseen=unseen,
        yields=(kind.__name__,),
        id=f"drill.{CELL}.{name}.1",
    )


def drilled(*looks: Look) -> Audit:
    manifest = Manifest(
        sources=("pins.txt",), interpreter=Interpreter(path=PYTHON, where=Place(path="sandbox")), sandbox=True
    )
    snapshot = Snapshot(taken_at=NOW, host="", looks=(held(), about(), *looks))
    case = Case(manifest=manifest, snapshot=snapshot, matrix=None, today=date(2026, 11, 22))
    judgments = decide(judge_drills(case), Policy())
    return Audit(
        tool_version="0.0",
        started_at=NOW,
        finished_at=NOW + timedelta(seconds=30),
        case=case,
        judgments=judgments,
        verdict=overall(judgments),
    )


LAME = drilled(
    trial(ExerciseTrial, "ping"),
    trial(ExerciseTrial, "ping", run=2, seconds=2.5),
    trial(RecoveryTrial, "restart", "a task failed"),
    trial(RecoveryTrial, "restart", run=2),
    untried(ExerciseTrial, "eta"),
)


def test_what_was_drilled_is_told_with_its_python_its_server_and_how_often() -> None:
    document = markdown.render(LAME)
    assert document.startswith("# Drills of a copy of pins.txt\n")
    for row in (
        "| Pins from | pins.txt |",
        "| Packages | 2 installed |",
        "| On | 2026-11-22 12:30 UTC |",
        "| Python | CPython 3.11.7 |",
        "| Platform | linux-x86\\_64 |",
        "| Server and programs | redis-server 7.0.15 |",
        "| Pools of the workers | prefork |",
        "| Each drill was run | 2 times |",
    ):
        assert row in document


def test_each_drill_stands_with_its_sentence_its_outcome_its_time_and_its_evidence_the_worst_first() -> None:
    rows = re.findall(r"^\| (?:restart|eta|ping) \|.*$", markdown.render(LAME), re.MULTILINE)
    assert rows == [
        "| restart | restart holds | ❌ did not hold (high): a task failed (1 of 2 runs) | 2 | 1.50 s | DR204 | [drill](#evidence-drill) |",
        "| eta | eta holds | ❔ unknown: no worker came up | 1 | - | DR201 | [drill](#evidence-drill) |",
        "| ping | ping holds | ✅ held | 2 | 2.50 s | DR201 | [drill](#evidence-drill) |",
    ]


def test_what_was_not_run_and_what_was_not_seen_stand_with_the_reason() -> None:
    document = markdown.render(LAME)
    assert f"| {CELL} | redelivery | It is run again | slow, and --slow was not given |" in document
    assert f"| {CELL} | eta | unknown: no worker came up |" in document
    assert "redelivery not run: slow, and --slow was not given" in LAME.judgments[0].summary


def test_nothing_is_told_of_what_no_drill_asks() -> None:
    document = markdown.render(LAME)
    assert re.findall(r"^## (.+)$", document, re.MULTILINE) == [
        "Overview",
        "What was tried",
        "Troubleshooting",
        "Findings",
        "Waivers in force",
        "What was not run",
        "What was not seen",
        "Conclusion",
        "Appendix: evidence",
    ]
    for word in ("ependency audit", "not measured", "no part of this audit", "Dockerfile", "quarterly"):
        assert word not in document
    assert "<title>Drills of a copy of pins.txt</title>" in html.render(LAME)


def test_the_record_has_the_python_of_the_copy() -> None:
    assert record(LAME)["target"] == {
        "kind": "sandbox",
        "python": {"version": "3.11.7", "implementation": "CPython", "path": PYTHON},
        "platform": "linux-x86_64",
        "sources": ["pins.txt"],
    }
