"""What clears an advisory is held against the matrix before it is advised."""

import pytest
from packaging.utils import canonicalize_name

from stackaudit.checks._clearing import clearing
from stackaudit.checks._stack import row
from stackaudit.model.facts.advised import Advisory, Audited
from unit.checks.cases import case

STACK = {"celery": "5.4.0", "kombu": "5.4.0", "redis": "5.0.8", "billiard": "4.2.4", "vine": "5.1.0", "amqp": "5.2.0"}
BUT = "does not go with the other versions in the matrix celery-redis-ffmpeg"


def advised(name: str, *fixed: str, version: str = "1.0", matrix: bool = True) -> str:
    fact = Audited(name=canonicalize_name(name), version=STACK.get(name, version), service="OSV", advisories=())
    advisory = Advisory(id="PYSEC-2099-1", aliases=(), summary="", fixed_in=fixed)
    return clearing(row(case(installed=STACK)) if matrix else None, fact, advisory)


def test_the_smallest_fixed_version_that_goes_with_the_others_is_advised() -> None:
    assert advised("redis", "4.6.1", "5.0.9", "5.2.1") == "redis>=5.0.9"


def test_a_fixed_version_that_does_not_go_with_the_others_is_advised_only_with_what_must_move_too() -> None:
    assert advised("celery", "5.5.0") == f"pin celery==5.5.0 and kombu==5.5.4: alone, celery 5.5.0 {BUT}"


def test_where_a_later_fixed_version_fits_that_is_advised_and_why() -> None:
    old = {"celery": "5.3.1", "kombu": "5.4.2", "redis": "5.0.8", "billiard": "4.2.1", "vine": "5.1.0"}
    fact = Audited(name=canonicalize_name("celery"), version="5.3.1", service="OSV", advisories=())
    advisory = Advisory(id="PYSEC-2099-2", aliases=(), summary="", fixed_in=("5.3.4",))
    assert clearing(row(case(installed=old)), fact, advisory) == f"pin celery==5.4.0: 5.3.4 clears this too, but {BUT}"


def test_a_fault_that_is_there_already_does_not_speak_against_a_step_that_makes_nothing_worse() -> None:
    deaf = {"celery": "5.4.0", "kombu": "5.3.7", "redis": "5.0.8", "billiard": "4.2.1", "vine": "5.1.0"}
    fact = Audited(name=canonicalize_name("redis"), version="5.0.8", service="OSV", advisories=())
    advisory = Advisory(id="PYSEC-2099-1", aliases=(), summary="", fixed_in=("5.1.1",))
    assert clearing(row(case(installed=deaf)), fact, advisory) == "redis>=5.1.1"


def test_where_nothing_fits_it_is_said_and_nothing_is_promised() -> None:
    assert advised("redis", "6.0.0") == (
        f"redis 6.0.0 clears this, but {BUT}, nor is there a later one that fits: move several together, or waive it"
    )
    assert advised("vine", "6.0").startswith("vine 6.0 clears this, but is not in the matrix celery-redis-ffmpeg")


@pytest.mark.parametrize("fixed", [(), ("4.1",), ("not a version",)])
def test_with_no_newer_fixed_version_there_is_none_to_advise(fixed: tuple[str, ...]) -> None:
    assert advised("redis", *fixed).startswith("no newer version of redis is known to be fixed")


def test_what_no_matrix_speaks_of_is_advised_by_the_advisory_alone() -> None:
    assert advised("django", "3.2.5", version="3.2.1") == "django>=3.2.5"
    assert advised("redis", "6.0.0", matrix=False) == "redis>=6.0.0"
