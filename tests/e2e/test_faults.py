"""No fault ends in a tick, and none outlives the deadline."""

import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from command import Run
from environments import Environments

PINS = (Path(__file__).parents[1] / "projects" / "seed" / "requirements.txt").read_text(encoding="utf-8").split()


@contextmanager
def listener(*, drip: bool) -> Iterator[int]:
    """A port that accepts, and then is silent, or drips a byte now and then for ever."""
    kept: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                kept.append(connection)
                if drip:
                    threading.Thread(target=dribble, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    for connection in kept:
        connection.close()


def dribble(connection: socket.socket) -> None:
    try:
        while True:
            connection.send(b"H")
            time.sleep(0.2)
    except OSError:
        return


def test_with_everything_hung_the_audit_ends_at_its_deadline_and_ticks_nothing_that_hung(
    environments: Environments, folder: Path, stackaudit: Run
) -> None:
    (folder / "requirements.txt").write_text("\n".join(PINS), encoding="utf-8")
    hung = folder / "ffmpeg"
    hung.write_text("#!/bin/sh\ntrap '' TERM INT\nexec sleep 4343\n", encoding="utf-8")
    hung.chmod(0o755)
    with listener(drip=False) as redis, listener(drip=True) as osv, listener(drip=True) as index:
        options = [
            "--python",
            environments.get("3.11", *PINS),
            "--ffmpeg",
            str(hung),
            "--timeout",
            "4",
            "--format",
            "json",
        ]
        urls = ["--broker-url", f"redis://127.0.0.1:{redis}/0", "--advisories", f"http://127.0.0.1:{osv}"]
        begun = time.monotonic()
        done = stackaudit("check", *options, *urls, env={"PIP_INDEX_URL": f"http://127.0.0.1:{index}/simple"})
        wall = time.monotonic() - begun
    record = json.loads(done.stdout)
    verdicts = {check["id"]: check["verdict"] for check in record["checks"]}
    assert done.returncode in {1, 3}
    for check in ("vulnerabilities", "releases", "redis", "celery", "ffmpeg"):
        assert verdicts[check] in {"unknown", "fail"}, verdicts
    hung_checks = [each for each in record["checks"] if each["id"] not in {"matrix", "conflicts", "environment"}]
    passed = {each["rule"] for check in hung_checks for each in check["findings"] if each["outcome"] == "pass"}
    assert passed <= {"RD108", "RD109", "RD115"}  # these read the broker's URL, and ask nobody
    assert record["measured"]["durations"]["audit"] <= 4.5
    assert (
        wall < 60
    )  # what hangs here hangs for ever: any end is ours, and starting Python takes its time on a busy machine
    assert subprocess.run(["pgrep", "-f", "sleep 4343"], check=False, capture_output=True).returncode != 0


def test_an_interpreter_that_prints_garbage_ticks_nothing(folder: Path, stackaudit: Run) -> None:
    garbage = folder / "python"
    garbage.write_text('#!/bin/sh\necho "{\\"celery\\": \\"5.4.0\\"}"\n', encoding="utf-8")
    garbage.chmod(0o755)
    done = stackaudit(
        "check", "--python", str(garbage), "--only", "matrix,conflicts,vulnerabilities,releases", "--format", "json"
    )
    assert done.returncode == 3, done.stdout + done.stderr
    record = json.loads(done.stdout)
    assert {check["verdict"] for check in record["checks"]} == {"unknown"}
    assert not [f for check in record["checks"] for f in check["findings"] if f["outcome"] == "pass"]
    text = stackaudit("check", "--python", str(garbage), "--only", "matrix,conflicts,vulnerabilities,releases").stdout
    assert text.count("\nunknown[") == 1  # one cause, told once


def test_an_empty_environment_ticks_nothing(environments: Environments, stackaudit: Run) -> None:
    done = stackaudit(
        "check", "--python", environments.get("3.11"), "--skip", "matrix,ffmpeg,environment", "--format", "json"
    )
    assert done.returncode in {1, 3}
    assert "pass" not in {check["verdict"] for check in json.loads(done.stdout)["checks"]}
