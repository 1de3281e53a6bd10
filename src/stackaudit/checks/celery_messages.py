"""Judges what Celery's workers take in and how: serializations, the way to the broker, results."""

from collections.abc import Iterable, Iterator

from stackaudit.checks._celery_set import CONFIGURATION, REDIS_BROKER, UNVERIFIED, about, fails, telling
from stackaudit.model.audit import Case
from stackaudit.model.facts.celery_settings import CelerySettings
from stackaudit.model.findings import Finding
from stackaudit.model.parts import Rule, rule

_TYPES = {
    "json": "application/json",
    "msgpack": "application/x-msgpack",
    "pickle": "application/x-python-serialize",
    "yaml": "application/x-yaml",
}
"""kombu's own serializations, by name."""

_PICKLE = "pickle"


def _accepted(told: CelerySettings, name: str) -> frozenset[str]:
    """What a list of serializations admits, each by its short name where it has one."""
    short = {kind: each for each, kind in _TYPES.items()}
    return frozenset(short.get(each, each) for each in told.texts(name))


@rule(
    "CE201",
    "No worker takes pickle",
    severity="high",
    reads=[CelerySettings],
    about=about("accept_content"),
    why="who can write to the broker runs any code on a worker that takes pickle",
    fix='set accept_content = ["json"], and result_accept_content the same where it is set',
    source="https://docs.celeryq.dev/en/stable/userguide/security.html#serializers",
)
def no_pickle(rule: Rule, case: Case) -> Iterator[Finding]:
    """By what they say that they accept. YAML is read by kombu with its safe loader."""
    for told in telling(case, "accept_content"):
        lists = [name for name in ("accept_content", "result_accept_content") if _PICKLE in _accepted(told, name)]
        if lists:
            yield fails(rule, told, f"it takes pickle ({' and '.join(lists)})")


@rule(
    "CE202",
    "Every task is written in what its workers take",
    severity="high",
    reads=[CelerySettings],
    about=about("accept_content", "task_serializer"),
    why="a worker throws away a message in a serialization that it does not take: the task is lost",
    fix="give the task a serializer of accept_content; json is taken by all",
    source=f"{CONFIGURATION}#accept-content",
)
def readable(rule: Rule, case: Case) -> Iterator[Finding]:
    """Serializations of your own are not judged: their content types may have any name."""
    for told in telling(case, "accept_content", "task_serializer"):
        accepted = _accepted(told, "accept_content")
        default = told.text("task_serializer") or ""
        wrong = {default: "task_serializer"} if default in _TYPES and default not in accepted else {}
        for group in told.tasks:
            own = group.serializer or default
            if own in _TYPES and own not in accepted and own not in wrong:
                wrong[own] = group.told
        for name, where in sorted(wrong.items()):
            taken = ", ".join(sorted(accepted)) or "nothing"
            yield fails(rule, told, f"{where} is {name}, and it takes {taken}")


def _secured(case: Case) -> Iterable[str]:
    return [each.subject for each in telling(case, "broker_tls") if each.value("broker_tls") != "off"]


@rule(
    "CE203",
    "A worker that speaks TLS verifies its broker",
    severity="high",
    reads=[CelerySettings],
    about=_secured,
    why="without that anybody between worker and broker can read and write tasks; Celery takes a bare rediss:// as no verification",
    fix='set broker_use_ssl = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_ca_certs": FILE}, or write '
    "?ssl_cert_reqs=required&ssl_ca_certs=FILE behind the URL",
    source=f"{CONFIGURATION}#broker-use-ssl",
)
def verified(rule: Rule, case: Case) -> Iterator[Finding]:
    """By kombu's own reading of URL and settings, in the worker."""
    for told in telling(case, "broker_tls"):
        match told.value("broker_tls"):
            case "unverified":
                message = "it speaks TLS to its broker and verifies no certificate"
                yield rule.fails(told.subject, message, cause=UNVERIFIED)
            case "ignored":
                message = (
                    "broker_use_ssl is True, which kombu can't apply to Redis and passes over: it speaks plain text"
                )
                yield fails(rule, told, message)


def _keeping(case: Case) -> list[CelerySettings]:
    """Those that keep results: with a backend, and not told to ignore what tasks return."""
    told = telling(case, "result_backend", "result_expires")
    return [
        each
        for each in told
        if each.value("result_backend") is not None and each.value("task_ignore_result") is not True
    ]


@rule(
    "CE204",
    "Results expire",
    severity="medium",
    reads=[CelerySettings],
    about=lambda case: [each.subject for each in _keeping(case)],
    why="results that nobody fetches stay for ever, until the memory of the server is full and it refuses or evicts",
    fix="set result_expires, or ignore_result where nobody asks for it; Celery's own is a day",
    source=f"{CONFIGURATION}#result-expires",
)
def expiring(rule: Rule, case: Case) -> Iterator[Finding]:
    """None and zero are never."""
    for told in _keeping(case):
        if told.value("result_expires") is None:
            yield fails(rule, told, "result_expires is none: its results stay for ever")


@rule(
    "CE205",
    "Tasks and results lie in databases of their own",
    severity="low",
    reads=[CelerySettings],
    about=about("broker", "result_backend"),
    why="what empties or fills one of them, FLUSHDB or eviction, hits the other too",
    fix="give the results another database or server: result_backend = redis://HOST:6379/1",
    source=REDIS_BROKER,
)
def apart(rule: Rule, case: Case) -> Iterator[Finding]:
    """By server, port and number of the database."""
    for told in telling(case, "broker", "result_backend"):
        broker, backend = _place(told.text("broker")), _place(told.text("result_backend"))
        if broker is not None and broker == backend:
            yield fails(rule, told, "its broker and its result backend are the same database")


def _place(url: str | None) -> tuple[str, str, str] | None:
    """Host, port and database of a Redis URL; None where it is none."""
    scheme, _, rest = (url or "").partition("://")
    if scheme not in {"redis", "rediss"}:
        return None
    authority, _, database = rest.partition("/")
    host, _, port = authority.partition(":")
    return host or "localhost", port or "6379", database.strip("/") or "0"
