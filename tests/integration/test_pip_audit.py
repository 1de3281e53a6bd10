"""The real pip-audit, fed from a loopback advisory service: what it says is told, of every package that it is about."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from advised import ADVISORIES, CLEAN, HERE, VULNERABLE, Told, assert_blind, audit, manifest, requirement
from osv_service import OsvService
from stackaudit.advisories import feed, mirror, osv, scanner
from stackaudit.advisories import sync as syncing
from stackaudit.advisories.records import Pin
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.advised import AdvisoryCopy, Audited
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.findings import Outcome, Severity
from stackaudit.model.manifest import Interpreter, Manifest, Requirement, Setting
from stackaudit.outside.http import Client

pytestmark = pytest.mark.usefixtures("own_cache")


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
    assert 2 <= service.most_in_flight <= 64


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


def test_without_loopback_nobody_blames_the_advisories() -> None:
    with feed.Feed() as gone:
        pass
    unfed = scanner.scan([Pin(name=canonicalize_name("elm"), version="1.0")], Deadline(60), feed=gone.url)
    assert unfed.cause == "pip-audit can't reach 127.0.0.1 here, where it is told what they say"
    assert unfed.audited == {}


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


def test_what_came_from_a_url_or_a_path_is_uncheckable(service: OsvService) -> None:
    told = audit_environment(
        service,
        installed("elm"),
        installed("from-url", url="https://files.example.org/a.whl"),
        installed("worked-on", editable=True, url="file:///src"),
        installed("in-house"),
        installed("nonsense", "2012-autumn"),
        requirements=[requirement("in-house==1.0", source="https://files.example.org/in-house.zip")],
    )
    assert told.subjects(Outcome.PASS) == {"elm==1.0"}
    assert told.subjects(Outcome.UNCHECKABLE) == {"from-url==1.0", "worked-on==1.0", "in-house==1.0"}
    assert told.subjects(Outcome.UNKNOWN) == {"nonsense==2012-autumn"}
    assert told.summary.startswith(
        "1 of 5 packages audited, 1 could not be because its version does not follow PEP 440"
    )
    assert (
        "1 skipped because no public source can know it: it was installed in editable form (worked-on==1.0)"
        in told.summary
    )
    assert "it was installed from a URL or a path (from-url==1.0)" in told.summary
    assert "comes from elsewhere than the public index (in-house==1.0)" in told.summary


@pytest.mark.parametrize("environment", [True, False], ids=["installed", "pinned"])
def test_what_the_settings_call_private_is_asked_about_nowhere(service: OsvService, environment: bool) -> None:  # noqa: FBT001
    names = ["acme-billing", "acme.web", "Own_Thing", "elm", "acmelike"]
    given = manifest(service.url, [requirement(f"{name}==1.0") for name in names])
    private = Setting(name="private", value=("ACME_*", "own.thing"), where=HERE)
    given = replace(given, settings=(*given.settings, private))
    if environment:
        given = replace(given, interpreter=Interpreter(path=sys.executable, where=HERE))
    told = Told(given, environment=[installed(name) for name in names] if environment else ())
    assert told.subjects(Outcome.PASS) == {"elm==1.0", "acmelike==1.0"}
    assert told.subjects(Outcome.UNCHECKABLE) == {"acme-billing==1.0", "acme-web==1.0", "own-thing==1.0"}
    assert "3 skipped because no public source can know it: the setting `private` names it" in told.summary


# --- the local mirror


def with_mirror(advisories: str, pins: Sequence[str], *, offline: bool = False) -> Told:
    given = manifest(advisories, [requirement(pin) for pin in pins])
    flags = {"mirror": mirror.is_there(), "offline": offline}
    settings = [Setting(name=name, value=value, where=HERE) for name, value in flags.items()]
    return Told(replace(given, settings=(*given.settings, *settings)))


@pytest.fixture
def synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> mirror.Mirror:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return syncing.sync(str(ADVISORIES), Deadline(30), datetime.now(UTC), lambda _line: None)


def test_offline_pip_audit_is_run_against_the_mirror(synced: mirror.Mirror, service: OsvService) -> None:
    told = with_mirror("auto", VULNERABLE, offline=True)
    served = audit(service.url, VULNERABLE)
    assert [each.advisories for each in told.snapshot.facts(Audited)] == [
        each.advisories for each in served.snapshot.facts(Audited)
    ]
    (look,) = told.snapshot.looks
    assert look.evidence.tool == "pip-audit"
    assert look.asked == f"the local mirror (sha256 {synced.sha256[:16]}): 4 of 4 packages audited"
    assert told.snapshot.facts(AdvisoryCopy) == (
        AdvisoryCopy(name="local mirror", as_of=synced.newest, sha256=synced.sha256),
    )
    assert f"by the local mirror, whose newest record is of {synced.newest}" in told.summary


@pytest.mark.usefixtures("synced")
def test_where_the_network_is_closed_the_mirror_answers_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    told = with_mirror("auto", CLEAN)
    assert told.subjects(Outcome.PASS) == set(CLEAN)
    assert [each.asked.partition(":")[0].partition(" (")[0] for each in told.snapshot.looks] == [
        "OSV",
        "PyPI",
        "the local mirror",
    ]


def test_a_damaged_mirror_is_unknown_and_never_clean(synced: mirror.Mirror) -> None:
    synced.path.write_bytes(b"torn")
    told = with_mirror("auto", CLEAN, offline=True)
    assert_blind(told)
    assert told.findings[0].message.endswith("the local mirror: it is damaged")
    assert "stackaudit advisories sync" in (told.findings[0].fix or "")


def test_a_mirror_that_went_away_is_unknown_and_never_clean(synced: mirror.Mirror) -> None:
    (synced.path.parent / "mirror.json").unlink()
    given = manifest("auto", [requirement(pin) for pin in CLEAN])
    flags = [Setting(name=name, value=True, where=HERE) for name in ("mirror", "offline")]
    told = Told(replace(given, settings=(*given.settings, *flags)))
    assert_blind(told)
    assert told.findings[0].message.endswith("the local mirror: there is none")


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
        requirement("worked-on", source="./worked-on"),
        replace(requirement("nonsense"), specifier=SpecifierSet("===2012-autumn")),
    ]
    told = Told(manifest(service.url, requirements))
    assert told.subjects(Outcome.PASS) == {"elm==1.0"}
    assert told.subjects(Outcome.UNCHECKABLE) == {"ash", "in-house==2.0", "worked-on"}
    assert "it comes from elsewhere than the public index" in told.finding("worked-on").message
    assert told.subjects(Outcome.UNKNOWN) == {"nonsense"}
    assert "does not follow PEP 440" in told.finding("nonsense").message
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
