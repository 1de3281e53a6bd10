"""Looks what importing each component of the stack costs in the target's own interpreter: for the document alone, no rule reads it."""

import json
import re
from collections.abc import Sequence
from typing import Any

from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.environment import Distribution, ImportTrial, InterpreterFact
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Evidence, Look
from stackaudit.outside import process
from stackaudit.target import measure_import

STATEMENTS = {
    "amqp": "from amqp import Connection",
    "billiard": "from billiard.pool import Pool",
    "celery": "from celery import Celery",
    "ffmpeg-python": "import ffmpeg",
    "kombu": "from kombu import Connection",
    "redis": "import redis",
    "vine": "import vine",
}
"""What a program that uses the package begins with; celery and kombu load nothing before a name of theirs is asked for."""

RUNS = 3
"""The least of so many counts: whatever else the machine does makes an import slower, never faster."""

_PATIENCE = 5.0
"""Seconds for one import; a slow one takes one."""

_FRAME = re.compile(
    rf"^{re.escape(measure_import.BEGIN)}\r?\n(?P<json>.*)\r?\n{re.escape(measure_import.END)}\r?$", re.MULTILINE
)


def collect(visit: Visit) -> Sequence[Look]:
    """One look at each component that is installed."""
    target = next(iter(visit.facts(InterpreterFact)), None)
    if target is None:
        return []
    return [
        _look(target, each, STATEMENTS[each.name], visit.deadline)
        for each in visit.facts(Distribution)
        if each.name in STATEMENTS
    ]


def _look(target: InterpreterFact, package: Distribution, statement: str, deadline: Deadline) -> Look:
    command = (target.path, "-I", "measure_import.py", statement)
    seconds: list[float] = []
    grown: list[float] = []
    problem, status = None, None
    for _ in range(RUNS):
        completed = process.run(
            [target.path, "-I", measure_import.__file__, statement], deadline.within(_PATIENCE), group=True
        )
        status = completed.exit_status
        answer = _answer(completed.text)
        problem = _problem(completed, answer)
        if problem is not None:
            break
        seconds.append(float(answer["seconds"]))
        grown += [float(answer["bytes"])] if answer["bytes"] is not None else []
    measured = () if problem is not None else ((statement, min(seconds)),)
    memory = ((f"{statement} bytes", min(grown)),) if grown and problem is None else ()
    return Look(
        probe="imports",
        asked=f"{statement}, best of {RUNS}",
        evidence=Evidence(tool="python", tool_version=target.version, command=command, exit_status=status),
        facts=(ImportTrial(name=package.name, version=package.version, statement=statement, problem=problem),),
        measured=(*measured, *memory),
    )


def _answer(text: str) -> dict[str, Any]:
    frame = _FRAME.search(text)
    try:
        answer = json.loads(frame["json"]) if frame else {}
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _problem(completed: process.Completed, answer: dict[str, Any]) -> str | None:
    """Why there is nothing to measure, in our words; None where there is."""
    if completed.ending is process.Ending.TIMED_OUT:
        return f"it was not done in {_PATIENCE:.0f} s, or before the audit's time was up"
    if isinstance(answer.get("problem"), str):
        return f"it ends in {answer['problem']}"
    if not isinstance(answer.get("seconds"), float):
        return f"the interpreter gave no answer ({completed.ending})"
    return None


PROBE = Probe(
    name="imports",
    title="import times",
    reads=(InterpreterFact, Distribution),
    yields=(ImportTrial,),
    collect=collect,
)
