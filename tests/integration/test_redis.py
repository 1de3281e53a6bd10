"""What the Redis probe sees of real servers, in every state in which one can be met."""

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from asking import declared, gathered, judged, passed, pulse, pulses, told
from servers import (
    Certificate,
    RedisServer,
    certificate,
    drips,
    free_port,
    full_backlog,
    hangs_up,
    impostor,
    redis_server,
    sentinel,
    speaks_amqp,
    speaks_http,
    stays_silent,
    stranger,
)
from stackaudit.model.facts.services import Pulse, ServiceState
from stackaudit.model.findings import Outcome
from stackaudit.model.snapshot import Look


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("redis")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[RedisServer]:
    with redis_server(folder / "plain", "--save", "") as running:
        yield running


@pytest.fixture(scope="module")
def locked(folder: Path) -> Iterator[RedisServer]:
    with redis_server(folder / "locked", "--save", "", password="s3cret") as running:
        yield running


@pytest.fixture(scope="module")
def signed(folder: Path) -> Certificate:
    return certificate(folder)


@pytest.fixture(scope="module")
def secured(folder: Path, signed: Certificate) -> Iterator[RedisServer]:
    with redis_server(folder / "tls", "--save", "", *signed.options()) as running:
        yield running


def test_a_server_that_serves_says_who_it_is(server: RedisServer) -> None:
    (look,) = pulses(server.url())
    (seen,) = [fact for fact in look.facts if isinstance(fact, Pulse)]
    version = subprocess.run(["redis-server", "--version"], capture_output=True, text=True, check=True).stdout
    assert f"v={seen.version} " in version
    assert (seen.state, seen.product, seen.mode, seen.role) == (ServiceState.UP, "redis", "standalone", "master")
    assert seen.local
    assert dict(seen.info)["maxmemory_policy"] == "noeviction"
    assert [name for name, _ in look.measured] == [
        f"{server.url()} {what}" for what in ("connect", "ping p50", "ping p99")
    ]
    assert all(seconds > 0 for _, seconds in look.measured)


def test_the_package_that_the_running_program_came_from_is_proved(server: RedisServer) -> None:
    program = shutil.which("redis-server") or ""
    owner = None
    if shutil.which("dpkg-query"):
        found = subprocess.run(["dpkg-query", "-S", program], capture_output=True, text=True, check=False)
        name = found.stdout.partition(":")[0]
        show = ["dpkg-query", "-W", "-f", "${Version}", name]
        owner = f"{name} {subprocess.run(show, capture_output=True, text=True, check=True).stdout}" if name else None
    assert pulse(server.url()).owner == owner


def test_a_unix_socket_is_read_in_both_dialects(server: RedisServer) -> None:
    for url in (f"unix://{server.socket}?db=2", f"redis+socket://{server.socket}?virtual_host=2"):
        seen = pulse(url)
        assert (seen.state, seen.local) == (ServiceState.UP, True)
    assert pulse(f"unix://{server.socket}?db=99").state is ServiceState.DATABASE


def test_a_port_or_socket_with_nobody_behind_refuses(tmp_path: Path) -> None:
    assert pulse(f"redis://127.0.0.1:{free_port()}/0").state is ServiceState.REFUSED
    assert pulse(f"unix://{tmp_path}/none.sock").state is ServiceState.REFUSED


def test_a_host_that_does_not_exist_stays_unseen() -> None:
    case = gathered(declared("redis://no-such-host.invalid:6379/0"), "redis")
    outcomes = {each.outcome for each in judged(case, "RD") if each.rule == "RD101"}
    assert outcomes == {Outcome.UNKNOWN}
    assert passed(case, "RD") == []


@pytest.mark.parametrize("user", ["", ":wrong@", "nobody:s3cret@"])
def test_a_login_that_is_missing_or_wrong_is_denied(locked: RedisServer, user: str) -> None:
    (look,) = pulses(locked.url(user=user))
    (seen,) = look.facts
    assert isinstance(seen, Pulse)
    assert seen.state is ServiceState.DENIED
    assert "s3cret" not in repr(look)
    assert "wrong@" not in repr(look)


def test_the_right_password_is_let_in(locked: RedisServer) -> None:
    assert pulse(locked.url(user=":s3cret@")).state is ServiceState.UP


def test_a_password_that_the_server_does_not_have_is_denied(server: RedisServer) -> None:
    assert pulse(server.url(user=":pw@")).state is ServiceState.DENIED


def test_a_user_who_may_not_run_info_is_unknown_and_never_green(server: RedisServer) -> None:
    with server.client() as client:
        client.execute_command("ACL", "SETUSER", "auditor", "on", ">pw", "~*", "&*", "+@all", "-info")
    case = gathered(declared(server.url(user="auditor:pw@")), "redis")
    (seen,) = case.facts(Pulse)
    assert (seen.state, seen.denied, seen.version) == (ServiceState.UP, ("info",), None)
    seen_without = {"RD113", "RD114", "RD115", "RD116", "RD118"}
    assert {each.outcome for each in judged(case, "RD") if each.rule not in seen_without} == {Outcome.UNKNOWN}


@pytest.mark.parametrize("database", ["99", "foo"])
def test_a_database_that_is_not_there_is_told(server: RedisServer, database: str) -> None:
    assert pulse(server.url(database)).state is ServiceState.DATABASE


def test_a_user_who_may_not_enter_the_database_is_denied(server: RedisServer) -> None:
    with server.client() as client:
        client.execute_command("ACL", "SETUSER", "shut-out", "on", ">pw", "~*", "&*", "+@all", "-select")
    seen = pulse(server.url(3, user="shut-out:pw@"))
    assert (seen.state, "SELECT" in seen.detail) == (ServiceState.DENIED, True)
    assert pulse(server.url(user="shut-out:pw@")).state is ServiceState.UP


def test_a_server_that_loads_is_not_up(folder: Path) -> None:
    place = folder / "loading"
    with redis_server(place, "--enable-debug-command", "yes") as filled, filled.client() as client:
        client.execute_command("DEBUG", "POPULATE", "20000")
        client.execute_command("SAVE")
    slow = ("--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024")
    with redis_server(place, *slow, wait=False) as loading:
        case = gathered(declared(broker=loading.url()), "redis")
    (seen,) = case.facts(Pulse)
    assert (seen.state, seen.version is not None) == (ServiceState.LOADING, True)
    assert told(case, "RD") == [("RD105", "high", seen.endpoint)]


def test_a_server_that_can_not_save_is_told(folder: Path) -> None:
    place = folder / "unsaved"
    with redis_server(place, "--save", "3600 1") as server, server.client() as client:
        (place / "dump.rdb").mkdir()
        client.bgsave()
        until = time.monotonic() + 20
        while client.info("persistence")["rdb_last_bgsave_status"] != "err" and time.monotonic() < until:
            time.sleep(0.02)
        seen = pulse(server.url())
    assert seen.state is ServiceState.MISCONF
    assert dict(seen.info)["rdb_last_bgsave_status"] == "err"


def test_a_replica_is_up_and_no_broker(server: RedisServer, folder: Path) -> None:
    with redis_server(folder / "replica", "--save", "", "--replicaof", f"127.0.0.1 {server.port}") as replica:
        case = gathered(declared(broker=replica.url()), "redis", "celery")
    (seen,) = case.facts(Pulse)
    assert (seen.state, seen.role) == (ServiceState.UP, "slave")
    assert ("RD104", "high", seen.endpoint) in told(case, "RD")
    assert passed(case, "CE") == []


def test_a_server_with_no_room_for_another_client_is_full(folder: Path) -> None:
    with redis_server(folder / "full", "--save", "", "--maxclients", "1") as server, server.client() as client:
        client.ping()
        assert pulse(server.url()).state is ServiceState.FULL
        client.close()
        later = gathered(declared(server.url()), "redis")
    assert ("RD119", "medium", server.url()) in told(later, "RD"), (
        "it turned one away, and the audit itself is all it takes"
    )


def test_one_certificate_is_read_in_three_ways(secured: RedisServer, signed: Certificate) -> None:
    url = secured.url(scheme="rediss")
    unknown = pulse(url)
    assert unknown.state is ServiceState.TLS
    assert pulse(f"{url}?ssl_cert_reqs=none").state is ServiceState.UP
    for wanted in ("required", "CERT_REQUIRED"):
        assert pulse(f"{url}?ssl_cert_reqs={wanted}&ssl_ca_certs={signed.file}").state is ServiceState.UP


def test_verification_that_is_left_out_or_turned_off_is_told(secured: RedisServer) -> None:
    bare, none = secured.url(scheme="rediss"), secured.url(scheme="rediss") + "?ssl_cert_reqs=CERT_NONE"
    assert ("RD108", "medium", bare) in told(gathered(declared(broker=bare), "redis"), "RD")
    assert ("RD108", "high", none) in told(gathered(declared(broker=none), "redis"), "RD")


def test_a_certificate_for_another_name_is_told(folder: Path) -> None:
    place = folder / "named"
    place.mkdir()
    other = certificate(place, "DNS:broker.test")
    with redis_server(place, "--save", "", *other.options()) as server:
        url = f"{server.url(scheme='rediss')}?ssl_ca_certs={other.file}"
        seen = pulse(url)
        assert (seen.state, "another host name" in seen.detail) == (ServiceState.TLS, True)
        assert pulse(f"{url}&ssl_check_hostname=false").state is ServiceState.UP


def test_a_server_that_asks_for_a_client_certificate_is_told(folder: Path, signed: Certificate) -> None:
    options = [*signed.options()][:-1]
    with redis_server(folder / "mutual", "--save", "", *options, "yes") as server:
        url = f"{server.url(scheme='rediss')}?ssl_ca_certs={signed.file}"
        assert pulse(url).state is ServiceState.TLS
        assert pulse(f"{url}&ssl_certfile={signed.file}&ssl_keyfile={signed.key}").state is ServiceState.UP


def test_plain_text_and_tls_do_not_meet(server: RedisServer, secured: RedisServer) -> None:
    looks = pulses(secured.url(), server.url(scheme="rediss"))
    states = {look.asked: fact.state for look in looks for fact in look.facts if isinstance(fact, Pulse)}
    assert states == {secured.url(): ServiceState.TLS, server.url(scheme="rediss"): ServiceState.TLS}


def test_whoever_says_nothing_is_silent_and_holds_up_nobody_else(server: RedisServer, folder: Path) -> None:
    with contextlib.ExitStack() as stack:
        stopped = stack.enter_context(redis_server(folder / "stopped", "--save", ""))
        stack.enter_context(stopped.stopped())
        halting = impostor(INFO=b"$1000\r\nredis_version:7.2")
        silent, *partial = (stack.enter_context(stranger(each)) for each in (stays_silent, drips, halting))
        hanging = [f"redis://127.0.0.1:{port}/0" for port in (silent, *partial, stopped.port)]
        dropped = f"redis://127.0.0.1:{stack.enter_context(full_backlog())}/0"
        started = time.monotonic()
        case = gathered(declared(*hanging, dropped, server.url()), "redis")
        taken = time.monotonic() - started
    states = {each.endpoint: each.state for each in case.facts(Pulse)}
    assert states == {**dict.fromkeys(hanging, ServiceState.SILENT), server.url(): ServiceState.UP}
    said = {each.endpoint: each.detail for each in case.facts(Pulse)}
    assert ["part of an answer" in said[url] for url in hanging] == [False, True, True, False]
    assert taken < 18, "five times five seconds, side by side"
    unseen = {each.subject: each.cause for _, each in case.snapshot.unseen(frozenset({"Pulse"}))}
    assert [url for url in unseen if "did not take up a connection" in unseen[url]] == [dropped]


def test_silence_proves_nothing_where_the_audit_had_no_time() -> None:
    with stranger(stays_silent) as port:
        (look,) = pulses(f"redis://127.0.0.1:{port}/0", seconds=1.5)
    assert look.facts == ()
    assert look.unseen is not None


@pytest.mark.parametrize(
    ("behaviour", "state"),
    [(speaks_http, ServiceState.PROTOCOL), (speaks_amqp, ServiceState.PROTOCOL), (hangs_up, ServiceState.CLOSED)],
    ids=["http", "amqp", "closed"],
)
def test_strangers_are_told_from_redis(behaviour: "object", state: ServiceState) -> None:
    assert callable(behaviour)
    with stranger(behaviour) as port:
        assert pulse(f"redis://127.0.0.1:{port}/0").state is state


@pytest.mark.parametrize(
    ("replies", "path", "state"),
    [
        ({}, "0", ServiceState.UP),
        ({"PING": b"+HELLO\r\n"}, "0", ServiceState.PROTOCOL),
        ({"PING": b":1\r\n"}, "0", ServiceState.PROTOCOL),
        ({"PING": b"-ERR no such command\r\n"}, "0", ServiceState.PROTOCOL),
        ({"SELECT": b":0\r\n"}, "3", ServiceState.PROTOCOL),
        ({"AUTH": b"*0\r\n"}, "0", ServiceState.PROTOCOL),
    ],
)
def test_only_what_a_redis_says_counts_as_an_answer(replies: dict[str, bytes], path: str, state: ServiceState) -> None:
    with stranger(impostor(**replies)) as port:
        assert pulse(f"redis://:pw@127.0.0.1:{port}/{path}").state is state


@pytest.mark.parametrize("info", [b"$-1\r\n", b":5\r\n", b"$0\r\n\r\n", b"*1\r\n+x\r\n", b"-ERR unknown command\r\n"])
def test_a_server_that_does_not_say_what_it_is_passes_nothing(info: bytes) -> None:
    with stranger(impostor(INFO=info)) as port:
        case = gathered(declared(broker=f"redis://127.0.0.1:{port}/0"), "redis")
    told_of = [each for each in judged(case, "RD") if each.rule in {"RD101", "RD103", "RD104", "RD105", "RD106"}]
    assert {each.outcome for each in told_of} == {Outcome.UNKNOWN}


def test_a_user_in_the_url_of_a_server_that_knows_none_is_denied_in_plain_words() -> None:
    with stranger(impostor(AUTH=b"-ERR wrong number of arguments for 'auth' command\r\n")) as port:
        seen = pulse(f"redis://ann:pw@127.0.0.1:{port}/0")
    assert (seen.state, "came with Redis 6" in seen.detail) == (ServiceState.DENIED, True)


def test_a_sentinel_leads_to_its_master_and_is_no_server_itself(server: RedisServer, folder: Path) -> None:
    with sentinel(folder / "sentinel", server, "lead") as port:
        plain = pulse(f"redis://127.0.0.1:{port}/0")
        named = pulse(f"sentinel://127.0.0.1:{port}/1?master_name=lead")
        alone = pulse(f"sentinel://127.0.0.1:{free_port()};sentinel://127.0.0.1:{port}")
        wrong = pulse(f"sentinel://127.0.0.1:{port}/0?master_name=other")
        no_sentinel = pulse(f"sentinel://127.0.0.1:{server.port}/0?master_name=lead")
    assert (plain.state, plain.mode) == (ServiceState.PROTOCOL, "sentinel")
    assert (named.state, named.role) == (ServiceState.UP, "master")
    assert alone.state is ServiceState.UP
    assert (wrong.state, no_sentinel.state) == (ServiceState.PROTOCOL, ServiceState.PROTOCOL)


def test_a_cluster_is_up_and_no_broker(folder: Path) -> None:
    with redis_server(
        folder / "cluster", "--save", "", "--cluster-enabled", "yes", "--cluster-port", str(free_port())
    ) as server:
        case = gathered(declared(broker=server.url()), "redis")
        assert pulse(server.url(3)).state is ServiceState.DATABASE
    (seen,) = case.facts(Pulse)
    assert (seen.state, seen.mode) == (ServiceState.UP, "cluster")
    assert ("RD103", "high", seen.endpoint) in told(case, "RD")


def test_valkey_is_not_taken_for_the_old_redis_that_it_says_it_is(folder: Path, valkey: str) -> None:
    with redis_server(folder / "valkey", "--save", "", program=valkey) as server:
        seen = pulse(server.url())
    assert (seen.state, seen.product) == (ServiceState.UP, "valkey")
    version = subprocess.run([valkey, "--version"], capture_output=True, text=True, check=True).stdout
    assert f"v={seen.version} " in version
    assert dict(seen.info)["redis_version"] == "7.2.4"


def test_a_failover_list_is_asked_for_its_first_and_says_so(server: RedisServer) -> None:
    seen = pulse(f"{server.url()};redis://127.0.0.1:{free_port()}/0")
    assert (seen.state, seen.detail.endswith("the first of 2 in the URL")) == (ServiceState.UP, True)


def test_one_url_in_two_roles_is_one_look(server: RedisServer) -> None:
    case = gathered(declared(server.url(), broker=server.url()), "redis")
    looks: tuple[Look, ...] = case.snapshot.looks
    assert [each.asked for each in looks] == [server.url()]
    (seen,) = case.facts(Pulse)
    assert seen.roles == ("broker", "redis")
