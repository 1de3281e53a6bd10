"""One absolute moment after which nothing of this audit may still be waited for."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext


class Deadline:
    """An absolute deadline, with what must be killed when it passes or when the user interrupts.

    Times are seconds of the monotonic clock. Safe to share between threads.
    """

    def __init__(self, seconds: float, *, whole: "Deadline | None" = None) -> None:
        self._at = time.monotonic() + seconds
        self._whole = whole
        self._lock = threading.Lock()
        self._kills: list[Callable[[], None]] = []
        self._cancelled = False

    def remaining(self) -> float:
        """Seconds left, never below zero; zero once cancelled."""
        own = 0.0 if self._cancelled else max(0.0, self._at - time.monotonic())
        return own if self._whole is None else min(own, self._whole.remaining())

    def within(self, seconds: float) -> "Deadline":
        """A nearer deadline for one step: `seconds` from now, never past this one, and cancelled with it."""
        return Deadline(seconds, whole=self)

    def cancel(self) -> None:
        """End it now: kill every process that is being waited for."""
        with self._lock:
            self._cancelled = True
            kills = list(self._kills)
        for kill in kills:
            kill()

    @contextmanager
    def guarding(self, kill: Callable[[], None]) -> Iterator[None]:
        """While inside, `cancel()` calls `kill`, and so does that of the whole."""
        with nullcontext() if self._whole is None else self._whole.guarding(kill):
            with self._lock:
                self._kills.append(kill)
                cancelled = self._cancelled
            if cancelled:
                kill()
            try:
                yield
            finally:
                with self._lock:
                    self._kills.remove(kill)
