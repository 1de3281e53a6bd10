"""How Celery writes a task for a queue of Redis, and where it leaves the result: message protocol 2, the default since Celery 4."""

import base64
import json
import uuid
from datetime import UTC, datetime, timedelta

from stackaudit.model.values import dataclass
from stackaudit.model.wire import Json
from stackaudit.probes._pidbox_words import parsed

LIFE = timedelta(seconds=60)
"""After this a worker that comes upon the message throws it away instead of running it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskMessage:
    """One task on its way: `text` lies in the queue, and the result is to be found under `result`, the key without any prefix."""

    id: str
    text: str

    @property
    def result(self) -> str:
        """The key of the result backend."""
        return f"celery-task-meta-{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a worker left of a task. `state` is Celery's word; `value` is None too where it is not JSON, which alone is ever decoded.

    `error` is the type of the exception that a failed task raised.
    """

    state: str
    value: Json
    error: str | None


def written(task: str, arguments: list[Json], queue: str) -> TaskMessage:
    """The message that asks for `task` with the positional `arguments` through `queue`."""
    id_ = str(uuid.uuid4())
    body = [arguments, {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]
    message = {
        "body": base64.b64encode(json.dumps(body).encode()).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {
            "lang": "py",
            "task": task,
            "id": id_,
            "root_id": id_,
            "parent_id": None,
            "group": None,
            "shadow": None,
            "eta": None,
            "expires": (datetime.now(UTC) + LIFE).isoformat(),
            "retries": 0,
            "timelimit": [None, None],
            "argsrepr": repr(tuple(arguments)),
            "kwargsrepr": "{}",
            "origin": "stackaudit",
            "ignore_result": False,
        },
        "properties": {
            "correlation_id": id_,
            "reply_to": str(uuid.uuid4()),
            "delivery_mode": 1,
            "delivery_info": {"exchange": "", "routing_key": queue},
            "priority": 0,
            "body_encoding": "base64",
            "delivery_tag": str(uuid.uuid4()),
        },
    }
    return TaskMessage(id=id_, text=json.dumps(message))


def read(stored: str) -> Result:
    """What is stored under a result's key."""
    meta = parsed(stored)
    state, value = meta.get("status"), meta.get("result")
    kind = value.get("exc_type") if isinstance(value, dict) else None
    failed = state in {"FAILURE", "RETRY"}
    return Result(
        state=state if isinstance(state, str) else "",
        value=value,
        error=kind if failed and isinstance(kind, str) else None,
    )
