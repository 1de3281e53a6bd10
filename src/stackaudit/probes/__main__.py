"""Runs one probe in this process: `python -m stackaudit.probes NAME`, visit on standard input, looks on standard output.

What talks to a socket runs here, so that it can be killed: no socket timeout bounds a server that drips a byte a second.
"""

import importlib
import json
import signal
import sys

from stackaudit.model.deadline import Deadline
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Snapshot
from stackaudit.model.wire import decode, encode


def main(name: str) -> None:
    """Run the probe called `name`; the probe lives in the module of that name, so that no other probe is imported."""
    errand = json.load(sys.stdin)
    # Should the parent itself be killed, nobody is left to kill this process: the alarm does.
    signal.setitimer(signal.ITIMER_REAL, errand["seconds"] + 1)
    visit = Visit(
        manifest=decode(Manifest, errand["manifest"]),
        seen=decode(Snapshot, errand["seen"]),
        deadline=Deadline(errand["seconds"]),
    )
    module = importlib.import_module(f"stackaudit.probes.{name}")
    probe = next(each for each in vars(module).values() if isinstance(each, Probe) and each.name == name)
    output = json.dumps([encode(look) for look in probe.collect(visit)])
    sys.stdout.write(output)


if __name__ == "__main__":
    main(sys.argv[1])
