"""What the rules say of a Redis server's memory."""

from dataclasses import replace

import pytest

from asking import case_of, declared, passed, told
from stackaudit.model.audit import Case
from stackaudit.model.facts.services import Pulse, ServiceState

URL = "redis://localhost:6379/0"
BOUND = "104857600"


def case(policy: str, maxmemory: str = BOUND, **changes: object) -> Case:
    pulse = Pulse(
        endpoint=URL,
        state=ServiceState.UP,
        detail="Redis 8.2.8 answers",
        info=(("maxmemory", maxmemory), ("maxmemory_policy", policy), ("total_system_memory", "8589934592")),
        roles=("broker",),
        memory_share=0,
    )
    return case_of(declared(broker=URL), replace(pulse, **changes))  # type: ignore[arg-type]  # fields of a pulse


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-lfu", "allkeys-lrm", "allkeys-random"])
def test_a_broker_that_may_evict_any_key_fails_and_worse_where_it_did(policy: str) -> None:
    assert told(case(policy), "RD111") == [("RD111", "high", URL)]
    assert told(case(policy, evicted=1000), "RD111") == [("RD111", "critical", URL)]


@pytest.mark.parametrize("policy", ["volatile-lru", "volatile-ttl"])
def test_evicting_what_has_a_time_to_live_spares_queues_and_is_low_until_it_happened(policy: str) -> None:
    assert told(case(policy), "RD111") == [("RD111", "low", URL)]
    assert told(case(policy, evicted=1), "RD111") == [("RD111", "medium", URL)]


def test_a_cache_may_evict() -> None:
    assert told(case("allkeys-lru", roles=("redis",), evicted=1000), "RD111") == [("RD111", "low", URL)]


def test_a_policy_without_a_bound_never_acts() -> None:
    assert passed(case("allkeys-lru", maxmemory="0"), "RD111") == [("RD111", URL)]
    assert passed(case("noeviction"), "RD111") == [("RD111", URL)]


def test_memory_without_a_bound_is_low_until_the_machine_is_half_full() -> None:
    assert told(case("noeviction", maxmemory="0"), "RD112") == [("RD112", "low", URL)]
    assert told(case("noeviction", maxmemory="0", memory_share=50), "RD112") == [("RD112", "medium", URL)]
    assert passed(case("noeviction", memory_share=50), "RD112") == [("RD112", URL)]


def test_a_bound_beyond_the_machine_is_none() -> None:
    assert told(case("noeviction", maxmemory="8589934593"), "RD112") == [("RD112", "medium", URL)]
    assert passed(case("noeviction", maxmemory="8589934592"), "RD112") == [("RD112", URL)]


@pytest.mark.parametrize(("share", "severity"), [(0, None), (50, None), (80, "low"), (90, "medium"), (100, "high")])
@pytest.mark.parametrize("policy", ["noeviction", "volatile-lru"])
def test_a_server_that_fills_is_told_and_a_full_one_fails(share: int, severity: str | None, policy: str) -> None:
    filling = case(policy, memory_share=share)
    assert told(filling, "RD117") == ([("RD117", severity, URL)] if severity else [])
    assert bool(passed(filling, "RD117")) is (severity is None)


def test_a_cache_is_always_full_and_a_server_without_a_bound_never() -> None:
    for each in (case("allkeys-lru", memory_share=100), case("noeviction", maxmemory="0", memory_share=100)):
        assert (told(each, "RD117"), passed(each, "RD117")) == ([], [])


def test_what_info_does_not_tell_passes_nothing() -> None:
    mute = case("noeviction", info=(), memory_share=None)
    assert [passed(mute, code) for code in ("RD111", "RD112", "RD117")] == [[], [], []]


def test_a_sandbox_is_not_blamed_for_its_own_server() -> None:
    unbounded = case("noeviction", maxmemory="0")
    sandboxed = replace(unbounded, manifest=replace(unbounded.manifest, sandbox=True))
    assert (told(sandboxed, "RD112"), passed(sandboxed, "RD112")) == ([], [])
