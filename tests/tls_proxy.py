"""A loopback HTTPS proxy that answers in the name of whatever host it is asked for: for tools whose service address is fixed."""

import contextlib
import ssl
import subprocess
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tools import require

Reply = tuple[int, bytes]


class TlsProxy:
    """The running proxy; trust `certificate` and set HTTPS_PROXY to `url`.

    `answer` is called with host and path, and gives status and body; a host of `refused` gets no connection. `asked` lists what was.
    """

    def __init__(self, folder: Path, answer: Callable[[str, str], Reply], *, refused: tuple[str, ...] = ()) -> None:
        self.openssl = require("openssl")
        self.folder, self.answer, self.refused = folder, answer, refused
        self.asked: list[tuple[str, str]] = []
        self.lock = threading.Lock()
        self.contexts: dict[str, ssl.SSLContext] = {}
        self.certificate = folder / "ca.pem"
        # Since Python 3.13 an authority must say that it signs certificates.
        made = ("-addext", "keyUsage=critical,keyCertSign", "-keyout", "ca.key", "-out", "ca.pem")
        self._run("req", "-x509", *_KEY, "-days", "2", "-subj", "/CN=test authority", *made)
        outer = self

        class Handler(_Handler):
            proxy = outer

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def context(self, host: str) -> ssl.SSLContext:
        """A certificate for `host`, signed by the test authority."""
        with self.lock:
            if host not in self.contexts:
                (self.folder / "leaf.ext").write_text(f"subjectAltName=DNS:{host}\nauthorityKeyIdentifier=keyid\n")
                self._run("req", *_KEY, "-subj", f"/CN={host}", "-keyout", "leaf.key", "-out", "leaf.csr")
                signer = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
                self._run(
                    "x509", "-req", "-in", "leaf.csr", *signer, "-days", "1", "-extfile", "leaf.ext", "-out", "leaf.pem"
                )
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.folder / "leaf.pem", self.folder / "leaf.key")
                self.contexts[host] = context
            return self.contexts[host]

    def _run(self, *arguments: str) -> None:
        subprocess.run([self.openssl, *arguments], cwd=self.folder, check=True, capture_output=True)


_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class _Handler(BaseHTTPRequestHandler):
    proxy: TlsProxy

    def do_CONNECT(self) -> None:
        host = self.path.partition(":")[0]
        if host in self.proxy.refused:
            self.send_error(502)
            return
        self.send_response(200)
        self.end_headers()
        # Whoever does not trust the certificate hangs up.
        with (
            contextlib.suppress(OSError),
            self.proxy.context(host).wrap_socket(self.connection, server_side=True) as tls,
        ):
            outer = self

            class Inner(_Inner):
                proxy = outer.proxy
                name = host

            Inner(tls, self.client_address, self.server)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        pass


class _Inner(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: TlsProxy
    name: str

    def do_GET(self) -> None:
        self.proxy.asked.append((self.name, self.path))
        status, body = self.proxy.answer(self.name, self.path)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        pass
