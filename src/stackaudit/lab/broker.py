"""A private server that can be broken: stopped, killed, paused, filled and given another password, always on the same port."""

import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from stackaudit.lab.room import Room
from stackaudit.lab.servers import ATTEMPTS, Server, answers, programs
from stackaudit.model.deadline import Deadline
from stackaudit.model.errors import SandboxError
from stackaudit.model.secret import Secret
from stackaudit.outside.files import write_whole
from stackaudit.outside.places import free_port
from stackaudit.outside.service import Service

OPERATOR = "operator"

CONFIGURATION = """\
bind 127.0.0.1
port {port}
user default on {secret} ~* &* +@all -@admin -@dangerous +info +keys
user {operator} on >{password} ~* &* +@all
dir .
save ""
appendonly yes
appendfsync always
daemonize no
"""
"""All that it has acknowledged is on disk: what is lost after a kill, the stack has lost.

Workers and clients need no password unless they are to have one: kombu before 5.4.0 stays deaf after a restart of a broker without. Who has
none can't make the server write files: that takes the operator's.
"""


class BreakableServer:
    """A server of one bench; it is started at once."""

    def __init__(self, room: Room, name: str, deadline: Deadline) -> None:
        self._room = room
        self._name = name
        self._deadline = deadline
        self._starts = 0
        self._service: Service | None = None
        self._folder = room.folder / f"{name}-data"
        self._folder.mkdir()
        self._operator = secrets.token_hex(16)
        self.password: str | None = None
        self.port = 0
        self.program = ""
        self._first_start()

    @property
    def address(self) -> Server:
        """Where it answers its operator."""
        return Server(url=Secret(f"redis://{OPERATOR}:{self._operator}@127.0.0.1:{self.port}/0"), program=self.program)

    def url_at(self, port: int) -> str:
        """The URL for workers and clients, through `port`; it holds the password where there is one."""
        user = f":{self.password}@" if self.password is not None else ""
        return f"redis://{user}127.0.0.1:{port}/0"

    def start(self, password: str | None = None) -> bool:
        """Start it again with what it held, with another password for workers and clients where one is given; whether it answers."""
        self.password = password or self.password
        secret = f">{self.password}" if self.password is not None else "nopass"
        configuration = self._folder / "server.conf"
        write_whole(
            configuration,
            CONFIGURATION.format(port=self.port, secret=secret, operator=OPERATOR, password=self._operator),
        )
        self._starts += 1
        name = self._name if self._starts == 1 else f"{self._name}-{self._starts}"
        self._service = self._room.start(name, [self.program, str(configuration)], cwd=self._folder)
        return answers(self._service, self.address, self._deadline)

    def stop(self) -> None:
        """End it as an operator does, with SIGTERM."""
        if self._service is not None:
            self._room.stop(self._service)
            self._service = None

    def kill(self) -> None:
        """End it as the kernel does, with SIGKILL."""
        if self._service is not None:
            self._room.kill(self._service)
            self._service = None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """While inside it is there and answers nothing."""
        if self._service is None:
            raise AssertionError("it does not run")
        self._service.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._service.signal(signal.SIGCONT)

    def command(self, *words: str | int) -> object:
        """Its answer to one command.

        Raises:
            redis.RedisError, OSError: it has none.
        """
        with self.address.client() as client:
            answer: object = client.execute_command(*words)
            return answer

    def _first_start(self) -> None:
        for program in programs():
            self.program = program
            for _ in range(ATTEMPTS):
                self.port = free_port()
                if self.start():
                    return
                self.kill()
        raise SandboxError(
            "no server came up for the drills", hint="install redis-server, version 6 or newer, or valkey-server"
        )
