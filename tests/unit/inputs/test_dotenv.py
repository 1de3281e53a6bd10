"""Files of variables are read as their users' tools read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackaudit.inputs._dotenv import read


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=1\nB = two words \n", [("A", "1", 1), ("B", "two words", 2)]),
        ("export A=1 # why\nB=a#b\n", [("A", "1", 1), ("B", "a#b", 2)]),
        ("# A=1\n\nB='x # y' # why\nC=\"q\"", [("B", "x # y", 3), ("C", "q", 4)]),
        ('KEY="-----BEGIN\nMIIE==\nEND"\nB=1', [("KEY", "-----BEGIN\nMIIE==\nEND", 1), ("B", "1", 4)]),
        ('A="never closed\nB=1', [("A", "never closed", 1), ("B", "1", 2)]),
        ("NAME\nA=\nno assignment here\n=x\n1A=x", [("NAME", None, 1), ("A", "", 2)]),
    ],
)
def test_names_values_and_lines_are_read(text: str, found: list[tuple[str, str | None, int]]) -> None:
    assert [(each.name, each.value, each.line) for each in read(text)] == found


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    lines = len(text.splitlines())
    assert all(1 <= each.line <= lines and each.name for each in read(text))


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z_]{1,9}", fullmatch=True),
        st.from_regex(r"[^'\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029\\]{0,20}", fullmatch=True),
    )
)
def test_what_is_quoted_comes_back_whole(values: dict[str, str]) -> None:
    text = "\n".join(f"{name}='{value}'" for name, value in values.items())
    assert {each.name: each.value for each in read(text)} == values
