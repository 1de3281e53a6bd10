"""The real pip-audit and an advisory service at fault: no fault of the service ends in a pass."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from advised import ADVISORIES, CLEAN, VULNERABLE, assert_blind, audit
from osv_service import FAULTS, OsvService
from stackaudit.advisories import consult, native, osv
from stackaudit.advisories.records import Pin
from stackaudit.advisories.sources import Kind, Source
from stackaudit.model.deadline import Deadline
from stackaudit.model.findings import Outcome
from stackaudit.model.secret import Secret
from stackaudit.outside.http import Client

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.mark.parametrize("fault", [each for each in FAULTS if each not in {"hang", "drip"}])
def test_a_service_at_fault_is_unknown_and_never_clean(fault: str) -> None:
    with OsvService(ADVISORIES, fault=fault) as service:
        told = audit(service.url, CLEAN)
    assert_blind(told)
    causes = {
        "500": "it answered 500",
        "html": "its answer was not JSON",
        "empty": "its answer was empty",
        "cut": "its answer was not JSON",
        "refuse": "it refused the connection",
        "reset": "the connection broke off",
    }
    assert told.findings[0].message.endswith(f"http://127.0.0.1:{service.server.server_address[1]}: {causes[fault]}")


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_a_service_that_does_not_end_its_answer_is_unknown_in_time(fault: str) -> None:
    with OsvService(ADVISORIES, fault=fault) as service:
        told = audit(service.url, CLEAN, timeout=5)
    assert_blind(told)
    assert told.findings[0].message.endswith("no answer came in time")
    assert told.seconds < 5.5, "the deadline and half a second"


def test_a_slow_service_is_waited_for() -> None:
    with OsvService(ADVISORIES, latency=1.0) as service:
        told = audit(service.url, CLEAN)
    assert told.subjects(Outcome.PASS) == set(CLEAN)


@pytest.mark.parametrize("fault", ["500", "html", "empty", "cut", "reset", "hang"])
def test_a_service_that_loses_an_advisory_blinds_the_packages_it_is_about(fault: str) -> None:
    with OsvService(ADVISORIES, fault=fault, fault_on="vulns") as service:
        told = audit(service.url, VULNERABLE, timeout=12)
    assert told.subjects(Outcome.UNKNOWN) == {"oakpress==2.0.1", "tinfoil-hat==3.1", "old-lantern==1.0"}
    assert told.subjects(Outcome.PASS) == {"elm==1.0"}
    assert told.summary.startswith("1 of 4 packages audited, ")
    assert "could not be because the OSV service" in told.summary


@pytest.mark.parametrize("fault", ["500", "html", "empty", "cut"])
def test_an_old_service_at_fault_is_unknown_too(fault: str) -> None:
    with OsvService(ADVISORIES, fault=fault, batch=False, fault_on="query") as service:
        assert_blind(audit(service.url, CLEAN))


def test_a_service_whose_name_does_not_resolve_is_unknown() -> None:
    told = audit("http://nowhere.invalid:8080", CLEAN)
    assert_blind(told)


@pytest.mark.parametrize(
    "answer",
    [
        {"results": []},
        {"results": [{}, {}]},
        {"results": {}},
        {"results": [{}, {}, {"vulns": [{"id": "../x"}]}]},
        {"results": [{}, {}, {"error": "no"}]},
        {"results": [{}, {}, []]},
        {"results": [{}, {}, {"vulns": [], "error": "no"}]},
        {"results": [{}, {}, {}], "error": "no"},
        [],
        {},
        "clean",
    ],
)
def test_json_of_another_shape_is_no_answer(answer: object) -> None:
    pins = [Pin(name=canonicalize_name(name), version="1.0") for name in ("elm", "ash", "oak")]
    with OsvService([], canned=answer) as service, Client(Deadline(30)) as client:
        answers = osv.ask(service.url, pins, client)
    assert answers.records == {}
    assert set(answers.failed.values()) == {"its answer does not have the shape of OSV's"}


def test_answers_in_another_order_than_the_questions_clear_nobody() -> None:
    pins = [Pin(name=canonicalize_name(name), version="1.0") for name in ("elm", "oak", "ash")]
    mixed = {"results": [{"vulns": [{"id": "PYSEC-2099-50"}]}, {}, {}]}
    with OsvService([oak_record()], canned=mixed) as service, Client(Deadline(30)) as client:
        answers = osv.ask(service.url, pins, client)
    assert answers.records == {}
    assert set(answers.failed.values()) == {
        "it answers with advisories about other packages than those that were asked about"
    }


def test_pages_without_end_are_no_answer() -> None:
    class Endless(OsvService):
        def answer(self, name: str, version: str, token: str | None) -> tuple[list[dict[str, Any]], str | None]:  # noqa: ARG002 - the oracle's own signature
            return [], f"{token or ''}x" if name == "elm" else None

    with Endless(ADVISORIES) as service, Client(Deadline(60)) as client:
        pins = [Pin(name=canonicalize_name(name), version="1.0") for name in ("elm", "ash")]
        answers = osv.ask(service.url, pins, client)
    assert {pin.name for pin in answers.records} == {"ash"}
    assert {pin.name: cause for pin, cause in answers.failed.items()} == {"elm": "its answer has no end"}


def oak_record(**fields: Any) -> dict[str, Any]:
    package = {"ecosystem": "PyPI", "name": "oak"}
    record = {"id": "PYSEC-2099-50", "modified": "2099-01-01T00:00:00Z", "aliases": []}
    return {**record, "affected": [{"package": package, "versions": ["1.0"]}], **fields}


def test_an_advisory_that_pip_audit_would_stumble_over_blinds_its_package_alone() -> None:
    with OsvService([oak_record(published="yesterday")]) as service:
        told = audit(service.url, ["oak==1.0", "elm==1.0"])
    assert told.subjects(Outcome.PASS) == {"elm==1.0"}
    assert "pip-audit can't read its advisory PYSEC-2099-50" in told.finding("oak==1.0").message


def test_an_advisory_that_pip_audit_silently_passes_over_is_no_pass() -> None:
    with OsvService([oak_record(schema_version="2.0.0")]) as service:
        told = audit(service.url, ["oak==1.0", "elm==1.0"])
    assert told.subjects(Outcome.PASS) == {"elm==1.0"}
    assert told.subjects(Outcome.UNKNOWN) == {"oak==1.0"}
    assert "pip-audit passed over the advisory PYSEC-2099-50" in told.finding("oak==1.0").message


@pytest.mark.parametrize("text", ["<html>", '{"id": "A-1"'])
def test_a_local_copy_that_cannot_be_read_is_unknown(tmp_path: Path, text: str) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "A-1.json").write_text(text)
    assert_blind(audit(str(tmp_path / "copy"), CLEAN))


@pytest.mark.parametrize("engine", [consult, native])
def test_a_mirror_that_is_not_what_was_synced_answers_nothing(engine: ModuleType) -> None:
    copy = Source(kind=Kind.LOCAL, name="the local mirror", address=Secret(str(ADVISORIES)), mirror=True)
    elm = Pin(name=canonicalize_name("elm"), version="1.0")
    whole = engine.consult(copy, [elm], Deadline(30), Deadline(60))
    assert list(whole.audited) == [elm]
    assert list(engine.consult(replace(copy, sha256=whole.copy), [elm], Deadline(30), Deadline(60)).audited) == [elm]
    swapped = engine.consult(replace(copy, sha256="0" * 64), [elm], Deadline(30), Deadline(60))
    assert (swapped.audited, swapped.failed) == ({}, {elm: "it is damaged: it is not what was synced"})


def test_a_local_copy_that_is_not_there_is_unknown_and_what_could_be_named_is_told(tmp_path: Path) -> None:
    told = audit(str(tmp_path / "missing.zip"), CLEAN)
    assert_blind(told)
    assert told.findings[0].message.endswith("missing.zip: there is no such file or folder")
    assert "one of: auto, osv, pypi" in (told.findings[0].fix or "")


@pytest.mark.parametrize("engine", [consult, native], ids=["reference", "native"])
def test_advisories_that_together_would_fill_the_memory_are_no_answer(engine: ModuleType) -> None:
    long = [oak_record(id=f"PYSEC-2099-{number}", details="x" * 9_000_000) for number in range(4)]
    pins = [Pin(name=canonicalize_name("oak"), version="1.0")]
    with OsvService(long) as service:
        source = Source(kind=Kind.OSV, name="the service", address=Secret(service.url))
        told = engine.consult(source, pins, Deadline(20), Deadline(30))
    assert told.audited == {}
    assert told.cause == "its answer is too long to be one"
