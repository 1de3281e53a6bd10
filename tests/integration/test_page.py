"""A real browser takes the page as it is written, asks for nothing beside it, and is kept from what somebody puts in."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from pages import the_audit
from stackaudit.reports.html import render
from tools import require

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--hide-scrollbars",
)
PAPER = {"light": bytes.fromhex("ffffff"), "dark": bytes.fromhex("16161a")}


class Site:
    """One page on a loopback port, and the paths that were asked for."""

    def __init__(self, text: str) -> None:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(200 if self.path == "/audit.html" else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(text.encode() if self.path == "/audit.html" else b"")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library calls it so
                pass

        self.asked = asked
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/audit.html"


@contextmanager
def served(text: str) -> Iterator[Site]:
    site = Site(text)
    thread = Thread(target=site.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.server.shutdown()
        site.server.server_close()
        thread.join()


def browse(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        require("chromium"),
        *FLAGS,
        f"--user-data-dir={folder / 'profile'}",
        "--enable-logging=stderr",
        *arguments,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True, cwd=folder)


class Tags(HTMLParser):
    """The elements of a page in their order, each with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(sorted(attrs))))


def test_a_browser_shows_the_page_as_it_is_written_and_asks_for_nothing_else(tmp_path: Path) -> None:
    text = render(the_audit())
    with served(text) as site:
        done = browse(tmp_path, "--dump-dom", site.url)
    assert site.asked == ["/audit.html"]
    assert "CONSOLE" not in done.stderr
    assert Tags(done.stdout).found == Tags(text).found


def test_what_somebody_puts_into_the_page_is_neither_loaded_nor_run(tmp_path: Path) -> None:
    put = '<img src="/stolen.png"><script>document.title = "run"</script><style>@import "/stolen.css";</style><p style="color:red">x</p>'
    with served(render(the_audit()).replace("</main>", f"{put}</main>")) as site:
        done = browse(tmp_path, "--dump-dom", site.url)
    assert site.asked == ["/audit.html"]
    assert "<title>run" not in done.stdout
    assert "CONSOLE" in done.stderr


@pytest.mark.parametrize("scheme", PAPER)
def test_the_page_is_light_in_the_light_and_dark_in_the_dark(tmp_path: Path, scheme: str) -> None:
    (tmp_path / "a.html").write_text(render(the_audit()), encoding="utf-8")
    preferred = f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}"
    browse(tmp_path, preferred, "--window-size=390,800", "--screenshot=a.png", (tmp_path / "a.html").as_uri())
    corner = ("-vf", "crop=1:1:0:0", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    command = [require("ffmpeg"), "-v", "error", "-i", "a.png", *corner]
    seen = subprocess.run(command, capture_output=True, timeout=60, check=True, cwd=tmp_path).stdout
    assert seen == PAPER[scheme]
