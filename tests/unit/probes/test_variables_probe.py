"""Which variables are the stack's, and when two broker URLs name the same broker."""

import pytest

from stackaudit.probes.variables import looks_like_ours, same_broker


@pytest.mark.parametrize("name", ["CELERY_BROKER_URL", "REDIS_URL", "C_FORCE_ROOT", "FFREPORT", "KOMBU_LOG_DEBUG"])
def test_these_are_the_stacks(name: str) -> None:
    assert looks_like_ours(name)


@pytest.mark.parametrize("name", ["PATH", "APP", "STACKAUDIT_BROKER_URL", "CELERY", "MY_REDIS_URL", "FFREPORTS"])
def test_these_are_not(name: str) -> None:
    assert not looks_like_ours(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("redis://h", "redis://h:6379/0"),
        ("redis://h:6379/", "redis://H/0"),
        ("redis://:secret@h/1", "redis://ann:other@h:6379/1"),
        ("amqp://h//", "amqp://h:5672"),
        ("redis://", "redis://localhost:6379/0"),
    ],
)
def test_these_name_the_same_broker(one: str, other: str) -> None:
    assert same_broker(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("redis://h/0", "redis://h/1"),
        ("redis://h", "rediss://h"),
        ("redis://h", "redis://i"),
        ("redis://h:6379", "redis://h:6380"),
        ("redis://h:port", "redis://h"),
        ("", "redis://h"),
    ],
)
def test_these_name_different_brokers(one: str, other: str) -> None:
    assert not same_broker(one, other)
