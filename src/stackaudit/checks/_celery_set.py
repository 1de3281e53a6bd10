"""What rules about Celery's settings share: whose settings were told, and how one fault of many workers is told once."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from stackaudit.model.audit import Case
from stackaudit.model.facts.celery_settings import CelerySettings, TaskOptions
from stackaudit.model.findings import Finding
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Rule
from stackaudit.model.services import speaks_redis

CONFIGURATION = "https://docs.celeryq.dev/en/stable/userguide/configuration.html"
REDIS_BROKER = "https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html"


UNVERIFIED = "the connection to the broker verifies no certificate"
"""The cause that what the broker's URL says and what its workers do about it have in common."""


def telling(case: Case, *names: str) -> list[CelerySettings]:
    """The settings of all workers and applications that told each of `names`."""
    return [each for each in case.facts(CelerySettings) if each.tells(*names)]


def about(*names: str) -> Callable[[Case], Iterable[str]]:
    """The subjects of a rule that reads the settings `names`: those that told them."""
    return lambda case: [each.subject for each in telling(case, *names)]


def fails(rule: Rule, told: CelerySettings, message: str, *, fix: str | None = None) -> Finding:
    """A finding about one worker; of many that are set alike a person is told once."""
    return rule.fails(told.subject, message, fix=fix, cause=f"{rule.code}: {message}")


def graver(finding: Finding, rule: Rule) -> Finding:
    """`finding` at the severity of `rule` itself."""
    return replace(finding, severity=rule.severity)


def late(told: CelerySettings) -> list[TaskOptions]:
    """The tasks that are acknowledged after they ran; what the settings say, where the tasks themselves were not told."""
    return [each for each in told.tasks if each.acks_late]


def over_redis(manifest: Manifest) -> str | None:
    """Asked of brokers that speak Redis alone: the others look after their queues by themselves."""
    broker = manifest.endpoint("broker")
    if broker is None:
        return "no broker URL"
    return None if speaks_redis(broker) else "the broker is not Redis"


def seconds(value: float) -> str:
    """`value` as people write it: `3600 s`, `7.5 s`."""
    return f"{value:g} s" if value < 1e6 else f"{value:.0f} s"  # noqa: PLR2004 - from there on %g writes 1e+06


def named(groups: Iterable[TaskOptions]) -> str:
    """The tasks of `groups`, by name."""
    return ", ".join(each.told for each in groups)


def workers(case: Case) -> Iterator[CelerySettings]:
    """The settings of workers alone."""
    return (each for each in case.facts(CelerySettings) if each.origin == "worker")
