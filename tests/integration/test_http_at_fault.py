"""The one HTTP client and servers that break the rules: no answer is taken for another's, and what is not understood is no answer."""

import gzip
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path

import pytest

from servers import Behaviour, certificate, full_backlog, stranger
from stackaudit.model.deadline import Deadline
from stackaudit.model.secret import Secret
from stackaudit.outside.http import Answer, Client, Failure, Request
from stackaudit.outside.ways import Kind, Way

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
MEGABYTE = bytes(1024 * 1024)


pytestmark = pytest.mark.usefixtures("bare_network")


def ask(url: str, way: Way | None = None) -> bytes | Kind:
    with Client(Deadline(20), way) as client:
        return told(client.ask([Request(url=url)])[0])


def told(answer: Answer | Failure) -> bytes | Kind:
    return answer.body if isinstance(answer, Answer) else answer.kind


def requests(connection: socket.socket) -> Iterator[str]:
    """The path of each GET that comes in."""
    with connection.makefile("rb") as lines:
        while line := lines.readline():
            while lines.readline() not in {b"\r\n", b""}:
                pass
            yield line.split()[1].decode()


def names_two(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Plays the name server's part: no name has two addresses on every machine."""
    resolve = socket.getaddrinfo

    def two(_host: str, port: int, family: int = 0, type: int = 0) -> list[object]:  # noqa: A002 - the original's name
        return [each for place in addresses for each in resolve(place, port, family, type)]

    monkeypatch.setattr(socket, "getaddrinfo", two)


@pytest.mark.parametrize(
    "answer",
    [
        b"-ERR unknown command\r\n",
        b"HTTP/1.1 fine OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
@pytest.mark.parametrize("way", ["direct", "proxied"])
def test_what_is_not_http_as_it_was_asked_for_is_told_as_that(way: str, answer: bytes) -> None:
    def answers(connection: socket.socket) -> None:
        next(requests(connection))
        connection.sendall(answer)

    with stranger(answers) as port:
        near = f"http://127.0.0.1:{port}"
        proxied = way == "proxied"
        found = ask("http://far.example/" if proxied else near, Way(proxy=Secret(near)) if proxied else None)
    assert found is Kind.GARBLED


def test_what_is_plain_may_say_so() -> None:
    def answers(connection: socket.socket) -> None:
        next(requests(connection))
        connection.sendall(HELLO.replace(b"\r\n\r\n", b"\r\nContent-Encoding: identity\r\n\r\n"))

    with stranger(answers) as port:
        assert ask(f"http://127.0.0.1:{port}/") == b"hello"


def address(way: str, port: int) -> tuple[str, Way]:
    """A base URL and the way there: to the listener at `port` itself, or to one that it is the proxy for."""
    near = f"http://127.0.0.1:{port}"
    return ("http://far.example", Way(proxy=Secret(near))) if way == "proxied" else (near, Way())


HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </style>\r\n\r\n"


@pytest.mark.parametrize("way", ["direct", "proxied"])
@pytest.mark.parametrize("pause", [0, 0.1])
def test_the_answer_is_what_comes_after_the_hints_of_it(way: str, pause: float) -> None:
    def hints(connection: socket.socket) -> None:
        for path in requests(connection):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" + HINT)
            time.sleep(pause)
            connection.sendall(HINT + HELLO.replace(b"hello", path[-5:].encode()))

    with stranger(hints) as port:
        base, there = address(way, port)
        with Client(Deadline(20), there) as client:
            found = [told(client.ask([Request(url=f"{base}/{each}")])[0]) for each in ("first", "other")]
    assert found == [b"first", b"other"]


@pytest.mark.parametrize("way", ["direct", "proxied"])
def test_hints_without_an_answer_are_none(way: str) -> None:
    def hints(connection: socket.socket) -> None:
        next(requests(connection))
        while True:
            connection.sendall(HINT)

    with stranger(hints) as port:
        base, there = address(way, port)
        assert ask(f"{base}/", there) is Kind.GARBLED


def busy(times: int, status: bytes, patience: Callable[[], bytes], asked: list[float]) -> Behaviour:
    """A service that is busy for `times` questions in all, and then is not; `asked` takes when each came."""

    def behave(connection: socket.socket) -> None:
        for _ in requests(connection):
            asked.append(time.monotonic())
            refusal = b"HTTP/1.1 %s\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n" % (status, patience())
            connection.sendall(refusal if len(asked) <= times else HELLO)

    return behave


def in_a_second() -> bytes:
    return formatdate(time.time() + 1.5, usegmt=True).encode()


@pytest.mark.parametrize("way", ["direct", "proxied"])
@pytest.mark.parametrize(
    ("status", "patience"), [(b"429 Too Many Requests", lambda: b"1"), (b"503 Unavailable", in_a_second)]
)
def test_a_busy_service_is_left_alone_for_as_long_as_it_asks_for(
    way: str, status: bytes, patience: Callable[[], bytes]
) -> None:
    asked: list[float] = []
    with stranger(busy(1, status, patience, asked)) as port:
        base, there = address(way, port)
        assert ask(f"{base}/", there) == b"hello"
    first, second = asked
    assert second - first > 0.3, "the pause where nothing is asked for is shorter"


@pytest.mark.parametrize("patience", [b"3600", b"Fri, 31 Dec 2999 23:59:59 GMT"])
def test_a_service_that_asks_for_more_time_than_there_is_is_not_asked_again(patience: bytes) -> None:
    asked: list[float] = []
    with stranger(busy(99, b"503 Unavailable", lambda: patience, asked)) as port:
        assert ask(f"http://127.0.0.1:{port}/") is Kind.BUSY
    assert len(asked) == 1


def test_a_service_that_stays_busy_is_asked_twice() -> None:
    asked: list[float] = []
    with stranger(busy(99, b"429 Too Many Requests", lambda: b"0", asked)) as port, Client(Deadline(20)) as client:
        (answer,) = client.ask([Request(url=f"http://127.0.0.1:{port}/")])
    assert isinstance(answer, Answer)
    assert (answer.status, len(asked)) == (429, 2)


def test_where_the_address_that_answered_is_gone_the_others_of_the_name_are_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    try:
        first = socket.create_server(("127.0.0.2", 0))
    except OSError:
        pytest.skip("this machine has one loopback address alone")
    port = first.getsockname()[1]
    second = socket.create_server(("127.0.0.1", port))
    names_two(monkeypatch, "127.0.0.2", "127.0.0.1")

    def answers(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            next(requests(connection))
            connection.sendall(HELLO.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))

    with Client(Deadline(20)) as client:
        for listener in (first, second):
            thread = threading.Thread(target=answers, args=(listener,), daemon=True)
            thread.start()
            assert told(client.ask([Request(url=f"http://two.test:{port}/")])[0]) == b"hello"
            thread.join()
            listener.close()


def test_where_an_address_of_the_name_leads_nowhere_there_is_time_left_for_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with full_backlog() as port:
        try:
            listener = socket.create_server(("127.0.0.2", port))
        except OSError:
            pytest.skip("this machine has one loopback address alone")
        names_two(monkeypatch, "127.0.0.1", "127.0.0.2")

        def answers() -> None:
            connection, _ = listener.accept()
            with connection:
                next(requests(connection))
                connection.sendall(HELLO)

        threading.Thread(target=answers, daemon=True).start()
        with listener, Client(Deadline(2)) as client:
            assert told(client.ask([Request(url=f"http://two.test:{port}/")])[0]) == b"hello"


def test_a_page_in_the_clear_is_not_asked_in_the_place_of_one_by_tls(tmp_path: Path) -> None:
    made = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.file, made.key)
    reached: list[str] = []

    def in_the_clear(connection: socket.socket) -> None:
        reached.extend(requests(connection))

    with stranger(in_the_clear) as clear:

        def sends_on(connection: socket.socket) -> None:
            with context.wrap_socket(connection, server_side=True) as secured:
                next(requests(secured))
                there = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n" % clear
                secured.sendall(there)

        with stranger(sends_on) as port:
            found = ask(f"https://127.0.0.1:{port}/", Way(certificates=str(made.file), redirects=3))
    assert found is Kind.DOWNGRADE
    assert reached == []


def test_no_proxy_may_name_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "nonsense/x, 198.51.100.0/24,2001:db8::/32")

    def is_proxy(connection: socket.socket) -> None:
        next(requests(connection))
        connection.sendall(HELLO)

    with stranger(is_proxy) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        assert ask("http://192.0.2.1/") == b"hello"
        assert ask("http://far.example/") == b"hello"
        # Nobody is there (RFC 5737, RFC 3849): the proxy would have answered.
        with Client(Deadline(0.5)) as client:
            near = client.ask([Request(url=url) for url in ("http://198.51.100.7/", "http://[2001:db8::7]/")])
    assert b"hello" not in [told(each) for each in near]


ASKING = """
import sys
from stackaudit.model.deadline import Deadline
from stackaudit.outside.http import Client, Request
with Client(Deadline(20)) as client:
    print(client.ask([Request(url=sys.argv[1])])[0].kind.name, "certifi" in sys.modules)
"""


@pytest.mark.parametrize(("name", "expected"), [("SSL_CERT_FILE", "UNTRUSTED"), ("SSL_CERT_DIR", "UNTRUSTED")])
def test_where_the_environment_names_the_authorities_nobody_else_is_trusted(
    tmp_path: Path, name: str, expected: str
) -> None:
    made = certificate(tmp_path)
    (tmp_path / "empty").mkdir()
    other = tmp_path / "other"
    other.mkdir()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.file, made.key)

    def secured(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True):
            pass

    named = str(certificate(other).file if name == "SSL_CERT_FILE" else tmp_path / "empty")
    environment = {key: each for key, each in os.environ.items() if not key.startswith("SSL_CERT")} | {name: named}
    with stranger(secured) as port:
        command = [sys.executable, "-c", ASKING, f"https://127.0.0.1:{port}/"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [expected, "False"]


def test_a_login_in_any_script_is_sent() -> None:
    seen: list[bytes] = []

    def answers(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(HELLO)

    with stranger(answers) as port:
        assert ask(f"http://ann:%D0%BF%E2%82%AC@127.0.0.1:{port}/") == b"hello"
    assert b"Authorization: Basic YW5uOtC/4oKs\r\n" in seen[0] or b"authorization: Basic YW5uOtC/4oKs\r\n" in seen[0]


def test_a_netrc_that_is_no_text_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_bytes(b"machine \xff\xfe\x81 login a password b\n")

    def answers(connection: socket.socket) -> None:
        next(requests(connection))
        connection.sendall(HELLO)

    with stranger(answers) as port:
        assert ask(f"http://127.0.0.1:{port}/") == b"hello"


@pytest.mark.parametrize("way", ["direct", "proxied"])
def test_answers_that_are_too_long_together_are_not_even_read(way: str) -> None:
    pieces: list[int] = []

    def swells(connection: socket.socket) -> None:
        next(requests(connection))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 * len(MEGABYTE)))
        for _ in range(64):
            connection.sendall(MEGABYTE)
            pieces.append(1)

    with stranger(swells) as port:
        base, there = address(way, port)
        with Client(Deadline(20), there, most=len(MEGABYTE)) as client:
            found = client.ask([Request(url=f"{base}/")] * 2)
    assert [told(each) for each in found] == [Kind.TOO_LONG] * 2
    assert len(pieces) < 64


def test_all_answers_together_have_an_end_where_nothing_is_said_of_it() -> None:
    packed = gzip.compress(bytes(96 * len(MEGABYTE)), 1, mtime=0)

    def swells(connection: socket.socket) -> None:
        for _ in requests(connection):
            head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
            connection.sendall(head + packed)

    with stranger(swells) as port, Client(Deadline(60), Way(at_once=1)) as client:
        found = client.ask([Request(url=f"http://127.0.0.1:{port}/")] * 3)
    assert [isinstance(each, Answer) or each.kind for each in found] == [True, True, Kind.TOO_LONG]


def test_a_kept_connection_that_ends_when_it_is_asked_again_is_no_fault_of_the_service() -> None:
    def sends_on_once(connection: socket.socket) -> None:
        asked = requests(connection)
        if next(asked) == "/":
            connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n")
            next(asked)
        else:
            connection.sendall(HELLO)

    with stranger(sends_on_once) as port:
        assert ask(f"http://127.0.0.1:{port}/", Way(redirects=1)) == b"hello"
