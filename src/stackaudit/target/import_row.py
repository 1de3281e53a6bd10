"""Says what is installed beside the interpreter that runs this file, and imports the packages that it is told, as one framed JSON line.

It runs in other interpreters (`TARGET -I import_row.py`, the names and their statements as JSON on standard input), so it is Python 3.8
and needs the standard library alone.
"""

import importlib.metadata
import json
import keyword
import platform
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
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a package may raise anything when it is imported
        return type(error).__name__
    return None


def tried(names: List[str], statements: Dict[str, str]) -> List[Dict[str, Any]]:
    """What became of importing each of `names`: its statement, else one for each of its modules."""
    trials = []
    for name in names:
        lines = [statements[name]] if name in statements else ["import {}".format(each) for each in modules(name)]
        trials += [{"name": name, "statement": line, "problem": problem_of(line)} for line in lines]
    return trials


if __name__ == "__main__":
    asked = json.loads(sys.stdin.read())
    answer = {
        "python": platform.python_version(),
        "implementation": platform.python_implementation().lower(),
        "packages": installed(),
        "trials": tried(asked["names"], asked["statements"]),
    }
    print("\n{}\n{}\n{}".format(BEGIN, json.dumps(answer), END))
