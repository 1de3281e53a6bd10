"""Lets Celery workers tell `stackaudit fleet` all that they run, and any `celery inspect stackaudit_snapshot` too.

Put this file beside the application, and add two lines to it:

    from stackaudit_step import Snapshot
    app.steps["worker"].add(Snapshot)

It is Python 3.8, needs the standard library and Celery alone, and may be copied. It looks once, when the worker starts; it writes nothing,
opens no connection, and a fault of its own never keeps the worker from starting. Of the settings it tells only those that it names.
"""

# Nothing here may cost the worker much: `pathlib` is left out, and of a distribution's metadata only the beginning is read.
# ruff: noqa: PTH118, PTH123, PTH208

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from typing import Any, Dict, List, Optional, Tuple

from celery import bootsteps
from celery.worker.control import inspect_command

Json = Dict[str, Any]

COMMAND = "stackaudit_snapshot"
"""The remote control command that gives the snapshot."""

MARK = "stackaudit"
"""The key under which `celery inspect stats` tells the snapshot's digest: who asks thousands of workers wants each snapshot once."""

PROGRAMS = ("ffmpeg", "ffprobe")
SETTINGS = (
    "accept_content",
    "broker_connection_retry_on_startup",
    "enable_utc",
    "result_accept_content",
    "result_compression",
    "result_expires",
    "result_serializer",
    "task_acks_late",
    "task_acks_on_failure_or_timeout",
    "task_compression",
    "task_ignore_result",
    "task_protocol",
    "task_reject_on_worker_lost",
    "task_serializer",
    "task_soft_time_limit",
    "task_time_limit",
    "task_track_started",
    "timezone",
    "worker_cancel_long_running_tasks_on_connection_loss",
    "worker_max_memory_per_child",
    "worker_max_tasks_per_child",
    "worker_prefetch_multiplier",
)
"""The settings that are told. None of them holds a secret by its nature; what looks like an address is left out all the same."""

OPTIONS = ("visibility_timeout",)
"""The same of `broker_transport_options`."""

PATIENCE = 3.0
"""Seconds that a program may take to say its version, once, when the worker starts."""

HEAD = 16384
_ENTRY = re.compile(r"(?P<name>.+?)(?:-(?P<version>[^-]+))?(?:-py\d.*)?\.(?:dist|egg)-info")
_FIELD = re.compile(r"^(Name|Version):[ \t]*(.*?)[ \t]*$", re.MULTILINE | re.IGNORECASE)
_BANNER = re.compile(r"^(?:ff\w+ version|libavutil)\b.{0,200}", re.MULTILINE)


def normalized(name: str) -> str:
    """`name` as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def named(entry: str) -> Tuple[str, str]:
    """The name and version of the distribution whose metadata lies in `entry`, empty where nothing tells."""
    parts = _ENTRY.fullmatch(os.path.basename(entry))  # noqa: PTH119 - see above
    found = {"name": parts.group("name"), "version": parts.group("version") or ""} if parts else {}
    for inner in ("METADATA", "PKG-INFO", ""):
        try:
            with open(os.path.join(entry, inner) if inner else entry, encoding="utf-8", errors="replace") as stream:
                head = re.split(r"\r?\n\r?\n", stream.read(HEAD), maxsplit=1)[0]
        except OSError:
            continue
        found.update({name.lower(): value for name, value in reversed(_FIELD.findall(head)) if value})
        break
    return found.get("name", ""), found.get("version", "")


def distributions(paths: List[str]) -> Dict[str, str]:
    """The version of each distribution on `paths`, by normalized name; of one name in several entries the first entry's counts."""
    found: Dict[str, str] = {}
    for path in paths:
        try:
            entries = sorted(os.listdir(path or "."))
        except OSError:
            continue
        for entry in entries:
            # An uninstall that was interrupted leaves `~elery-5.4.0.dist-info`.
            if entry.endswith((".dist-info", ".egg-info")) and not entry.startswith(("~", "-")):
                name, version = named(os.path.join(path, entry))
                if name:
                    found.setdefault(normalized(name), version)
    return found


def stamps(paths: List[str]) -> List[int]:
    """When something was last put into, or taken out of, each of `paths`."""
    found = []
    for path in paths:
        try:
            found.append(os.stat(path or ".").st_mtime_ns)  # noqa: PTH116 - see above
        except OSError:
            found.append(0)
    return found


def banner(program: str) -> Optional[str]:
    """The lines of a program's banner that tell its version; None where it is not on PATH, empty where it does not work."""
    path = shutil.which(program)
    if path is None:
        return None
    try:
        done = subprocess.run(
            [path, "-version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return "\n".join(_BANNER.findall(done.stdout.decode("utf-8", "replace")))


def system() -> str:
    """What the operating system calls itself: `Debian GNU/Linux 12 (bookworm)`, `Darwin`."""
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        try:
            with open(path, encoding="utf-8", errors="replace") as stream:
                found = re.search(r'^PRETTY_NAME="?([^"\n]+)', stream.read(HEAD), re.MULTILINE)
        except OSError:
            continue
        if found:
            return found.group(1)
    return platform.system()


def plain(value: Any) -> Any:  # noqa: ANN401 - a setting may be anything
    """`value` as JSON can carry it; `***` for what looks like an address, the name of its type for what is no plain value."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return "***" if "://" in value or "@" in value else value
    if isinstance(value, (list, tuple, set, frozenset)):
        return sorted((plain(each) for each in value), key=str)
    return value.total_seconds() if hasattr(value, "total_seconds") else type(value).__name__


def settings(conf: Any) -> Json:  # noqa: ANN401 - the target's own Celery
    """The named settings of an application's configuration; one that this Celery does not have is left out."""
    found = {name: plain(conf.get(name)) for name in SETTINGS if name in conf}
    options = conf.get("broker_transport_options") or {}
    for name in OPTIONS:
        if name in options:
            found["broker_transport_options." + name] = plain(options[name])
    return found


def take(conf: Any, paths: List[str]) -> Json:  # noqa: ANN401 - the target's own Celery
    """The snapshot: what this process runs, as JSON values."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": "{}-{}".format(sys.platform, platform.machine()),
        "system": system(),
        "packages": distributions(paths),
        "programs": {name: banner(name) for name in PROGRAMS},
        "settings": settings(conf),
    }


def digest(snapshot: Json) -> str:
    """The digest of a snapshot."""
    return hashlib.sha256(json.dumps(snapshot, sort_keys=True).encode("utf-8")).hexdigest()


class Snapshot(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
    """The worker step: it looks when the worker starts, and tells when it is asked."""

    def create(self, worker: Any) -> None:  # noqa: ANN401 - the target's own Celery
        """Look; what goes wrong is told by the name of the error, and nothing else of it."""
        self.paths = list(dict.fromkeys(sys.path))
        self.stamps = stamps(self.paths)
        try:
            self.snapshot = take(worker.app.conf, self.paths)
        except Exception as error:  # noqa: BLE001 - a worker must start whatever becomes of this
            self.snapshot = {"problem": type(error).__name__}
        self.digest = digest(self.snapshot)
        worker.stackaudit = self

    def info(self, worker: Any) -> Json:  # noqa: ANN401, ARG002 - what Celery calls it with
        """What `stats` tells besides: the digest, and what was replaced under this worker since it started."""
        try:
            return {MARK: {"snapshot": self.digest, "replaced": self.replaced()}}
        except Exception as error:  # noqa: BLE001 - `stats` must go on
            return {MARK: {"snapshot": self.digest, "problem": type(error).__name__}}

    def replaced(self) -> List[List[Optional[str]]]:
        """Name, version at start and version now of each distribution that changed since; cheap where no folder did."""
        if "problem" in self.snapshot or stamps(self.paths) == self.stamps:
            return []
        then, now = self.snapshot["packages"], distributions(self.paths)
        changed = sorted(name for name in set(then) | set(now) if then.get(name) != now.get(name))
        return [[name, then.get(name), now.get(name)] for name in changed]


@inspect_command(name=COMMAND)  # type: ignore[untyped-decorator]  # Celery has no types
def snapshot(state: Any) -> Json:  # noqa: ANN401 - the target's own Celery
    """All distributions, programs and named settings of this worker (stackaudit)."""
    step = getattr(state.consumer.controller, "stackaudit", None)
    return {"ok": step.snapshot if step is not None else take(state.app.conf, list(dict.fromkeys(sys.path)))}
