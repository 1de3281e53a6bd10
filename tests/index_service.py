"""A package index on loopback, with the faults that real ones have: PEP 691 JSON, or PEP 503 HTML, from a table of files."""

import base64
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JSON = "application/vnd.pypi.simple.v1+json"
CANNED = {
    "error-page": (200, "text/html", b"<html><a href='/login'>Please log in</a></html>"),
    "not-json": (200, JSON, b"<html>"),
    "other-json": (200, "application/json", b'{"status": "ok"}'),
    "text": (200, "text/plain", b"hello"),
    "unavailable": (503, "text/plain", b"come back later"),
}
"""Faults that are one whole answer. The others: `other-project`, `circle` (redirects to itself), `drip` (one byte now and then), `cut`
(promises more bytes than it sends), `hang-up` (closes the connection with no answer), `hang-up-once` (does so the first time only)."""


@dataclass
class IndexService:
    """What the index holds: by project its files (`filename`, and what PEP 691 says of a file), or the name of a fault.

    `contents` are the files themselves, by name, or the name of a fault; they are served at `../../files/NAME`, seen from a project's page.
    """

    projects: Mapping[str, list[dict[str, Any]] | str]
    contents: Mapping[str, bytes | str] = field(default_factory=dict)
    html_only: bool = False
    login: tuple[str, str] | None = None
    latency: float = 0.0
    url: str = ""
    asked: list[str] = field(default_factory=list)
    logins: list[str | None] = field(default_factory=list)
    accepted: int = 0


def wheel(name: str, version: str, uploaded: str | None = None, **more: Any) -> dict[str, Any]:
    """One file's entry; `uploaded` is RFC 3339."""
    entry: dict[str, Any] = {"filename": f"{name}-{version}-py3-none-any.whl", "url": "x", "hashes": {}, **more}
    if uploaded is not None:
        entry["upload-time"] = uploaded
    return entry


@contextmanager
def serving(service: IndexService) -> Iterator[IndexService]:
    """Serve on a free port until the end; `service.url` is where."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def process_request(self, request: Any, client_address: Any) -> None:
            service.accepted += 1
            super().process_request(request, client_address)

        def handle_error(self, _request: Any, _client_address: Any) -> None:
            """A client that was killed or gave up is what these tests are about."""

    class Handler(_Handler):
        served = service

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_port}/simple"
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served: IndexService

    # Headers and body leave in two writes: without this, the kernel waits 40 ms between them.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def do_GET(self) -> None:
        name = self.path.strip("/").split("/")[-1]
        again = name in self.served.asked
        self.served.asked.append(name)
        login = self.headers.get("Authorization")
        self.served.logins.append(login)
        time.sleep(self.served.latency)
        if self.served.login is not None:
            wanted = "Basic " + base64.b64encode(":".join(self.served.login).encode()).decode()
            if login != wanted:
                self._send(401, "text/plain", b"who are you?")
                return
        if self.path.startswith("/files/"):
            self._file(name)
            return
        found = self.served.projects.get(name)
        if found is None:
            self._send(404, "text/plain", b"404")
        elif isinstance(found, list):
            self._page(name, found)
        elif found == "hang-up-once" and again:
            self._page(name, [wheel(name, "1.0")])
        else:
            self._fail(found)

    def _file(self, name: str) -> None:
        content = self.served.contents.get(name)
        if content is None:
            self._send(404, "text/plain", b"404")
        elif isinstance(content, bytes):
            self._send(200, "application/octet-stream", content)
        else:
            self._fail(content)

    def _page(self, name: str, files: list[dict[str, Any]]) -> None:
        if self.served.html_only or "json" not in self.headers.get("Accept", ""):
            lines = "".join(_anchor(each) for each in files)
            self._send(200, "text/html; charset=utf-8", f"<!DOCTYPE html><body><h1>{name}</h1>{lines}</body>".encode())
            return
        page = {"meta": {"api-version": "1.1"}, "name": name, "files": files}
        self._send(200, JSON, json.dumps(page).encode())

    def _fail(self, fault: str) -> None:
        if fault in CANNED:
            self._send(*CANNED[fault])
        elif fault == "other-project":
            self._page("somebody-else", [wheel("somebody_else", "1.0")])
        elif fault == "circle":
            self.send_response(302)
            self.send_header("Location", self.path)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif fault in {"drip", "cut"}:
            self._begin(b"{", length=100_000)
            for _ in range(600 if fault == "drip" else 0):
                self.wfile.write(b" ")
                time.sleep(0.1)
            self.close_connection = True
        else:
            self.close_connection = True

    def _begin(self, body: bytes, *, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", JSON)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _anchor(file: dict[str, Any]) -> str:
    yanked = file.get("yanked", False)
    needs = file.get("requires-python")
    attributes = f' data-yanked="{yanked if isinstance(yanked, str) else ""}"' if yanked is not False else ""
    attributes += f' data-requires-python="{needs.replace("<", "&lt;").replace(">", "&gt;")}"' if needs else ""
    digest = file.get("hashes", {}).get("sha256")
    fragment = f"#sha256={digest}" if digest else ""
    return f'<a href="{file.get("url", "x")}{fragment}"{attributes}>{file["filename"]}</a><br/>\n'
