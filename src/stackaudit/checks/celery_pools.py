"""Judges how Celery's workers keep house: how much they take ahead, how their processes age, how they stop."""

from collections.abc import Iterator

from stackaudit.checks._celery_set import CONFIGURATION, about, fails, late, telling
from stackaudit.model.audit import Case
from stackaudit.model.facts.celery_settings import CelerySettings
from stackaudit.model.findings import Finding
from stackaudit.model.parts import Rule, rule

_SOFT_SHUTDOWN = "worker_soft_shutdown_timeout"


@rule(
    "CE401",
    "A worker takes no more tasks than it works on",
    severity="low",
    reads=[CelerySettings],
    about=about("prefetch_count", "concurrency"),
    why="tasks that one worker took ahead wait behind its long ones while others are idle; many tiny tasks gain by it",
    fix="set worker_prefetch_multiplier = 1 for long tasks such as video; with acks_late nothing else is taken ahead",
    source="https://docs.celeryq.dev/en/stable/userguide/optimizing.html#prefetch-limits",
)
def no_hoarding(rule: Rule, case: Case) -> Iterator[Finding]:
    """By what is in force: an option or a variable may say otherwise than the configuration."""
    for told in telling(case, "prefetch_count", "concurrency"):
        ahead, at_once = told.number("prefetch_count") or 0, told.number("concurrency") or 0
        if told.value("worker_disable_prefetch") is True:
            continue
        if ahead == 0:
            yield fails(rule, told, "it takes as many tasks as there are (a prefetch of 0)")
        elif ahead > at_once:
            yield fails(rule, told, f"it takes {ahead:g} tasks, and works on {at_once:g} at once")


def _aging(case: Case) -> list[CelerySettings]:
    """The pools whose processes can be replaced."""
    told = telling(case, "pool", "worker_max_tasks_per_child", "worker_max_memory_per_child")
    return [each for each in told if each.text("pool") == "prefork"]


@rule(
    "CE402",
    "Processes are replaced before they grow",
    severity="low",
    reads=[CelerySettings],
    about=lambda case: [each.subject for each in _aging(case)],
    why="what leaks a little with each task fills the memory in weeks, and the kernel kills what is running then",
    fix="set worker_max_tasks_per_child, or worker_max_memory_per_child (in KiB)",
    source=f"{CONFIGURATION}#worker-max-memory-per-child",
)
def replaced(rule: Rule, case: Case) -> Iterator[Finding]:
    """For prefork; threads and solo know no such thing."""
    for told in _aging(case):
        if not told.number("worker_max_tasks_per_child") and not told.number("worker_max_memory_per_child"):
            yield fails(rule, told, "neither worker_max_tasks_per_child nor worker_max_memory_per_child is set")


def _stopping(case: Case) -> list[CelerySettings]:
    return [each for each in telling(case, _SOFT_SHUTDOWN) if late(each) or each.far]


@rule(
    "CE403",
    "A worker that is told to stop gives its tasks time to end",
    severity="low",
    reads=[CelerySettings],
    about=lambda case: [each.subject for each in _stopping(case)],
    why="at a cold shutdown tasks that are acknowledged late are cut off, and come back after the visibility timeout at the soonest",
    fix="set worker_soft_shutdown_timeout; in containers REMAP_SIGTERM=SIGQUIT too, with a stop grace period that is longer",
    source=f"{CONFIGURATION}#worker-soft-shutdown-timeout",
)
def time_to_end(rule: Rule, case: Case) -> Iterator[Finding]:
    """Celery knows it from 5.5 on; for workers with tasks that are acknowledged late or wait for their time."""
    for told in _stopping(case):
        if not told.number(_SOFT_SHUTDOWN):
            yield fails(rule, told, f"{_SOFT_SHUTDOWN} is 0, and it holds tasks that are not acknowledged")
