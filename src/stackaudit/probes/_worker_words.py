"""Reads what a Celery worker says of itself; of its settings nothing is kept."""

import re
from collections.abc import Mapping

from stackaudit.model.facts.workers import Worker
from stackaudit.model.wire import Json

_SOFTWARE = re.compile(
    r"software -> celery:(?P<celery>\S{1,100})(?: \([^)]*\))? kombu:(?P<kombu>\S{1,100}) py:(?P<python>\S{1,100})"
    r"\s+billiard:(?P<billiard>\S{1,100})(?: (?P<driver>[^\s:]{1,100}):(?P<driver_version>\S{1,100}))?"
)


def worker(node: str, answers: Mapping[str, Json], expected_by: tuple[str, ...], copies: int = 1) -> Worker:
    """The fact of one node that answered. `answers` are its replies to `ping`, `report` and `stats`, as far as they came."""
    report = answers.get("report")
    text = report.get("ok") if isinstance(report, dict) else None
    told = _SOFTWARE.search(text) if isinstance(text, str) else None
    said = told.groupdict() if told else {}
    pool, concurrency = _pool(answers.get("stats"))
    return Worker(
        node=node,
        answered=True,
        expected_by=expected_by,
        celery=said.get("celery"),
        kombu=said.get("kombu"),
        billiard=said.get("billiard"),
        python=said.get("python"),
        driver=said.get("driver"),
        driver_version=said.get("driver_version"),
        pool=pool,
        concurrency=concurrency,
        copies=copies,
    )


def _pool(stats: Json) -> tuple[str | None, int | None]:
    """`prefork` and 4 from `{"pool": {"implementation": "celery.concurrency.prefork:TaskPool", "max-concurrency": 4}}`."""
    pool = stats.get("pool") if isinstance(stats, dict) else None
    if not isinstance(pool, dict):
        return None, None
    implementation, concurrency = pool.get("implementation"), pool.get("max-concurrency")
    name = implementation.partition(":")[0].rpartition(".")[2] if isinstance(implementation, str) else ""
    return name or None, concurrency if isinstance(concurrency, int) else None
