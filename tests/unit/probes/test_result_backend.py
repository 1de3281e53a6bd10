"""Where workers leave results is read from what they say; their password is never theirs to tell."""

import pytest

from stackaudit.model.wire import Json
from stackaudit.probes._result_backend import Backend, NoBackend, backend_of


def answers(results: str, *, host: str = "broker", port: int = 6379, prefix: str | None = None) -> dict[str, Json]:
    report = f"software -> celery:5.4.0\nsettings -> transport:redis results:{results}\n\nbroker_url: 'redis://x'"
    options: Json = {"global_keyprefix": prefix} if prefix else {}
    return {
        "report": {"ok": report},
        "stats": {"broker": {"hostname": host, "port": port}},
        "conf": {"result_backend_transport_options": options},
    }


@pytest.mark.parametrize(
    ("results", "broker", "known", "url"),
    [
        ("redis://h:6379/1", "redis://other/0", [], "redis://h:6379/1"),
        ("redis://:**@h:6379/1", "redis://other/0", ["redis://:pw@h/1"], "redis://:pw@h/1"),
        ("redis://:**@broker:6379/1", "redis://:pw@localhost:6390/0", [], "redis://:pw@localhost:6390/1"),
        ("redis://:**@broker:6379/0", "redis://:pw@localhost:6390/0?a=b", [], "redis://:pw@localhost:6390/0?a=b"),
        ("redis://:**@broker:6379/1", "redis://:pw@localhost", [], "redis://:pw@localhost/1"),
        ("redis://:**@broker:6379/1", "rediss://:pw@h/0?ssl_ca_certs=/c", [], "rediss://:pw@h/1?ssl_ca_certs=/c"),
        ("rediss://h:6380/1", "redis://other/0", ["rediss://h:6380/1?ssl_cert_reqs=required"], None),
    ],
)
def test_it_is_entered_by_a_url_that_is_known_or_as_the_broker_is(
    results: str, broker: str, known: list[str], url: str | None
) -> None:
    assert backend_of(answers(results), broker, known) == Backend(url=url or known[0])


def test_keys_with_a_prefix_are_looked_for_with_it() -> None:
    found = backend_of(answers("redis://h/1", prefix="shop:"), "redis://other/0", [])
    assert found == Backend(url="redis://h/1", prefix="shop:")


@pytest.mark.parametrize(
    ("results", "words", "knowable"),
    [
        ("disabled:///", "keep no results", False),
        ("db+postgresql://:**@h/x", "go to db+postgresql://", False),
        ("redis://:**@elsewhere:6379/1", "its password is not known here", True),
    ],
)
def test_where_it_can_not_be_entered_the_reason_is_told(results: str, words: str, knowable: bool) -> None:  # noqa: FBT001
    found = backend_of(answers(results), "redis://localhost/0", [])
    assert isinstance(found, NoBackend)
    assert words in found.cause
    assert found.knowable is knowable


@pytest.mark.parametrize("report", [None, {}, {"ok": 1}, {"ok": "software -> celery:5.4.0"}, [], "x"])
def test_workers_that_do_not_say_are_told_as_such(report: Json) -> None:
    found = backend_of({"report": report}, "redis://localhost/0", [])
    assert isinstance(found, NoBackend)
    assert "do not say" in found.cause
