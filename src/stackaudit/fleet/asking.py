"""Asks all workers of a broker, in a process that is killed at the deadline, and passes on each answer as it comes."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from stackaudit.fleet.looks import blind
from stackaudit.model.deadline import Deadline
from stackaudit.model.manifest import Endpoint, Manifest
from stackaudit.model.snapshot import Look
from stackaudit.model.wire import Json, WireError, decode, encode
from stackaudit.outside import process

Telling: TypeAlias = Callable[[str, str], None]
"""Called with a node that answered, and what it runs in a few words; empty where it has only said that it is there."""


def silent(_node: str, _words: str) -> None:
    """The telling that says nothing."""


@dataclass(slots=True)
class _Listener:
    """Takes the lines of the child apart as they come."""

    tell: Telling
    nodes: set[str] = field(default_factory=set)
    looks: tuple[Look, ...] | None = None
    _read: int = 0

    def hear(self, output: bytearray) -> None:
        while (end := output.find(b"\n", self._read)) >= 0:
            line = output[self._read : end]
            self._read = end + 1
            try:
                said: Json = json.loads(line)
            except ValueError:
                continue
            match said:
                case ["heard", str(node), str(words)]:
                    self.nodes.add(node)
                    self.tell(node, words)
                case ["looks", list() as looks]:
                    self.looks = decode(tuple[Look, ...], looks)
                case _:
                    continue


def ask(manifest: Manifest, broker: Endpoint, deadline: Deadline, tell: Telling = silent) -> tuple[Look, ...]:
    """What the workers of `broker` said; `tell` is called while they say it.

    Nothing it meets is raised: what could not be seen is in the looks.
    """
    listener = _Listener(tell=tell)
    errand = {
        "manifest": encode(Manifest(endpoints=(broker,), settings=manifest.settings), reveal=True),
        "seconds": deadline.remaining(),
    }
    command = [sys.executable, "-P", "-m", "stackaudit.fleet"]
    try:
        done = process.run(command, deadline, stdin=json.dumps(errand).encode(), hear=listener.hear)
    except WireError:
        return _broke(broker, WireError.__name__)
    if listener.looks is not None:
        return listener.looks
    if done.ending is process.Ending.TIMED_OUT:
        count = len(listener.nodes)
        heard = f", though {count} worker{'s' * (count != 1)} had answered" if count else ""
        return blind(broker, f"the workers were not all asked when the time was up{heard}", "give more --timeout")
    last = done.error_text.strip().splitlines()[-1:]
    return _broke(broker, last[0].partition(":")[0] if last else f"exit status {done.exit_status}")


def _broke(broker: Endpoint, what: str) -> tuple[Look, ...]:
    cause = f"the question to the fleet broke ({what}): this is a bug of stackaudit"
    return blind(broker, cause, "report it, with the command that you ran")
