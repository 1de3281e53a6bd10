"""What people write between the markers survives; a broken marker is told with its line, and nothing is guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackaudit.model.edition import Kept
from stackaudit.model.errors import InputError
from stackaudit.reports._keep import Keeping, kept_of

KEEP, END = "<!-- stackaudit:keep {} -->\n", "<!-- stackaudit:end -->\n"
LINES = st.lists(st.text(alphabet="ab #|`<>-!\t\N{SNOWMAN}", max_size=20), max_size=5).map(
    lambda lines: "".join(f"{each}\n" for each in lines)
)


@given(st.dictionaries(st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)?", fullmatch=True), LINES, max_size=4))
def test_whatever_stands_between_the_markers_comes_back_as_it_was(texts: dict[str, str]) -> None:
    kept = tuple(Kept(name=name, text=text, line=0) for name, text in texts.items())
    keeping = Keeping(kept)
    document = "# Title\n\n" + "\n".join(keeping.keep(name) for name in texts)
    assert {each.name: each.text for each in kept_of(document, "audit.md")} == texts


def test_a_block_that_has_no_place_any_more_is_left_over_and_not_lost() -> None:
    keeping = Keeping((Kept(name="gone", text="mine\n", line=1), Kept(name="empty", text="\n", line=4)))
    keeping.keep("here")
    assert [str(each) for each in keeping.left_over()] == [KEEP.format("gone") + "mine\n" + END]


@pytest.mark.parametrize(
    ("document", "line", "message"),
    [
        (KEEP.format("a") + "text\n", 1, "the block `a` does not end"),
        ("text\n" + END, 2, "this block ends and did not begin"),
        (KEEP.format("a") + END + KEEP.format("a") + END, 3, "there are two blocks `a`"),
        (KEEP.format("a") + KEEP.format("b") + END, 2, "the block `b` begins inside the block `a` of line 1"),
        (KEEP.format("A b") + END, 1, "`A b` is no name of a block"),
        (KEEP.format("") + END, 1, "`` is no name of a block"),
        ("<!-- stackaudit:kept a -->\n", 1, "there is no marker `stackaudit:kept a`"),
        ("<!-- stackaudit:end a -->\n", 1, "there is no marker `stackaudit:end a`"),
        ("\n<!-- stackaudit:keep a\n", 2, "this marker is not one whole comment on its line"),
    ],
)
def test_a_broken_marker_is_told_with_its_line(document: str, line: int, message: str) -> None:
    with pytest.raises(InputError) as caught:
        kept_of(document, "audit.md")
    fault = caught.value.faults[0]
    assert str(fault.where) == f"audit.md:{line}"
    assert message in fault.message
    assert fault.hint


def test_line_ends_of_another_system_break_no_marker() -> None:
    document = (KEEP.format("a") + "mine\n" + END).replace("\n", "\r\n")
    assert [each.text for each in kept_of(document, "audit.md")] == ["mine\n"]


def test_a_template_can_ask_for_a_block_once() -> None:
    keeping = Keeping(())
    keeping.keep("a")
    with pytest.raises(ValueError, match="two of it"):
        keeping.keep("a")
