"""The Redis protocol, however its bytes arrive."""

import socket
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackaudit.model.deadline import Deadline
from stackaudit.outside.resp import Connection, Kind, Reply, ServerError, Trouble

LINES = st.text(alphabet=st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n"), max_size=20)
REPLIES: st.SearchStrategy[Reply] = st.recursive(
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(st.characters(blacklist_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=12,
).filter(lambda reply: _depth(reply) < 8)


def _depth(reply: Reply) -> int:
    return 1 + max(map(_depth, reply), default=0) if isinstance(reply, list) else 0


def wire(reply: Reply) -> bytes:
    """`reply` as a server writes it."""
    match reply:
        case None:
            return b"$-1\r\n"
        case int():
            return b":%d\r\n" % reply
        case str():
            coded = reply.encode()
            return b"$%d\r\n%b\r\n" % (len(coded), coded)
        case ServerError():
            return f"-{reply.kind} {reply.text}\r\n".encode()
        case list():
            return b"*%d\r\n" % len(reply) + b"".join(wire(each) for each in reply)


def answered(chunks: Sequence[bytes], *, seconds: float = 10.0, stay: bool = False) -> Reply:
    """What one command is answered with by a peer that sends `chunks`, and then hangs up or stays."""
    ours, theirs = socket.socketpair()
    with theirs, Connection(ours, Deadline(seconds)) as connection:

        def send() -> None:
            for chunk in chunks:
                theirs.sendall(chunk)
            if not stay:
                theirs.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=send)
        thread.start()
        try:
            return connection.ask("PING")
        finally:
            thread.join()


@settings(max_examples=60)
@given(reply=REPLIES, size=st.integers(1, 40))
def test_a_reply_comes_back_whole_in_whatever_pieces_it_arrives(reply: Reply, size: int) -> None:
    data = wire(reply)
    assert answered([data[at : at + size] for at in range(0, len(data), size)]) == reply


@settings(max_examples=30)
@given(kind=st.from_regex(r"[A-Z]{2,9}", fullmatch=True), text=LINES)
def test_an_error_is_a_value_with_its_first_word_apart(kind: str, text: str) -> None:
    assert answered([wire(ServerError(kind=kind, text=text))]) == ServerError(kind=kind, text=text)


@settings(max_examples=40)
@given(reply=REPLIES, cut=st.floats(0, 0.999))
def test_a_reply_that_is_cut_short_is_a_hang_up_and_never_an_answer(reply: Reply, cut: float) -> None:
    data = wire(reply)
    with pytest.raises(Trouble) as caught:
        answered([data[: int(len(data) * cut)]])
    assert caught.value.kind is Kind.CLOSED


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"AMQP\x00\x00\x09\x01",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"$x\r\n",
        b"*" * 99999,
    ],
)
def test_another_protocol_is_foreign(data: bytes) -> None:
    with pytest.raises(Trouble) as caught:
        answered([data])
    assert caught.value.kind is Kind.FOREIGN


@pytest.mark.parametrize("begun", [b"", b"+PON", b"$5\r\nab", b"*2\r\n+a\r\n"])
def test_an_answer_that_does_not_end_is_silence_with_what_came(begun: bytes) -> None:
    with pytest.raises(Trouble) as caught:
        answered([begun] if begun else [], seconds=0.2, stay=True)
    assert caught.value.kind is Kind.SILENT


def test_lists_nested_without_end_are_refused() -> None:
    with pytest.raises(Trouble) as caught:
        answered([b"*1\r\n" * 5000])
    assert caught.value.kind is Kind.FOREIGN
