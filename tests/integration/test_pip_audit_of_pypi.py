"""The real pip-audit and PyPI's own service, whose address is fixed, behind a proxy on loopback."""

import json
from pathlib import Path

import pytest

from advised import CLEAN, assert_blind, audit
from stackaudit.model.findings import Outcome
from tls_proxy import TlsProxy

pytestmark = pytest.mark.usefixtures("own_cache")


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
    assert told.summary == (
        "2 of 3 packages audited, 1 could not be because PyPI: it knows no such version (elm==1.0), "
        "1 known vulnerability (1 without score), by PyPI"
    )


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
