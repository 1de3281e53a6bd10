"""The loopback service that pip-audit is pointed at: it holds the answers already, so that pip-audit waits for none."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from packaging.utils import canonicalize_name

from stackaudit.advisories.records import Pin, Record, parse_json

MOST_QUESTION = 1024 * 1024
"""Bytes of one question; nobody asks about a package in more."""


@contextmanager
def serving(records: Mapping[Pin, Sequence[Record]]) -> Iterator[str]:
    """While inside, the URL of a `/v1/query` on this machine that answers with `records`, as OSV would.

    A package that is not among them gets 503: whoever asks must fail, not take it for clean.
    """
    answers = {pin: answer(found) for pin, found in records.items()}

    class Handler(_Handler):
        held = answers

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True, name="feed")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
    finally:
        server.shutdown()
        server.server_close()


def answer(records: Sequence[Record]) -> bytes:
    """The answer to one query: each record's JSON exactly as it came; an empty object where there is none, as OSV says it."""
    if not records:
        return b"{}"
    return ('{"vulns":[' + ",".join(record.text for record in records) + "]}").encode()


def asked_about(body: bytes) -> Pin | None:
    """The pin that the JSON of a query names, or None where it names none."""
    try:
        value = parse_json(body)
    except ValueError:
        return None
    package = value.get("package") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(package, dict):
        return None
    name, version = package.get("name"), value.get("version")
    if not isinstance(name, str) or not isinstance(version, str):
        return None
    return Pin(name=canonicalize_name(name), version=version)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # An open keep-alive connection must not hold the exit back.
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # With Nagle's algorithm each of pip-audit's questions would wait for a delayed acknowledgement: 40 ms a package.
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60
    held: Mapping[Pin, bytes] = {}

    def do_POST(self) -> None:  # the name is http.server's
        """Answer one query."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST_QUESTION:
            self._send(HTTPStatus.BAD_REQUEST, b"{}", close=True)
            return
        pin = asked_about(self.rfile.read(int(length)))
        if self.path != "/v1/query":
            self._send(HTTPStatus.NOT_FOUND, b"{}")
        elif pin is None:
            self._send(HTTPStatus.BAD_REQUEST, b"{}")
        elif pin not in self.held:
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, json.dumps({"message": "not asked for"}).encode())
        else:
            self._send(HTTPStatus.OK, self.held[pin])

    def _send(self, status: HTTPStatus, body: bytes, *, close: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if close:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing: standard error belongs to the probe."""
