"""Starts the real Celery workers that integration tests ask."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PATIENCE = 60.0

TRANSPORT = {"socket_timeout": 30, "socket_keepalive": True, "visibility_timeout": 7200}
HEALTHY = {
    "accept_content": ["json"],
    "broker_connection_retry_on_startup": True,
    "broker_transport_options": TRANSPORT,
    "result_expires": 600,
    "task_soft_time_limit": 540,
    "task_time_limit": 600,
    "worker_cancel_long_running_tasks_on_connection_loss": True,
    "worker_max_tasks_per_child": 100,
    "worker_prefetch_multiplier": 1,
    "worker_soft_shutdown_timeout": 30,
}
"""Settings with which a prefork worker of a kombu before 5.7 has no finding; from then on it needs `retry_on_timeout` besides."""

_APP = """\
import json, os
from celery import Celery
app = Celery("tested", broker=os.environ["TESTED_BROKER"])
app.conf.update(json.loads(os.environ["TESTED_SETTINGS"]))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningWorker:
    """A worker that has said that it is ready. `node` is its name."""

    node: str
    process: subprocess.Popen[bytes]
    log: Path

    def signal(self, number: signal.Signals) -> None:
        """Send `number` to the worker and to all its children."""
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """End it with SIGKILL, so that it can't say good-bye to the broker."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """While inside all its processes are stopped: its subscription lives on, and it answers nothing."""
        self.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.signal(signal.SIGCONT)


def start(  # noqa: PLR0913 - keywords that each replace one default
    folder: Path,
    url: str,
    node: str,
    *,
    pool: str = "solo",
    python: str = sys.executable,
    settings: str = "{}",
    lines: str = "",
) -> RunningWorker:
    """Start a worker with `python` on `url`, and do not wait for it.

    `settings` is a JSON object of Celery's settings, `lines` is more code of its application.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tested.py").write_text(_APP + lines, encoding="utf-8")
    log = folder / "log"
    command = [python, "-m", "celery", "-A", "tested", "worker", "-P", pool, "-c", "1", "-n", node, "-l", "INFO"]
    environment = {**os.environ, "TESTED_BROKER": url, "TESTED_SETTINGS": settings, "PYTHONPATH": str(folder)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    return RunningWorker(node=node, process=process, log=log)


@contextlib.contextmanager
def running(*workers: RunningWorker) -> Iterator[tuple[RunningWorker, ...]]:
    """`workers`, each ready; all are killed at the end."""
    try:
        for worker in workers:
            _wait(worker)
        yield workers
    finally:
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                worker.kill()


def _wait(worker: RunningWorker) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and worker.process.poll() is None:
        if b" ready." in worker.log.read_bytes():
            return
        time.sleep(0.05)
    raise AssertionError(f"{worker.node} did not come up: {worker.log.read_text(errors='replace')[-2000:]}")
