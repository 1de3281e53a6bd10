"""What is kept of what a worker says that it runs with; whatever it says, nothing breaks and nothing else is kept."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from stackaudit.model.facts.celery_settings import CelerySettings
from stackaudit.model.manifest import SettingValue
from stackaudit.model.wire import Json, decode, encode
from stackaudit.probes import _celery_settings as settings
from stackaudit.probes._celery_values import seconds, short, tls

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

CONF: dict[str, Json] = {
    "accept_content": ["json"],
    "broker_pool_limit": None,
    "broker_connection_retry_on_startup": None,
    "broker_read_url": "redis://:hunter2@h/0",
    "beat_schedule": {"x": {"args": ["hunter2"]}},
    "result_backend": "redis://user:hunter2@results.test:6379/1?password=hunter2",
    "result_expires": "1 day, 0:00:00",
    "task_acks_late": True,
    "task_serializer": "json",
}
STATS: dict[str, Json] = {
    "pool": {
        "implementation": "celery.concurrency.prefork:TaskPool",
        "max-concurrency": 2,
        "max-tasks-per-child": "N/A",
        "timeouts": [7.0, 9.0],
    },
    "broker": {
        "hostname": "broker.test",
        "port": 6379,
        "virtual_host": "0",
        "transport": "redis",
        "ssl": False,
        "transport_options": {"visibility_timeout": 60, "sentinel_kwargs": {"password": "hunter2"}},
    },
    "prefetch_count": 5,
}
REGISTERED: list[Json] = [
    "shop.sell [acks_late=True time_limit=30 soft_time_limit=20 serializer=pickle]",
    "shop.a [acks_late=False serializer=json]",
    "shop.b [acks_late=False serializer=json]",
    "shop.c [acks_late=False serializer=json]",
    "shop.d [acks_late=False serializer=json]",
    "shop.bare",
]


def due(**later: float) -> Json:
    moment = (NOW + timedelta(**later)).isoformat()
    return {"eta": moment, "priority": 6, "request": {"args": ["hunter2"]}}


def told(**changes: Json) -> CelerySettings:
    """What is kept of a worker that answers everything, but for `changes`."""
    answers: dict[str, Json] = {"ping": {"ok": "pong"}, "conf": CONF, "stats": STATS, "registered": REGISTERED}
    found = settings.settings("w@h", {**answers, "scheduled": [], **changes}, "5.7.0", NOW)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accept_content", ("json",)),
        ("broker", "redis://broker.test:6379/0"),
        ("broker_connection_retry_on_startup", None),
        ("broker_pool_limit", None),
        ("broker_tls", "off"),
        ("concurrency", 2),
        ("pool", "prefork"),
        ("prefetch_count", 5),
        ("result_backend", "redis://results.test:6379/1"),
        ("result_expires", 86400.0),
        ("task_acks_late", True),
        ("task_soft_time_limit", 7.0),
        ("task_time_limit", 9.0),
        ("visibility_timeout", 60),
        ("worker_max_tasks_per_child", None),
    ],
)
def test_what_is_in_force_is_kept(name: str, value: SettingValue) -> None:
    found = told()
    assert found.tells(name)
    assert found.value(name) == value


@pytest.mark.parametrize(("given", "kept"), [(None, False), (False, False), (True, True), (1, True), ("yes", True)])
def test_whether_it_tries_again_after_a_timeout_is_what_redis_py_makes_of_it(given: Json, *, kept: bool) -> None:
    broker: Json = {"transport": "redis", "transport_options": {"retry_on_timeout": given}}
    assert told(stats={"broker": broker}).value("retry_on_timeout") is kept


def test_what_was_not_told_is_no_setting_that_is_off() -> None:
    assert not told().tells("worker_soft_shutdown_timeout")
    assert not told(stats=None).tells("pool")
    assert not told(conf={**CONF, "result_expires": "soon"}).tells("result_expires")
    assert told(conf={**CONF, "result_expires": None}).tells("result_expires")


def test_no_secret_of_a_worker_is_kept() -> None:
    assert "hunter2" not in repr(told(scheduled=[due(days=1)]))


def test_of_a_megabyte_in_any_answer_little_is_kept() -> None:
    long = "x" * 1_000_000
    conf: dict[str, Json] = {
        "task_serializer": long,
        "accept_content": [long] * 1000,
        "result_backend": f"redis://{long}",
    }
    registered: Json = [long, f"app.add [serializer={long}]"]
    stats: Json = {"pool": {"implementation": long}, "broker": {"transport": "redis", "hostname": long, "port": 1}}
    kept = told(conf={**CONF, **conf}, registered=registered, stats=stats)
    assert len(repr(kept)) < 50_000


def test_a_name_with_a_line_break_is_one_line() -> None:
    assert short("a@h\n\npass: 1 of 1\x1b[2J") == "a@h  pass: 1 of 1 [2J"


def test_the_backend_in_use_counts_and_not_the_configured_one() -> None:
    report: Json = {"ok": "settings -> transport:redis results:redis://:********@other.test:6379/2\n\nx: 1\n"}
    assert told(report=report).value("result_backend") == "redis://other.test:6379/2"
    assert told(report={"ok": "settings -> transport:redis results:disabled:///\n"}).value("result_backend") is None


@pytest.mark.parametrize("name", ["shop.sell", "send the mail", "sum [of two]", "two\nlines"])
@pytest.mark.parametrize("options", ["", " [acks_late=True serializer=json]"])
def test_a_task_is_known_by_the_name_that_it_was_given(name: str, options: str) -> None:
    """What is not found again among them counts as lost (CE504)."""
    assert settings.known_tasks({"registered": [f"{name}{options}"]}) == (short(name),)


def test_tasks_that_are_set_alike_are_kept_together() -> None:
    found = {group.names: group for group in told().tasks}
    plain = found["shop.a", "shop.b", "shop.c"]
    assert (plain.count, plain.acks_late, plain.told) == (4, False, "shop.a, shop.b, shop.c and 1 more")
    late = found[("shop.sell",)]
    assert (late.acks_late, late.hard_limit, late.soft_limit, late.serializer) == (True, 30.0, 20.0, "pickle")
    assert found[("shop.bare",)].acks_late is None


def test_tasks_are_far_that_are_due_after_the_visibility_timeout() -> None:
    assert told(scheduled=[due(seconds=59), due(seconds=61), due(hours=1)]).far == 2
    assert told(scheduled=[]).far == 0
    assert told(scheduled=None).far is None


def test_the_room_that_waiting_tasks_made_is_not_taken_for_a_prefetch() -> None:
    assert told(scheduled=[due(seconds=1), due(hours=1)]).value("prefetch_count") == 3


def test_a_worker_that_does_not_tell_its_configuration_tells_nothing() -> None:
    strange: list[Json] = [None, [], {}, {"error": "KeyError"}]
    for conf in strange:
        assert settings.settings("w@h", {"conf": conf, "stats": STATS}, None, NOW) is None


@pytest.mark.parametrize(
    ("ssl", "expected"),
    [
        (False, "off"),
        (None, "off"),
        ({}, "off"),
        (True, "ignored"),
        ({"ssl_cert_reqs": 0}, "unverified"),
        ({"ssl_cert_reqs": "<VerifyMode.CERT_NONE: 0>"}, "unverified"),
        ({"ssl_cert_reqs": "none"}, "unverified"),
        ({"ssl_cert_reqs": 2}, "verified"),
        ({"ssl_cert_reqs": "CERT_REQUIRED"}, "verified"),
        ({"ssl_ca_certs": "/ca.pem"}, "verified"),
    ],
)
def test_tls_is_read_as_kombu_reads_it(ssl: Json, expected: str) -> None:
    assert tls(ssl) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1 day, 0:00:00", 86400),
        ("0:10:00", 600),
        ("2 days, 1:00:00.5", 176400),
        (3600, 3600),
        ("no", None),
        ([], None),
    ],
)
def test_durations_are_read_as_celery_writes_them(value: Json, expected: float | None) -> None:
    assert seconds(value) == expected


anything = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=8),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(some.data())
def test_whatever_a_worker_answers_the_record_can_hold_what_is_kept(data: some.DataObject) -> None:
    def strange(whole: dict[str, Json]) -> dict[str, Json]:
        changes = data.draw(some.dictionaries(some.sampled_from(sorted(whole)), anything, max_size=4))
        return {**whole, **changes}

    pool, broker = STATS["pool"], STATS["broker"]
    assert isinstance(pool, dict)
    assert isinstance(broker, dict)
    stats = strange({**STATS, "pool": strange(pool), "broker": strange(broker)})
    answers: dict[str, Json] = {"conf": strange(CONF), "stats": stats, "registered": REGISTERED, "scheduled": []}
    answers |= data.draw(some.dictionaries(some.sampled_from(("registered", "scheduled", "report")), anything))
    found = settings.settings("w@h", answers, None, NOW)
    if found is not None:
        assert decode(CelerySettings, json.loads(json.dumps(encode(found), allow_nan=False))).node == "w@h"
    settings.queues({"active_queues": data.draw(anything)})
