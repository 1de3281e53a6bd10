"""The loopback service that pip-audit is pointed at: it is given the answers while pip-audit starts, so that pip-audit waits for none."""

import threading
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from packaging.utils import canonicalize_name

from stackaudit.advisories.records import Pin, Record, parse_json

MOST_QUESTION = 1024 * 1024
"""Bytes of one question; nobody asks about a package in more."""


LONGEST_WAIT = 600.0
"""Seconds that a question waits for the answers to come in; whoever asks gives up sooner."""


class Feed:
    """While inside, a service at `url` on this machine, as OSV's `/v1/query` is one.

    A question waits until `hold` was called. A package that is not held then gets 503: whoever asks must fail, not take it for clean.
    """

    def __init__(self) -> None:
        self._answers: Mapping[Pin, bytes] = {}
        self._ready = threading.Event()
        feed = self

        class Handler(_Handler):
            def held(self, pin: Pin) -> bytes | None:
                return feed.answer_to(pin)

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True, name="feed"
        )

    @property
    def url(self) -> str:
        """Where it is asked."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1/query"

    def hold(self, records: Mapping[Pin, Sequence[Record]]) -> None:
        """Answer with `records` from now on."""
        self._answers = {pin: answer(found) for pin, found in records.items()}
        self._ready.set()

    def answer_to(self, pin: Pin) -> bytes | None:
        """The answer about `pin` once there are answers; None where it is not among them."""
        self._ready.wait(LONGEST_WAIT)
        return self._answers.get(pin)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ready.set()
        self._server.shutdown()
        self._server.server_close()


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

    def held(self, pin: Pin) -> bytes | None:
        """The answer about `pin`, or None."""
        raise NotImplementedError

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
        elif (found := self.held(pin)) is None:
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, b'{"message": "not asked for"}')
        else:
            self._send(HTTPStatus.OK, found)

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
