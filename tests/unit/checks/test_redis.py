"""What the Redis rules say of what was seen."""

from dataclasses import replace
from datetime import date

import pytest

from asking import case_of, declared, judged, passed, told
from stackaudit.checks import redis as check
from stackaudit.model.audit import Case
from stackaudit.model.facts.services import Pulse, ServiceState
from stackaudit.model.findings import Outcome
from stackaudit.model.manifest import Manifest
from unit.checks.cases import requirement

URL = "rediss://cache.test:6379/0?ssl_cert_reqs=required"


def up(**changes: object) -> Pulse:
    pulse = Pulse(
        endpoint=URL,
        state=ServiceState.UP,
        detail="Redis 8.2.8 answers",
        product="redis",
        version="8.2.8",
        mode="standalone",
        role="master",
        info=(
            ("loading", "0"),
            ("maxmemory", "104857600"),
            ("maxmemory_policy", "noeviction"),
            ("rdb_last_bgsave_status", "ok"),
            ("redis_version", "8.2.8"),
        ),
        roles=("broker",),
        memory_share=0,
    )
    return replace(pulse, **changes)  # type: ignore[arg-type]  # the callers name fields of their own types


def case(pulse: Pulse) -> Case:
    return case_of(declared(broker=pulse.endpoint), pulse)


def test_a_server_that_serves_passes_what_was_seen_of_it() -> None:
    assert told(case(up()), "RD") == []
    assert [code for code, _ in passed(case(up()), "RD")] == [
        *("RD101", "RD102", "RD103", "RD104", "RD105", "RD106", "RD108", "RD109", "RD110", "RD111", "RD112", "RD115"),
        "RD117",
    ]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (ServiceState.REFUSED, "RD101"),
        (ServiceState.SILENT, "RD101"),
        (ServiceState.CLOSED, "RD101"),
        (ServiceState.FULL, "RD101"),
        (ServiceState.DENIED, "RD102"),
        (ServiceState.PROTOCOL, "RD103"),
        (ServiceState.TLS, "RD103"),
        (ServiceState.DATABASE, "RD103"),
        (ServiceState.LOADING, "RD105"),
        (ServiceState.MISCONF, "RD105"),
    ],
)
def test_each_other_state_fails_one_rule_and_passes_none_about_the_server(state: ServiceState, code: str) -> None:
    down = up(state=state, detail="it does not")
    assert told(case(down), "RD") == [(code, "high", URL)]
    assert [code for code, _ in passed(case(down), "RD")] == ["RD108", "RD109", "RD115"], "what the URL itself says"


def test_every_state_has_a_rule_and_a_fix() -> None:
    assert set(check._FIXES) == set(ServiceState) - {ServiceState.UP}


def test_a_replica_as_broker_fails_and_as_another_redis_does_not() -> None:
    replica = up(role="slave")
    assert told(case(replica), "RD104") == [("RD104", "high", URL)]
    assert told(case(replace(replica, roles=("redis",))), "RD104") == []


def test_a_cluster_as_broker_fails() -> None:
    assert told(case(up(mode="cluster")), "RD") == [("RD103", "high", URL)]


def test_a_failed_save_that_stops_no_write_is_told() -> None:
    failed = up(info=(("aof_last_write_status", "err"),))
    assert told(case(failed), "RD105") == [("RD105", "medium", URL)]


def test_an_ended_branch_is_medium_and_low_where_a_distribution_maintains_it() -> None:
    ended = up(version="7.0.15", local=True)
    assert told(case(ended), "RD106") == [("RD106", "medium", URL)]
    assert told(case(replace(ended, owner="redis-server 5:7.0.15-1~deb12u10")), "RD106") == [("RD106", "low", URL)]


def test_whether_a_remote_server_is_maintained_by_a_distribution_is_uncheckable() -> None:
    ended = up(version="7.0.15")
    outcomes = [each.outcome for each in judged(case(ended), "RD106")]
    assert outcomes == [Outcome.FAIL, Outcome.UNCHECKABLE]
    assert [each.outcome for each in judged(case(replace(ended, local=True)), "RD106")] == [Outcome.FAIL]


def test_a_branch_ends_on_its_day_and_not_before() -> None:
    alive = case(up(version="7.0.15"))
    assert passed(replace(alive, today=date(2024, 7, 29)), "RD106") == [("RD106", URL)]
    assert passed(replace(alive, today=date(2024, 7, 30)), "RD106") == []


def test_a_branch_that_nobody_charted_is_not_vouched_for() -> None:
    assert told(case(up(version="99.1.0")), "RD106") == [("RD106", "medium", URL)]


def test_valkey_is_judged_by_its_own_branches_and_not_by_the_redis_that_it_poses_as() -> None:
    valkey = up(product="valkey", version="9.1.2", info=(("redis_version", "7.2.4"),))
    assert passed(case(valkey), "RD106") == [("RD106", URL)]
    assert told(case(replace(valkey, version="7.0.1")), "RD106") == [("RD106", "medium", URL)]


def test_no_branch_is_judged_without_a_matrix() -> None:
    blank = replace(case(up(version="7.0.15")), matrix=None)
    assert [each for each in judged(blank, "RD106") if each.outcome is not Outcome.UNKNOWN] == []


@pytest.mark.parametrize(
    ("kombu", "pulse", "expected"),
    [
        ("5.7.0", up(version="6.0.20"), [("RD107", "high", URL)]),
        ("5.7.0", up(version="6.2.0"), []),
        ("5.6.1", up(version="6.0.20"), []),
        ("5.7.0", up(product="valkey", version="8.0.1", info=(("redis_version", "7.2.4"),)), []),
    ],
)
def test_a_server_that_is_too_old_for_kombu_is_told(
    kombu: str, pulse: Pulse, expected: list[tuple[str, str, str]]
) -> None:
    plain = case(pulse)
    pinned = replace(plain.manifest, requirements=(requirement(f"kombu=={kombu}"),))
    assert told(replace(plain, manifest=pinned), "RD107") == expected
    passes = passed(replace(plain, manifest=pinned), "RD107")
    assert bool(passes) is (kombu == "5.7.0" and not expected), "only what is known is passed"


@pytest.mark.parametrize(
    ("url", "severity"),
    [
        ("rediss://h/0", "medium"),
        ("rediss://h/0?ssl_cert_reqs=none", "high"),
        ("rediss://h/0?ssl_cert_reqs=CERT_NONE", "high"),
        ("rediss://h/0?ssl_cert_reqs=CERT_REQUIRED", None),
        ("rediss://h/0?ssl_cert_reqs=required", None),
        ("rediss://h/0?ssl_ca_certs=/ca.pem", None),
        ("redis://h/0", None),
    ],
)
def test_verification_is_read_as_celery_reads_the_url(url: str, severity: str | None) -> None:
    found = told(case_of(declared(broker=url)), "RD108")
    assert found == ([("RD108", severity, url)] if severity else [])


def test_a_url_that_only_redis_py_reads_is_no_broker_url() -> None:
    assert [rule for rule, _, _ in told(case_of(declared(broker="unix:///run/redis.sock")), "RD109")] == ["RD109"]
    assert told(case_of(declared("unix:///run/redis.sock")), "RD109") == []


def test_the_cause_is_shared_with_what_it_blinds_where_the_server_is_the_broker() -> None:
    down = up(state=ServiceState.REFUSED, detail="nothing listens on cache.test:6379")
    (finding,) = [each for each in judged(case(down), "RD") if each.outcome is Outcome.FAIL]
    assert finding.cause == "the broker does not answer: nothing listens on cache.test:6379"
    (other,) = [each for each in judged(case(replace(down, roles=("redis",))), "RD") if each.outcome is Outcome.FAIL]
    assert other.cause is None


def test_the_check_says_why_it_is_skipped() -> None:
    assert check.asked_by(Manifest()) == "no broker URL and no --redis-url"
    assert check.asked_by(declared(broker="amqp://h//")) == "the broker is not Redis, and no --redis-url"
    assert check.asked_by(declared(broker="redis://h")) is None
    assert check.asked_by(declared("redis://h", broker="amqp://h//")) is None


def test_the_summary_names_server_and_place() -> None:
    assert check.summarize(case(up()), []) == f"Redis 8.2.8 at {URL} answered"
    down = up(state=ServiceState.REFUSED, detail="nothing listens there")
    assert check.summarize(case(down), []) == f"{URL}: nothing listens there"
