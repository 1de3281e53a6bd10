"""Releases put into ranges: each in one, none over what nobody looked at, the same whatever their order."""

from datetime import UTC, date, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from distributions import metadata
from stackaudit.authoring._declared import declared
from stackaudit.authoring._spans import Seen, extras_in_use, spans
from stackaudit.authoring.differences import differences
from stackaudit.authoring.published_text import text_of
from stackaudit.inputs._matrix_layers import Published, read_published
from stackaudit.inputs._text import Toml, parse_toml
from stackaudit.model.errors import Fault
from stackaudit.model.matrix import PackageRange
from stackaudit.model.versions import written

DAY = date(2024, 1, 1)
CELERY, KOMBU = canonicalize_name("celery"), canonicalize_name("kombu")
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def seen(version: str, *lines: str, name: str = "celery", yanked: bool = False, readable: bool = True) -> Seen:
    told = declared(metadata(name, version, *lines), canonicalize_name(name), Version(version), is_source=False)
    return Seen(version=Version(version), day=DAY, yanked=yanked, declared=told if readable else None)


def versions(*releases: Seen) -> list[str]:
    return [written(each.versions) for each in spans(releases, ())]


VINE, CLICK = "Requires-Dist: vine", "Requires-Dist: click"


@pytest.mark.parametrize(
    ("releases", "told"),
    [
        ([("5.3.6", VINE), ("5.4.0", VINE), ("5.5.0", CLICK)], [">=5.3.6,<5.5", ">=5.5.0,<5.6"]),
        ([("5.2.0", VINE), ("5.2.1", CLICK), ("5.2.2", CLICK)], [">=5.2.0,<5.2.1", ">=5.2.1,<5.3"]),
        ([("5.6.3", VINE), ("6.0.0", VINE)], [">=5.6.3,<5.7", ">=6.0.0,<6.1"]),
        ([("5.1", VINE), ("5.3", VINE)], [">=5.1,<5.2", ">=5.3,<5.4"]),
        ([("2025.1", VINE), ("2025.2", VINE), ("2026.1", VINE)], [">=2025.1,<2025.3", ">=2026.1,<2026.2"]),
        ([("2024.7.4", VINE), ("2024.8.30", CLICK)], [">=2024.7.4,<2024.8", ">=2024.8.30,<2024.9"]),
        ([("3.6.4.0", VINE), ("4.0.0", CLICK)], [">=3.6.4.0,<3.7", ">=4.0.0,<4.1"]),
        ([("21", VINE), ("1!2.0", VINE)], [">=21,<21.1", ">=1!2.0,<1!2.1"]),
        ([("2.9.0", VINE), ("2.9.0.post0", CLICK)], [">=2.9.0,<2.9.0.post0", ">=2.9.0.post0,<2.10"]),
    ],
)
def test_a_range_ends_at_the_next_or_with_its_minor_series(releases: list[tuple[str, str]], told: list[str]) -> None:
    assert versions(*(seen(version, line) for version, line in releases)) == told


def test_a_range_never_goes_over_a_release_that_nobody_can_read() -> None:
    releases = [seen("5.2.0"), seen("5.2.1", readable=False), seen("5.2.2"), seen("5.3.0", readable=False)]
    assert versions(*releases) == [">=5.2.0,<5.2.1", ">=5.2.2,<5.3"]
    assert versions(seen("5.2.0", readable=False)) == []


def test_what_is_yanked_is_listed_as_that_alone() -> None:
    (told,) = spans([seen("5.2.5", yanked=True), seen("5.2.6")], ())
    assert told.yanked == (Version("5.2.5"),)
    assert told.releases == ((Version("5.2.6"), DAY),)


def test_an_extra_that_a_release_has_and_that_asks_for_nothing_is_listed_and_one_that_it_lacks_is_not() -> None:
    releases = [seen("5.2.0"), seen("5.3.0", "Provides-Extra: redis")]
    assert [each.extras for each in spans(releases, [canonicalize_name("redis")])] == [(), (("redis", ()),)]


def test_the_extras_in_use_are_those_that_people_name_and_what_these_pull_in_of_the_others() -> None:
    releases = {
        CELERY: [
            seen(
                "5.5.3",
                "Requires-Dist: kombu[redis,SQS]; extra == 'redis'",
                "Requires-Dist: kombu[yaml]; extra == 'yaml'",
            )
        ],
        KOMBU: [seen("5.5.0", "Requires-Dist: kombu[Az_ure]; extra == 'sqs'", name="kombu")],
    }
    assert extras_in_use({CELERY: ["redis"]}, releases) == {CELERY: ("redis",), KOMBU: ("az-ure", "redis", "sqs")}


# --- what holds of all releases -----------------------------------------------------------------------------------------

LINES = st.sampled_from(
    [
        "Requires-Dist: vine>=5.1,<6",
        "Requires-Dist: kombu[redis]>=5; python_version < '3.9'",
        "Requires-Dist: click~=8.1",
        "Requires-Dist: redis!=4.5.5; extra == 'redis'",
        "Provides-Extra: redis",
        "Requires-Python: >=3.8,!=3.9.0",
        "Classifier: Programming Language :: Python :: 3.10",
        "Classifier: Programming Language :: Python :: 3.9",
    ]
)
VERSIONS = st.builds(
    lambda epoch, parts, post: f"{epoch}{'.'.join(map(str, parts))}{post}",
    st.sampled_from(["", "", "", "1!"]),
    st.lists(st.integers(0, 3), min_size=1, max_size=4),
    st.sampled_from(["", "", ".post1"]),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Seen]:
    found = draw(st.lists(VERSIONS, min_size=1, max_size=12, unique_by=Version))
    return [
        seen(
            each,
            *draw(st.lists(LINES, unique=True, max_size=3)),
            yanked=draw(st.booleans()),
            readable=draw(st.booleans()),
        )
        for each in found
    ]


EXTRAS = (canonicalize_name("redis"),)


@given(histories(), st.randoms())
def test_the_order_of_releases_changes_nothing(history: list[Seen], chance: Random) -> None:
    shuffled = list(history)
    chance.shuffle(shuffled)
    assert spans(shuffled, EXTRAS) == spans(history, EXTRAS)


@given(histories())
def test_each_release_that_can_be_read_is_listed_once_where_it_is_covered_and_no_other_is_covered(
    history: list[Seen],
) -> None:
    found = spans(history, EXTRAS)
    for each in history:
        covering = [one for one in found if one.versions.contains(each.version)]
        listing = [one for one in found if each.version in (*dict(one.releases), *one.yanked)]
        assert covering == listing
        assert len(listing) == (each.declared is not None)


@given(histories(), histories())
def test_what_is_written_is_read_back_as_it_was(history: list[Seen], other: list[Seen]) -> None:
    published = published_of({CELERY: spans(history, EXTRAS), KOMBU: spans(other, EXTRAS)})
    text = text_of(published)
    assert read(text) == published
    assert text_of(read(text)) == text


@given(histories(), histories())
def test_a_difference_is_told_exactly_where_there_is_one(history: list[Seen], other: list[Seen]) -> None:
    old, new = {CELERY: spans(history, EXTRAS)}, {CELERY: spans(other, EXTRAS)}
    assert bool(differences(old, new, {})) is (old != new)
    assert differences(new, new, {}) == ()


def published_of(ranges: dict[NormalizedName, tuple[PackageRange, ...]]) -> Published:
    return Published(at=AT, ranges=ranges)


def read(text: str) -> Published:
    toml = parse_toml(text, "x.published.toml")
    assert isinstance(toml, Toml)
    faults: list[Fault] = []
    published = read_published(toml, faults)
    assert faults == []
    return published
