"""Reads what a Celery worker really runs with: `stats` over `registered` over `conf`; of settings none but the few named are kept."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from stackaudit.model.facts.celery_settings import CelerySettings, TaskOptions
from stackaudit.model.manifest import SettingValue
from stackaudit.model.secret import strip_secrets
from stackaudit.model.wire import Json
from stackaudit.probes._celery_values import flag, limit, number, seconds, short, tls, whole
from stackaudit.probes._pidbox_words import Command

OPTIONS = ("acks_late", "reject_on_worker_lost", "time_limit", "soft_time_limit", "serializer")
"""What is asked of each task: a decorator may say otherwise than the settings."""

COMMANDS = (
    Command(method="conf", arguments=(("with_defaults", True),)),
    Command(method="registered", arguments=(("taskinfoitems", list(OPTIONS)),)),
    Command(method="active_queues"),
)

SCHEDULED = Command(method="scheduled")
"""Apart from the others: its answer holds every task that waits for its time, whole."""

FLAGS = (
    "broker_connection_retry_on_startup",
    "task_acks_late",
    "task_ignore_result",
    "task_reject_on_worker_lost",
    "worker_cancel_long_running_tasks_on_connection_loss",
    "worker_disable_prefetch",
)
NUMBERS = (
    "broker_pool_limit",
    "redis_backend_health_check_interval",
    "worker_max_memory_per_child",
    "worker_soft_shutdown_timeout",
)
TEXTS = ("result_serializer", "task_serializer")
LISTS = ("accept_content", "result_accept_content")

_OF_REDIS = frozenset({"redis", "rediss", "sentinel"})
_VISIBILITY = 3600
"""kombu's own, in seconds, where nothing is said."""

_NAMED = 3
"""Tasks that are named of those that are set alike."""

_MOST_LISTED = 100
_LONGEST_URL = 2000
"""What a setting may hold before its end is left out: an answer has no bounds of its own."""

_TASK = re.compile(r"(?P<name>.+?)(?: \[(?P<options>\w+=[^\[\]]*)\])?", re.DOTALL)
_HOST = re.compile(r"[\w.:\[\]-]{1,255}")
_RESULTS = re.compile(r"^settings -> .*?\bresults:(?P<url>\S+)", re.MULTILINE)


def settings(node: str, answers: Mapping[str, Json], celery: str | None, now: datetime) -> CelerySettings | None:
    """What `node` runs with, from its answers to `stats`, `report` and `COMMANDS`; None where it did not tell its configuration.

    `celery` is its version, `now` the moment of the answers, in UTC.
    """
    conf = answers.get("conf")
    if not isinstance(conf, dict) or "task_serializer" not in conf:
        return None
    stats = answers.get("stats")
    running = stats if isinstance(stats, dict) else {}
    values = {**of_conf(conf), **_of_pool(running), **_of_broker(running)}
    report = answers.get("report")
    values |= _of_report(report.get("ok") if isinstance(report, dict) else None)
    scheduled = answers.get("scheduled")
    held = etas(scheduled) if isinstance(scheduled, list) else None
    ahead = whole(running.get("prefetch_count"))
    if ahead is not None:
        # Each task that waits for its time makes room for one more; that is no setting.
        values["prefetch_count"] = max(0, ahead - len(held or ()))
    visible = values.get("visibility_timeout")
    far = None
    if held is not None and isinstance(visible, int | float):
        far = sum(1 for eta in held if eta - now > timedelta(seconds=float(visible)))
    registered = answers.get("registered")
    return CelerySettings(
        node=node,
        origin="worker",
        celery=celery,
        values=tuple(sorted(values.items())),
        tasks=grouped(_tasks(registered if isinstance(registered, list) else ())),
        far=far,
    )


def of_conf(conf: Mapping[str, Json]) -> dict[str, SettingValue]:
    """The settings of those that rules read which `conf` tells and which are of the type that Celery gives them."""
    values: dict[str, SettingValue] = {name: flag(conf[name]) for name in FLAGS if name in conf}
    values |= {name: None for name in NUMBERS if conf.get(name, "") is None}
    values |= {name: told for name in NUMBERS if (told := number(conf.get(name))) is not None}
    for name in TEXTS:
        value = conf.get(name)
        if isinstance(value, str):
            values[name] = short(value)
    for name in LISTS:
        listed = conf.get(name)
        if isinstance(listed, list):
            values[name] = tuple(short(each) for each in listed[:_MOST_LISTED] if isinstance(each, str))
    expires = seconds(conf["result_expires"] or 0) if "result_expires" in conf else None
    if expires is not None:
        values["result_expires"] = expires or None
    if "result_backend" in conf:
        values["result_backend"] = _address(conf["result_backend"])
    return values


def _of_report(text: Json) -> dict[str, SettingValue]:
    """The backend in use: a variable may name another than the configuration does."""
    found = _RESULTS.search(text) if isinstance(text, str) else None
    if found is None:
        return {}
    return {"result_backend": None if found["url"].startswith("disabled") else _address(found["url"])}


def _address(value: Json) -> str | None:
    """A URL with no login and no query; None where it is none."""
    if not isinstance(value, str) or "://" not in value:
        return None
    return short(strip_secrets(value.partition("?")[0][:_LONGEST_URL]))


def _of_pool(stats: Mapping[str, Json]) -> dict[str, SettingValue]:
    pool = stats.get("pool")
    if not isinstance(pool, dict):
        return {}
    values: dict[str, SettingValue] = {}
    implementation = pool.get("implementation")
    if isinstance(implementation, str):
        values["pool"] = short(implementation.partition(":")[0].rpartition(".")[2])
    concurrency = whole(pool.get("max-concurrency"))
    if concurrency is not None:
        values["concurrency"] = concurrency
    match pool.get("timeouts"):
        case [soft, hard]:
            values["task_soft_time_limit"], values["task_time_limit"] = limit(soft), limit(hard)
    if "max-tasks-per-child" in pool:
        values["worker_max_tasks_per_child"] = whole(pool["max-tasks-per-child"])
    return values


def _of_broker(stats: Mapping[str, Json]) -> dict[str, SettingValue]:
    broker = stats.get("broker")
    return of_connection(broker) if isinstance(broker, dict) else {}


def of_connection(broker: Mapping[str, Json]) -> dict[str, SettingValue]:
    """What kombu's own description of a connection tells of a Redis broker."""
    transport = broker.get("transport")
    if not isinstance(transport, str) or transport not in _OF_REDIS:
        return {}
    given = broker.get("transport_options")
    options = given if isinstance(given, dict) else {}
    visible = number(options.get("visibility_timeout"))
    values: dict[str, SettingValue] = {
        "broker_tls": tls(broker.get("ssl")),
        "visibility_timeout": _VISIBILITY if visible is None else visible,
        "health_check_interval": number(options.get("health_check_interval")),
        "socket_timeout": number(options.get("socket_timeout")),
        "retry_on_timeout": bool(options.get("retry_on_timeout")),
    }
    host, port, database = broker.get("hostname"), broker.get("port"), broker.get("virtual_host")
    if isinstance(host, str) and _HOST.fullmatch(host) and whole(port) is not None and isinstance(database, str | int):
        values["broker"] = f"{transport}://{host}:{port}/{str(database).strip('/') or 0}"
    return values


def etas(scheduled: Sequence[Json]) -> list[datetime]:
    """When the tasks that a worker holds are due; of the tasks themselves nothing is read."""
    told = (each.get("eta") for each in scheduled if isinstance(each, dict))
    return [moment for each in told if isinstance(each, str) and (moment := _moment(each)) is not None]


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def queues(answers: Mapping[str, Json]) -> frozenset[str] | None:
    """The names of the queues that a worker takes from; None where it did not say."""
    told = answers.get("active_queues")
    if not isinstance(told, list):
        return None
    names = (each.get("name") for each in told if isinstance(each, dict))
    return frozenset(name for name in names if isinstance(name, str))


def _tasks(registered: Sequence[Json]) -> Iterable[tuple[str, dict[str, str]]]:
    for text in registered:
        found = _TASK.fullmatch(text) if isinstance(text, str) else None
        if found is not None:
            pairs = (each.partition("=") for each in (found["options"] or "").split())
            yield short(found["name"]), {name: short(value) for name, _, value in pairs}


def known_tasks(answers: Mapping[str, Json]) -> tuple[str, ...] | None:
    """The names of the tasks that a worker knows, sorted; None where it did not say."""
    registered = answers.get("registered")
    return tuple(sorted({name for name, _ in _tasks(registered)})) if isinstance(registered, list) else None


def grouped(tasks: Iterable[tuple[str, Mapping[str, str]]]) -> tuple[TaskOptions, ...]:
    """`tasks` (each with its options as texts), those that are set alike together, sorted."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for name, options in tasks:
        alike.setdefault(tuple(options.get(each, "") for each in OPTIONS), []).append(name)
    return tuple(_options(key, sorted(alike[key])) for key in sorted(alike))


def _options(key: tuple[str, ...], names: list[str]) -> TaskOptions:
    told = dict(zip(OPTIONS, key, strict=True))
    booleans = {"True": True, "False": False}
    return TaskOptions(
        count=len(names),
        names=tuple(names[:_NAMED]),
        acks_late=booleans.get(told["acks_late"]),
        reject_on_worker_lost=booleans.get(told["reject_on_worker_lost"]),
        hard_limit=limit(told["time_limit"]),
        soft_limit=limit(told["soft_time_limit"]),
        serializer=told["serializer"] or None,
    )
