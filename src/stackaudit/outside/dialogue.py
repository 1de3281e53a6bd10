"""Talks with a process of ours: one JSON line to its standard input, one JSON line back."""

import json
import os
import selectors
import time

from stackaudit.model.deadline import Deadline
from stackaudit.model.wire import Json
from stackaudit.outside.service import Service

SLICE = 0.2
"""Seconds after which a wait looks again whether the deadline was cancelled."""


class NoAnswer(Exception):  # noqa: N818 - it is no error of ours: it is what was seen
    """The process did not answer in time, or it `ended`."""

    def __init__(self, *, ended: bool) -> None:
        super().__init__("ended" if ended else "no answer in time")
        self.ended = ended


class Dialogue:
    """Questions to a process that was started `talking`, and its answers. For one thread alone.

    Each question is an object that gets a number under `ask`; the answer repeats it. What comes without the number of the last question
    is late, and is passed over.
    """

    def __init__(self, service: Service) -> None:
        if service.process.stdin is None or service.process.stdout is None:
            raise AssertionError("the process was not started talking")
        self._in, self._out = service.process.stdin, service.process.stdout
        self._asked = 0
        self._unread = bytearray()

    def ask(self, question: dict[str, Json], deadline: Deadline) -> dict[str, Json]:
        """The answer to `question`.

        Raises:
            NoAnswer: there is none before the deadline.
        """
        self._asked += 1
        try:
            self._in.write(json.dumps({"ask": self._asked, **question}).encode() + b"\n")
            self._in.flush()
        except OSError:
            raise NoAnswer(ended=True) from None
        while True:
            answer: Json = json.loads(self._line(deadline))
            if isinstance(answer, dict) and answer.get("ask") == self._asked:
                return answer

    def close(self) -> None:
        """Close both pipes: a process that waits for a question then ends."""
        for stream in (self._in, self._out):
            try:
                stream.close()
            except OSError:
                continue

    def _line(self, deadline: Deadline) -> bytes:
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            while b"\n" not in self._unread:
                left = deadline.remaining()
                if left <= 0:
                    raise NoAnswer(ended=False)
                if not selector.select(min(left, SLICE)):
                    continue
                read = os.read(self._out.fileno(), 65536)
                if not read:
                    raise NoAnswer(ended=True)
                self._unread.extend(read)
        line, _, rest = bytes(self._unread).partition(b"\n")
        self._unread = bytearray(rest)
        return line


def pause(seconds: float, deadline: Deadline) -> bool:
    """Wait `seconds`, or until the deadline has passed or was cancelled; whether it was the whole time."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if deadline.remaining() <= 0:
            return False
        time.sleep(min(left, SLICE))
    return True
