"""Starts the servers that integration tests ask: real Redis on free loopback ports, and strangers that behave badly."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tools import require

_PATIENCE = 20.0


def free_port() -> int:
    """A loopback port on which nothing listens right now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisServer:
    """A running server. `folder` is its working directory, `socket` its Unix socket."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    password: str | None = None

    @property
    def socket(self) -> Path:
        return self.folder / "redis.sock"

    def url(self, database: int | str = 0, *, scheme: str = "redis", user: str = "") -> str:
        return f"{scheme}://{user}127.0.0.1:{self.port}/{database}"

    def client(self, database: int = 0) -> "redis.Redis":
        """Another client than the one under test."""
        return redis.Redis(
            unix_socket_path=str(self.socket),
            db=database,
            password=self.password,
            decode_responses=True,
            retry=Retry(NoBackoff(), 0),
        )

    def keys(self) -> set[str]:
        """Every key of every database."""
        found: set[str] = set()
        for number in range(16):
            with self.client(number) as client:
                found |= {f"{number}:{key}" for key in client.keys("*")}
        return found

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """While inside the process is stopped: connections are taken up by the kernel, and nobody answers."""
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)


@contextlib.contextmanager
def redis_server(
    folder: Path, *options: str, program: str = "redis-server", password: str | None = None, wait: bool = True
) -> Iterator[RedisServer]:
    """A server with `options`; `{port}` in them is its port. It is killed at the end: one that can't save refuses to go."""
    path = shutil.which(program) or require(program)
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    given = [each.replace("{port}", str(port)) for each in options]
    listening = [] if "--tls-port" in given else ["--port", str(port)]
    secret = ["--requirepass", password] if password else []
    command = [path, *listening, "--bind", "127.0.0.1", "--unixsocket", str(folder / "redis.sock")]
    command += ["--dir", str(folder), "--daemonize", "no", *secret, *given]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
    server = RedisServer(port=port, folder=folder, process=process, password=password)
    try:
        _ready(server, answering=wait)
        yield server
    finally:
        process.kill()
        process.wait()


def _ready(server: RedisServer, *, answering: bool) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if server.process.poll() is not None:
            break
        try:
            with server.client() as client:
                client.ping()
        except redis.exceptions.RedisError as error:
            if not answering and isinstance(error, redis.exceptions.BusyLoadingError):
                return
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"the server did not come up: {(server.folder / 'log').read_text(errors='replace')[-2000:]}")


@contextlib.contextmanager
def sentinel(folder: Path, master: RedisServer, name: str) -> Iterator[int]:
    """The port of a Sentinel that watches `master` under `name`."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    settings = folder / "sentinel.conf"
    settings.write_text(f"sentinel monitor {name} 127.0.0.1 {master.port} 1\n", encoding="utf-8")
    command = [require("redis-server"), str(settings), "--sentinel", "--port", str(port), "--bind", "127.0.0.1"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
    try:
        _listening(port)
        yield port
    finally:
        process.kill()
        process.wait()


def _listening(port: int) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"nobody came to listen on port {port}")


Behaviour = Callable[[socket.socket], None]
"""What a stranger does with one connection."""


def stays_silent(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def drips(connection: socket.socket) -> None:
    """A reply that never ends, a byte at a time: no time-out of a single read ever fires."""
    connection.sendall(b"+")
    while True:
        connection.sendall(b".")
        time.sleep(0.2)


def hangs_up(connection: socket.socket) -> None:
    connection.recv(64)


def speaks_http(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def speaks_amqp(connection: socket.socket) -> None:
    connection.recv(8)
    connection.sendall(b"AMQP\x00\x00\x09\x01")


def impostor(**replies: bytes) -> Behaviour:
    """Answers as a Redis 7.2.4 does, but for the commands in `replies`: the bytes for each."""
    info = b"redis_version:7.2.4\r\nredis_mode:standalone\r\nrole:master\r\nloading:0\r\n"
    said = {"INFO": b"$%d\r\n%b\r\n" % (len(info), info), "PING": b"+PONG\r\n", **replies}

    def behave(connection: socket.socket) -> None:
        while asked := connection.recv(65536):
            for words in asked.split(b"*")[1:]:
                connection.sendall(said.get(words.split(b"\r\n")[2].decode(), b"+OK\r\n"))

    return behave


@contextlib.contextmanager
def stranger(behaviour: Behaviour) -> Iterator[int]:
    """The port of a listener that does `behaviour` with each connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connections.append(connection)
            threading.Thread(target=attend, args=(connection,), daemon=True).start()

    def attend(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            behaviour(connection)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        # A close alone does not wake up the thread that accepts.
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.close()
        thread.join(5)


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """The port of a listener that takes nobody up, and whose queue is full: the kernel drops whoever knocks."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        place = listener.getsockname()
        for _ in range(20):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0.2)
            try:
                waiting.connect(place)
            except TimeoutError:
                yield int(place[1])
                return
        raise AssertionError("the queue of the listener never filled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate that signs itself, and its key."""

    file: Path
    key: Path

    def options(self, port: str = "{port}") -> tuple[str, ...]:
        """The options of a server that speaks TLS alone and asks no client for a certificate."""
        files = (
            "--tls-cert-file",
            str(self.file),
            "--tls-key-file",
            str(self.key),
            "--tls-ca-cert-file",
            str(self.file),
        )
        return ("--port", "0", "--tls-port", port, *files, "--tls-auth-clients", "no")


def certificate(folder: Path, name: str = "IP:127.0.0.1") -> Certificate:
    """A fresh certificate for `name` (`IP:127.0.0.1`, `DNS:broker.test`)."""
    openssl = require("openssl")
    made = Certificate(file=folder / "certificate.pem", key=folder / "key.pem")
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=stackaudit test"]
    command += ["-addext", f"subjectAltName={name}", "-keyout", str(made.key), "-out", str(made.file)]
    subprocess.run(command, check=True, capture_output=True)
    return made
