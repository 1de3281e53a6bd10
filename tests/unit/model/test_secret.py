"""No user name, password or token of a URL is ever shown."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackaudit.model.secret import Secret, redact, strip_secrets


@pytest.mark.parametrize(
    "url",
    [
        "redis://:s3cret@host:6379/0",
        "redis://user:s3cret@host/0",
        "https://s3cret@mirror.example/simple/",
        "rediss://user:p%40s3cret@host:6379/0?ssl_cert_reqs=none",
        "sentinel://:s3cret@a:26379;sentinel://:s3cret@b:26379/0",
        "redis://host:6379/0?password=s3cret",
        "https://mirror.example/simple?x=1&api_key=s3cret#frag",
        "git+https://oauth2:s3cret@git.example/repo.git@v1",
        "redis://:pa:ss@s3cret@host/0",
        "redis://:pa/s3cret@host/0",
        "redis://:12/s3cret?x#y@host/0",
        "https://user:p#s3cret@host/simple",
        "redis://:s3cret@[::1]:6379/0",
    ],
)
def test_a_url_is_shown_without_its_secrets(url: str) -> None:
    for shown in (redact(f"cannot reach {url} now"), str(Secret(url)), repr(Secret(url)), strip_secrets(url)):
        assert "s3cret" not in shown


@pytest.mark.parametrize(
    "url",
    [
        "user:s3cret@localhost:6379",
        "://:s3cret@host",
        "redis//:s3cret@host",
        "redis://:pa s3cret@host/0",
        'redis://:pa"s3cret@host/0',
        "redis://pa#s3cret@host/0",
        "redis://host/0?password=pa s3cret",
        "redis://a:1;redis://:s3cret@b/0",
    ],
)
def test_what_is_known_to_be_a_url_hides_its_secrets_however_it_is_written(url: str) -> None:
    for shown in (str(Secret(url)), repr(Secret(url)), strip_secrets(url)):
        assert "s3cret" not in shown


@settings(max_examples=200)
@given(
    password=st.text(alphabet="ab:/?#;[] \"'%", max_size=8), url=st.sampled_from(["redis://{}", "amqp://{};amqp://b"])
)
def test_no_password_shows_whatever_is_in_it(password: str, url: str) -> None:
    given_url = url.format(f"me:{password}s3cret@host:1/0")
    assert "s3cret" not in str(Secret(given_url)) + strip_secrets(given_url)


def test_text_without_urls_stays_as_it_is() -> None:
    text = "celery 5.4.0 (mail someone@example.org) needs kombu<6,>=5.3.4 // ok?"
    assert redact(text) == text


def test_what_is_not_secret_stays_readable() -> None:
    assert (
        strip_secrets("redis://:x@localhost:6379/1?health_check_interval=5")
        == "redis://localhost:6379/1?health_check_interval=5"
    )
    assert redact("git+https://git.example/repo.git@v1") == "git+https://git.example/repo.git@v1"
    assert redact("redis://localhost:6379/1") == "redis://localhost:6379/1"
    assert redact("redis://[::1]:6379/1") == "redis://[::1]:6379/1"
    assert redact("redis://:x@localhost:6379/1") == "redis://***@localhost:6379/1"


@pytest.mark.parametrize(
    ("url", "subject"),
    [
        ("unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1"),
        ("redis+socket://:pw@/run/redis.sock", "redis+socket:///run/redis.sock"),
        ("redis://", "redis://"),
        ("REDIS://:pw@host/0", "redis://host/0"),
        ("rediss://:pw@host/0?ssl_ca_certs=/etc/ca.pem", "rediss://host/0?ssl_ca_certs=/etc/ca.pem"),
        ("sentinel://:pw@a:1/0;sentinel://:pw@b:2?master_name=m", "sentinel://a:1/0;sentinel://b:2?master_name=m"),
    ],
)
def test_a_subject_reads_as_the_url_was_written(url: str, subject: str) -> None:
    assert strip_secrets(url) == subject
