"""Live progress on standard error: what is being looked at, and what is done."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from stackaudit.audit import Progress, silent

_MARKS = {"running": ">", "done": "+", "unseen": "?"}


@contextmanager
def live(*, wanted: bool) -> Iterator[Progress]:
    """A progress that shows a line a probe while it runs and leaves nothing behind; silent unless `wanted` and on a terminal."""
    if not (wanted and sys.stderr.isatty()):
        yield silent
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    started: dict[str, float] = {}
    ended: dict[str, tuple[str, float]] = {}

    console = Console(stderr=True)

    def picture() -> Text:
        now = time.monotonic()
        # What ended last is told as long as there is room: a terminal has few lines, and the drills of a matrix are many.
        room = max(len(started) - len(ended), console.height - 2)
        over = set(list(ended)[: max(0, len(started) - room)])
        ends = {name: ended.get(name, ("running", now)) for name in started if name not in over}
        lines = [f"  {_MARKS[state]} {name:<28} {at - started[name]:5.1f} s" for name, (state, at) in ends.items()]
        return Text("\n".join(lines), style="dim")

    with Live(console=console, get_renderable=picture, refresh_per_second=8, transient=True):

        def progress(name: str, state: str) -> None:
            now = time.monotonic()
            started.setdefault(name, now)
            if state != "running":
                ended[name] = (state, now)

        yield progress
