"""Makes Ctrl-C and requests to end wait while something is half done."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self, TypeAlias

_Handler: TypeAlias = "Callable[[int, FrameType | None], object] | int | None"

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Interruptions:
    """While inside, SIGINT, SIGTERM, SIGHUP and SIGQUIT raise in the main thread: what was built is taken down; what is ignored stays so.

    SIGINT does what it did before (KeyboardInterrupt); the others do what they did before, or raise SystemExit (128 + number) where
    they would have ended the process on the spot. Within `held()` they wait for its end. Outside of the main thread nothing is changed.
    """

    def __init__(self) -> None:
        self._before: dict[int, _Handler] = {}
        self._holds = 0
        self._pending: int | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in NUMBERS:
                before = signal.getsignal(number)
                if before is not signal.SIG_IGN:
                    self._before[number] = before
                    signal.signal(number, self._came)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            # Who was told of one may have had the others ignored, so that nothing breaks into the end.
            if signal.getsignal(number) == self._came:
                signal.signal(number, before if before is not None else signal.SIG_DFL)

    @contextmanager
    def held(self) -> Iterator[None]:
        """While inside, what comes waits; it is raised at the end. Signals come to the main thread alone: in others this does nothing."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            pending = self._pending
            if self._holds == 0 and pending is not None:
                self._pending = None
                self._raise(pending, None)

    def _came(self, number: int, frame: FrameType | None) -> None:
        if self._holds:
            self._pending = self._pending or number
        else:
            self._raise(number, frame)

    def _raise(self, number: int, frame: FrameType | None) -> None:
        before = self._before.get(number)
        if callable(before):
            before(number, frame)
            return
        raise SystemExit(128 + number)
