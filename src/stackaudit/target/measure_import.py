"""Runs one import statement in the interpreter that runs this file, and prints what that cost as one framed JSON line.

It runs in other interpreters (`TARGET -I measure_import.py STATEMENT`), so it is Python 3.8 and needs the standard library alone.
"""

import json
import os
import sys
import time
from typing import Any, Dict, Optional

BEGIN = "=== stackaudit import 1 ==="
END = "=== end of stackaudit import ==="


def resident() -> Optional[int]:
    """The bytes of memory that this process has in RAM, None where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:  # noqa: PTH123 - a plain import is cheaper
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        return None
    # Bytes on macOS, the only other system; the most there ever was, which an import hardly lowers.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if sys.platform == "darwin" else None


def measured(statement: str) -> Dict[str, Any]:
    """What `statement` cost: seconds, bytes of memory, and the kind of error that it ended in, if any."""
    code = compile(statement, "statement", "exec")
    before = resident()
    started = time.perf_counter()
    try:
        exec(code, {})  # noqa: S102 - the statement is one of our own
    except Exception as error:  # noqa: BLE001 - a package may raise anything when it is imported
        return {"problem": type(error).__name__}
    seconds = time.perf_counter() - started
    after = resident()
    grown = None if before is None or after is None else max(0, after - before)
    return {"seconds": seconds, "bytes": grown, "problem": None}


if __name__ == "__main__":
    print(f"\n{BEGIN}\n{json.dumps(measured(sys.argv[1]))}\n{END}")
