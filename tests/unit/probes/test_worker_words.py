"""What is kept of what a worker says of itself."""

from stackaudit.model.wire import Json
from stackaudit.probes._pidbox_words import Naming
from stackaudit.probes._worker_words import worker

REPORT = """
software -> celery:5.4.0 (opalescent) kombu:5.6.1 py:3.13.0
            billiard:4.2.4 redis:5.0.8
platform -> system:Linux arch:64bit, ELF
            kernel version:6.1 imp:CPython
loader   -> celery.loaders.app.AppLoader
settings -> transport:redis results:redis://:hunter2@127.0.0.1:6401/1

broker_read_url: 'redis://:hunter2@127.0.0.1/0'
"""
STATS: Json = {"pool": {"implementation": "celery.concurrency.prefork:TaskPool", "max-concurrency": 4}}


def test_versions_and_pool_are_read_and_settings_are_not_kept() -> None:
    fact = worker("w@h", {"ping": {"ok": "pong"}, "report": {"ok": REPORT}, "stats": STATS}, ("pidbox",))
    assert (fact.celery, fact.kombu, fact.python, fact.billiard) == ("5.4.0", "5.6.1", "3.13.0", "4.2.4")
    assert (fact.driver, fact.driver_version, fact.pool, fact.concurrency) == ("redis", "5.0.8", "prefork", 4)
    assert "hunter2" not in repr(fact)


def test_a_driver_that_is_named_otherwise_is_read_as_named() -> None:
    fact = worker("w@h", {"report": {"ok": REPORT.replace("redis:5.0.8", "py-amqp:5.2.0")}}, ())
    assert (fact.driver, fact.driver_version) == ("py-amqp", "5.2.0")


def test_an_answer_of_another_shape_leaves_versions_unknown() -> None:
    strange: list[Json] = [None, "text", {"error": "KeyError"}, {"ok": 5}, {"ok": "software -> nothing"}]
    for report in strange:
        fact = worker("w@h", {"ping": {"ok": "pong"}, "report": report, "stats": {"pool": []}}, ())
        assert (fact.answered, fact.celery, fact.pool) == (True, None, None)


def test_a_version_of_a_megabyte_is_no_version() -> None:
    fact = worker("w@h", {"report": {"ok": REPORT.replace("celery:5.4.0", f"celery:{'9' * 1_000_000}")}}, ())
    assert (fact.answered, fact.celery) == (True, None)


def test_behind_sentinel_the_topic_of_older_kombu_is_asked_too() -> None:
    assert Naming().topics(2, sentinel=False) == ("/2.celery.pidbox",)
    assert Naming().topics(2, sentinel=True) == ("/2.celery.pidbox", "/{db}.celery.pidbox")
