"""Asks the named Celery application what it is set to: it is imported in the target's interpreter, in a process that is killed in time."""

import json
import re
from collections.abc import Mapping, Sequence

from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.celery_settings import APPLICATION, CelerySettings
from stackaudit.model.facts.tasks import KnownTasks
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.wire import Json
from stackaudit.outside import process
from stackaudit.probes import _celery_settings
from stackaudit.probes._celery_settings import FLAGS, LISTS, NUMBERS, OPTIONS, TEXTS
from stackaudit.probes._celery_values import short
from stackaudit.probes._pidbox_words import parsed
from stackaudit.target import read_application

_PATIENCE = 20.0
"""Seconds for the import of an application; a large Django project takes ten."""

_FRAME = re.compile(
    rf"^{re.escape(read_application.BEGIN)}\n(?P<json>.*)\n{re.escape(read_application.END)}$", re.MULTILINE
)
_NAME = re.compile(r"[\w.]+")
_YIELDS = (CelerySettings.__name__, KnownTasks.__name__)

OF_THE_WORKER = ("worker_max_memory_per_child",)
"""Settings that a worker's command line may say otherwise: an application can't tell them."""

_ASKED = tuple(
    each for each in (*FLAGS, *NUMBERS, *TEXTS, *LISTS, "result_expires", "result_backend") if each not in OF_THE_WORKER
)


def collect(visit: Visit) -> Sequence[Look]:
    """One look at the application, where one is named."""
    named = visit.manifest.text("app")
    if named is None:
        return []
    target = visit.manifest.interpreter
    if target is None:
        cause = "an application is imported in the interpreter of an environment, and none is audited"
        return [_look(named, ("python",), unseen=_unseen(named, cause, "name the environment with --python PATH"))]
    command = (target.path, "read_application.py", named)
    asked = json.dumps({"settings": _ASKED, "options": OPTIONS}).encode()
    completed = process.run(
        [target.path, read_application.__file__, named],
        _before(visit.deadline),
        stdin=asked,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
    )
    found = _FRAME.search(completed.text)
    answer = parsed(found["json"]) if found else {}
    why = _cause(named, completed, answer)
    if why is not None:
        unseen = _unseen(named, *why)
        return [_look(named, command, status=completed.exit_status, unseen=unseen)]
    facts = (_settings(named, answer), _known(named, answer))
    return [_look(named, command, status=completed.exit_status, facts=facts)]


def _before(deadline: Deadline) -> Deadline:
    """A little before the audit's: past that the probe is given up, answer and all."""
    left = deadline.remaining()
    return deadline.within(min(_PATIENCE, left - min(1.0, 0.15 * left)))


def _settings(named: str, answer: Mapping[str, Json]) -> CelerySettings:
    conf, broker, tasks = answer.get("settings"), answer.get("broker"), answer.get("tasks")
    values = _celery_settings.of_conf(conf) if isinstance(conf, dict) else {}
    if isinstance(broker, dict):
        values |= _celery_settings.of_connection(broker)
    celery = answer.get("celery")
    told = [
        (name, {each: str(value) for each, value in options.items()})
        for name, options in (tasks if isinstance(tasks, dict) else {}).items()
        if isinstance(options, dict)
    ]
    return CelerySettings(
        node=f"application {named}",
        origin=APPLICATION,
        celery=celery if isinstance(celery, str) else None,
        values=tuple(sorted(values.items())),
        tasks=_celery_settings.grouped(told),
    )


def _known(named: str, answer: Mapping[str, Json]) -> KnownTasks:
    tasks = answer.get("tasks")
    names = sorted({short(each) for each in tasks}) if isinstance(tasks, dict) else []
    return KnownTasks(nodes=(f"application {named}",), application=True, names=tuple(names))


def _cause(named: str, completed: process.Completed, answer: Mapping[str, Json]) -> tuple[str, str] | None:
    """Why the application did not tell, and what to do; None where it did. Nothing of what it said itself is quoted."""
    by_hand = "import it by hand, in the folder of this call, with the audited interpreter"
    match completed.ending:
        case process.Ending.TIMED_OUT:
            return (
                f"the import of {named} did not end in time, and was killed",
                "give more --timeout, or mend its import",
            )
        case process.Ending.NOT_FOUND | process.Ending.NOT_EXECUTABLE:
            return "the interpreter for the application could not be started", "name the right one with --python PATH"
        case _ if not answer:
            return f"the import of {named} ended the interpreter", by_hand
    kind = _named(answer.get("kind")) or "an error"
    match answer.get("problem"):
        case None:
            return None
        case "import":
            missing = _named(answer.get("missing"))
            what = f"there is no module {missing}" if kind == "ModuleNotFoundError" and missing else f"it raised {kind}"
            return f"{named} could not be imported: {what}", by_hand
        case "celery":
            return (
                f"{named} is no Celery application: it is of the type {kind}",
                "name the Celery instance, MODULE:NAME",
            )
        case "tasks":
            return f"the modules with the tasks of {named} could not be imported: {kind}", by_hand
        case _:
            return f"{named} did not tell its settings: {kind}", by_hand


def _named(value: Json) -> str | None:
    """A name of a type or a module; whatever else an application might call them is not repeated."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) else None


def _unseen(named: str, cause: str, remedy: str) -> Unseen:
    return Unseen(subject=f"application {named}", yields=_YIELDS, cause=cause, remedy=remedy)


def _look(
    named: str,
    command: tuple[str, ...],
    *,
    status: int | None = None,
    facts: tuple[CelerySettings, KnownTasks] | None = None,
    unseen: Unseen | None = None,
) -> Look:
    version = facts[0].celery if facts is not None else None
    return Look(
        probe="application",
        asked=f"what {named} is set to",
        evidence=Evidence(tool="celery", tool_version=version, command=command, exit_status=status),
        facts=facts or (),
        unseen=unseen,
        yields=_YIELDS,
    )


PROBE = Probe(name="application", title="application", reads=(), yields=(CelerySettings, KnownTasks), collect=collect)
