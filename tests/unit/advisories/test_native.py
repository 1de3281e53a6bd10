"""The native engine says what pip-audit says, of any pins, whatever ids its advisories share."""

import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import Version
from pip_audit._service import Dependency, VulnerabilityResult, VulnerabilityService

import oracle
from osv_service import OsvService
from stackaudit.advisories.index import build, read
from stackaudit.advisories.local import load
from stackaudit.advisories.native import consult, merged
from stackaudit.advisories.records import Pin, Record
from stackaudit.advisories.sources import Kind, Source
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.advised import Advisory
from stackaudit.model.secret import Secret

VERSIONS = [
    "0.1.dev1",
    "0.1",
    "1.0a1",
    "1.0",
    "1.0+local.1",
    "1.0.post1",
    "1.1",
    "1.10",
    "2.0rc1",
    "2.0",
    "1!0.1",
    "1!2.0",
]
INVALID = ["2012-autumn", "1.0-final-fix", ""]
NAMES = ["oak", "elm-tree", "ash", "yew"]
SPELT = {"elm-tree": "Elm_Tree", "yew": "YEW"}


def pin(name: str, version: str) -> Pin:
    return Pin(name=canonicalize_name(name), version=str(Version(version)))


def native(address: str, kind: Kind, pins: Sequence[Pin]) -> dict[Pin, tuple[Advisory, ...]]:
    source = Source(kind=kind, name=address, address=Secret(address))
    result = consult(source, pins, Deadline(60), Deadline(60))
    assert not result.failed
    return result.audited


def made_up(seed: int, count: int) -> list[dict[str, Any]]:
    """Advisories in all the shapes that there are: by range, by list, by both, shared ids, versions that are none, withdrawn ones."""
    dice = random.Random(seed)
    records = []
    for number in range(count):
        name = dice.choice(NAMES)
        bounds = sorted(dice.sample(range(len(VERSIONS)), 2))
        end = dice.choice(["fixed", "last_affected"])
        events = [
            {"introduced": dice.choice(["0", VERSIONS[bounds[0]]])},
            {end: dice.choice([VERSIONS[bounds[1]], "soon"])},
        ]
        if end == "fixed":
            # pip-audit itself ends with an error on a fix that is no version.
            events[1] = {"fixed": VERSIONS[bounds[1]]}
        package = {"ecosystem": "PyPI", "name": SPELT.get(name, name)}
        affected: dict[str, Any] = {"package": package, "versions": dice.sample(VERSIONS + INVALID, dice.randrange(3))}
        if dice.random() < 0.6:
            affected["ranges"] = [{"type": "ECOSYSTEM", "events": dice.sample(events, dice.choice([1, 2, 2]))}]
        # Real ones hold such typing mistakes, and pip-audit tells them as they are.
        pool = ["CVE-2099-1,", *(f"CVE-2099-{each}" for each in range(count // 2))]
        pool += [f"PYSEC-2099-{each}" for each in range(count // 4)]
        own = f"{dice.choice(['PYSEC', 'GHSA', 'OSV'])}-3000-{number}"
        record = {
            "id": own,
            "modified": "2099-01-01T00:00:00Z",
            "affected": [affected],
            "details": f"No. {number} is bad.",
        }
        record["aliases"] = dice.sample(pool, dice.randrange(3))
        if dice.random() < 0.1:
            record["withdrawn"] = "2099-02-01T00:00:00Z"
        records.append(record)
    return records


@pytest.fixture(scope="module")
def known() -> Iterator[OsvService]:
    with OsvService(made_up(2026, 120)) as running:
        yield running


@pytest.fixture(scope="module")
def folder(known: OsvService, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The records of `known` as a local copy."""
    made = tmp_path_factory.mktemp("copy")
    for each in known.records:
        (made / f"{each['id']}.json").write_text(json.dumps(each))
    return made


@pytest.mark.usefixtures("own_cache")
def test_the_local_copy_the_service_and_pip_audit_say_the_same_of_every_version_that_is_named(
    known: OsvService, folder: Path, tmp_path: Path
) -> None:
    pins = [pin(name, version) for name in [*NAMES, "unheard-of"] for version in [*VERSIONS, "99"]]
    expected = oracle.asked(known, pins, tmp_path)
    assert sum(map(len, expected.values())) > 500, "or nothing was compared"
    assert native(str(folder), Kind.LOCAL, pins) == expected
    assert native(known.url, Kind.OSV, pins) == expected


@settings(max_examples=60)
@given(
    pins=st.lists(
        st.builds(
            pin,
            st.sampled_from([*NAMES, "unheard-of", "elm.tree"]),
            st.from_regex(
                r"([01]!)?[0-3](\.[0-9]{1,2}){0,3}((a|b|rc)[0-9])?(\.post[0-9])?(\.dev[0-9])?(\+[a-z1-9]{1,4})?",
                fullmatch=True,
            ),
        ),
        max_size=6,
        unique=True,
    )
)
def test_any_pins_get_the_answer_that_pip_audit_gives(
    pins: list[Pin], known: OsvService, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    index = read(build(load(folder), "key"), "key")
    assert index is not None
    for each, expected in oracle.asked(known, pins, tmp_path_factory.mktemp("cache")).items():
        found = index.about(each)
        assert {record.id for record in found} >= {every.id for every in expected if every.id in known.by_id}
        assert [(every.id, every.aliases) for every in merged(found)] == [
            (every.id, every.aliases) for every in expected
        ]


class Canned(VulnerabilityService):  # type: ignore[misc]  # pip-audit has no types
    """A service of pip-audit's that knows some records of whatever it is asked about."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    def query(self, spec: Dependency) -> tuple[Dependency, list[VulnerabilityResult]]:
        return spec, [
            VulnerabilityResult.create([each.id, *each.aliases], each.details, [], None) for each in self._records
        ]


IDS = [f"{prefix}-{number}" for prefix in ("PYSEC", "CVE", "GHSA", "A") for number in range(3)]


@st.composite
def records(draw: st.DrawFn) -> Record:
    ids = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=4, unique=True))
    return Record(
        id=ids[0],
        aliases=tuple(ids[1:]),
        withdrawn=False,
        summary="",
        details="",
        word=None,
        affected=(),
        odd=None,
        text="",
    )


@settings(max_examples=300)
@given(st.lists(records(), max_size=6))
def test_advisories_that_share_ids_are_merged_as_pip_audit_merges_them(found: list[Record]) -> None:
    (expected,) = oracle.vulnerabilities(Canned(found), [pin("oak", "1.0")])
    assert [(each.id, each.aliases) for each in merged(found)] == [(each.id, each.aliases) for each in expected]
