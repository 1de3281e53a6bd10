"""What the rules say of how a Redis server is set up."""

import pytest

from asking import case_of, declared, passed, told
from stackaudit import sockets
from stackaudit.checks import redis as check
from stackaudit.model.facts.services import Crowd, Durability, Idleness

URL = "redis://localhost:6379/0"


def test_a_broker_that_keeps_nothing_loses_its_tasks_and_a_cache_may() -> None:
    lossy = Durability(endpoint=URL, appends=False, snapshots=False)
    assert told(case_of(declared(broker=URL), lossy), "RD116") == [("RD116", "medium", URL)]
    assert told(case_of(declared(URL), lossy), "RD116") == [("RD116", "low", URL)]


@pytest.mark.parametrize(
    "kept",
    [
        Durability(endpoint=URL, appends=True, snapshots=False),
        Durability(endpoint=URL, appends=False, snapshots=True),
    ],
    ids=["log", "snapshots"],
)
def test_a_log_or_snapshots_keep_tasks(kept: Durability) -> None:
    assert passed(case_of(declared(broker=URL), kept), "RD116") == [("RD116", URL)]


@pytest.mark.parametrize(
    ("timeout", "keepalive", "severity"), [(0, 300, None), (60, 300, "low"), (0, 0, "low"), (60, 0, "low")]
)
def test_closing_idle_connections_is_told_once(timeout: int, keepalive: int, severity: str | None) -> None:
    idle = Idleness(endpoint=URL, timeout=timeout, keepalive=keepalive)
    assert told(case_of(declared(broker=URL), idle), "RD118") == ([("RD118", severity, URL)] if severity else [])


@pytest.mark.parametrize(
    ("share", "rejected", "severity"),
    [(0, 0, None), (50, 0, None), (80, 0, "medium"), (100, 10, "medium"), (0, 10, "low")],
)
def test_a_crowd_is_told_by_what_is_there_now(share: int, rejected: int, severity: str | None) -> None:
    crowd = Crowd(endpoint=URL, share=share, rejected=rejected)
    assert told(case_of(declared(broker=URL), crowd), "RD119") == ([("RD119", severity, URL)] if severity else [])


def test_each_rule_that_asks_the_server_says_what_that_takes_and_no_other() -> None:
    for rule in sockets.rules_of(check.CHECK):
        asks = any(
            kind.__name__ in {"Pulse", "Door", "Exposure", "Durability", "Idleness", "Crowd"} for kind in rule.reads
        )
        assert (rule.permission is not None) is asks, rule.code
        assert rule.source or rule.code in {"RD107", "RD110"}, "these two name the source of each finding"
