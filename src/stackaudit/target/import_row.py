"""Says what is installed beside the interpreter that runs this file, and imports the packages that it is told, as one framed JSON line.

It runs in other interpreters (`TARGET -I import_row.py`, the names and their statements as JSON on standard input), so it is Python 3.8
and needs the standard library alone.
"""

import importlib.metadata
import itertools
import json
import keyword
import os
import platform
import signal
import sys
from typing import Any, Dict, List, Optional

BEGIN = "=== stackaudit row 1 ==="
END = "=== end of stackaudit row ==="

NEVER = {"docs", "example", "examples", "test", "tests"}
"""What some distributions leave at the top by mistake, and nobody imports."""


def installed() -> List[List[str]]:
    """Name and version of each distribution, sorted."""
    found = {(each.metadata["Name"], each.version) for each in importlib.metadata.distributions()}
    return sorted([name, version] for name, version in found if name)


def modules(name: str) -> List[str]:
    """The modules that distribution `name` puts at the top, sorted; empty where it is not installed or does not say."""
    try:
        files = importlib.metadata.files(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    found = set()
    for each in files:
        if len(each.parts) == 1 and each.suffix == ".py":
            found.add(each.stem)
        elif len(each.parts) == 2 and each.parts[1] == "__init__.py":  # noqa: PLR2004 - package/__init__.py
            found.add(each.parts[0])
    return sorted(
        each
        for each in found
        if each.isidentifier() and not keyword.iskeyword(each) and not each.startswith("_") and each not in NEVER
    )


def problem_of(statement: str) -> Optional[str]:
    """The kind of error that `statement` ends in, with the module that it misses where it says so; None where it works."""
    try:
        exec(compile(statement, "statement", "exec"), {})  # noqa: S102 - a statement of our own
    except ModuleNotFoundError as error:
        return "{} of {}".format(type(error).__name__, error.name) if error.name else type(error).__name__
    except BaseException as error:  # noqa: BLE001 - a package may raise anything when it is imported
        return type(error).__name__
    return None


def problems_of(statements: List[str]) -> List[Optional[str]]:
    """`problem_of` each in turn, in a process of its own: one that ends its interpreter is told of, and the others are tried in another."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        with os.fdopen(write, "w") as told:
            for statement in statements:
                told.write(json.dumps(problem_of(statement)) + "\n")
                told.flush()
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as told:
        # Not to the end of the pipe: a process that an import left in the background holds it open.
        lines = list(itertools.islice(told, len(statements)))
    _, status = os.waitpid(child, 0)
    found: List[Optional[str]] = [json.loads(line) for line in lines]
    if len(found) == len(statements):
        return found
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    end = signal.Signals(number).name if number else "exit status {}".format(os.WEXITSTATUS(status))
    return [*found, end, *problems_of(statements[len(found) + 1 :])]


def tried(names: List[str], statements: Dict[str, str]) -> List[Dict[str, Any]]:
    """What became of importing each of `names`: its statement, else one for each of its modules."""
    trials = []
    for name in names:
        lines = [statements[name]] if name in statements else ["import {}".format(each) for each in modules(name)]
        trials += [{"name": name, "statement": line} for line in lines]
    problems = problems_of([each["statement"] for each in trials])
    return [{**each, "problem": problems[at]} for at, each in enumerate(trials)]


if __name__ == "__main__":
    asked = json.loads(sys.stdin.read())
    answer = {
        "python": platform.python_version(),
        "implementation": platform.python_implementation().lower(),
        "packages": installed(),
        "trials": tried(asked["names"], asked["statements"]),
    }
    print("\n{}\n{}\n{}".format(BEGIN, json.dumps(answer), END))
