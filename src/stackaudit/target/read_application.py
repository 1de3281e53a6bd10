"""Imports one Celery application in the interpreter that runs this file, and prints what it is set to as one framed JSON line.

It runs in other interpreters (`TARGET read_application.py MODULE:NAME`), so it is Python 3.8 and needs the standard library and the Celery
that is there. It runs code of the user's: what that prints is thrown away, and of its errors only the kind is told, since their text may
hold anything. What is printed here still holds addresses with logins: it is for the parent's eyes alone.
"""

import json
import os
import sys
from importlib import import_module
from typing import Any, Dict, List

BEGIN = "=== stackaudit application 1 ==="
END = "=== end of stackaudit application ==="

Json = Dict[str, Any]


def application(module: str, name: str) -> Any:  # noqa: ANN401 - whatever the user's module has under that name
    """What `module` has under `name`, which may be dotted. Raises whatever its import raises."""
    found: Any = import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def plain(value: Any) -> Any:  # noqa: ANN401 - a setting may be anything
    """`value` as JSON can hold it; of another kind its text, as a worker would answer."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    return str(value)


def settings_of(app: Any, names: List[str]) -> Json:  # noqa: ANN401 - Celery is the target's own
    """The settings `names` of `app` that its Celery knows."""
    return {name: plain(app.conf[name]) for name in names if name in app.conf}


def connection_of(app: Any) -> Json:  # noqa: ANN401 - Celery is the target's own
    """How kombu would connect to the broker of `app`; nothing is connected."""
    connection = app.connection_for_write()
    info = connection.info()
    kept = ("hostname", "port", "ssl", "transport", "transport_options", "virtual_host")
    return {name: plain(info.get(name)) for name in kept}


def tasks_of(app: Any, options: List[str]) -> Dict[str, Json]:  # noqa: ANN401 - Celery is the target's own
    """The tasks of `app` but for Celery's own, each with those of `options` that it has, as texts."""
    app.loader.import_default_modules()
    return {
        name: {each: str(getattr(task, each)) for each in options if getattr(task, each, None) is not None}
        for name, task in app.tasks.items()
        if not name.startswith("celery.")
    }


def answer(target: str, settings: List[str], options: List[str]) -> Json:
    """What the application `target` (`MODULE:NAME`) is set to; else at which step it failed, and the kind of error."""
    module, _, name = target.partition(":")
    step = "import"
    try:
        app = application(module, name)
        step = "celery"
        if not (hasattr(app, "conf") and hasattr(app, "tasks") and hasattr(app, "connection_for_write")):
            return {"problem": step, "kind": type(app).__name__}
        import celery

        step = "conf"
        told = {"settings": settings_of(app, settings), "broker": connection_of(app)}
        step = "tasks"
        return {"problem": None, "celery": celery.__version__, "tasks": tasks_of(app, options), **told}
    # A module may end the interpreter when it is imported, with whatever it likes.
    except BaseException as error:  # noqa: BLE001 - see above
        missing = error.name if isinstance(error, ImportError) else None
        return {"problem": step, "kind": type(error).__name__, "missing": missing}


def main() -> None:
    """Read what is asked from standard input, and answer where standard output was, which the application never sees."""
    asked = json.load(sys.stdin)
    out = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    # As `celery -A` does: the folder of the call is on the path, the folder of this file is not.
    sys.path[0] = os.getcwd()  # noqa: PTH109 - a plain import is cheaper
    told = answer(sys.argv[1], asked["settings"], asked["options"])
    line = json.dumps(told)
    os.write(out, "\n{}\n{}\n{}\n".format(BEGIN, line, END).encode())
    # What the application has left running, threads and exit handlers, is of no interest here.
    os._exit(0)


if __name__ == "__main__":
    main()
