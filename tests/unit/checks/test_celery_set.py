"""What the rules say of what workers and applications are set to."""

import pytest

from asking import case_of, declared, judged, passed, told
from stackaudit.model.audit import Case
from stackaudit.model.facts.celery_settings import CelerySettings, TaskOptions
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.findings import Outcome
from stackaudit.model.manifest import SettingValue

URL = "redis://broker.test:6379/0"
ASKED = Broadcast(endpoint=URL, subscribers=2, replies=2)


def tasks(count: int = 1, **options: object) -> TaskOptions:
    return TaskOptions(count=count, names=("shop.sell",), **options)  # type: ignore[arg-type]  # the callers name its fields


LATE = tasks(acks_late=True, reject_on_worker_lost=True)


def worker(
    *groups: TaskOptions, node: str = "a@h", celery: str = "5.7.0", far: int | None = 0, **values: SettingValue
) -> CelerySettings:
    return CelerySettings(
        node=node, origin="worker", celery=celery, values=tuple(sorted(values.items())), tasks=groups, far=far
    )


def case(*facts: CelerySettings) -> Case:
    return case_of(declared(broker=URL), ASKED, *facts)


Row = tuple[str, str | None, CelerySettings]
ROWS: list[Row] = [
    ("CE201", None, worker(accept_content=("json",))),
    ("CE201", "high", worker(accept_content=("json", "pickle"))),
    ("CE201", "high", worker(accept_content=("json", "application/x-python-serialize"))),
    ("CE201", "high", worker(accept_content=("json",), result_accept_content=("pickle",))),
    ("CE202", None, worker(accept_content=("application/json",), task_serializer="json")),
    ("CE202", "high", worker(accept_content=("json",), task_serializer="pickle")),
    ("CE202", "high", worker(tasks(serializer="yaml"), accept_content=("json",), task_serializer="json")),
    ("CE202", None, worker(tasks(serializer="our-own"), accept_content=("ours",), task_serializer="our-own")),
    ("CE203", None, worker(broker_tls="verified")),
    ("CE203", "high", worker(broker_tls="unverified")),
    ("CE203", "high", worker(broker_tls="ignored")),
    ("CE204", None, worker(result_backend="redis://h/1", result_expires=60)),
    ("CE204", "medium", worker(result_backend="redis://h/1", result_expires=None)),
    ("CE205", None, worker(broker="redis://h:6379/0", result_backend="redis://h/1")),
    ("CE205", "low", worker(broker="redis://h:6379/0", result_backend="redis://h")),
    ("CE206", None, worker(socket_timeout=30)),
    ("CE206", "low", worker(socket_timeout=None)),
    ("CE207", None, worker(broker_connection_retry_on_startup=False)),
    ("CE207", "low", worker(broker_connection_retry_on_startup=None)),
    ("CE208", None, worker(broker_pool_limit=10, pool="prefork", concurrency=40)),
    ("CE208", "low", worker(broker_pool_limit=10, pool="gevent", concurrency=40)),
    ("CE208", "low", worker(broker_pool_limit=0)),
    ("CE208", "low", worker(broker_pool_limit=None)),
    ("CE301", None, worker(LATE, visibility_timeout=60, pool="prefork", task_time_limit=60)),
    ("CE301", "medium", worker(LATE, visibility_timeout=60, pool="prefork", task_time_limit=61)),
    ("CE301", "medium", worker(tasks(acks_late=True, hard_limit=90), visibility_timeout=60, pool="prefork")),
    ("CE302", None, worker(visibility_timeout=60)),
    ("CE302", "high", worker(visibility_timeout=60, far=2)),
    ("CE304", None, worker(tasks(), pool="prefork", task_time_limit=10)),
    ("CE304", None, worker(tasks(hard_limit=10), pool="prefork", task_time_limit=None)),
    ("CE304", "low", worker(tasks(), pool="prefork", task_time_limit=None)),
    ("CE304", "low", worker(pool="prefork", task_time_limit=None)),
    ("CE304", "low", worker(tasks(hard_limit=10), pool="solo")),
    ("CE305", None, worker(task_soft_time_limit=9, task_time_limit=10)),
    ("CE305", "medium", worker(task_soft_time_limit=10, task_time_limit=10)),
    ("CE305", "medium", worker(tasks(soft_limit=20), task_soft_time_limit=9, task_time_limit=10)),
    ("CE306", None, worker(task_acks_late=True)),
    ("CE306", None, worker(LATE, task_acks_late=False)),
    ("CE306", "low", worker(tasks(acks_late=False), task_acks_late=False)),
    ("CE307", None, worker(LATE)),
    ("CE307", "low", worker(tasks(acks_late=True))),
    ("CE307", None, worker(tasks(acks_late=True), task_reject_on_worker_lost=True)),
    ("CE308", None, worker(LATE, worker_cancel_long_running_tasks_on_connection_loss=True)),
    ("CE308", "low", worker(LATE, worker_cancel_long_running_tasks_on_connection_loss=False)),
    ("CE401", None, worker(prefetch_count=4, concurrency=4)),
    ("CE401", "low", worker(prefetch_count=16, concurrency=4)),
    ("CE401", "low", worker(prefetch_count=0, concurrency=4)),
    ("CE401", None, worker(prefetch_count=16, concurrency=4, worker_disable_prefetch=True)),
    ("CE402", None, worker(pool="prefork", worker_max_tasks_per_child=None, worker_max_memory_per_child=500_000)),
    ("CE402", "low", worker(pool="prefork", worker_max_tasks_per_child=None, worker_max_memory_per_child=None)),
    ("CE403", None, worker(LATE, worker_soft_shutdown_timeout=30)),
    ("CE403", "low", worker(LATE, worker_soft_shutdown_timeout=0)),
]


@pytest.mark.parametrize(("code", "severity", "settings"), ROWS)
def test_each_rule_fails_what_breaks_it_and_passes_what_keeps_it(
    code: str, severity: str | None, settings: CelerySettings
) -> None:
    found = case(settings)
    assert told(found, code) == ([] if severity is None else [(code, severity, "a@h")])
    assert passed(found, code) == ([(code, "a@h")] if severity is None else [])


SILENT: list[tuple[str, CelerySettings]] = [
    ("CE203", worker(broker_tls="off")),
    ("CE204", worker(result_backend=None, result_expires=None)),
    ("CE204", worker(result_backend="redis://h/1", result_expires=None, task_ignore_result=True)),
    ("CE207", worker(celery="5.2.7", broker_connection_retry_on_startup=None)),
    ("CE301", worker(LATE, visibility_timeout=60, pool="solo", task_time_limit=61)),
    ("CE301", worker(tasks(acks_late=False), visibility_timeout=60, pool="prefork", task_time_limit=61)),
    ("CE306", worker(task_acks_late=False)),
    ("CE307", worker(tasks(acks_late=False))),
    ("CE402", worker(pool="threads", worker_max_tasks_per_child=None, worker_max_memory_per_child=None)),
    ("CE403", worker(worker_soft_shutdown_timeout=0)),
]


@pytest.mark.parametrize(("code", "settings"), SILENT)
def test_a_rule_says_nothing_of_whom_it_is_not_about(code: str, settings: CelerySettings) -> None:
    assert judged(case(settings), code) == []


def test_what_was_not_told_passes_nothing() -> None:
    assert [each for each in judged(case(worker(far=None)), "CE") if each.rule[2] in "234"] == []


def test_tasks_that_were_too_many_to_ask_for_are_no_pass() -> None:
    (finding,) = judged(case(worker(visibility_timeout=60, far=None)), "CE302")
    assert finding.outcome is Outcome.UNCHECKABLE


@pytest.mark.parametrize(
    ("kombu", "retries", "message"),
    [
        ("5.4.0", True, "with kombu 5.4.0 and retry_on_timeout it takes no task after a silence, and says nothing"),
        ("5.6.2", True, "with kombu 5.6.2 and retry_on_timeout it takes no task after a silence, and says nothing"),
        ("5.6.2", False, None),
        ("5.7.0", True, None),
        ("5.7.0", False, "with kombu 5.7.0 and no retry_on_timeout it loses the first task after a silence"),
    ],
)
def test_what_a_silent_connection_does_hangs_on_kombu_and_one_option(
    kombu: str, *, retries: bool, message: str | None
) -> None:
    found = after_silence(kombu, retries=retries)
    assert [each.message for each in judged(found, "CE209") if each.outcome is Outcome.FAIL] == [message][
        : bool(message)
    ]
    assert passed(found, "CE209") == ([] if message else [("CE209", "a@h")])


@pytest.mark.parametrize("kombu", [None, "5.3.7", "5.7.1"])
def test_of_a_kombu_that_nobody_saw_fall_silent_nothing_is_said(kombu: str | None) -> None:
    assert judged(after_silence(kombu, retries=True), "CE209") == []


def test_without_a_socket_timeout_a_silence_has_no_end_to_come_back_from() -> None:
    assert judged(after_silence("5.7.0", retries=True, socket_timeout=None), "CE209") == []


def after_silence(kombu: str | None, *, retries: bool, socket_timeout: float | None = 30.0) -> Case:
    node = Worker(node="a@h", answered=True, expected_by=("pidbox",), kombu=kombu)
    settings = worker(socket_timeout=socket_timeout, retry_on_timeout=retries)
    return case_of(declared(broker=URL), ASKED, node, settings)


def test_one_fault_of_many_workers_has_one_cause() -> None:
    many = [worker(node=f"{name}@h", accept_content=("pickle",)) for name in "abc"]
    found = [each for each in judged(case(*many), "CE201") if each.outcome is Outcome.FAIL]
    assert len(found) == 3
    assert len({each.cause for each in found}) == 1


def test_visibility_timeouts_that_differ_are_told_at_the_broker() -> None:
    one, other = worker(visibility_timeout=60), worker(node="b@h", visibility_timeout=3600)
    (finding,) = judged(case(one, other), "CE303")
    assert finding.message == "the shortest visibility timeout counts for all: 60 s on a@h; 3600 s on b@h"
    assert passed(case(one, worker(node="b@h", visibility_timeout=60)), "CE303") == [("CE303", URL)]
    assert judged(case(one), "CE303") == []


def test_what_workers_do_outweighs_what_their_url_says() -> None:
    def over_tls(*facts: CelerySettings) -> Case:
        return case_of(declared(broker="rediss://broker.test:6379/0"), ASKED, *facts)

    unverified = over_tls(worker(broker_tls="unverified"))
    assert {rule for rule, _, _ in told(unverified, "")} >= {"CE203", "RD108"}
    found = [each for each in judged(unverified, "") if each.rule in {"CE203", "RD108"}]
    assert len({each.cause for each in found}) == 1
    assert told(over_tls(worker(broker_tls="verified")), "RD108") == []
    assert told(over_tls(), "RD108") == [("RD108", "medium", "rediss://broker.test:6379/0")]
