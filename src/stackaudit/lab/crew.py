"""A worker of a bench: how it is asked to end, and how it is made to."""

import os
import signal

from stackaudit.lab.room import Room
from stackaudit.model.deadline import Deadline
from stackaudit.outside.dialogue import pause
from stackaudit.outside.service import Service


class WorkerProcess:
    """One worker with all its children."""

    def __init__(self, room: Room, service: Service) -> None:
        self._room = room
        self._service = service

    @property
    def pid(self) -> int:
        """The number of its main process."""
        return self._service.process.pid

    def exit_status(self) -> int | None:
        """None while it runs; negative for a signal."""
        return self._service.exit_status()

    def lines(self) -> list[str]:
        """What it has printed so far."""
        return self._service.lines()

    def shut_down(self, deadline: Deadline) -> int | None:
        """Ask it for a warm shutdown; its exit status, None where it is not gone at the deadline."""
        self._service.signal(signal.SIGTERM, group=False)
        while self.exit_status() is None and deadline.remaining() > 0:
            pause(0.05, deadline)
        return self.exit_status()

    def switch_collector(self) -> None:
        """Have its main process stop its garbage collector, or start it again (see `target/drill_app.py`); it must have been ready."""
        self._service.signal(signal.SIGUSR2, group=False)

    def kill(self) -> None:
        """End it and all its children with SIGKILL."""
        self._room.kill(self._service)

    def kill_child(self, pid: int) -> None:
        """End one of its processes with SIGKILL, as the kernel does where memory is short."""
        os.kill(pid, signal.SIGKILL)
