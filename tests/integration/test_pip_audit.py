"""The real pip-audit, fed from a loopback advisory service: what it says is told, and no fault of the service ends in a pass."""

import importlib.util
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from osv_service import FAULTS, OsvService
from stackaudit.advisories import feed, osv, scanner
from stackaudit.advisories.records import Pin
from stackaudit.audit import apply, gather
from stackaudit.checks.vulnerabilities import not_vulnerable, summarize
from stackaudit.model.audit import Case
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts import Audited, Distribution, InterpreterFact
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.manifest import Interpreter, Manifest, Requirement, Setting
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Evidence, Look
from stackaudit.model.wire import encode
from stackaudit.outside.http import Client
from stackaudit.probes.pip_audit import PROBE
from tls_proxy import TlsProxy

ADVISORIES = Path(__file__).parents[1] / "advisories"
HERE = Place(path="requirements.txt", line=1)
CLEAN = ("oakpress==2.1.0", "elm==1.0", "tinfoil-hat==3.3")
VULNERABLE = ("oakpress==2.0.1", "elm==1.0", "tinfoil-hat==3.1", "old-lantern==1.0")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither reads nor leaves anything in the caches of whoever runs the tests."""
    if importlib.util.find_spec("pip_audit") is None:
        pytest.fail("pip-audit is a dependency of the tool itself")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))


def requirement(pin: str, **fields: Any) -> Requirement:
    name, _, version = pin.partition("==")
    specifier = SpecifierSet(f"=={version}" if version else "")
    return Requirement(
        name=canonicalize_name(name),
        specifier=specifier,
        pin=Version(version) if version else None,
        where=HERE,
        **fields,
    )


def manifest(advisories: str, requirements: Sequence[Requirement]) -> Manifest:
    settings = (Setting(name="advisories", value=advisories, where=HERE),)
    return Manifest(requirements=tuple(requirements), settings=settings)


class Told:
    """What an audit of nothing but vulnerabilities says."""

    def __init__(self, given: Manifest, timeout: float = 60, environment: Sequence[Distribution] = ()) -> None:
        started = time.monotonic()
        probes = [PROBE, environment_probe(environment)] if environment else [PROBE]
        self.snapshot = gather(given, probes, Deadline(timeout), datetime.now(UTC))
        self.seconds = time.monotonic() - started
        case = Case(manifest=given, snapshot=self.snapshot, matrix=None, today=date(2099, 1, 1))
        self.findings = apply(not_vulnerable, case)
        self.summary = summarize(case, self.findings)
        self.text = json.dumps([encode(self.snapshot), encode(self.findings), self.summary])

    def subjects(self, outcome: Outcome) -> set[str]:
        return {each.subject for each in self.findings if each.outcome is outcome}

    def finding(self, subject: str) -> Finding:
        return next(each for each in self.findings if each.subject == subject)


def environment_probe(distributions: Sequence[Distribution]) -> Probe:
    """Stands where the interpreter's own probe stands, for environments that need not be built."""
    python = InterpreterFact(
        path="python",
        version="3.12.1",
        implementation="cpython",
        platform="linux",
        prefix="",
        markers=(),
        site_packages=(),
        virtual=True,
        pip=None,
    )

    def collect(_visit: Visit) -> list[Look]:
        return [Look(probe="e", asked="e", evidence=Evidence(tool="t"), facts=(python, *distributions))]

    return Probe(name="e", title="e", reads=(), yields=(InterpreterFact, Distribution), collect=collect)


def audit(advisories: str, pins: Sequence[str], timeout: float = 60) -> Told:
    return Told(manifest(advisories, [requirement(pin) for pin in pins]), timeout)


@pytest.fixture
def service() -> Iterator[OsvService]:
    with OsvService(ADVISORIES) as running:
        yield running


def test_a_clean_stack_passes_package_by_package(service: OsvService) -> None:
    told = audit(service.url, CLEAN)
    assert told.subjects(Outcome.PASS) == set(CLEAN)
    assert len(told.findings) == len(CLEAN)
    assert told.summary.startswith(
        "3 of 3 packages audited, no known vulnerabilities, by the OSV service http://127.0.0.1"
    )


def test_each_advisory_is_told_with_what_pip_audit_leaves_out(service: OsvService) -> None:
    told = audit(service.url, VULNERABLE)
    assert told.subjects(Outcome.PASS) == {"elm==1.0"}
    oak = told.finding("oakpress==2.0.1")
    assert oak.severity is Severity.HIGH
    assert oak.aliases == ("PYSEC-2099-1", "CVE-2099-0001", "GHSA-oak1-oak2-oak3"), "merged, the withdrawn one left out"
    assert oak.fix == "oakpress>=2.1.0"
    assert "Oakpress: visitors can read any file; fixed in 2.1.0" in oak.message, (
        "1.9.3 only one of the two calls fixed"
    )
    assert told.finding("tinfoil-hat==3.1").severity is Severity.MEDIUM
    assert "no score: counted as high" in told.finding("old-lantern==1.0").message
    assert "3 known vulnerabilities (1 without score)" in told.summary


def test_the_evidence_names_the_tool_and_is_the_same_the_next_time(service: OsvService) -> None:
    first, second = audit(service.url, VULNERABLE), audit(service.url, VULNERABLE)
    evidence = first.snapshot.looks[0].evidence
    assert (evidence.tool, evidence.tool_version, evidence.exit_status) == ("pip-audit", scanner.version(), 1)
    assert evidence.command[:5] == ("pip-audit", "-s", "osv", "--osv-url", "FEED")
    assert evidence.sha256
    assert evidence == second.snapshot.looks[0].evidence
    assert first.snapshot.facts(Audited) == second.snapshot.facts(Audited)


def test_a_local_copy_says_what_the_service_says(service: OsvService, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "all"), "zip", ADVISORIES)
    served = audit(service.url, VULNERABLE)
    for path in (str(ADVISORIES), archive):
        local = audit(path, VULNERABLE)
        assert [each.advisories for each in local.snapshot.facts(Audited)] == [
            each.advisories for each in served.snapshot.facts(Audited)
        ]
        assert f"the local copy {path}" in local.summary


# --- fed and alone


def many_records() -> tuple[list[dict[str, Any]], list[Pin]]:
    """40 packages with 0 to 4 advisories each, in all the shapes that there are, and 10 that nobody wrote about."""
    records: list[dict[str, Any]] = []
    for index in range(40):
        name = f"package-{index}"
        for number in range(index % 5):
            own = f"PYSEC-2099-{index * 10 + number}"
            spans = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": f"{number + 1}.{index}"}]}]
            affected = {"package": {"ecosystem": "PyPI", "name": name}, "ranges": spans, "versions": ["1.0"]}
            record: dict[str, Any] = {
                "id": own,
                "modified": "2099-01-01T00:00:00Z",
                "aliases": [f"CVE-2099-{own[-3:]}"],
            }
            record |= {"details": f"Line one of {own}.\nLine two.", "affected": [affected]}
            records.append(record)
            if number == 1:
                twin = {
                    "id": f"GHSA-{index:04}-aaaa-bbbb",
                    "aliases": [own, f"CVE-2099-{own[-3:]}"],
                    "summary": "A twin",
                }
                records.append({**record, **twin})
            if number == 2:
                records.append({**record, "id": f"{own}9", "aliases": [], "withdrawn": "2099-02-01T00:00:00Z"})
            if number == 3:
                records[-1]["affected"] = [{**affected, "ranges": []}]
    names = [f"package-{index}" for index in range(40)] + [f"quiet-{index}" for index in range(10)]
    return records, [Pin(name=canonicalize_name(name), version="1.0") for name in names]


def fed(service: OsvService, pins: Sequence[Pin]) -> scanner.Scan:
    with Client(Deadline(60)) as client:
        answers = osv.ask(service.url, pins, client)
    assert not answers.failed
    with feed.Feed() as service_beside:
        service_beside.hold(answers.records)
        return scanner.scan(pins, Deadline(60), feed=service_beside.url)


@pytest.mark.parametrize("batch", [True, False], ids=["querybatch", "no querybatch"])
def test_pip_audit_says_the_same_fed_and_alone(batch: bool) -> None:  # noqa: FBT001
    records, pins = many_records()
    with OsvService(records, batch=batch) as service:
        alone = scanner.scan(pins, Deadline(60), feed=f"{service.url}/v1/query")
        through = fed(service, pins)
    assert alone.cause is None
    assert len(alone.audited) == len(pins)
    assert sum(map(len, alone.audited.values())) >= 60
    assert through.audited == alone.audited
    assert (through.skipped, through.exit_status, through.sha256) == (alone.skipped, alone.exit_status, alone.sha256)


def test_the_upstream_is_asked_once_for_all_and_once_for_each_advisory() -> None:
    records, pins = many_records()
    with OsvService(records, latency=0.02) as service:
        told = audit(service.url, [f"{pin.name}=={pin.version}" for pin in pins])
    assert told.summary.startswith("50 of 50 packages audited")
    assert dict(service.requests) == {"querybatch": 1, "vulns": len(records)}
    assert 2 <= service.most_in_flight <= 16


def test_every_page_of_an_answer_is_read() -> None:
    records, pins = many_records()
    with (
        OsvService(records) as whole,
        OsvService(records, page=1) as paged,
        OsvService(records, page=2, batch=False) as old,
        Client(Deadline(60)) as client,
    ):
        expected = osv.ask(whole.url, pins, client).records
        assert osv.ask(paged.url, pins, client).records == expected
        single = osv.ask(old.url, pins, client).records
    assert paged.requests["querybatch"] > 1
    assert {pin: [each.id for each in found] for pin, found in single.items()} == {
        pin: [each.id for each in found] for pin, found in expected.items()
    }


def test_many_packages_are_asked_about_in_batches_that_osv_takes() -> None:
    pins = [Pin(name=canonicalize_name(f"package-{index}"), version="1.0") for index in range(2001)]
    with OsvService([]) as service, Client(Deadline(60)) as client:
        answers = osv.ask(service.url, pins, client)
    assert len(answers.records) == 2001
    assert service.requests["querybatch"] == 3


def test_the_feed_fails_for_what_it_was_not_asked_to_hold() -> None:
    known, unknown = (Pin(name=canonicalize_name(name), version="1.0") for name in ("elm", "ash"))
    with feed.Feed() as holding:
        holding.hold({known: ()})
        assert scanner.scan([known], Deadline(60), feed=holding.url).cause is None
        refused = scanner.scan([known, unknown], Deadline(60), feed=holding.url)
    assert refused.cause == "it answered with an error"
    assert refused.audited == {}


# --- faults: none may end in a pass


def assert_blind(told: Told) -> None:
    assert [(each.outcome, each.subject) for each in told.findings] == [(Outcome.UNKNOWN, "")]
    assert told.findings[0].message.startswith(f"the advisory service audited 0 of {len(CLEAN)} packages: ")
    assert told.summary == f"0 of {len(CLEAN)} packages audited"


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


@pytest.mark.parametrize("fault", ["500", "html", "empty", "cut", "reset", "hang"])
def test_a_service_that_loses_an_advisory_blinds_the_packages_it_is_about(fault: str) -> None:
    with OsvService(ADVISORIES, fault=fault, fault_on="vulns") as service:
        told = audit(service.url, VULNERABLE, timeout=12)
    assert told.subjects(Outcome.UNKNOWN) == {"oakpress==2.0.1", "tinfoil-hat==3.1", "old-lantern==1.0"}
    assert told.subjects(Outcome.PASS) == {"elm==1.0"}
    assert told.summary.startswith("1 of 4 packages audited, 3 could not be")


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


def test_a_local_copy_that_is_not_there_is_unknown_and_what_could_be_named_is_told(tmp_path: Path) -> None:
    told = audit(str(tmp_path / "missing.zip"), CLEAN)
    assert_blind(told)
    assert told.findings[0].message.endswith("missing.zip: there is no such file or folder")
    assert "one of: auto, osv, pypi" in (told.findings[0].fix or "")


# --- PyPI's service, whose address is fixed


def packages_of_pypi(_host: str, path: str) -> tuple[int, bytes]:
    name = path.split("/")[2]
    if name == "elm":
        return 404, b"{}"
    vulnerability = {"id": "PYSEC-2099-1", "aliases": ["CVE-2099-0001"], "fixed_in": ["2.1.0"], "details": "Bad."}
    return 200, json.dumps({"vulnerabilities": [vulnerability] if name == "oakpress" else []}).encode()


def through(proxy: TlsProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, proxy.url)
    for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(proxy.certificate))


def test_a_mirror_that_knows_no_package_is_unknown_though_pip_audit_ends_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TlsProxy(tmp_path, lambda _host, _path: (404, b"{}")) as proxy:
        through(proxy, monkeypatch)
        told = audit("pypi", CLEAN)
    assert len(proxy.asked) == len(CLEAN)
    assert_blind(told)
    assert told.snapshot.looks[0].evidence.exit_status == 0


def test_one_package_that_pypi_does_not_know_is_unknown_and_hides_no_advisory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TlsProxy(tmp_path, packages_of_pypi) as proxy:
        through(proxy, monkeypatch)
        told = audit("pypi", ["oakpress==2.0.1", "elm==1.0", "ash==1.0"])
    assert told.subjects(Outcome.FAIL) == {"oakpress==2.0.1"}
    assert told.subjects(Outcome.UNKNOWN) == {"elm==1.0"}
    assert told.subjects(Outcome.PASS) == {"ash==1.0"}
    assert told.summary == ("2 of 3 packages audited, 1 could not be, 1 known vulnerability (1 without score), by PyPI")


def test_where_osv_cannot_be_reached_pypi_answers_and_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with TlsProxy(tmp_path, packages_of_pypi, refused=("api.osv.dev",)) as proxy:
        through(proxy, monkeypatch)
        told = audit("auto", ["oakpress==2.0.1", "ash==1.0"])
    assert told.subjects(Outcome.FAIL) == {"oakpress==2.0.1"}
    assert told.summary.endswith("by PyPI")
    assert [each.asked for each in told.snapshot.looks] == [
        "OSV: 0 of 2 packages audited; the proxy did not let the question through",
        "PyPI: 2 of 2 packages audited",
    ]


def test_a_pypi_at_fault_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with TlsProxy(tmp_path, lambda _host, _path: (200, b"<html>")) as proxy:
        through(proxy, monkeypatch)
        told = audit("pypi", CLEAN)
    assert_blind(told)
    assert told.findings[0].message.endswith("PyPI: its answer was not JSON")


def test_a_certificate_that_is_not_trusted_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with TlsProxy(tmp_path, packages_of_pypi) as proxy:
        through(proxy, monkeypatch)
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        told = audit("osv", CLEAN)
    assert_blind(told)
    assert told.findings[0].message.endswith("OSV: its TLS certificate is not trusted here")


# --- what is audited


def installed(name: str, version: str = "1.0", **fields: Any) -> Distribution:
    return Distribution(name=canonicalize_name(name), version=version, **fields)


def audit_environment(
    service: OsvService, *distributions: Distribution, requirements: Sequence[Requirement] = ()
) -> Told:
    given = manifest(service.url, requirements)
    environment = Manifest(
        requirements=given.requirements,
        settings=given.settings,
        interpreter=Interpreter(path=sys.executable, where=HERE),
    )
    return Told(environment, environment=distributions)


def test_what_came_from_a_url_or_path_or_private_index_is_uncheckable(service: OsvService) -> None:
    told = audit_environment(
        service,
        installed("elm"),
        installed("from-url", url="https://files.example.org/a.whl"),
        installed("worked-on", editable=True, url="file:///src"),
        installed("in-house"),
        installed("nonsense", "2012-autumn"),
        requirements=[requirement("in-house==1.0", private=True)],
    )
    assert told.subjects(Outcome.PASS) == {"elm==1.0"}
    assert told.subjects(Outcome.UNCHECKABLE) == {"from-url==1.0", "worked-on==1.0", "in-house==1.0"}
    assert told.subjects(Outcome.UNKNOWN) == {"nonsense==2012-autumn"}
    assert told.summary.startswith("1 of 5 packages audited, 1 could not be, 3 uncheckable")


def test_a_package_that_is_installed_twice_is_audited_in_both_versions(service: OsvService) -> None:
    told = audit_environment(service, installed("oakpress", "2.0.1"), installed("oakpress", "2.1.0"), installed("elm"))
    assert told.subjects(Outcome.FAIL) == {"oakpress==2.0.1"}
    assert told.subjects(Outcome.PASS) == {"oakpress==2.1.0", "elm==1.0"}


def test_versions_are_told_as_they_were_published(service: OsvService) -> None:
    told = audit_environment(service, installed("oakpress", "2.00.1"), installed("elm", "1.0-1"))
    assert told.subjects(Outcome.FAIL) == {"oakpress==2.00.1"}
    assert told.subjects(Outcome.PASS) == {"elm==1.0-1"}


def test_an_environment_with_nothing_that_a_public_source_can_know_is_unknown(service: OsvService) -> None:
    told = audit_environment(service, installed("worked-on", editable=True))
    assert told.subjects(Outcome.PASS) == set()
    assert "there is no package to audit" in told.finding("").message


def test_pins_that_are_not_for_this_python_are_not_audited_and_open_requirements_are_told(service: OsvService) -> None:
    requirements = [
        requirement("elm==1.0"),
        requirement("oakpress==2.0.1", marker="python_version < '3'"),
        requirement("ash"),
        requirement("elm"),
        requirement("in-house==2.0", source="https://git.example.org/in-house"),
    ]
    told = Told(manifest(service.url, requirements))
    assert told.subjects(Outcome.PASS) == {"elm==1.0"}
    assert told.subjects(Outcome.UNCHECKABLE) == {"ash", "in-house==2.0"}
    assert told.subjects(Outcome.FAIL) == set()


def test_no_pins_at_all_is_unknown(service: OsvService) -> None:
    told = Told(manifest(service.url, [requirement("elm==1.0", marker="python_version < '3'")]))
    assert [(each.outcome, each.subject) for each in told.findings] == [(Outcome.UNKNOWN, "")]


# --- the surroundings


def test_settings_and_proxies_of_the_surroundings_change_nothing(
    service: OsvService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    surroundings = {
        "PIP_AUDIT_FORMAT": "columns",
        "PIP_AUDIT_OUTPUT": str(tmp_path / "elsewhere"),
        "PIP_AUDIT_LOGLEVEL": "nonsense",
        "PIP_AUDIT_VULNERABILITY_SERVICE": "pypi",
        "PIP_AUDIT_OSV_URL": "http://127.0.0.1:9/v1/query",
        "PIP_AUDIT_DESC": "off",
        "PIPAPI_PYTHON_LOCATION": "/nowhere/python",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }
    for name, value in surroundings.items():
        monkeypatch.setenv(name, value)
    told = audit(service.url, VULNERABLE)
    assert told.subjects(Outcome.FAIL) == {"oakpress==2.0.1", "tinfoil-hat==3.1", "old-lantern==1.0"}
    assert not (tmp_path / "elsewhere").exists()


def test_passwords_of_the_service_and_of_indexes_are_told_nowhere(
    service: OsvService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://me:ind3xs3cret@index.example.org/simple")
    for url in (service.url, "http://127.0.0.1:9"):
        told = audit(url.replace("http://", "http://me:hunter2@"), CLEAN)
        assert told.findings
        assert "hunter2" not in told.text
        assert "ind3xs3cret" not in told.text


def test_nothing_is_left_in_the_temporary_folder(
    service: OsvService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    assert audit(service.url, CLEAN).subjects(Outcome.PASS) == set(CLEAN)
    assert list(scratch.iterdir()) == []
