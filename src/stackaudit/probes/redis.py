"""Asks every Redis of the stack who it is and whether it serves: INFO first, since PING says nothing of role, loading or product."""

import math
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from stackaudit.model.facts.services import INFO_TOLD, Crowd, Door, Durability, Exposure, Idleness, Pulse, ServiceState
from stackaudit.model.manifest import Endpoint
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.services import redis_endpoints
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.values import dataclass
from stackaudit.outside.resp import Connection, Reply, ServerError
from stackaudit.probes._package import fixes
from stackaudit.probes._redis_owner import owner_of
from stackaudit.probes._redis_session import NotSeen, Patience, Seen, Session, odd, refusal, select, session
from stackaudit.probes._redis_settings import KEYS, Setup, band, magnitude, setup

_PINGS = 100
_PINGING = 1.0
"""Seconds after which no further ping is sent, on a slow line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    pulse: Pulse
    measured: tuple[tuple[str, float], ...] = ()
    unseen: Unseen | None = None
    setup: Setup | None = None


def collect(visit: Visit) -> Sequence[Look]:
    """One look at each distinct URL, all asked side by side, and one at each thing that a server would not tell."""
    asked: dict[str, list[Endpoint]] = {}
    for endpoint in redis_endpoints(visit.manifest):
        asked.setdefault(endpoint.url.reveal(), []).append(endpoint)
    if not asked:
        return []
    with ThreadPoolExecutor(max_workers=len(asked)) as pool:
        return [look for looks in pool.map(lambda same: _looks(visit, same), asked.values()) for look in looks]


def _looks(visit: Visit, same: Sequence[Endpoint]) -> list[Look]:
    """The looks at one URL, which may be declared in several roles."""
    endpoint = same[0]
    subject = endpoint.subject
    roles = tuple(sorted({each.role for each in same}))
    try:
        answer = _answer(visit, endpoint)
    except Seen as seen:
        answer = _Answer(pulse=Pulse(endpoint=subject, state=seen.state, detail=seen.detail))
    except NotSeen as missing:
        yields = tuple(kind.__name__ for kind in PROBE.yields)
        unseen = Unseen(subject=subject, yields=yields, cause=missing.cause, remedy=missing.remedy)
        return [Look(probe="redis", asked=subject, evidence=Evidence(tool="connection"), unseen=unseen)]
    pulse, found = replace(answer.pulse, roles=roles), answer.setup or Setup(facts=(), unseen=())
    asked = ("INFO", "PING", *([f"CONFIG GET {' '.join(KEYS)}"] if answer.setup is not None else []))
    look = Look(
        probe="redis",
        asked=subject,
        evidence=Evidence(tool=pulse.product or "connection", tool_version=pulse.version, command=asked),
        facts=(pulse, *found.facts),
        unseen=answer.unseen,
        measured=tuple((f"{subject} {name}", seconds) for name, seconds in answer.measured),
    )
    untold = (replace(look, facts=(), measured=(), unseen=each, yields=each.yields) for each in found.unseen)
    return [look, *untold]


def _answer(visit: Visit, endpoint: Endpoint) -> _Answer:
    patience = Patience(visit.deadline)
    started = time.perf_counter()
    with session(endpoint.url.reveal(), patience) as entered:
        connected = time.perf_counter() - started
        reply = entered.connection.ask("INFO")
        info = _fields(reply)
        denied = ["info"] if isinstance(reply, ServerError) else []
        if (seen := refusal(reply)) is not None:
            raise seen
        pulse = _pulse(endpoint, entered, info)
        ping, pinged = _enter(entered, info)
        if isinstance(ping, ServerError) and ping.kind == "NOPERM":
            denied.append("ping")
        pulse = replace(pulse, denied=tuple(denied))
        if pinged is not None:
            return _Answer(pulse=replace(pulse, state=pinged.state, detail=pinged.detail))
        found = setup(entered, endpoint.subject, info, patience)
        entered.connection.deadline = patience.next()
        measured = (("connect", connected), *_latencies(entered.connection, denied))
        if entered.address.local:
            owner = owner_of(info, patience.next())
            pulse = replace(pulse, owner=owner, fixes=None if owner is None else fixes(owner))
    return _Answer(pulse=pulse, measured=measured, unseen=_mute(pulse, denied), setup=found)


def _enter(entered: Session, info: Mapping[str, str]) -> tuple[Reply, Seen | None]:
    """What PING said in the URL's database, and what keeps the server from serving there."""
    if _mode(info) == "sentinel":
        words = f"a Redis Sentinel answers on {entered.address.place}, and no data server"
        return None, Seen(ServiceState.PROTOCOL, words)
    if info.get("loading") == "1":
        return None, Seen(ServiceState.LOADING, "it is still loading its data")
    if entered.address.database and (wrong := select(entered)) is not None:
        return None, wrong
    ping = entered.connection.ask("PING")
    if ping == "PONG" or (isinstance(ping, ServerError) and ping.kind == "NOPERM"):
        return ping, None
    return ping, refusal(ping) or odd("PING")


def _pulse(endpoint: Endpoint, entered: Session, info: Mapping[str, str]) -> Pulse:
    valkey = info.get("server_name") == "valkey" or "valkey_version" in info
    # Valkey calls itself Redis 7.2.4 in `redis_version`, whatever its own version is.
    version = info.get("valkey_version") if valkey else info.get("redis_version")
    product = ("valkey" if valkey else "redis") if version is not None else None
    name = f"{product.capitalize()} {version}" if product else "a server that does not say what it is"
    return Pulse(
        endpoint=endpoint.subject,
        state=ServiceState.UP,
        detail=f"{name} answers{entered.note}",
        product=product,
        version=version,
        mode=_mode(info),
        role=info.get("role"),
        info=tuple((key, info[key]) for key in INFO_TOLD if key in info),
        local=entered.address.local,
        memory_share=_memory_share(info),
        evicted=magnitude(_number(info, "evicted_keys")),
    )


def _memory_share(info: Mapping[str, str]) -> int | None:
    """How much is in use of what the server may take: what it counts against `maxmemory`, which its buffers are no part of."""
    most = _number(info, "maxmemory") or _number(info, "total_system_memory")
    if not most or "used_memory" not in info:
        return None
    return band(_number(info, "used_memory") - _number(info, "mem_not_counted_for_evict"), most)


def _number(info: Mapping[str, str], name: str) -> int:
    text = info.get(name, "")
    return int(text) if text.isdigit() else 0


def _mode(info: Mapping[str, str]) -> str | None:
    return info.get("redis_mode") or info.get("server_mode")


def _fields(reply: Reply) -> dict[str, str]:
    """INFO's `name:value` lines."""
    if not isinstance(reply, str):
        return {}
    lines = (line.partition(":") for line in reply.splitlines() if not line.startswith("#"))
    return {name: value for name, separator, value in lines if separator}


def _mute(pulse: Pulse, denied: Sequence[str]) -> Unseen | None:
    """What a server that serves and does not say who it is leaves unseen."""
    if pulse.product is not None:
        return None
    if "info" in denied:
        cause = "the server lets this user in and does not answer INFO: its version, role and state stay unseen"
        remedy = "let the audit's user run it (ACL SETUSER NAME +info), or name another one in the URL"
    else:
        cause = "the server answers INFO without a version: what it is, its role and its state stay unseen"
        remedy = "name the address of the Redis itself, where something stands before it"
    return Unseen(subject=pulse.endpoint, yields=("Pulse",), cause=cause, remedy=remedy)


def _latencies(connection: Connection, denied: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """The median and the 99th percentile of 100 pings, in seconds; of fewer, on a slow line, the longest in its place."""
    if "ping" in denied:
        return ()
    taken: list[float] = []
    until = time.perf_counter() + _PINGING
    while len(taken) < _PINGS and time.perf_counter() < until:
        started = time.perf_counter()
        connection.ask("PING")
        taken.append(time.perf_counter() - started)
    taken.sort()
    rare = ("ping p99", taken[math.ceil(0.99 * _PINGS) - 1]) if len(taken) == _PINGS else ("ping max", taken[-1])
    return (("ping p50", taken[len(taken) // 2]), rare)


PROBE = Probe(
    name="redis",
    title="redis",
    reads=(),
    yields=(Pulse, Crowd, Door, Durability, Exposure, Idleness),
    collect=collect,
    child=True,
)
