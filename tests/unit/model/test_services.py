"""A URL that no client can use is found out before anybody is asked, and nothing of it is quoted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackaudit.model.services import wrong_with


@pytest.mark.parametrize(
    "url",
    [
        "redis://",
        "redis://h",
        "REDIS://h:6379/0",
        "redis://:p%40ss@[::1]:6379/0?health_check_interval=5",
        "rediss://h/0?ssl_cert_reqs=required",
        "redis://user:pw@h/0?client_name=a@b",
        "unix:///run/redis.sock?db=0",
        "redis+socket://:pw@/run/redis.sock?virtual_host=0",
        "sentinel://a:1;sentinel://b:2/0?master_name=m",
        "sentinel://a:1;b:2;",
    ],
)
def test_what_a_client_of_redis_takes_is_taken(url: str) -> None:
    assert wrong_with(url, "broker") is None
    assert wrong_with(url, "redis") is None


@pytest.mark.parametrize(
    "url",
    [
        "amqp://",
        "pyamqp://guest:guest@h:5672//",
        "sqs://",
        "memory://",
        "sqla+sqlite:///a@b.db",
        "mongodb://a:1,b:2/db",
    ],
)
def test_a_broker_may_be_of_any_kind_and_a_redis_may_not(url: str) -> None:
    assert wrong_with(url, "broker") is None
    assert wrong_with(url, "redis") is not None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "empty"),
        (" ", "empty"),
        ("localhost", "scheme"),
        ("localhost:6379", "scheme"),
        ("redis:/h", "scheme"),
        ("redis//:s3cret@h", "scheme"),
        ("://h", "scheme"),
        ("redis://h/0\n", "line break"),
        ("redis://a b/0", "blank"),
        ("redis://h:port/0", "port"),
        ("redis://h:0/0", "port"),
        ("redis://h:99999/0", "port"),
        ("amqp://h:port//", "port"),
        ("redis://[::1/0", "host"),
        ("redis://:s3/cret@h/0", "`/`"),
        ("amqp://me:12?s3cret@h//", "`?`"),
        ("redis://me#s3cret@h/0", "`#`"),
        ("unix://", "path"),
        ("redis://a:1;redis://b:x", "port"),
    ],
)
def test_what_no_client_can_use_is_told_without_quoting_it(url: str, words: str) -> None:
    wrong = wrong_with(url, "broker")
    assert wrong is not None
    assert words in wrong[0]
    assert "cret" not in "".join(wrong)


@settings(max_examples=200)
@given(st.text(max_size=40), st.sampled_from(["", "redis://", "amqp://", "unix://", "foo://"]))
def test_any_text_is_fine_or_told(text: str, scheme: str) -> None:
    wrong = wrong_with(scheme + text, "broker")
    assert wrong is None or all(wrong)
