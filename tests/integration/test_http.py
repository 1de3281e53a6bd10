"""The one HTTP client: what it says of a service that gives no answer, and what it never does."""

import base64
import gzip
import os
import socket
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import pytest

from servers import Behaviour, Certificate, certificate, drips, hangs_up, stays_silent, stranger
from stackaudit.model.deadline import Deadline
from stackaudit.model.secret import Secret
from stackaudit.outside.http import Answer, Client, Failure, Request
from stackaudit.outside.ways import MOST_AT_ONCE, Kind, Way
from tls_proxy import TlsProxy

pytestmark = pytest.mark.usefixtures("bare_network")


class Service:
    """A service on loopback that answers `hello`, but at `/away` redirects to `away`; `asked` holds path and headers of each request."""

    def __init__(self, secured: Certificate | None = None, away: str = "") -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                service.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                self.send_response(302 if self.path == "/away" else 200)
                if self.path == "/away":
                    self.send_header("Location", away or "/away")
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", "5")
                self.end_headers()
                self.wfile.write(b"hello")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """Clients that hang up are what these tests are about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        if secured is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(secured.file, secured.key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def ask(url: str, *, seconds: float = 20, way: Way | None = None) -> Answer | Failure:
    with Client(Deadline(seconds), way) as client:
        return client.ask([Request(url=url)])[0]


def kind(answer: Answer | Failure) -> Kind | None:
    return answer.kind if isinstance(answer, Failure) else None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://nowhere.invalid/", Kind.NO_NAME),
        ("http://127.0.0.1:1/", Kind.REFUSED),
        ("http://255.255.255.255/", Kind.NO_WAY),
        ("http://127.0.0.1:99999999/", Kind.ADDRESS),
        ("http://[::1/", Kind.ADDRESS),
        ("ftp://127.0.0.1/", Kind.ADDRESS),
    ],
)
def test_what_closes_the_way_is_told(url: str, expected: Kind) -> None:
    assert kind(ask(url)) is expected


@pytest.mark.parametrize(
    ("behaviour", "expected"), [(stays_silent, Kind.LATE), (drips, Kind.LATE), (hangs_up, Kind.BROKEN)]
)
def test_a_stranger_at_the_port_is_no_service(behaviour: Behaviour, expected: Kind) -> None:
    with stranger(behaviour) as port:
        answer = ask(f"http://127.0.0.1:{port}/", seconds=2)
    assert kind(answer) is expected


def test_a_service_without_tls_is_not_asked_in_the_clear() -> None:
    with Service() as service:
        assert kind(ask(f"https://127.0.0.1:{service.port}/")) is Kind.NOT_TLS
    assert service.asked == []


def test_a_certificate_is_trusted_by_its_authority_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = certificate(tmp_path)
    with Service(made) as service:
        url = f"https://127.0.0.1:{service.port}/"
        assert kind(ask(url)) is Kind.UNTRUSTED
        assert isinstance(ask(url, way=Way(certificates=str(made.file))), Answer)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made.file))
        assert isinstance(ask(url), Answer)
        assert kind(ask(url, way=Way(certificates=str(tmp_path)))) is Kind.UNTRUSTED, "what is named wins"


ASKING = """
import sys
from stackaudit.model.deadline import Deadline
from stackaudit.outside.http import Client, Request
with Client(Deadline(20)) as client:
    answers = client.ask([Request(url=sys.argv[1])] * 3)
print({type(each).__name__ for each in answers}, "certifi" in sys.modules)
"""


def test_the_authorities_of_certifi_are_read_only_where_those_of_the_system_do_not_suffice(tmp_path: Path) -> None:
    made = certificate(tmp_path)
    with Service(made) as service:
        command = [sys.executable, "-c", ASKING, f"https://127.0.0.1:{service.port}/"]
        unnamed = {name: each for name, each in os.environ.items() if not name.startswith("SSL_CERT")}
        told = [
            subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout.strip()
            for env in ({**unnamed, "SSL_CERT_FILE": str(made.file)}, unnamed)
        ]
    assert told == ["{'Answer'} False", "{'Failure'} True"]


@pytest.mark.parametrize("name", ["missing.pem", "junk.pem"])
def test_authorities_that_can_not_be_read_trust_nobody(tmp_path: Path, name: str) -> None:
    (tmp_path / "junk.pem").write_text("no certificate")
    assert kind(ask("https://127.0.0.1:1/", way=Way(certificates=str(tmp_path / name)))) is Kind.NO_AUTHORITIES


def test_redirects_are_followed_where_they_are_wanted_and_not_for_ever() -> None:
    with Service() as there, Service(away=f"http://127.0.0.1:{there.port}/") as here, Service() as circle:
        url = f"http://127.0.0.1:{here.port}/away"
        assert [getattr(ask(url, way=Way(redirects=each)), "status", None) for each in (0, 5)] == [302, 200]
        assert kind(ask(f"http://127.0.0.1:{circle.port}/away", way=Way(redirects=5))) is Kind.CIRCLE
    assert len(circle.asked) == 6


def test_a_login_goes_to_its_own_host_and_no_further() -> None:
    with Service() as there, Service(away=f"http://localhost:{there.port}/") as here:
        assert isinstance(ask(f"http://ann:p%40ss@127.0.0.1:{here.port}/away", way=Way(redirects=5)), Answer)
    assert here.asked[0][1]["authorization"] == f"Basic {base64.b64encode(b'ann:p@ss').decode()}"
    assert [headers.get("authorization") for _, headers in there.asked] == [None]


def test_netrc_logs_in_where_the_address_does_not(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login bob password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    with Service() as service:
        ask(f"http://127.0.0.1:{service.port}/")
        ask(f"http://ann:own@127.0.0.1:{service.port}/")
    told = [base64.b64decode(headers["authorization"].split()[1]).decode() for _, headers in service.asked]
    assert told == ["bob:secret", "ann:own"]


def test_the_proxy_is_asked_for_others_and_never_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with Service() as proxy, Service() as near:
        address = f"http://ann:secret@127.0.0.1:{proxy.port}"
        assert isinstance(ask("http://far.example/one", way=Way(proxy=Secret(address))), Answer)
        monkeypatch.setenv("http_proxy", address)
        monkeypatch.setenv("no_proxy", "spared.invalid")
        assert isinstance(ask("http://far.example/two"), Answer)
        assert kind(ask("http://spared.invalid/")) is Kind.NO_NAME
        assert isinstance(ask(f"http://127.0.0.1:{near.port}/"), Answer)
    assert [path for path, _ in proxy.asked] == ["http://far.example/one", "http://far.example/two"]
    assert {headers["proxy-authorization"] for _, headers in proxy.asked} == {"Basic YW5uOnNlY3JldA=="}
    assert len(near.asked) == 1


def test_what_is_asked_by_tls_goes_through_the_proxy_unread(tmp_path: Path) -> None:
    with TlsProxy(tmp_path, lambda host, path: (200, f"{host}{path}".encode())) as proxy:
        way = Way(proxy=Secret(proxy.url), certificates=str(proxy.certificate))
        with Client(Deadline(20), way) as client:
            answers = client.ask([Request(url=f"https://far.example/{each}") for each in range(3)])
        assert kind(ask("https://far.example/", way=Way(proxy=Secret(proxy.url)))) is Kind.UNTRUSTED
    assert [each.body for each in answers if isinstance(each, Answer)] == [
        f"far.example/{each}".encode() for each in range(3)
    ]


def test_a_proxy_that_is_not_there_or_is_of_another_kind_is_named_as_the_cause() -> None:
    for address in ("http://127.0.0.1:1", "socks5://127.0.0.1:1", "http://::::"):
        assert kind(ask("https://far.example/", way=Way(proxy=Secret(address)))) is Kind.PROXY


# Without the time, which each of the tests' processes would read for itself: a test is known by its data.
HELLO = gzip.compress(b"hello", mtime=0)


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        (b"Content-Length: 5", b"hello", b"hello"),
        (b"Content-Length: 5", b"hel", Kind.BROKEN),
        (b"Content-Length: 0", b"", b""),
        (b"Connection: close", b"hello", b"hello"),
        (b"Transfer-Encoding: chunked", b"3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", b"hello"),
        (b"Transfer-Encoding: chunked", b"3\r\nhel\r\n2\r\nl", Kind.BROKEN),
        (b"Transfer-Encoding: chunked", b"3\r\nhel\r\n", Kind.BROKEN),
        (b"Content-Encoding: gzip\r\nContent-Length: %d" % len(HELLO), HELLO, b"hello"),
        (b"Content-Encoding: gzip\r\nContent-Length: %d" % len(HELLO), HELLO[:-9], Kind.BROKEN),
        (b"Content-Encoding: gzip\r\nConnection: close", HELLO[:-9], Kind.BROKEN),
        (b"Content-Encoding: gzip\r\nContent-Length: 5", b"hello", Kind.BROKEN),
        (b"Content-Encoding: gzip\r\nContent-Length: %d" % (2 * len(HELLO)), 2 * HELLO, b"hellohello"),
    ],
)
@pytest.mark.parametrize("way", ["direct", "proxied"])
def test_an_answer_is_whole_or_none(way: str, headers: bytes, body: bytes, expected: bytes | Kind) -> None:
    def answers(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n\r\n" + body)

    with stranger(answers) as port:
        near = f"http://127.0.0.1:{port}"
        proxy, url = (Secret(near), "http://far.example/") if way == "proxied" else (None, f"{near}/")
        answer = ask(url, way=Way(proxy=proxy))
    assert (answer.body if isinstance(answer, Answer) else answer.kind) == expected


def test_a_login_stays_with_its_host_when_that_sends_on_to_another_of_its_pages() -> None:
    with Service(away="/there") as service:
        answer = ask(f"http://ann:own@127.0.0.1:{service.port}/away", way=Way(redirects=1))
    assert isinstance(answer, Answer)
    assert [(path, headers["authorization"]) for path, headers in service.asked] == [
        ("/away", f"Basic {base64.b64encode(b'ann:own').decode()}"),
        ("/there", f"Basic {base64.b64encode(b'ann:own').decode()}"),
    ]


def test_an_address_is_asked_as_it_is_written_and_what_may_not_stand_in_a_request_is_escaped() -> None:
    with Service() as service:
        for path in ("/a%2Fb/?q=1&r=%20", "/grün und blau", "", "?bare"):
            assert isinstance(ask(f"http://127.0.0.1:{service.port}{path}"), Answer)
    assert [path for path, _ in service.asked] == ["/a%2Fb/?q=1&r=%20", "/gr%C3%BCn%20und%20blau", "/", "/?bare"]


def test_a_connection_that_the_service_has_closed_meanwhile_is_not_asked_again() -> None:
    answered = []

    def answers_once(connection: socket.socket) -> None:
        connection.recv(65536)
        answered.append(1)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

    with stranger(answers_once) as port, Client(Deadline(20)) as client:
        for _ in range(3):
            assert isinstance(client.ask([Request(url=f"http://127.0.0.1:{port}/")])[0], Answer)
    assert len(answered) == 3


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_connections_are_kept_and_never_more_than_are_promised(tmp_path: Path, scheme: str) -> None:
    made = certificate(tmp_path) if scheme == "https" else None
    way = Way(certificates=str(made.file) if made else None)
    with Service(made) as service, Client(Deadline(60), way) as client:
        accepted = count_connections(service)
        for _ in range(5):
            answers = client.ask([Request(url=f"{scheme}://127.0.0.1:{service.port}/")] * 40)
            assert all(isinstance(each, Answer) for each in answers)
    assert len(accepted) <= MOST_AT_ONCE


RESOLVING = """
import sys
resolved = []
sys.addaudithook(lambda event, told: resolved.append(told[0]) if event == "socket.getaddrinfo" else None)
from stackaudit.model.deadline import Deadline
from stackaudit.outside.http import Answer, Client, Request
with Client(Deadline(20)) as client:
    answers = [each for number in (1, 40) for each in client.ask([Request(url=sys.argv[1])] * number)]
print(sum(isinstance(each, Answer) for each in answers), resolved)
"""


def test_the_name_of_a_service_is_resolved_once_for_all_connections() -> None:
    with Service() as service:
        accepted = count_connections(service)
        command = [sys.executable, "-c", RESOLVING, f"http://localhost:{service.port}/"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "41 ['localhost']"
    assert len(accepted) > 1


def count_connections(service: Service) -> list[object]:
    accepted: list[object] = []
    get = service.server.get_request

    def counted() -> tuple[socket.socket, object]:
        accepted.append(1)
        return get()

    service.server.get_request = counted  # type: ignore[method-assign]  # the standard library's server, counted as it accepts
    return accepted
