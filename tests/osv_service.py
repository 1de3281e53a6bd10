"""An OSV service on loopback over a folder or zip of records, naive on purpose: it shares no code with what it tests.

By hand: `python tests/osv_service.py PATH --latency 0.05 --port 8080`; it prints its base URL.
"""

import argparse
import contextlib
import json
import sys
import threading
import time
import zipfile
from collections import Counter
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

FAULTS = ("500", "html", "empty", "cut", "reset", "drip", "refuse", "hang")


def read_records(path: Path) -> list[dict[str, Any]]:
    """Every record of a folder or zip."""
    if path.is_dir():
        return [json.loads(file.read_text()) for file in sorted(path.rglob("*.json"))]
    with zipfile.ZipFile(path) as archive:
        return [json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")]


@cache
def read_version(text: str) -> Version | None:
    """The version, None where it is none: real advisories hold some that are none."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def is_affected(record: dict[str, Any], name: str, version: str) -> bool:
    """By the listed versions, and by each range taken as intervals from one `introduced` to the next event.

    A local build is the release that it was built from, too.
    """
    wanted = read_version(version)
    if wanted is not None and wanted.local is not None and is_affected(record, name, wanted.public):
        return True
    for affected in record.get("affected", []):
        package = affected.get("package", {})
        if package.get("ecosystem") != "PyPI" or canonicalize_name(package["name"]) != canonicalize_name(name):
            continue
        if version in affected.get("versions", []):
            return True
        if wanted is None:
            continue
        if any(read_version(listed) == wanted for listed in affected.get("versions", [])):
            return True
        for span in affected.get("ranges", []):
            if span["type"] == "ECOSYSTEM" and any(inside(wanted, *each) for each in intervals(span["events"])):
                return True
    return False


def intervals(events: list[dict[str, str]]) -> list[tuple[str, str | None, str | None]]:
    """(introduced, fixed, last_affected) for each `introduced`, paired with the nearest readable end after it."""
    found: list[tuple[str, str | None, str | None]] = []
    for event in events:
        if "introduced" in event:
            first = event["introduced"] if readable(event["introduced"]) else "0"
            start = Version(first)
            fixed = [e["fixed"] for e in events if readable(e.get("fixed")) and Version(e["fixed"]) > start]
            last = [e["last_affected"] for e in events if readable(e.get("last_affected"))]
            last = [each for each in last if Version(each) >= start]
            found.append((first, min(fixed, key=Version, default=None), min(last, key=Version, default=None)))
    return found


def readable(text: str | None) -> bool:
    """Whether it is a version at all."""
    return text is not None and read_version(text) is not None


def inside(version: Version, introduced: str, fixed: str | None, last: str | None) -> bool:
    """Whether a version lies in one interval."""
    if introduced != "0" and version < Version(introduced):
        return False
    if fixed is not None and version >= Version(fixed):
        return False
    return last is None or version <= Version(last)


class OsvService:
    """The running service; `requests` counts them by kind (`query`, `querybatch`, `vulns`), `most_in_flight` is the peak.

    `latency` seconds go by before each answer. `fault` spoils every answer, or with `fault_on` those of one kind. `page` is the most
    advisories on one page. Without `batch` there is no `querybatch`; `canned` is what it answers instead of the truth.
    """

    def __init__(  # noqa: PLR0913 - each keyword is one way to misbehave
        self,
        records: Path | list[dict[str, Any]],
        *,
        latency: float = 0.0,
        fault: str | None = None,
        fault_on: str | None = None,
        page: int | None = None,
        batch: bool = True,
        canned: object = None,
        port: int = 0,
    ) -> None:
        self.records = read_records(records) if isinstance(records, Path) else records
        self.by_name: dict[str, list[dict[str, Any]]] = {}
        for record in self.records:
            for name in {canonicalize_name(a["package"]["name"]) for a in record.get("affected", []) if "package" in a}:
                self.by_name.setdefault(name, []).append(record)
        self.by_id = {record["id"]: record for record in self.records}
        self.latency, self.fault, self.fault_on, self.page = latency, fault, fault_on, page
        self.batch, self.canned = batch, canned
        self.requests: Counter[str] = Counter()
        self.in_flight = self.most_in_flight = 0
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        outer = self

        class Handler(_Handler):
            service = outer

        self.server = _Server(("127.0.0.1", port), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Self:
        if self.fault == "refuse":
            self.server.server_close()
        else:
            self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        if self.fault != "refuse":
            self.server.shutdown()
            self.server.server_close()

    def answer(self, name: str, version: str, token: str | None) -> tuple[list[dict[str, Any]], str | None]:
        found = [r for r in self.by_name.get(canonicalize_name(name), []) if is_affected(r, name, version)]
        start = int(token or 0)
        if self.page is None or start + self.page >= len(found):
            return found[start:], None
        return found[start : start + self.page], str(start + self.page)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    service: OsvService

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v1/query":
            self._answer("query", lambda: self._query(body))
        elif self.path == "/v1/querybatch" and self.service.batch:
            self._answer("querybatch", lambda: self._batch(body["queries"]))
        else:
            self._answer("other", lambda: None)

    def do_GET(self) -> None:
        kind, _, identifier = self.path.removeprefix("/v1/").partition("/")
        known = self.service.by_id.get(identifier) if kind == "vulns" else None
        self._answer("vulns", lambda: known)

    def _query(self, query: dict[str, Any]) -> dict[str, Any]:
        found, token = self.service.answer(query["package"]["name"], query["version"], query.get("page_token"))
        answer: dict[str, Any] = {"vulns": found} if found else {}
        return {**answer, "next_page_token": token} if token else answer

    def _batch(self, queries: list[dict[str, Any]]) -> object:
        return (
            {"results": [self._ids(each) for each in queries]} if self.service.canned is None else self.service.canned
        )

    def _ids(self, query: dict[str, Any]) -> dict[str, Any]:
        answer = self._query(query)
        if "vulns" in answer:
            answer["vulns"] = [{"id": each["id"], "modified": each["modified"]} for each in answer["vulns"]]
        return answer

    def _answer(self, kind: str, make: Any) -> None:
        service = self.service
        with service.lock:
            service.requests[kind] += 1
            service.in_flight += 1
            service.most_in_flight = max(service.most_in_flight, service.in_flight)
        try:
            service.stopping.wait(service.latency)
            value = make()
            spoilt = service.fault if service.fault_on in {None, kind} else None
            self._send(404 if value is None else 200, json.dumps(value if value is not None else {}).encode(), spoilt)
        finally:
            with service.lock:
                service.in_flight -= 1

    def _send(self, status: int, body: bytes, fault: str | None) -> None:
        match fault:
            case "500":
                status, body = 500, b'{"code": 13, "message": "internal"}'
            case "html":
                body = b"<!doctype html><title>Sign in to the network</title>"
            case "empty":
                body = b""
            case "cut":
                body = body[: len(body) // 2] if len(body) > 3 else b"{"
            case "hang":
                self.service.stopping.wait(120)
                return
            case "reset":
                self.close_connection = True
                return
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if fault != "drip":
            self.wfile.write(body)
            return
        for byte in body:
            if self.service.stopping.wait(1):
                return
            self.wfile.write(bytes([byte]))
            self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--fault", choices=FAULTS)
    options = parser.parse_args()
    with OsvService(options.path, latency=options.latency, port=options.port, fault=options.fault) as service:
        sys.stdout.write(f"{service.url}\n")
        sys.stdout.flush()
        while True:
            time.sleep(3600)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
