"""Starts one Celery worker in a sandbox's environment, and waits until it listens."""

import platform
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from stackaudit.lab.room import Room
from stackaudit.lab.servers import Server
from stackaudit.model.deadline import Deadline
from stackaudit.model.secret import redact
from stackaudit.model.values import dataclass
from stackaudit.outside.files import write_whole
from stackaudit.outside.service import Service

if TYPE_CHECKING:
    from redis import Redis

PATIENCE = 60.0
"""Seconds that a worker may take to be ready; an idle machine's takes two."""

APP = '''\
"""The application of a sandbox's worker."""

from pathlib import Path

from celery import Celery

url = Path(__file__).with_name("broker-url").read_text()
app = Celery("sandbox", broker=url, backend=url)
app.conf.update(
    accept_content=["json"],
    broker_connection_retry_on_startup=True,
    result_expires=600,
    task_serializer="json",
    worker_hijack_root_logger=True,
)


@app.task(name="sandbox.echo")
def echo(value):
    """Give the value back: a way through broker, worker and result backend."""
    return value
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """The worker that should answer. `trouble` says why it won't, in one sentence; None where it is ready."""

    name: str
    trouble: str | None


def start_worker(room: Room, python: Path, server: Server, path: str, deadline: Deadline) -> Node | None:
    """Start a worker with `python`, with `path` as its PATH, on `server`; None where the environment has no Celery.

    A worker that does not come up is no error of the sandbox's: that these pins bring up no worker is what the audit is to find.
    """
    if not any(python.parent.parent.glob("lib/python*/site-packages/celery/__init__.py")):
        return None
    folder = room.folder / "app"
    folder.mkdir()
    write_whole(folder / "sandbox_app.py", APP)
    # In a file of this user's own: a URL in a command line or in the environment would show the password to others.
    write_whole(folder / "broker-url", server.url.reveal())
    name = f"sandbox@{platform.node()}"
    command = [str(python), "-m", "celery", "-A", "sandbox_app", "worker", "--hostname", name]
    command += ["--pool", "prefork", "--concurrency", "1", "--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    service = room.start("worker", command, cwd=folder, env={"PATH": path, "PYTHONDONTWRITEBYTECODE": "1"})
    return Node(name=name, trouble=trouble_of(room, service, server, deadline))


def trouble_of(room: Room, service: Service, server: Server, deadline: Deadline) -> str | None:
    """Wait until the worker says that it is ready and listens for control messages; what kept it from that, or None."""
    patience = deadline.within(PATIENCE)
    with server.client() as client:
        while patience.remaining() > 0:
            status = service.exit_status()
            lines = service.lines()
            if status is not None:
                return f"the sandbox's worker ended with exit status {status} before it was ready{_last_words(room, lines)}"
            # Both: it says that it is ready a moment before it has subscribed, and what is published in between is lost.
            if any(line.rstrip().endswith(" ready.") for line in lines) and _listens(client):
                return None
            time.sleep(0.05)
    return "the sandbox's worker was not ready in time"


def _listens(client: "Redis") -> bool:
    import redis

    try:
        return bool(client.pubsub_numpat() or client.pubsub_channels())
    except (redis.RedisError, OSError):
        return False


_ERROR = re.compile(r"^(?:[\w.]+\.)?\w*(?:Error|Exception|Mismatch|Interrupt|Configured)\b.*")


def _last_words(room: Room, lines: list[str]) -> str:
    """The error that a worker's log ends with, redacted; empty where it names none."""
    found = next((line for line in reversed(lines) if _ERROR.match(line)), "")
    return f": {redact(found).replace(str(room.folder), 'the sandbox').strip()[:300]}" if found else ""
