"""One line on standard error that is written anew as answers come: who answered, and what the last one said."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from stackaudit.cli.output import plain
from stackaudit.model.secret import redact

Tick: TypeAlias = Callable[[str, str], None]
"""Called with a node that answered, and what it runs in a few words."""

_CLEAR = "\r\x1b[2K"


@contextmanager
def ticking(*, wanted: bool) -> Iterator[Tick]:
    """A tick that shows the answers while they come and leaves nothing behind; silent unless `wanted` and on a terminal."""
    if not (wanted and sys.stderr.isatty()):
        yield lambda _node, _words: None
        return
    nodes: set[str] = set()

    def tick(node: str, words: str) -> None:
        nodes.add(node)
        line = f"  {len(nodes)} answered, the last: {node}{f' ({words})' if words else ''}"
        _write(plain(redact(line))[: shutil.get_terminal_size().columns - 1])

    _write("  asking the workers")
    try:
        yield tick
    finally:
        _write("")


def _write(line: str) -> None:
    sys.stderr.write(_CLEAR + line)
    sys.stderr.flush()
