"""Whatever a service that the mirror is fetched from does, the old mirror stays, and the cause is told in words."""

import io
import socket
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from advised import ADVISORIES
from servers import free_port, stranger
from stackaudit.advisories import mirror
from stackaudit.advisories import sync as syncing
from stackaudit.model.deadline import Deadline

Lines = list[str]


@pytest.fixture(autouse=True)
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> mirror.Mirror:
    """A mirror that is there already."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return sync(str(ADVISORIES))


def sync(source: str, seconds: float = 20, told: Lines | None = None) -> mirror.Mirror:
    lines: Lines = [] if told is None else told
    return syncing.sync(source, Deadline(seconds), datetime.now(UTC), lines.append)


def archive() -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as packed:
        for file in sorted(ADVISORIES.glob("*.json")):
            packed.write(file, file.name)
    return body.getvalue()


def answering(body: bytes, *, status: str = "200 OK", length: int | None = None) -> Callable[[socket.socket], None]:
    """Answers each request with `body`, of which it claims the `length`."""

    def behave(connection: socket.socket) -> None:
        while connection.recv(65536):
            size = len(body) if length is None else length
            head = f"HTTP/1.1 {status}\r\nContent-Type: application/zip\r\nContent-Length: {size}\r\n\r\n"
            connection.sendall(head.encode() + body)
            if length is not None:
                return

    return behave


def dripping(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nPK")
    while True:
        connection.sendall(b".")
        time.sleep(0.1)


def hanging(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def redirecting(connection: socket.socket) -> None:
    while connection.recv(65536):
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")


def no_http(connection: socket.socket) -> None:
    while connection.recv(65536):
        connection.sendall(b"SSH-2.0-x\r\n")


def test_a_zip_is_fetched_and_becomes_the_mirror(old: mirror.Mirror) -> None:
    told: Lines = []
    with stranger(answering(archive())) as port:
        made = sync(f"http://127.0.0.1:{port}/all.zip", told=told)
    assert made.path != old.path
    assert (made.sha256, made.count) == (old.sha256, old.count)
    assert mirror.current() == made
    assert told == [f"fetching http://127.0.0.1:{port}/all.zip", "reading the records", "verifying 5 records"]


FAULTS = {
    "500": (answering(b"{}", status="500 Internal Server Error"), "it answered 500"),
    "404": (answering(b"<html>", status="404 Not Found"), "it answered 404"),
    "HTML": (answering(b"<!doctype html><title>Sign in</title>"), "its answer was not a zip"),
    "empty": (answering(b""), "its answer was empty"),
    "cut": (answering(archive()[:500], length=len(archive())), "the connection broke off"),
    "half a zip": (answering(archive()[: len(archive()) // 2]), "it is not a zip that can be read whole"),
    "something after PK": (answering(b"PK\x03\x04nonsense"), "it is not a zip that can be read whole"),
    "a circle": (redirecting, "it redirects too often"),
    "no HTTP": (no_http, "what it sends is not HTTP as it was asked for"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_service_at_fault_leaves_the_old_mirror(fault: str, old: mirror.Mirror) -> None:
    behaviour, why = FAULTS[fault]
    with stranger(behaviour) as port, pytest.raises(syncing.SourceError) as caught:
        sync(f"http://127.0.0.1:{port}/all.zip")
    assert str(caught.value) == f"http://127.0.0.1:{port}/all.zip: {why}"
    assert mirror.current() == old
    mirror.verify(old)


@pytest.mark.parametrize("behaviour", [dripping, hanging])
def test_a_service_that_does_not_end_its_answer_is_left_in_time(
    behaviour: Callable[[socket.socket], None], old: mirror.Mirror
) -> None:
    with stranger(behaviour) as port, pytest.raises(syncing.SourceError, match="no answer came in time"):
        sync(f"http://127.0.0.1:{port}/all.zip", seconds=1.5)
    assert mirror.current() == old


def test_a_service_that_refuses_or_has_no_name_leaves_the_old_mirror(old: mirror.Mirror) -> None:
    with pytest.raises(syncing.SourceError, match="it refused the connection"):
        sync(f"http://127.0.0.1:{free_port()}/all.zip")
    with pytest.raises(syncing.SourceError, match=r"nowhere\.invalid/all\.zip: "):
        sync("http://nowhere.invalid/all.zip")
    assert mirror.current() == old
