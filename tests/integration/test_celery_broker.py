"""What lies in a real broker that nobody takes, workers that hear under other names, and brokers that will not be asked."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from celery import Celery

from asking import declared, gathered, judged, passed, told
from servers import RedisServer, certificate, redis_server
from stackaudit.model.audit import Case
from stackaudit.model.facts.workers import Broadcast, QueueState, ReplyLists
from stackaudit.model.findings import Finding, Outcome
from stackaudit.model.manifest import Setting, SettingValue
from stackaudit.model.places import Place
from workers import RunningWorker, running, start

SLEEPY = """
import time

@app.task(name="tested.sleep")
def sleep(): time.sleep(60)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("celery-broker")


@pytest.fixture(scope="module")
def broker(folder: Path) -> Iterator[RedisServer]:
    with redis_server(folder / "redis", "--save", "") as server:
        yield server


@pytest.fixture(scope="module")
def worker(folder: Path, broker: RedisServer) -> Iterator[RunningWorker]:
    """A worker in database 0 that takes from the queue `celery`."""
    with running(start(folder / "plain", broker.url(), "plain@test", lines=SLEEPY)) as (one,):
        yield one


def asked(
    broker: RedisServer,
    database: int = 0,
    *,
    user: str = "",
    seconds: float = 60,
    said: Mapping[str, SettingValue] | None = None,
) -> Case:
    manifest = declared(broker=broker.url(database, user=user))
    place = Place(path="test")
    settings = tuple(Setting(name=name, value=value, where=place) for name, value in (said or {}).items())
    return gathered(replace(manifest, settings=settings), "redis", "celery", seconds=seconds)


def of(case: Case, code: str, outcome: Outcome = Outcome.FAIL) -> list[Finding]:
    return [each for each in judged(case, code) if each.outcome is outcome]


def test_tasks_in_a_queue_that_nobody_takes_from_are_told(broker: RedisServer, worker: RunningWorker) -> None:
    assert worker.process.poll() is None
    with Celery(broker=broker.url(), set_as_current=False) as app:
        app.send_task("tested.plain", queue="forgotten")
        app.send_task("tested.plain", queue="forgotten", priority=9)
    case = asked(broker)
    (finding,) = of(case, "CE501")
    assert (finding.subject, finding.severity, finding.message) == (
        "forgotten",
        "high",
        "2 tasks wait in it, and no worker takes from it",
    )
    assert passed(case, "CE501") == [("CE501", "celery")]
    with worker.stopped():
        # Who does not answer may take from it.
        assert [each.subject for each in of(asked(broker), "CE501", Outcome.UNCHECKABLE)] == ["forgotten"]
    _until_answered(broker)
    with broker.client() as client:
        for key in client.keys("*forgotten*"):
            client.delete(key)


def _until_answered(broker: RedisServer) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if not of(asked(broker), "CE1"):
            return
    raise AssertionError("the worker did not wake up")


def test_answers_that_nobody_fetched_are_counted_and_those_that_expire_are_not(
    broker: RedisServer, worker: RunningWorker
) -> None:
    assert worker.process.poll() is None
    with broker.client() as client:
        client.rpush("made", "an answer")
        dumped = redis.Redis(unix_socket_path=str(broker.socket)).dump("made")
        assert isinstance(dumped, bytes)
        client.delete("made")
        client.restore("old.reply.celery.pidbox", 0, dumped, idletime=3600)
        client.restore("shop:old.reply.shop.pidbox", 0, dumped, idletime=3600)
        client.restore("mortal.reply.celery.pidbox", 3_600_000, dumped, idletime=3600)
        client.restore("young.reply.celery.pidbox", 0, dumped)
        try:
            case = asked(broker)
        finally:
            client.delete(*client.keys("*reply.*.pidbox"))
    assert [each.orphans for each in case.facts(ReplyLists)] == [2]
    assert [(each.severity, each.subject) for each in of(case, "CE502")] == [("low", broker.url())]
    assert of(asked(broker), "CE502") == []


def test_the_audit_writes_nothing_but_its_own_keys(broker: RedisServer, worker: RunningWorker) -> None:
    assert worker.process.poll() is None
    before = broker.keys()
    seen: list[tuple[str, str]] = []
    with broker.client() as client, client.monitor() as monitor:
        listening = threading.Thread(target=_listen, args=(monitor, seen), daemon=True)
        listening.start()
        asked(broker)
        client.echo("the end")
        listening.join(20)
    assert not listening.is_alive()
    assert broker.keys() == before
    (ours,) = {who for who, command in seen if command.startswith("SCAN")}
    names = {command.split()[0] for who, command in seen if who == ours}
    writes = {"MULTI", "EXEC", "RPUSH", "EXPIRE", "SADD", "SREM", "DEL", "PUBLISH"}
    reads = {"SELECT", "SMEMBERS", "LRANGE", "ZCARD", "CLIENT", "SCAN", "LLEN", "TTL", "OBJECT"}
    assert names <= writes | reads
    keys = [
        command.split()[1]
        for who, command in seen
        if who == ours and command.split()[0] in writes - {"MULTI", "EXEC", "PUBLISH"}
    ]
    assert keys
    assert all(key.endswith("reply.stackaudit.pidbox") for key in keys)


def _listen(monitor: "redis.client.Monitor", seen: list[tuple[str, str]]) -> None:
    for each in monitor.listen():  # type: ignore[no-untyped-call]  # redis-py leaves it so
        seen.append((f"{each['client_address']}:{each['client_port']}", each["command"]))
        if "the end" in each["command"]:
            return


def test_a_solo_worker_that_is_busy_is_told_as_one_that_listens(broker: RedisServer, folder: Path) -> None:
    with (
        running(start(folder / "busy", broker.url(4), "busy@test", lines=SLEEPY)),
        Celery(broker=broker.url(4), set_as_current=False) as app,
    ):
        app.send_task("tested.sleep")
        until = time.monotonic() + 20
        while "tested.sleep" not in (folder / "busy" / "log").read_text() and time.monotonic() < until:
            time.sleep(0.05)
        case = asked(broker, 4)
    (missing,) = of(case, "CE102")
    assert (missing.severity, missing.message) == ("high", "it listens, and did not answer")
    assert missing.why is not None
    assert "solo pool" in missing.why
    assert {rule for rule, _ in passed(case, "CE")} <= {"CE502"}


@pytest.mark.parametrize(
    ("database", "settings", "said", "advice"),
    [
        (5, {"control_exchange": "shop"}, {"control_exchange": "shop"}, 'control-exchange = "shop"'),
        (
            6,
            {"broker_transport_options": {"global_keyprefix": "p:"}},
            {"global_keyprefix": "p:"},
            'global-keyprefix = "p:"',
        ),
        (7, {"broker_transport_options": {"fanout_prefix": False}}, {"fanout_prefix": False}, "fanout-prefix = false"),
        (8, {"worker_enable_remote_control": False}, {}, "worker_enable_remote_control = True"),
    ],
)
def test_a_worker_that_a_setting_silences_is_told_with_that_setting(
    broker: RedisServer,
    folder: Path,
    database: int,
    settings: dict[str, object],
    said: dict[str, SettingValue],
    advice: str,
) -> None:
    silenced = start(folder / f"silenced{database}", broker.url(database), "quiet@test", settings=json.dumps(settings))
    with running(silenced):
        before = broker.keys()
        case = asked(broker, database)
        (finding,) = of(case, "CE101")
        assert finding.fix is not None
        assert advice in finding.fix
        assert {rule for rule, _ in passed(case, "CE")} <= {"CE502"}
        if said:
            case = asked(broker, database, said=said)
            assert told(case, "CE1") == []
            assert ("CE102", "quiet@test") in passed(case, "CE")
        assert broker.keys() == before


def test_one_of_two_that_can_not_be_asked_is_told(broker: RedisServer, folder: Path) -> None:
    deaf = json.dumps({"worker_enable_remote_control": False})
    with running(
        start(folder / "deaf", broker.url(9), "deaf@test", settings=deaf),
        start(folder / "hears", broker.url(9), "hears@test"),
    ):
        case = asked(broker, 9)
    assert [each.consumers for each in case.facts(Broadcast)] == [2]
    assert [(each.rule, each.severity) for each in of(case, "CE503")] == [("CE503", "low")]


def test_a_user_who_may_not_look_through_the_keys_leaves_the_queues_unknown_and_nothing_else(
    broker: RedisServer, worker: RunningWorker
) -> None:
    assert worker.process.poll() is None
    with broker.client() as client:
        client.execute_command("ACL", "SETUSER", "narrow", "on", ">pw", "~*", "&*", "+@all", "-scan", "-client")
    case = asked(broker, user="narrow:pw@")
    unknown = {each.rule for each in judged(case, "CE") if each.outcome is Outcome.UNKNOWN}
    assert unknown == {"CE501", "CE502"}
    assert ("CE102", "plain@test") in passed(case, "CE")
    assert case.facts(QueueState) == ()


def test_the_least_that_a_user_needs_is_enough(broker: RedisServer, worker: RunningWorker) -> None:
    assert worker.process.poll() is None
    commands = (
        "+ping +info +select +smembers +multi +exec +rpush +expire +sadd +publish +lrange +srem +del +zcard +scan +llen +ttl "
        "+object|idletime +client|list"
    )
    with broker.client() as client:
        client.execute_command("ACL", "SETUSER", "least", "on", ">pw", "~*", "&*", "-@all", *commands.split())
    case = asked(broker, user="least:pw@")
    assert [each for each in judged(case, "CE") if each.outcome is Outcome.UNKNOWN] == []
    assert ("CE502", broker.url()) in passed(case, "CE")


def test_a_read_only_replica_and_a_full_broker_are_unknown_with_their_cause(broker: RedisServer, folder: Path) -> None:
    with redis_server(folder / "replica", "--save", "", "--replicaof", f"127.0.0.1 {broker.port}") as replica:
        until = time.monotonic() + 20
        with replica.client() as client:
            while client.info("replication")["master_link_status"] != "up" and time.monotonic() < until:
                time.sleep(0.05)
        case = asked(replica, 11)
    causes = {each.cause for each in judged(case, "CE") if each.outcome is Outcome.UNKNOWN}
    assert causes == {"the broker is a read-only replica: asking workers is a write"}
    with redis_server(folder / "full", "--save", "", "--maxmemory", "1", "--maxmemory-policy", "noeviction") as full:
        case = asked(full)
    causes = {each.cause for each in judged(case, "CE") if each.outcome is Outcome.UNKNOWN}
    assert causes == {"the broker's memory is full: asking workers is a write"}
    assert {rule for rule, _ in passed(case, "CE")} <= {"CE502"}


def test_a_worker_that_verifies_no_certificate_is_told_and_one_that_does_passes(folder: Path) -> None:
    made = certificate(folder)
    with redis_server(folder / "tls", "--save", "", *made.options()) as server:
        bare = server.url(scheme="rediss")
        verified = f"{bare}?ssl_cert_reqs=required&ssl_ca_certs={made.file}"
        with running(
            start(folder / "trusting", bare, "trusting@test"), start(folder / "careful", verified, "careful@test")
        ):
            case = gathered(declared(broker=verified), "redis", "celery")
    assert told(case, "CE203") == [("CE203", "high", "trusting@test")]
    assert passed(case, "CE203") == [("CE203", "careful@test")]


def test_a_broker_that_hangs_costs_the_deadline_and_blinds_all(folder: Path) -> None:
    with redis_server(folder / "hung", "--save", "") as hung, hung.stopped():
        case = asked(hung, seconds=3)
    assert {each.outcome for each in judged(case, "CE")} == {Outcome.UNKNOWN}
