"""The dialects in which people write where a Redis is."""

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackaudit.model.facts.services import ServiceState
from stackaudit.probes._redis_url import Address, BadUrl, parse


def test_the_plain_form_is_host_port_and_database() -> None:
    assert parse("redis://cache.test:7000/3") == Address(host="cache.test", port=7000, database=3)


def test_what_is_left_out_is_what_clients_take() -> None:
    assert parse("redis://") == Address(host="127.0.0.1", port=6379, database=0)


def test_a_password_is_decoded_and_not_shown() -> None:
    address = parse("redis://ann:p%2Fw@h/0")
    assert (address.user, address.password) == ("ann", "p/w")
    assert "p/w" not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        "unix:///run/redis.sock?db=3",
        "redis+socket:///run/redis.sock?virtual_host=3",
        "redis+socket:///run/redis.sock?db=3",
    ],
)
def test_a_unix_socket_is_one_place_in_each_dialect(url: str) -> None:
    address = parse(url)
    assert (address.path, address.database, address.local, address.tls) == ("/run/redis.sock", 3, True, None)


@pytest.mark.parametrize("spelled", ["none", "CERT_NONE", "optional", "CERT_OPTIONAL", "required", "CERT_REQUIRED"])
def test_both_spellings_of_verification_mean_the_same(spelled: str) -> None:
    tls = parse(f"rediss://h/0?ssl_cert_reqs={spelled}").tls
    assert tls is not None
    assert tls.verify is ("none" not in spelled.lower())


def test_tls_is_verified_where_the_url_does_not_say() -> None:
    tls = parse("rediss://h/0").tls
    assert tls is not None
    assert (tls.verify, tls.check_name) == (True, True)
    assert parse("redis://h/0").tls is None


@pytest.mark.parametrize(
    ("url", "state"),
    [
        ("redis://h/foo", ServiceState.DATABASE),
        ("redis://h/-1", ServiceState.DATABASE),
        ("redis://h/1/2", ServiceState.DATABASE),
        ("rediss://h/0?ssl_cert_reqs=maybe", ServiceState.TLS),
        ("redis://h:port/0", None),
        ("redis://:pa/s3cret@h/0", None),
        ("localhost:6379", None),
    ],
)
def test_what_no_client_could_use_is_told(url: str, state: ServiceState | None) -> None:
    with pytest.raises(BadUrl) as caught:
        parse(url)
    assert caught.value.state is state
    assert "cret" not in caught.value.words


def test_a_failover_list_is_its_first_address() -> None:
    address = parse("redis://a:1/2;redis://b:2/2;redis://c:3/2")
    assert (address.host, address.port, address.others) == ("a", 1, 2)


def test_sentinels_are_all_kept_and_the_masters_name_is_found_wherever_it_stands() -> None:
    for url in ("sentinel://a:1/2?master_name=m;sentinel://b", "sentinel://a:1/2;sentinel://b?master_name=m"):
        address = parse(url)
        assert address.sentinels == (("a", 1), ("b", 26379))
        assert (address.master, address.database) == ("m", 2)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_loopback_is_local(host: str) -> None:
    assert parse(f"redis://{host}/0").local
    assert not parse("redis://10.0.0.1/0").local


@settings(max_examples=60)
@given(user=st.text(min_size=1), password=st.text(min_size=1), database=st.integers(0, 15))
def test_what_is_percent_encoded_comes_back(user: str, password: str, database: int) -> None:
    url = (
        f"redis://{quote(user, safe='', errors='replace')}:{quote(password, safe='', errors='replace')}@h:7/{database}"
    )
    address = parse(url)
    same = {text: text.encode(errors="replace").decode() for text in (user, password)}
    assert (address.user, address.password, address.database) == (same[user], same[password], database)


@settings(max_examples=200)
@given(
    st.sampled_from(["redis", "rediss", "sentinel", "unix", "redis+socket"]),
    st.text(alphabet="redis:/@?;#%[]0123abc=&.-", max_size=30),
)
def test_any_text_is_an_address_or_a_sentence(scheme: str, text: str) -> None:
    try:
        parse(f"{scheme}://{text}")
    except BadUrl as error:
        words, remedy = error.words, error.remedy
    else:
        return
    assert words
    assert remedy
