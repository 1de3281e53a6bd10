"""What the matrix knows to break is told with its symptom and the smallest change that clears it; what is not known is not told."""

import itertools
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from stackaudit.model.findings import Finding, Severity
from stackaudit.model.known_bad import Combination, Condition, Exposure, KnownBad, firing
from stackaudit.model.places import Place
from unit.checks.cases import case
from unit.checks.test_matrix import failed

DEAF = {"celery": "5.4.0", "kombu": "5.3.7", "redis": "5.0.8", "billiard": "4.2.1", "vine": "5.1.0"}


def known(installed: Mapping[str, str], python: str = "3.11.7") -> Sequence[Finding]:
    return failed(case(installed=installed, python=python), "MX208")


def test_a_known_fault_is_told_with_its_symptom_and_the_nearest_version_without_it() -> None:
    (finding,) = known(DEAF)
    assert finding.subject == "kombu==5.3.7"
    assert finding.severity is Severity.HIGH
    assert finding.message.startswith("kombu 5.3.7 with celery 5.4.0 and redis 5.0.8: after the Redis broker restarts")
    assert finding.fix == "pin kombu==5.4.2"
    assert finding.why == "no test that goes well shows it: it takes a fault, such as a broker that restarts"


def test_where_one_pin_is_not_enough_two_are_named() -> None:
    first, *_ = known({"celery": "5.2.7", "kombu": "5.2.4", "redis": "4.6.0"}, "3.12.1")
    assert first.message == (
        "celery 5.2.7 on Python 3.12: the celery command dies at start: 'EntryPoints' object has no attribute 'get'"
    )
    assert first.fix is not None
    assert first.fix.startswith("pin celery==5.3.6 and kombu==5.")


def test_where_no_version_goes_beside_the_other_one_of_them_is_to_go() -> None:
    (finding,) = known({"ffmpeg-python": "0.2.0", "future": "1.0.0", "ffmpeg": "1.4"})
    assert finding.severity is Severity.MEDIUM
    assert finding.fix == "keep one of ffmpeg-python and ffmpeg, and take the other out"


def test_what_was_only_reported_is_low_and_says_so() -> None:
    (finding,) = known({**DEAF, "kombu": "5.4.2", "redis": "5.2.1"})
    assert finding.severity is Severity.LOW
    assert ": reported, not reproduced: beat hangs" in finding.message


def test_a_package_outside_every_range_is_judged_too() -> None:
    (finding,) = known({"ffmpeg-python": "0.2.0", "future": "0.18.2"}, "3.12.1")
    assert finding.subject == "ffmpeg-python==0.2.0"
    assert known({"ffmpeg-python": "0.2.0", "future": "0.18.2"}, "3.11.1") == []
    assert known({"ffmpeg-python": "0.2.0", "future": "1.0.0"}, "3.12.1") == []


NAMES = ("celery", "kombu", "redis")
VERSIONS = tuple(Version(each) for each in ("1.0", "2.0a1", "2.0", "3.1"))
BOUNDS = st.sampled_from(["", "<2", ">=2", "==2.0", "!=3.1", "==2.*"])
CONDITIONS = st.builds(
    Condition,
    packages=st.lists(st.tuples(st.sampled_from(NAMES), BOUNDS), min_size=1, max_size=3).map(tuple),
    python=st.none() | BOUNDS,
    extras=st.lists(st.just(("kombu", "redis")), max_size=1).map(tuple),
    services=st.lists(st.tuples(st.just("redis"), BOUNDS), max_size=1).map(tuple),
    settings=st.lists(st.just(("redis.maxmemory_policy", ("allkeys-lru",))), max_size=1).map(tuple),
)
COMBINATIONS = st.builds(
    Combination,
    packages=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VERSIONS)),
    python=st.none() | st.sampled_from(VERSIONS),
    whole=st.booleans(),
    extras=st.sampled_from([frozenset[tuple[str, str]](), frozenset({("kombu", "redis")})]),
    services=st.dictionaries(st.just("redis"), st.sampled_from(VERSIONS)),
    settings=st.dictionaries(st.just("redis.maxmemory_policy"), st.sampled_from(["allkeys-lru", "noeviction"])),
)


def bad(when: Condition, unless: Condition | None = None, name: str = "it-breaks") -> KnownBad:
    return KnownBad(
        id=name,
        when=when,
        unless=unless,
        severity=Severity.HIGH,
        symptom="it breaks",
        exposed_by=Exposure.SMOKE,
        source="https://example.org",
        first_seen=None,
        where=Place(path="test.toml"),
    )


@given(CONDITIONS, COMBINATIONS)
def test_a_condition_and_its_negation_never_both_fire(condition: Condition, of: Combination) -> None:
    assert not (bad(condition).fires(of) and bad(Condition(), condition).fires(of))


@given(st.lists(CONDITIONS, max_size=4), COMBINATIONS)
def test_the_order_of_pins_and_rules_changes_nothing(conditions: list[Condition], of: Combination) -> None:
    rules = [bad(each, name=f"rule-{at}") for at, each in enumerate(conditions)]
    expected = {each.id for each in firing(rules, of)}
    turned = Combination(
        packages=dict(reversed(list(of.packages.items()))),
        python=of.python,
        whole=of.whole,
        extras=of.extras,
        services=of.services,
        settings=of.settings,
    )
    for order in itertools.permutations(rules):
        assert {each.id for each in firing(order, turned)} == expected


@given(CONDITIONS, COMBINATIONS)
def test_to_learn_more_never_takes_back_what_was_certain(condition: Condition, of: Combination) -> None:
    blind = Combination(packages=of.packages, whole=of.whole, extras=of.extras)
    if condition.holds(blind) is not None:
        assert condition.holds(of) is condition.holds(blind)


@pytest.mark.parametrize(("whole", "expected"), [(True, True), (False, False)])
def test_what_is_missing_counts_only_where_all_was_seen(whole: bool, expected: bool) -> None:  # noqa: FBT001
    rule = bad(Condition(packages=(("kombu", ">=5.7"),)), Condition(packages=(("packaging", ""),)))
    assert rule.fires(Combination(packages={"kombu": Version("5.7.0")}, whole=whole)) is expected
