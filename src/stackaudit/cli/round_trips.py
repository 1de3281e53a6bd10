"""Decides what goes round through broker and workers, and tells the manifest."""

import json
import os
import sys
from collections.abc import Mapping

import typer

from stackaudit.inputs.declare import endpoints
from stackaudit.inputs.settings import Settings
from stackaudit.model.errors import UsageError
from stackaudit.model.manifest import Endpoint, Setting, SettingValue
from stackaudit.model.places import Place
from stackaudit.probes._redis_url import is_local


def agreed(settings: Settings, *, yes: bool) -> str | None:
    """What goes round: a `task` where the broker is on this machine or somebody agreed; `control` where they did not.

    `unasked` where nobody is there to be asked; None without a broker.
    """
    broker = _broker(settings)
    if broker is None:
        return None
    if yes or _is_near(broker):
        return "task"
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return "unasked"
    question = f"{broker.subject} is not on this machine. Send harmless tasks through it to its workers?"
    return "task" if typer.confirm(question, err=True) else "control"


def harmless(settings: Settings, *, sandbox: bool) -> str | None:
    """What may go round where nobody is asked: a `task` on this machine or in a `sandbox`, `control` messages elsewhere."""
    broker = _broker(settings)
    if sandbox or broker is None:
        return "task" if sandbox else None
    return "task" if _is_near(broker) else "control"


def _broker(settings: Settings) -> Endpoint | None:
    return next((each for each in endpoints(settings, os.environ) if each.role == "broker"), None)


def _is_near(broker: Endpoint) -> bool:
    return is_local(broker.url.reveal())


def round_trip(options: Mapping[str, SettingValue]) -> tuple[Setting, ...]:
    """How the manifest says what goes round: `options` by their names.

    Raises:
        UsageError: the arguments are no JSON list, or there is no task for them.
    """
    arguments = options.get("args")
    if arguments is not None and options.get("task") is None:
        raise UsageError("--args are the arguments of a task", hint="name it with --task NAME")
    if isinstance(arguments, str) and not _is_list(arguments):
        raise UsageError("--args is no JSON list", hint="write it as --args '[1, \"two\"]'")
    return tuple(
        Setting(name=name.replace("-", "_"), value=value, where=Place(path=f"option --{name}"))
        for name, value in options.items()
        if value is not None
    )


def _is_list(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False
