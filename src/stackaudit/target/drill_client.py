"""A client of a drill: reads a question a line from standard input, and answers each with one line of JSON on standard output.

It runs in the sandbox's interpreter, beside `drill_app`. What Celery itself prints goes to standard error.
"""

import json
import os
import sys
import traceback
from typing import Any, Dict

ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

from celery import chord  # noqa: E402 - nothing may print before its output goes elsewhere
from celery.exceptions import TimeoutError as NotYet  # noqa: E402
from drill_app import app, double, total  # type: ignore[import-not-found]  # noqa: E402 - it lies beside this file

SENT: Dict[str, Any] = {}


def send(question: Dict[str, Any]) -> Dict[str, Any]:
    """Send a task with its options; its id."""
    task = app.tasks[question["task"]]
    return keep(task.apply_async(args=question["args"], **question["options"]))


def send_chord(question: Dict[str, Any]) -> Dict[str, Any]:
    """Send a chord: the sum of the doubles of the values; the id of its end."""
    return keep(chord([double.s(each) for each in question["values"]])(total.s()))


def keep(result: Any) -> Dict[str, Any]:  # noqa: ANN401 - Celery says nothing of the types of its own
    """Remember what was sent, to wait for."""
    SENT[result.id] = result
    return {"id": result.id}


def get(question: Dict[str, Any]) -> Dict[str, Any]:
    """Wait for the result of a task: its value, or the error that it raised, or that it is not there yet."""
    result = SENT[question["id"]]
    try:
        value = result.get(timeout=question["seconds"], propagate=False)
    except NotYet:
        return {"late": True}
    if result.failed():
        return {"failed": type(value).__name__, "traceback": result.traceback}
    return {"value": value}


def control(question: Dict[str, Any]) -> Dict[str, Any]:
    """Ask the workers one thing; the names of those that answered it with something."""
    seconds, method = question["seconds"], question["method"]
    if method == "ping":
        replies: Dict[str, Any] = {}
        for reply in app.control.ping(timeout=seconds, limit=1) or []:
            replies.update(reply)
    else:
        inspect = app.control.inspect(timeout=seconds)
        inspect.limit = 1
        replies = getattr(inspect, method)() or {}
    return {"nodes": sorted(node for node, reply in replies.items() if reply)}


def hello(_question: Dict[str, Any]) -> Dict[str, Any]:
    """Be there."""
    return {}


ERRANDS = {"send": send, "chord": send_chord, "get": get, "control": control, "hello": hello}


def main() -> None:
    """Answer until there is no more question. An error is answered by its kind, and told whole on standard error."""
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = ERRANDS[question["errand"]](question)
        except Exception as error:  # noqa: BLE001 - whatever the stack raises is what the drill is to see
            traceback.print_exc()
            answer = {"raised": type(error).__name__}
        answer["ask"] = question["ask"]
        ANSWERS.write(json.dumps(answer) + "\n")
        ANSWERS.flush()


main()
