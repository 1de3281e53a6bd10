"""A hole that no pin names and only a fresh install brings, seen from outside: found, followed to who pulls it in, and never hidden."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from command import CLEAN, Run
from distributions import listed, metadata, wheel_of
from index_service import IndexService, serving

OLD = "2026-10-01T00:00:00Z"
WHEEL = b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
HOLE = {
    "id": "PYSEC-2099-50",
    "modified": "2099-01-01T00:00:00Z",
    "aliases": ["CVE-2099-5050"],
    "summary": "Vines let anybody climb",
    "details": "Vines let anybody climb over the wall.",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "vine"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "5.2.0"}]}],
            "versions": ["5.1.0"],
        }
    ],
}
STACK = ("-r", "requirements.txt", "--python-version", "3.11", "--matrix", "celery-redis-ffmpeg")
CHECK = ("check", *STACK, "--only", "matrix,vulnerabilities", "--advisories", "advisories")


@pytest.fixture
def stack(folder: Path) -> Path:
    """A project that pins celery with its extra for Redis, and the advisories of its day beside it."""
    (folder / "requirements.txt").write_text("celery[redis]==5.4.0\n", encoding="utf-8")
    (folder / "advisories").mkdir()
    (folder / "advisories" / "PYSEC-2099-50.json").write_text(json.dumps(HOLE), encoding="utf-8")
    return folder


@pytest.fixture
def index(stack: Path) -> Iterator[dict[str, str]]:
    """The variables that name an index which holds just that stack, and a cache of this test's own."""
    projects: dict[str, list[dict[str, Any]] | str] = {}
    contents: dict[str, bytes | str] = {}
    releases = {
        "celery-5.4.0": ("Provides-Extra: redis", "Requires-Dist: kombu", 'Requires-Dist: redis; extra == "redis"'),
        "kombu-5.6.2": ("Requires-Dist: vine",),
        "redis-5.2.1": (),
        "vine-5.1.0": (),
    }
    for release, lines in releases.items():
        name, _, version = release.partition("-")
        about, file, inside = metadata(name, version, *lines), f"{release}-py3-none-any.whl", f"{release}.dist-info"
        content = wheel_of(name, version, about, more=[(f"{inside}/WHEEL", WHEEL), (f"{inside}/RECORD", b"")])
        contents |= {file: content, f"{file}.metadata": about}
        projects[name] = [listed(file, content, OLD, **{"core-metadata": True})]
    with serving(IndexService(projects=projects, contents=contents)) as service:
        own = {"UV_CACHE_DIR": str(stack / "cache"), "XDG_CACHE_HOME": str(stack / "cache")}
        yield {**own, "PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": service.url, "PIP_EXTRA_INDEX_URL": ""}


@pytest.fixture(autouse=True)
def no_index_of_uvs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have configured one: it would be asked besides."""
    for name in [each for each in CLEAN if each.startswith(("UV_", "PIP_"))]:
        monkeypatch.delitem(CLEAN, name)


def found(record: dict[str, Any], rule: str) -> list[dict[str, Any]]:
    return [each for check in record["checks"] for each in check["findings"] if each["rule"] == rule]


def vulnerabilities(record: dict[str, Any]) -> dict[str, Any]:
    return next(check for check in record["checks"] if check["id"] == "vulnerabilities")


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_the_hole_that_only_a_fresh_install_brings_fails(stackaudit: Run, index: dict[str, str], engine: str) -> None:
    done = stackaudit(*CHECK, "--engine", engine, "--format", "json", env=index)
    record = json.loads(done.stdout)
    (hole,) = [each for each in found(record, "VU105") if each["outcome"] == "fail"]
    assert (hole["subject"], hole["severity"], hole["where"]) == ("vine==5.1.0", "high", "requirements.txt:1")
    assert hole["via"] == ["celery", "kombu"]
    assert hole["aliases"] == ["PYSEC-2099-50", "CVE-2099-5050"]
    assert {each["subject"] for each in found(record, "VU105") if each["outcome"] == "pass"} == {
        "kombu==5.6.2",
        "redis==5.2.1",
    }
    assert found(record, "VU104") == []
    check = vulnerabilities(record)
    assert check["verdict"] == "fail"
    assert "of a fresh install 3 of 3 more packages audited, 1 known vulnerability" in check["summary"]


def test_a_waiver_and_ignore_cover_it_as_any_other(stackaudit: Run, index: dict[str, str], stack: Path) -> None:
    done = stackaudit(*CHECK, "--ignore", "CVE-2099-5050", "--format", "json", env=index)
    assert vulnerabilities(json.loads(done.stdout))["verdict"] == "warn"
    (stack / "stackaudit.toml").write_text(
        '[[waiver]]\nadvisory = "CVE-2099-5050"\nreason = "no wall here"\nowner = "ann"\nuntil = 2099-01-01\n',
        encoding="utf-8",
    )
    record = json.loads(stackaudit(*CHECK, "--format", "json", env=index).stdout)
    (hole,) = [each for each in found(record, "VU105") if each["outcome"] == "fail"]
    assert hole["waiver"]["owner"] == "ann"
    assert vulnerabilities(record)["verdict"] == "warn"


def test_an_index_that_is_dead_is_one_cause_and_unknown_for_both(stackaudit: Run, index: dict[str, str]) -> None:
    dead = {**index, "PIP_INDEX_URL": "http://127.0.0.1:1/simple"}
    done = stackaudit(*CHECK, env=dead)
    assert "unknown[MX210]" in done.stdout
    assert "also: VU105 (the same cause)" in done.stdout
    assert "--allow-unknown MX210,VU105" in done.stdout
    record = json.loads(stackaudit(*CHECK, "--format", "json", env=dead).stdout)
    assert vulnerabilities(record)["verdict"] == "unknown"
    allowed = stackaudit(*CHECK, "--allow-unknown", "MX210,VU105", "--format", "json", env=dead)
    assert vulnerabilities(json.loads(allowed.stdout))["verdict"] != "unknown"


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("how", [("--offline",), ("--skip", "matrix")])
def test_where_no_install_is_asked_about_that_is_told(stackaudit: Run, how: tuple[str, ...]) -> None:
    record = json.loads(stackaudit(*CHECK, *how, "--format", "json").stdout)
    assert found(record, "VU105") == []
    assert [each["outcome"] for each in found(record, "VU104")] == ["uncheckable"]
