"""What the Redis probe sees of how real servers are set up, with how little permission, and what the rules make of it."""

import contextlib
import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from asking import NOW, OF_REDIS, declared, gathered, judged, passed, pulses, told
from servers import RedisServer, certificate, impostor, redis_server, sentinel, stranger
from stackaudit import sockets
from stackaudit.checks import redis as check
from stackaudit.inputs import matrices
from stackaudit.model.audit import Case
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.services import Crowd, Door, Durability, Exposure, Pulse
from stackaudit.model.findings import Outcome
from stackaudit.model.parts import Visit
from stackaudit.model.snapshot import Snapshot
from stackaudit.probes import redis as probe
from stackaudit.probes._redis_settings import KEYS

HARDENED = ("--maxmemory", "64mb", "--maxmemory-policy", "noeviction", "--appendonly", "yes", "--save", "")
BY_CONFIG = {"RD114", "RD116", "RD118"}
OF_THE_VERSION = {"RD106", "RD110"}
"""What these say hangs on the server that this machine happens to have."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("redis")


@pytest.fixture(scope="module")
def hardened(folder: Path) -> Iterator[RedisServer]:
    with redis_server(folder / "hardened", *HARDENED, password="s3cret") as running:
        yield running


@pytest.fixture(scope="module")
def plain(folder: Path) -> Iterator[RedisServer]:
    with redis_server(folder / "plain", "--save", "") as running:
        yield running


def seen(url: str, kind: type[Fact]) -> list[Fact]:
    return [fact for look in pulses(url) for fact in look.facts if isinstance(fact, kind)]


def door(url: str) -> tuple[bool, bool]:
    """Whether it is open, and whether who comes in may look at keys."""
    (found,) = seen(url, Door)
    assert isinstance(found, Door)
    return found.open, found.reads


def case_at(url: str) -> Case:
    """The case of a broker at `url`, asked in this process."""
    manifest, nothing = declared(broker=url), Snapshot(taken_at=NOW, host="", looks=())
    looks = probe.collect(Visit(manifest=manifest, seen=nothing, deadline=Deadline(60)))
    whole = tuple(replace(look, yields=look.yields or OF_REDIS) for look in looks)
    matrix = matrices.read("celery-redis-ffmpeg", Path())
    return Case(manifest=manifest, snapshot=replace(nothing, looks=whole), matrix=matrix, today=NOW.date())


def outcomes(case: Case) -> dict[str, set[Outcome]]:
    found: dict[str, set[Outcome]] = {}
    for each in judged(case, "RD"):
        found.setdefault(each.rule, set()).add(each.outcome)
    return found


def ruled(case: Case, outcome: Outcome) -> set[str]:
    return {rule for rule, each in outcomes(case).items() if outcome in each}


def test_a_hardened_server_has_nothing_to_be_told(hardened: RedisServer) -> None:
    case = gathered(declared(broker=hardened.url(user=":s3cret@")), "redis")
    assert [each for each in told(case, "RD") if each[0] not in OF_THE_VERSION] == []
    assert {each.outcome for each in judged(case, "RD") if each.rule not in OF_THE_VERSION} == {Outcome.PASS}


def test_valkey_tells_all_that_redis_does(folder: Path, valkey: str) -> None:
    with redis_server(folder / "valkey", *HARDENED, program=valkey, password="s3cret") as server:
        case = gathered(declared(broker=server.url(user=":s3cret@")), "redis")
    assert {each.outcome for each in judged(case, "RD") if each.rule not in OF_THE_VERSION} == {Outcome.PASS}


def test_each_fault_of_a_bad_server_is_told_once(folder: Path) -> None:
    # 192.0.2.1 is nobody's: with a minus the server comes up without it.
    bad = (
        "--maxmemory",
        "4mb",
        "--maxmemory-policy",
        "allkeys-lru",
        "--save",
        "",
        "--timeout",
        "3600",
        "--tcp-keepalive",
        "0",
    )
    wide = ("--protected-mode", "no", "--bind", "127.0.0.1", "-192.0.2.1", "--maxclients", "10")
    with redis_server(folder / "bad", *bad, *wide) as server, contextlib.ExitStack() as stack:
        with server.client() as client:
            for number in range(3000):
                client.set(f"cache:{number}", "x" * 2000)
            assert int(client.info("stats")["evicted_keys"]) > 0
        for _ in range(8):
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        case = gathered(declared(broker=server.url()), "redis")
    url = server.url()
    assert [each for each in told(case, "RD") if each[0] not in OF_THE_VERSION] == [
        ("RD111", "critical", url),
        ("RD113", "low", url),
        ("RD114", "medium", url),
        ("RD116", "medium", url),
        ("RD118", "low", url),
        ("RD119", "medium", url),
    ]
    (pulse,) = case.facts(Pulse)
    assert pulse.evicted in {10**power for power in range(6)}


def test_a_server_that_is_full_answers_and_takes_nothing_more(folder: Path) -> None:
    with redis_server(folder / "brim", "--maxmemory", "3mb", "--save", "") as server, server.client() as client:
        with contextlib.suppress(redis.exceptions.OutOfMemoryError):
            for number in range(10_000):
                client.set(f"task:{number}", "x" * 1000)
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            client.set("one more", "x" * 1000)
        case = gathered(declared(broker=server.url()), "redis")
    assert ("RD117", "high", server.url()) in told(case, "RD")
    assert ("RD101", server.url()) in passed(case, "RD")


def test_what_is_asked_is_a_few_named_things_and_changes_nothing(hardened: RedisServer) -> None:
    before = hardened.keys()
    with hardened.client() as client:
        client.config_set("slowlog-max-len", 1000)
        client.config_set("slowlog-log-slower-than", 0)
        pulses(hardened.url(3, user=":s3cret@"))
        client.config_set("slowlog-log-slower-than", -1)
        # The test's own client comes by the socket.
        logged = [each for each in client.slowlog_get(1000) if "127.0.0.1" in str(each["client_address"])]
    after = hardened.keys()
    heard = [bytes(each["command"]).decode().split() for each in logged]
    assert {each[0] for each in heard} == {"AUTH", "INFO", "SELECT", "PING", "CONFIG"}
    assert sorted(each[2] for each in heard if each[0] == "CONFIG" and each[1] == "GET") == sorted(KEYS)
    assert {each[1] for each in heard if each[0] == "CONFIG"} == {"GET"}
    assert before == after == set()


def test_no_password_and_no_hash_of_one_is_kept(hardened: RedisServer) -> None:
    looks = pulses(hardened.url(user=":s3cret@"))
    with hardened.client() as client:
        hashed = dict(zip(*[iter(client.execute_command("ACL", "GETUSER", "default"))] * 2, strict=False))
    told_of = repr(looks)
    assert "s3cret" not in told_of
    assert not [each for each in hashed.get("passwords", []) if str(each) in told_of]


def permissions() -> list[str]:
    rules = [each for each in sockets.rules_of(check.CHECK) if each.permission is not None]
    return sorted({each.permission or "" for each in rules})


def acl(permission: str) -> list[str]:
    """The words of the ACL command that `explain` prints, without what it says in parentheses."""
    return permission.partition(" (")[0].replace("NAME", "auditor").replace("PASSWORD", "pw").split()


def auditor(server: RedisServer, words: Sequence[str]) -> str:
    """The URL of a user who may do precisely that."""
    with server.client() as client:
        client.execute_command("ACL", "DELUSER", "auditor")
        client.execute_command(*words)
    return server.url(user="auditor:pw@")


@pytest.mark.parametrize("permission", permissions())
def test_what_explain_asks_for_is_enough_for_the_rule_and_no_word_of_it_too_much(
    hardened: RedisServer, permission: str
) -> None:
    rules = {each.code for each in sockets.rules_of(check.CHECK) if each.permission == permission}
    words = acl(permission)
    whole = case_at(auditor(hardened, words))
    assert rules & (ruled(whole, Outcome.UNKNOWN) | ruled(whole, Outcome.UNCHECKABLE)) == set()
    # The pins are unknown here, and a server that asks for a password exposes nothing: these two have nothing to say.
    assert rules - set(outcomes(whole)) <= {"RD107", "RD114"}
    for granted in [each for each in words if each.startswith("+")]:
        less = case_at(auditor(hardened, [each for each in words if each != granted]))
        assert (rules - {"RD107", "RD114"}) <= ruled(less, Outcome.UNKNOWN), granted


def test_one_user_with_all_that_explain_asks_for_can_be_shown_everything(plain: RedisServer) -> None:
    granted = dict.fromkeys(word for each in permissions() for word in acl(each))
    assert [each for each in granted if each.startswith("+")] == ["+config|get", "+info"]
    case = case_at(auditor(plain, list(granted)))
    assert ruled(case, Outcome.UNKNOWN) == set()
    assert {each.code for each in sockets.rules_of(check.CHECK)} - set(outcomes(case)) <= {"RD107", "RD108", "RD117"}


def test_who_may_not_ask_for_settings_leaves_those_rules_unknown_and_no_other(plain: RedisServer) -> None:
    url = auditor(plain, ["ACL", "SETUSER", "auditor", "on", ">pw", "~*", "+@all", "-config"])
    case = case_at(url)
    assert ruled(case, Outcome.UNKNOWN) == BY_CONFIG
    (finding,) = {each.fix for each in judged(case, "RD") if each.outcome is Outcome.UNKNOWN}
    assert finding is not None
    assert "+config|get" in finding


@pytest.mark.parametrize("renamed", ["", "hidden-config"])
def test_of_a_managed_server_without_config_nobody_can_tell_what_it_alone_says(folder: Path, renamed: str) -> None:
    options = ("--rename-command", "CONFIG", renamed, "--save", "")
    with redis_server(folder / f"managed{renamed}", *options) as server:
        case = gathered(declared(broker=server.url()), "redis")
    assert ruled(case, Outcome.UNKNOWN) == set()
    assert ruled(case, Outcome.UNCHECKABLE) == BY_CONFIG


def test_a_log_that_info_tells_of_needs_no_config(folder: Path) -> None:
    with redis_server(folder / "logged", *HARDENED, "--rename-command", "CONFIG", "") as server:
        (kept,) = seen(server.url(), Durability)
    assert kept == Durability(endpoint=server.url(), appends=True, snapshots=False)


def test_a_server_that_hides_some_settings_is_judged_by_the_others() -> None:
    info = b"redis_version:7.2.4\r\nredis_mode:standalone\r\nrole:master\r\nloading:0\r\nconnected_clients:1\r\nrejected_connections:0\r\n"
    with stranger(impostor(INFO=b"$%d\r\n%b\r\n" % (len(info), info), CONFIG=b"*0\r\n", EXISTS=b":0\r\n")) as port:
        case = case_at(f"redis://127.0.0.1:{port}/0")
    assert ruled(case, Outcome.UNKNOWN) == set()
    assert ruled(case, Outcome.UNCHECKABLE) == {*BY_CONFIG, "RD119"}


def test_a_server_that_says_zero_clients_are_the_most_is_not_crowded() -> None:
    info = b"redis_version:7.2.4\r\nrole:master\r\nmaxclients:0\r\nconnected_clients:7\r\nrejected_connections:0\r\n"
    with stranger(impostor(INFO=b"$%d\r\n%b\r\n" % (len(info), info))) as port:
        url = f"redis://127.0.0.1:{port}/0"
        assert seen(url, Crowd) == [Crowd(endpoint=url, share=0, rejected=0)]


def test_a_door_is_tried_without_the_login_of_the_url(plain: RedisServer, hardened: RedisServer) -> None:
    with plain.client() as client:
        client.execute_command("ACL", "SETUSER", "somebody", "on", ">pw", "~*", "&*", "+@all")
    assert door(plain.url()) == (True, True)
    assert door(plain.url(user="somebody:pw@")) == (True, True), "the default user still asks for nothing"
    assert door(hardened.url(user=":s3cret@")) == (False, False)
    assert door(f"unix://{plain.socket}") == (True, True)


def test_a_visitor_who_may_do_nothing_is_told_apart(folder: Path) -> None:
    with redis_server(folder / "lobby", "--save", "") as server:
        with server.client() as client:
            client.execute_command("ACL", "SETUSER", "worker", "on", ">pw", "~*", "&*", "+@all")
            client.execute_command("ACL", "SETUSER", "default", "on", "nopass", "resetkeys", "-@all", "+ping")
        assert door(server.url(user="worker:pw@")) == (True, False)


def test_who_asks_for_a_client_certificate_is_no_open_door(folder: Path) -> None:
    place = folder / "mutual"
    place.mkdir()
    signed = certificate(place)
    files = f"ssl_ca_certs={signed.file}&ssl_certfile={signed.file}&ssl_keyfile={signed.key}"
    with redis_server(place, "--save", "", *signed.options()[:-1], "yes") as server:
        url = f"{server.url(scheme='rediss')}?{files}"
        assert door(url) == (False, False)
        assert seen(url, Exposure) == []
    with redis_server(folder / "optional", "--save", "", *signed.options()) as server:
        assert door(f"{server.url(scheme='rediss')}?{files}") == (True, True)


def test_behind_a_sentinel_it_is_the_master_that_is_looked_at(plain: RedisServer, folder: Path) -> None:
    with sentinel(folder / "sentinel", plain, "lead") as port:
        url = f"sentinel://127.0.0.1:{port}/0?master_name=lead"
        case = gathered(declared(broker=url), "redis")
    assert ruled(case, Outcome.UNKNOWN) == set()
    assert {each.endpoint for each in case.facts(Crowd)} == {url}


@pytest.mark.parametrize(
    ("options", "addresses", "guarded"),
    [
        ((), (), True),
        (("--bind", "127.0.0.1", "-::1"), (), True),
        (("--protected-mode", "no"), (), False),
        (("--protected-mode", "no", "--bind", "127.0.0.1", "-192.0.2.1"), ("192.0.2.1",), False),
        (("--bind", "*", "-::*"), ("*",), True),
        (("--port", "0", "--bind", "*"), (), True),
    ],
    ids=["default", "loopback", "unguarded", "one-more", "all", "socket-alone"],
)
def test_what_a_server_listens_on_is_read_as_it_means_it(
    folder: Path, request: pytest.FixtureRequest, options: tuple[str, ...], addresses: tuple[str, ...], guarded: object
) -> None:
    with redis_server(folder / request.node.callspec.id, "--save", "", *options) as server:
        (found,) = seen(f"unix://{server.socket}", Exposure)
    assert isinstance(found, Exposure)
    assert (found.addresses, found.guarded) == (addresses, guarded)
