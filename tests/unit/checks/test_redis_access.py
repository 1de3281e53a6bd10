"""What the rules say of who gets into a Redis server, and of who could read along."""

import pytest

from asking import case_of, declared, judged, passed, told
from stackaudit.model.facts.services import Door, Exposure
from stackaudit.model.findings import Outcome

URL = "redis://cache.test:6379/0"


@pytest.mark.parametrize(
    ("door", "severity"),
    [
        (Door(endpoint=URL, open=True, reads=True, local=False), "high"),
        (Door(endpoint=URL, open=True, reads=True, local=True), "low"),
        (Door(endpoint=URL, open=True, reads=False, local=False), "low"),
        (Door(endpoint=URL, open=False, reads=False, local=False), None),
    ],
)
def test_who_gets_in_without_a_password_decides(door: Door, severity: str | None) -> None:
    case = case_of(declared(broker=URL), door)
    assert told(case, "RD113") == ([("RD113", severity, URL)] if severity else [])
    assert passed(case, "RD113") == ([] if severity else [("RD113", URL)])


@pytest.mark.parametrize(
    ("exposure", "severity"),
    [
        (Exposure(endpoint=URL, addresses=("*",), guarded=False), "medium"),
        (Exposure(endpoint=URL, addresses=("10.0.0.7",), guarded=False), "medium"),
        (Exposure(endpoint=URL, addresses=("*",), guarded=True), None),
        (Exposure(endpoint=URL, addresses=(), guarded=False), None),
    ],
)
def test_a_server_with_no_password_is_to_be_guarded_or_alone(exposure: Exposure, severity: str | None) -> None:
    case = case_of(declared(broker=URL), exposure)
    assert told(case, "RD114") == ([("RD114", severity, URL)] if severity else [])
    assert passed(case, "RD114") == ([] if severity else [("RD114", URL)])


def test_an_open_door_is_one_cause_of_two_findings() -> None:
    open_door = Door(endpoint=URL, open=True, reads=True, local=True)
    case = case_of(declared(broker=URL), open_door, Exposure(endpoint=URL, addresses=("*",), guarded=False))
    causes = {each.rule: each.cause for each in judged(case, "RD11") if each.outcome is Outcome.FAIL}
    assert set(causes) == {"RD113", "RD114", "RD115"}
    assert causes["RD113"] == causes["RD114"] != causes["RD115"]


def test_a_door_that_nobody_tried_passes_nothing() -> None:
    case = case_of(declared(broker=URL))
    assert [passed(case, code) for code in ("RD113", "RD114")] == [[], []]


@pytest.mark.parametrize(
    ("url", "severity"),
    [
        ("redis://cache.example.com:6379/0", "medium"),
        ("redis://ann:pw@cache.example.com/0", "medium"),
        ("redis://8.8.8.8/0", "medium"),
        ("sentinel://one.example.com:26379;sentinel://two.example.com:26379", "medium"),
        ("redis://localhost/0;redis://cache.example.com/0", "medium"),
        ("redis://10.1.2.3/0", "low"),
        ("redis://redis:6379/0", "low"),
        ("redis://cache.internal/0", "low"),
        ("redis://127.0.0.1/0", None),
        ("redis://[::1]:6379/0", None),
        ("redis://localhost", None),
        ("redis:///0", None),
        ("redis+socket:///run/redis.sock", None),
        ("rediss://cache.example.com/0", None),
    ],
)
def test_plain_text_to_elsewhere_is_told(url: str, severity: str | None) -> None:
    case = case_of(declared(broker=url))
    assert [each for _, each, _ in told(case, "RD115")] == ([severity] if severity else [])
    assert bool(passed(case, "RD115")) is (severity is None)


def test_no_password_is_quoted() -> None:
    case = case_of(declared(broker="redis://ann:s3cret@cache.example.com/0"))
    assert "s3cret" not in repr(told(case, "RD115"))
