"""What one drill works on: a server, workers and a client of its own, in the environment of the sandbox that all drills share."""

import json
import os
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from stackaudit.lab.broker import BreakableServer
from stackaudit.lab.client import Client
from stackaudit.lab.crew import WorkerProcess
from stackaudit.lab.room import KEPT, Room
from stackaudit.lab.workers import trouble_of
from stackaudit.model.deadline import Deadline
from stackaudit.model.errors import SandboxError
from stackaudit.model.values import dataclass
from stackaudit.model.wire import Json
from stackaudit.outside import dialogue, process
from stackaudit.outside.files import write_whole
from stackaudit.outside.process import Completed

WITHIN = 20
"""Seconds that a task sent after a fault may take to come back: what a client waits that gives a restart its time."""

IDLE = 15
"""Seconds that a task may take on a stack that nothing happened to: it takes a hundredth of one on an idle machine."""

EXPIRES = 600
"""Seconds that results are kept."""

CONF: dict[str, Json] = {
    "accept_content": ["json"],
    "broker_connection_retry_on_startup": True,
    "result_expires": EXPIRES,
    "task_serializer": "json",
    "worker_hijack_root_logger": True,
}


class NotSetUp(Exception):  # noqa: N818 - what was seen, no error of ours
    """A drill can't be tried: `cause` says why in one sentence, `remedy` what to do."""

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy


class OutOfTime(Exception):  # noqa: N818 - what was seen, no error of ours
    """The deadline of the drill passed, or was cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """What all benches of a cell share: the room, the interpreter of its environment, the PATH of its processes, the worker's pool.

    `settings` are Celery's settings besides those of each drill; they win over none of the drill's own.
    """

    room: Room
    python: Path
    path: str
    pool: str
    settings: tuple[tuple[str, Json], ...] = ()


class Bench:
    """One drill's bench; for one thread alone. All that it starts is ended by `close`, at the latest by the room."""

    def __init__(self, lab: Lab, name: str, deadline: Deadline) -> None:
        self.lab = lab
        # The room may be shared by the benches of other pools.
        self.name = f"{lab.pool}.{name}"
        self.deadline = deadline
        self.folder = lab.room.folder / self.name
        self.folder.mkdir()
        for source in files("stackaudit.target").iterdir():
            if source.name.startswith("drill_"):
                write_whole(self.folder / source.name, source.read_text(encoding="utf-8"))
        self._server: BreakableServer | None = None
        self._serverless: NotSetUp | None = None
        self._backend: BreakableServer | None = None
        self._workers: list[WorkerProcess] = []
        self._clients: list[Client] = []
        self._ready: Client | None = None
        self._trouble: NotSetUp | None = None
        self._made = 0

    @property
    def server(self) -> BreakableServer:
        """The broker, and the result backend where none of its own was asked for; started when it is first asked for.

        Raises:
            NotSetUp: none comes up, now or when it was first asked for.
        """
        if self._serverless is not None:
            raise self._serverless
        if self._server is None:
            try:
                self._server = self._serving("server")
            except NotSetUp as trouble:
                self._serverless = trouble
                raise
        return self._server

    def backend(self) -> BreakableServer:
        """A server of its own for results, for all that is started from now on."""
        if self._backend is None:
            self._backend = self._serving("backend")
        return self._backend

    def _serving(self, role: str) -> BreakableServer:
        try:
            return BreakableServer(self.lab.room, f"{self.name}.{role}", self.deadline)
        except SandboxError as error:
            raise NotSetUp(error.message, error.hint or "run it again") from None

    def ready(self) -> Client:
        """A client of a worker that is ready, both with the settings of the lab; started once.

        Raises:
            NotSetUp: no worker comes up.
        """
        if self._trouble is not None:
            raise self._trouble
        if self._ready is None:
            try:
                self.worker()
            except NotSetUp as trouble:
                self._trouble = trouble
                raise
            self._ready = self.client()
        return self._ready

    def worker(self, *, port: int | None = None, **conf: Json) -> WorkerProcess:
        """One more worker, that is ready; `port` is where it finds the server, such as a relay's, `conf` are Celery's settings.

        Raises:
            NotSetUp: it does not come up.
        """
        server = self.server
        name = self._next("worker")
        command = [str(self.lab.python), "-m", "celery", "-A", "drill_app", "worker", "--hostname", f"{name}@drill"]
        command += ["--pool", self.lab.pool, "--concurrency", "1", "--loglevel", "INFO"]
        service = self.lab.room.start(name, command, cwd=self.folder, env=self._environment(name, port, conf))
        worker = WorkerProcess(self.lab.room, service)
        self._workers.append(worker)
        trouble = trouble_of(self.lab.room, service, server.address, self.deadline)
        if trouble is not None:
            self.check_time()
            raise NotSetUp(trouble, "see why with `stackaudit drill --drill worker-start`")
        return worker

    def start_and_end(self, port: int) -> None:
        """Start one more worker at the server's `port`, and end it once it is ready.

        Raises:
            NotSetUp: it does not come up.
        """
        worker = self.worker(port=port)
        worker.kill()
        self._workers.remove(worker)

    def client(self, *, port: int | None = None, **conf: Json) -> Client:
        """One more client, that is ready to be asked.

        Raises:
            NotSetUp: it does not come up.
        """
        name = self._next("client")
        client = Client(
            self.lab.room.start(
                name,
                [str(self.lab.python), str(self.folder / "drill_client.py")],
                cwd=self.folder,
                env=self._environment(name, port, conf),
                talking=True,
            ),
            self.deadline,
        )
        self._clients.append(client)
        if not client.is_there():
            self.check_time()
            raise NotSetUp(
                "a client with these packages does not start", "see why with `stackaudit drill --drill imports`"
            )
        return client

    def newest_worker(self) -> WorkerProcess:
        """The worker that was started last."""
        return self._workers[-1]

    def runs(self, task: str, event: str = "start") -> int:
        """How many times `task` (its id) began, or ended with `event` `end`, on this bench."""
        return sum(1 for each in self._noted() if each["id"] == task and each["event"] == event)

    def process_of(self, task: str) -> int | None:
        """The process that runs `task`, or ran it last; None where none began."""
        pids = [each["pid"] for each in self._noted() if each["id"] == task]
        return int(str(pids[-1])) if pids else None

    def switch_collector(self, event: str, seconds: float) -> bool:
        """Stop the garbage collector of the newest worker, or start it again; whether it said `event` in time, or is no more."""
        worker = self.newest_worker()
        before = self._said(event)
        worker.switch_collector()
        return self.wait_until(lambda: worker.exit_status() is not None or self._said(event) > before, seconds)

    def _said(self, event: str) -> int:
        return sum(1 for each in self._noted() if each["event"] == event)

    def interpret(self, file: str, *arguments: str) -> Completed:
        """Run `file` of the bench's folder to its end in the environment's interpreter."""
        command = [str(self.lab.python), str(self.folder / file), *arguments]
        kept: dict[str, str | None] = {name: None for name in os.environ if name not in KEPT}
        answer = process.run(command, self.deadline, env=kept | {"PYTHONDONTWRITEBYTECODE": "1"}, cwd=self.folder)
        self.check_time()
        return answer

    def pause(self, seconds: float) -> None:
        """Wait that long.

        Raises:
            OutOfTime: the deadline comes first.
        """
        if not dialogue.pause(seconds, self.deadline):
            raise OutOfTime

    def wait_until(self, seen: Callable[[], bool], seconds: float) -> bool:
        """Look again and again until it is `seen`, for so many seconds at most; whether it was.

        Raises:
            OutOfTime: the deadline comes first.
        """
        patience = self.deadline.within(seconds)
        while not seen():
            if patience.remaining() <= 0:
                self.check_time()
                return False
            dialogue.pause(0.05, patience)
        return True

    def check_time(self) -> None:
        """Raise OutOfTime where the deadline has passed: what was not seen since then says nothing of the stack."""
        if self.deadline.remaining() <= 0:
            raise OutOfTime

    def logs(self) -> tuple[Path, ...]:
        """The logs of all that was started for this bench, by name."""
        return tuple(sorted(self.lab.room.folder.glob(f"{self.name}.*.log")))

    def close(self) -> None:
        """End all that was started for this bench."""
        for client in self._clients:
            client.close(self.lab.room)
        for worker in self._workers:
            worker.kill()
        for server in (self._server, self._backend):
            if server is not None:
                server.kill()

    def _next(self, role: str) -> str:
        self._made += 1
        return f"{self.name}.{role}-{self._made}"

    def _environment(self, name: str, port: int | None, conf: dict[str, Json]) -> dict[str, str]:
        """The variables of a worker or a client; its settings stand in a file of this user's own, since they hold the password."""
        broker = self.server.url_at(port or self.server.port)
        backend = self._backend.url_at(self._backend.port) if self._backend is not None else broker
        settings = {
            "broker": broker,
            "backend": backend,
            "conf": {**CONF, **dict(self.lab.settings), **conf},
            "runs": str(self.folder / "runs"),
        }
        file = self.folder / f"{name}.json"
        write_whole(file, json.dumps(settings))
        return {"PATH": self.lab.path, "PYTHONDONTWRITEBYTECODE": "1", "STACKAUDIT_DRILL": str(file)}

    def _noted(self) -> list[dict[str, Json]]:
        try:
            lines = (self.folder / "runs").read_text(encoding="utf-8").splitlines()
        except OSError:
            return []
        return [json.loads(line) for line in lines]
