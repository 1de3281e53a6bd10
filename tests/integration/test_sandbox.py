"""A sandbox is a whole stack, and leaves nothing behind, however it ends."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

import drilling
from stackaudit.lab.environments import agrees, build, minor_of
from stackaudit.lab.room import sweep
from stackaudit.lab.sandbox import BUILDING, Sandbox, sandbox
from stackaudit.model.deadline import Deadline
from stackaudit.model.errors import SandboxError, UnfitError, UsageError
from stackaudit.outside import process
from stackaudit.outside.places import new_folder
from stackaudit.outside.service import Identity, identity
from tools import require

SEED = (
    "celery==5.4.0",
    "kombu==5.6.1",
    "redis==5.0.8",
    "billiard==4.2.4",
    "vine==5.1.0",
    "ffmpeg-python==0.2.0",
)

SMALL = "vine==5.1.0"
"""Pins that bring no worker: enough where only the folder and the server matter."""

HOLD = """\
import json, os, signal, sys, time
from stackaudit.lab.sandbox import sandbox
from stackaudit.model.deadline import Deadline

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may have it ignored (nohup)
with sandbox(sys.argv[1:], None, Deadline(300)) as built:
    print(json.dumps({"folder": str(built.python.parent.parent.parent), "node": built.node}), flush=True)
    time.sleep(300)
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of the test's own, so that nobody else's sandbox is seen in it or swept from it."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    yield tmp_path
    assert list(tmp_path.glob("stackaudit-*")) == []


def recorded(folder: Path) -> list[Identity]:
    lines = (folder / "processes").read_text().splitlines()
    return [Identity(pid=int(line.split()[0]), started=line.partition(" ")[2]) for line in lines]


def gone(identities: list[Identity], seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if all(identity(each.pid) != each for each in identities):
            return True
        time.sleep(0.05)
    return False


def python_of(built: Sandbox, code: str) -> str:
    command = [str(built.python), "-I", "-c", code]
    url = built.broker_url.reveal()
    # Not this test's environment: Celery obeys the stray broker URLs that are set in it.
    completed = subprocess.run(command, input=url, env={}, capture_output=True, text=True, timeout=60, check=True)
    return completed.stdout.strip()


def test_a_sandbox_of_the_seed_pins_is_a_whole_stack(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require("redis-server")
    ffmpeg = require("ffmpeg")
    # A stray broker URL of the user's must not take the sandbox's worker anywhere.
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:9/5")
    monkeypatch.setenv("BROKER_URL", "redis://127.0.0.1:9/5")
    with sandbox(SEED, None, Deadline(BUILDING)) as built:
        assert built.trouble is None
        assert built.ffmpeg == ffmpeg
        assert built.node is not None
        code = "import sys, celery; app = celery.Celery(broker=sys.stdin.read()); print(app.control.ping(timeout=15, limit=1))"
        assert python_of(built, code) == f"[{{'{built.node}': {{'ok': 'pong'}}}}]"
        code = "import sys, celery; u = sys.stdin.read(); app = celery.Celery(broker=u, backend=u)"
        code += "; print(app.send_task('sandbox.echo', ['hello']).get(timeout=30))"
        assert python_of(built, code) == "hello"
        versions = "import importlib.metadata as m; print(m.version('celery'), m.version('kombu'), m.version('redis'))"
        assert python_of(built, versions) == "5.4.0 5.6.1 5.0.8"
        processes = recorded(temporary / built.python.relative_to(temporary).parts[0])
    assert len(processes) == 2
    assert gone(processes)


def test_the_private_server_wants_its_password_and_shows_it_to_nobody(temporary: Path) -> None:
    require("redis-server")
    with sandbox([SMALL], None, Deadline(BUILDING)) as built:
        folder = temporary / built.python.relative_to(temporary).parts[0]
        url = built.broker_url.reveal()
        password, _, address = url.removeprefix("redis://:").partition("@")
        assert password
        assert password not in f"{built} {built.broker_url}"
        assert folder.stat().st_mode & 0o077 == 0
        with redis.Redis.from_url(url) as client:
            assert client.ping()
            assert client.config_get("save") == {"save": ""}
        with redis.Redis.from_url(f"redis://{address}") as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        shown = subprocess.run([require("ps"), "-ewwo", "args"], capture_output=True, text=True, check=True).stdout
        assert password not in shown
        assert (built.node, built.trouble) == (None, None)


def test_pins_that_bring_no_worker_up_are_told_and_are_no_error(temporary: Path) -> None:
    require("redis-server")
    # Without the redis extra and without redis, Celery has no transport for its broker.
    with sandbox(["celery==5.4.0", "kombu==5.6.1"], None, Deadline(BUILDING)) as built:
        assert built.node is not None
        assert built.trouble is not None
        assert "before it was ready" in built.trouble
        assert str(temporary) not in built.trouble


def test_when_the_body_fails_nothing_is_left(temporary: Path) -> None:
    require("redis-server")
    processes: list[Identity] = []

    def fail() -> None:
        with sandbox([SMALL], None, Deadline(BUILDING)) as built:
            processes.extend(recorded(built.python.parent.parent.parent))
            raise RuntimeError("the body fails")

    with pytest.raises(RuntimeError):
        fail()
    assert len(processes) == 1
    assert gone(processes)
    assert list(temporary.glob("stackaudit-*")) == []


@pytest.mark.parametrize(
    ("pins", "python", "words"),
    [
        (["celery==5.7.0", "kombu==5.6.1"], None, "can't be installed together"),
        (["celery==5.4.0"], "3.99", "3.99"),
        (["celery==5.4.0"], "/nonexistent/python", "/nonexistent/python"),
    ],
)
def test_what_cannot_be_built_is_one_sentence_and_leaves_nothing(
    pins: list[str], python: str | None, words: str, temporary: Path
) -> None:
    with pytest.raises(SandboxError, match=words) as caught, sandbox(pins, python, Deadline(BUILDING)):
        pass
    assert "\n" not in caught.value.message
    assert caught.value.hint
    assert str(temporary) not in caught.value.message


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="this system does not tell where processes run")
def test_a_server_that_puts_itself_into_the_background_is_ended_too(
    temporary: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = drilling.server_with(tmp_path_factory.mktemp("programs"), "--daemonize yes")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(SandboxError, match="no server came up"), sandbox([SMALL], None, Deadline(BUILDING)):
        pass
    assert drilling.left_in(temporary) == ([], [])


def test_an_index_that_is_not_there_is_told(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_INDEX_URL"):
        monkeypatch.setenv(name, "http://user:hunter2@127.0.0.1:9/simple/")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(temporary / "cache"))
    with pytest.raises(SandboxError, match="not be downloaded") as caught, sandbox([SMALL], None, Deadline(BUILDING)):
        pass
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_a_users_settings_of_what_to_take_and_whereto_do_not_reach_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("uv")
    nowhere = str(tmp_path / "nowhere")
    bending = {
        "UV_REQUIRE_HASHES": "1",
        "UV_NO_BINARY": "1",
        "UV_EXCLUDE_NEWER": "2010-01-01",
        "UV_CONSTRAINT": nowhere,
    }
    bending |= {"UV_PYTHON": "3.99", "UV_PROJECT": nowhere, "UV_WORKING_DIR": nowhere, "UV_VENV_SEED": "1"}
    for name, value in bending.items():
        monkeypatch.setenv(name, value)
    interpreter = build(tmp_path, [SMALL], None, Deadline(120))
    assert [each.name for each in interpreter.parents[1].glob("lib/*/*/*.dist-info")] == ["vine-5.1.0.dist-info"]
    assert agrees(interpreter, Deadline(60)).exit_status == 0


def test_who_has_uv_ask_no_network_is_told_that_this_is_why_a_copy_can_not_be_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("uv")
    monkeypatch.setenv("UV_OFFLINE", "true")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(SandboxError, match="UV_OFFLINE allows no download") as caught:
        build(tmp_path, [SMALL], None, Deadline(120))
    assert not isinstance(caught.value, UnfitError)


def test_building_ends_with_its_deadline(temporary: Path) -> None:
    with pytest.raises(SandboxError, match="in time"), sandbox([SMALL], None, Deadline(0.01)):
        pass
    assert list(temporary.glob("stackaudit-*")) == []


def hold(*pins: str, within: tuple[str, ...] = ()) -> tuple[subprocess.Popen[str], Path, list[Identity]]:
    """Another process that holds a sandbox until it is ended: the process, the sandbox's folder, and its processes.

    `within` is a command that runs it.
    """
    process = subprocess.Popen([*within, sys.executable, "-c", HOLD, *pins], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    process.stdout.close()
    folder = Path(told["folder"])
    return process, folder, recorded(folder)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, None), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131)]
)
def test_a_signal_takes_the_whole_stack_down(number: signal.Signals, status: int | None, temporary: Path) -> None:
    require("redis-server")
    process, folder, processes = hold(*SEED)
    assert len(processes) == 2
    process.send_signal(number)
    # A second one, while it is being taken down, must not leave it half way.
    time.sleep(0.2)
    process.send_signal(number)
    ended = process.wait(60)
    assert ended == status if status is not None else ended != 0
    assert gone(processes, 1)
    assert not folder.exists()
    assert list(temporary.glob("stackaudit-*")) == []


@pytest.mark.usefixtures("temporary")
def test_the_next_run_takes_down_what_a_killed_one_left_and_nothing_that_lives() -> None:
    require("redis-server")
    killed, left, orphans = hold(*SEED)
    killed.kill()
    killed.wait(20)
    living, held, alive = hold(SMALL)
    try:
        # The second run swept before it built.
        assert not left.exists()
        assert gone(orphans, 1)
        assert sweep() == ()
        assert held.exists()
        assert all(identity(each.pid) == each for each in alive)
    finally:
        living.send_signal(signal.SIGTERM)
        living.wait(60)
    assert gone(alive)


def left_in(temporary: Path, purpose: str = "sandbox") -> Path:
    """A folder whose process ended and did not remove it."""
    code = "import sys; from stackaudit.outside.places import new_folder; print(new_folder(sys.argv[1]).path)"
    made = subprocess.run([sys.executable, "-c", code, purpose], capture_output=True, text=True, check=True)
    folder = Path(made.stdout.strip())
    assert folder.parent == temporary
    return folder


CONTAINER = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
"""A container as far as processes go: the numbers in it mean others than here."""


@pytest.mark.usefixtures("temporary")
def test_what_another_container_holds_in_the_same_temporary_folder_stays_until_that_is_killed() -> None:
    require("redis-server")
    if shutil.which(CONTAINER[0]) is None or subprocess.run([*CONTAINER, "true"], check=False).returncode != 0:
        pytest.skip("whoever runs this may not make process namespaces")
    container, folder, processes = hold(SMALL, within=CONTAINER)
    try:
        assert len(processes) == 1
        assert sweep() == ()
        assert folder.exists()
    finally:
        container.kill()
        container.wait(20)
    until = time.monotonic() + 20
    while folder.exists() and time.monotonic() < until:
        # The kernel ends what is in it a moment later.
        sweep()
    assert not folder.exists()


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="this system does not tell where processes run")
def test_a_process_that_a_killed_run_had_not_recorded_yet_is_taken_down_too(temporary: Path) -> None:
    folder = left_in(temporary)
    program = folder / "python"
    program.symlink_to(sys.executable)
    orphans = [
        subprocess.Popen(["sleep", "300"], start_new_session=True, cwd=folder, stdin=subprocess.DEVNULL),
        subprocess.Popen([str(program), "-c", "import time; time.sleep(300)"], start_new_session=True),
    ]
    bystanders = [
        subprocess.Popen(["sleep", "300"], start_new_session=True, cwd=temporary, stdin=subprocess.DEVNULL),
        # Somebody who looks around in the folder, as a shell does.
        subprocess.Popen(["sleep", "300"], start_new_session=True, cwd=folder, stdin=subprocess.PIPE),
    ]
    try:
        assert sweep() == (folder,)
        assert [each.wait(20) for each in orphans] == [-signal.SIGKILL, -signal.SIGKILL]
        assert [each.poll() for each in bystanders] == [None, None]
    finally:
        for each in (*orphans, *bystanders):
            each.kill()
            each.communicate()


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="this system does not tell where processes run")
def test_an_installer_that_a_killed_run_had_started_is_taken_down_too(temporary: Path) -> None:
    folder = left_in(temporary)
    deadline, ended = Deadline(60), []
    command = ["/bin/sh", "-c", "echo > began; exec sleep 300"]
    waiting = threading.Thread(target=lambda: ended.append(process.run(command, deadline, cwd=folder)))
    waiting.start()
    try:
        while not (folder / "began").exists():
            time.sleep(0.01)
        assert sweep() == (folder,)
        waiting.join(20)
        assert [each.exit_status for each in ended] == [-signal.SIGKILL]
    finally:
        deadline.cancel()
        waiting.join()


def test_a_record_of_a_process_that_is_gone_kills_nobody_who_has_its_number(temporary: Path) -> None:
    bystander = subprocess.Popen(["sleep", "300"], start_new_session=True)
    try:
        folder = left_in(temporary)
        # The number is taken, but by a process that started at another time.
        (folder / "processes").write_text(f"{bystander.pid} 12345\n")
        assert sweep() == (folder,)
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_what_a_killed_run_left_besides_sandboxes_goes_too_and_what_is_another_hosts_stays(temporary: Path) -> None:
    gone = left_in(temporary, "resolve")
    in_use = new_folder("resolve")
    host = gone.name.split("-")[2]
    elsewhere = temporary / f"stackaudit-sandbox-{'0' * len(host)}-x"
    elsewhere.mkdir()
    link = temporary / f"stackaudit-resolve-{host}-link"
    link.symlink_to(elsewhere)
    assert sweep() == (gone,)
    assert set(temporary.glob("stackaudit-*")) == {in_use.path, elsewhere, link}
    link.unlink()
    in_use.remove()
    elsewhere.rmdir()


def test_a_python_that_is_named_from_where_one_stands_is_that_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    require("uv")
    (tmp_path / "here").symlink_to(Path(sys.executable).parent)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "room").mkdir()
    interpreter = build(tmp_path / "room", [SMALL], str(Path("here", Path(sys.executable).name)), Deadline(120))
    told = [str(interpreter), "-c", "import vine, sys; print(sys.base_prefix)"]
    assert subprocess.run(told, capture_output=True, text=True, check=True).stdout.strip() == sys.base_prefix


def test_the_minor_version_of_a_python_is_asked_of_it() -> None:
    deadline = Deadline(60)
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert minor_of(None, deadline) == minor_of(sys.executable, deadline) == here
    assert minor_of("3.9", deadline) == "3.9"
    with pytest.raises(UsageError):
        minor_of("/bin/ls", deadline)
