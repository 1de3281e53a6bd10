"""A version is affected where a range or the list says so; a second, naive reading must agree."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import Version

from osv_service import is_affected
from stackaudit.advisories.match import affects, fixed_versions
from stackaudit.advisories.records import Record, parse_record

OAK = canonicalize_name("oak")


def raw(*spans: list[dict[str, str]], versions: tuple[str, ...] = ()) -> dict[str, Any]:
    package = {"ecosystem": "PyPI", "name": "oak"}
    ranges = [{"type": "ECOSYSTEM", "events": events} for events in spans]
    return {"id": "A-1", "affected": [{"package": package, "ranges": ranges, "versions": list(versions)}]}


def read(value: dict[str, Any]) -> Record:
    return parse_record(json.dumps(value).encode())


def hit(version: str, *spans: list[dict[str, str]], versions: tuple[str, ...] = ()) -> bool:
    return affects(read(raw(*spans, versions=versions)), OAK, version)


@pytest.mark.parametrize(
    ("version", "expected"),
    [("0.0.dev0", True), ("1.9", True), ("2.0rc1", True), ("2.0", False), ("3.0", True), ("3.4", True), ("3.5", False)],
)
def test_ranges_hold_from_introduced_to_before_fixed(version: str, expected: bool) -> None:  # noqa: FBT001
    events = [{"introduced": "0"}, {"fixed": "2.0"}, {"introduced": "3.0"}, {"fixed": "3.5"}]
    assert hit(version, events) is expected
    assert hit(version, events[::-1]) is expected, "the order of events means nothing"


def test_the_last_affected_version_is_affected_and_the_next_is_not() -> None:
    events = [{"introduced": "1.0"}, {"last_affected": "1.5"}]
    assert [hit(version, events) for version in ("0.9", "1.0", "1.5", "1.5.1")] == [False, True, True, False]


def test_a_range_without_an_end_holds_for_ever() -> None:
    assert hit("99", [{"introduced": "0"}])


def test_a_range_of_type_semver_counts_and_one_of_commits_does_not() -> None:
    value = raw([{"introduced": "0"}, {"fixed": "2.0"}])
    (span,) = value["affected"][0]["ranges"]
    span["type"] = "SEMVER"
    assert [affects(read(value), OAK, version) for version in ("1.9", "2.0")] == [True, False]
    span["type"] = "GIT"
    assert not affects(read(value), OAK, "1.9")


def test_limits_bound_a_range() -> None:
    events = [{"introduced": "0"}, {"limit": "2.0"}]
    assert [hit(version, events) for version in ("1.9", "2.0")] == [True, False]


def test_listed_versions_count_beside_the_ranges() -> None:
    assert hit("5.0", [{"introduced": "0"}, {"fixed": "1.0"}], versions=("5.0",))
    assert hit("5", versions=("5.0.0",)), "the same version, written differently"
    assert not hit("5.1", versions=("5.0",))


def test_a_version_that_is_not_pep_440_is_compared_literally() -> None:
    assert hit("2012-autumn", versions=("2012-autumn",))
    assert not hit("2012-winter", [{"introduced": "0"}], versions=("2012-autumn",))


def test_a_local_build_is_affected_where_its_release_is() -> None:
    assert hit("2.0+cu118", versions=("2.0",))
    assert hit("2.0+cu118", [{"introduced": "0"}, {"last_affected": "2.0"}])
    assert not hit("2.0+cu118", [{"introduced": "0"}, {"fixed": "2.0"}])


def test_a_bound_that_cannot_be_read_bounds_nothing() -> None:
    assert hit("9.0", [{"introduced": "0"}, {"fixed": "the next one"}])
    assert hit("0.1", [{"introduced": "some day"}, {"fixed": "1.0"}])


def test_another_package_is_not_affected() -> None:
    assert not affects(read(raw([{"introduced": "0"}])), canonicalize_name("elm"), "1.0")


def test_fixed_versions_of_all_branches_are_told_in_order_but_none_that_is_affected_again() -> None:
    branches = read(
        raw(
            [{"introduced": "0"}, {"fixed": "1.9.3"}],
            [{"introduced": "2.0"}, {"fixed": "2.10"}],
            [{"introduced": "2.10"}, {"fixed": "2.11"}],
        )
    )
    assert fixed_versions([branches], OAK) == ("1.9.3", "2.11")


VERSIONS = ["0.1.dev1", "0.1", "1.0a1", "1.0", "1.0.post1", "1.1", "1.10", "2.0rc1", "2.0", "2.0.1", "10.0", "1!0.1"]


@st.composite
def spans(draw: st.DrawFn) -> list[dict[str, str]]:
    """Alternating events over rising versions, as the schema asks for, then shuffled."""
    bounds = sorted(draw(st.lists(st.sampled_from(VERSIONS), min_size=1, max_size=5, unique=True)), key=Version)
    end = draw(st.sampled_from(["fixed", "last_affected"]))
    events = [{"introduced" if index % 2 == 0 else end: bound} for index, bound in enumerate(bounds)]
    if draw(st.booleans()):
        events[0] = {"introduced": "0"}
    return draw(st.permutations(events))


@settings(max_examples=150)
@given(
    ranges=st.lists(spans(), max_size=3),
    listed=st.lists(st.sampled_from(VERSIONS), max_size=3),
    version=st.sampled_from(VERSIONS),
)
def test_a_naive_reading_of_the_same_record_agrees(
    ranges: list[list[dict[str, str]]], listed: list[str], version: str
) -> None:
    value = raw(*ranges, versions=tuple(listed))
    assert affects(read(value), OAK, version) is is_affected(value, "oak", version)
