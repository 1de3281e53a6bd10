"""Imports modules in the interpreter of a bench."""

import json

from stackaudit.lab.bench import Bench, NotSetUp
from stackaudit.model.secret import redact
from stackaudit.model.values import dataclass
from stackaudit.model.wire import Json

MODULES = (
    "vine",
    "amqp",
    "billiard",
    "kombu",
    "kombu.transport.redis",
    "redis",
    "celery",
    "celery.app.amqp",
    "celery.backends.redis",
    "celery.bin.celery",
    "celery.concurrency.prefork",
    "celery.worker.worker",
    "ffmpeg",
)
"""What is imported, from the bottom of the stack up; what is not installed is left out."""

_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What importing did: the modules that raised, with the error's kind, and what was warned of, with the module that was imported."""

    broken: tuple[tuple[str, str], ...]
    deprecated: tuple[tuple[str, str], ...]


def imported(bench: Bench, modules: tuple[str, ...]) -> Imported:
    """What importing `modules` one by one does.

    Raises:
        NotSetUp: the interpreter did not say.
    """
    answer = bench.interpret("drill_imports.py", *modules)
    try:
        found: Json = json.loads(answer.text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise NotSetUp("the interpreter ended while it imported the stack", "run it again with -v")
    return Imported(broken=_pairs(found["broken"], "raised"), deprecated=_pairs(found["deprecated"], "words"))


def _pairs(found: Json, words: str) -> tuple[tuple[str, str], ...]:
    """The module and the first line of what was said of it, each once."""
    pairs = (
        [
            (str(each["module"]), redact(str(each[words])).strip().partition("\n")[0][:_LONGEST])
            for each in found
            if isinstance(each, dict)
        ]
        if isinstance(found, list)
        else []
    )
    return tuple(dict.fromkeys(pairs))
