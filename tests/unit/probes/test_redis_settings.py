"""How counters of a busy server are made coarse enough that two audits tell the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackaudit.probes._redis_settings import KEYS, band, magnitude


@pytest.mark.parametrize(
    ("part", "expected"), [(0, 0), (49, 0), (50, 50), (79, 50), (80, 80), (99, 90), (100, 100), (130, 100)]
)
def test_a_share_is_the_greatest_step_that_it_reaches(part: int, expected: int) -> None:
    assert band(part, 100) == expected


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 1), (9, 1), (10, 10), (1684, 1000)])
def test_a_count_is_told_by_its_power_of_ten(count: int, expected: int) -> None:
    assert magnitude(count) == expected


@given(st.integers(min_value=1, max_value=10**12))
def test_a_magnitude_never_says_more_than_was_counted(count: int) -> None:
    assert magnitude(count) <= count < 10 * magnitude(count)


def test_no_key_that_holds_a_secret_is_asked_for() -> None:
    assert not [each for each in KEYS if "*" in each or "pass" in each or "auth" in each or each == "user"]
