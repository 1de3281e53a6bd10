"""Whatever a stream can carry is written, and what it can't is spelled in ASCII."""

import io

import pytest

from stackaudit.cli.output import carried, write


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "✅ a → b ≥ 1 … é"),
        ("ascii", "[ok] a -> b >= 1 ... ?"),
        ("cp1252", "[ok] a -> b >= 1 ... é"),
        (None, "[ok] a -> b >= 1 ... ?"),
    ],
)
def test_characters_fall_back_to_ascii_where_the_stream_cant_carry_them(encoding: str | None, expected: str) -> None:
    assert carried("✅ a → b ≥ 1 … é", encoding) == expected


def test_no_secret_reaches_a_stream() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    write("cannot reach redis://:s3cret@host/0\n", stream)
    assert b"s3cret" not in stream.buffer.getvalue()
