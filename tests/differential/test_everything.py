"""The native engine and pip-audit say the same of every version that every advisory of a whole database names.

`STACKAUDIT_ADVISORIES=PATH nox -s differential`: PATH is a folder or zip of OSV records, such as OSV's `all.zip` for PyPI.
"""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

import oracle
from osv_service import OsvService, is_affected, read_version
from stackaudit.advisories.index import open_index
from stackaudit.advisories.local import load
from stackaudit.advisories.match import affects
from stackaudit.advisories.native import consult
from stackaudit.advisories.records import Pin, Record
from stackaudit.advisories.sources import Kind, Source
from stackaudit.model.deadline import Deadline
from stackaudit.model.secret import Secret

pytestmark = pytest.mark.usefixtures("own_cache")
_ROUND = 500


@pytest.fixture(scope="module")
def database() -> Path:
    path = os.environ.get("STACKAUDIT_ADVISORIES")
    if path is None:
        pytest.skip("STACKAUDIT_ADVISORIES names no database of advisories to compare over")
    return Path(path)


def named(service: OsvService) -> Iterator[tuple[str, str]]:
    """Every package with every version that any advisory names of it, as listed or as the end of a range; each once."""
    pairs = {
        (canonicalize_name(affected["package"]["name"]), version)
        for record in service.records
        for affected in record.get("affected", [])
        if affected["package"]["ecosystem"] == "PyPI"
        for version in [
            *affected.get("versions", []),
            *(
                v
                for span in affected.get("ranges", [])
                if span["type"] == "ECOSYSTEM"
                for e in span["events"]
                for v in e.values()
            ),
        ]
    }
    return iter(sorted(pairs))


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def test_native_says_what_pip_audit_says(database: Path, tmp_path: Path) -> None:
    source = Source(kind=Kind.LOCAL, name="the copy", address=Secret(str(database)))
    with OsvService(database) as service:
        # pip-audit can be asked about versions that follow PEP 440 alone, and ends with an error where a record's fix does not.
        stumbles = {each.id for found in load(database).by_name.values() for each in found if each.odd}
        pairs = [(name, version) for name, version in named(service) if read_version(version) is not None]
        pins = sorted({Pin(name=canonicalize_name(n), version=str(Version(v))) for n, v in pairs}, key=str)
        started = time.monotonic()
        native = consult(source, pins, Deadline(3600), Deadline(3600))
        took = time.monotonic() - started
        assert not native.failed
        odd = [pin for pin in pins if any(r["id"] in stumbles for r in service.answer(pin.name, pin.version, None)[0])]
        compared = [pin for pin in pins if pin not in set(odd)]
        differing, hits, started = [], 0, time.monotonic()
        for start in range(0, len(compared), _ROUND):
            expected = oracle.asked(service, compared[start : start + _ROUND], tmp_path)
            hits += sum(map(len, expected.values()))
            differing += [
                (pin, told, native.audited[pin]) for pin, told in expected.items() if native.audited[pin] != told
            ]
        say(
            f"{len(compared)} pins compared, {hits} vulnerabilities told, {len(differing)} pins differ; native took {took:.1f} s, "
            f"pip-audit's classes {time.monotonic() - started:.0f} s; {len(odd)} pins left out, at whose advisories pip-audit stumbles"
        )
        assert hits > 0
        assert not differing, differing[:3]


def test_each_advisory_matches_each_version_that_it_names_as_a_naive_reading_does(database: Path) -> None:
    copy, index = load(database), open_index(database)
    by_id: dict[tuple[str, str], Record] = {(name, r.id): r for name, found in copy.by_name.items() for r in found}
    compared, invalid, differing = 0, 0, []
    service = OsvService(database)
    for name, version in named(service):
        package = canonicalize_name(name)
        pin = Pin(name=package, version=version)
        raw = service.by_name[name]
        expected = {each["id"] for each in raw if is_affected(each, name, version)}
        found = {each["id"] for each in raw if affects(by_id[package, each["id"]], package, version)}
        indexed = {each.id for each in index.about(pin)}
        compared += len(raw)
        invalid += read_version(version) is None
        if found != expected or indexed != {each for each in expected if not by_id[package, each].withdrawn}:
            differing.append((name, version, found ^ expected))
    service.server.server_close()
    say(
        f"{compared} pairs of an advisory and a version compared, {invalid} versions are none of PEP 440, {len(differing)} differ"
    )
    assert compared > 0
    assert not differing, differing[:3]


def test_the_index_of_it_is_small_and_says_what_it_is_of(database: Path) -> None:
    copy, index = load(database), open_index(database)
    say(f"index: {len(index.segments)} bytes of records in {len(index.places)} packages")
    assert index.sha256 == copy.sha256
    assert len(index.segments) < 2_000_000
