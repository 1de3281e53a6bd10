"""An advisory is told in one sentence that no terminal stumbles over."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackaudit.advisories.consultation import headline


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Short and whole", "Short and whole"),
        ("The first sentence is this one. The second is not.", "The first sentence is this one"),
        ("### Impact\nAny file can be read.\n\n### Patches\n2.1.0", "Any file can be read."),
        ("\n\n  # Overview\r\nBad\x1b[31mness\ttold", "Bad [31mness told"),
        ("", ""),
        ("e.g. 2.0 is affected", "e.g. 2.0 is affected"),
    ],
)
def test_the_headline_is_the_first_sentence_of_the_first_line(text: str, expected: str) -> None:
    assert headline(text) == expected


@settings(max_examples=100)
@given(st.text(max_size=500))
def test_a_headline_is_short_and_printable_whatever_it_is_made_of(text: str) -> None:
    assert len(headline(text)) <= 200
    assert headline(text).isprintable()
