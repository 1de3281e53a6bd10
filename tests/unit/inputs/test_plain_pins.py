"""A line that is nothing but a pin is read by a shorter way, and means what it means by the long one."""

from hypothesis import given
from hypothesis import strategies as st

from stackaudit.inputs._pip_lines import logical_lines
from stackaudit.inputs._requirement import read_requirement
from stackaudit.model.errors import Fault
from stackaudit.model.places import Place

WHERE = Place(path="requirements.txt", line=1)
NAMES = st.from_regex(r"[A-Za-z0-9_.-]{1,8}", fullmatch=True)
VERSIONS = st.from_regex(
    r"([0-9]!)?[0-9v][0-9]{0,3}(\.[0-9*]{1,3}){0,3}[-_.]?(a|rc|post|dev|final)?[0-9]?(\+[a-z.]{1,4})?", fullmatch=True
)


@given(name=NAMES, version=VERSIONS)
def test_both_ways_give_the_same(name: str, version: str) -> None:
    # With blanks around the operator the line is the same, and takes the long way.
    short, long = (read_requirement(f"{name}{sign}{version}", WHERE) for sign in ("==", " == "))
    if isinstance(long, Fault):
        assert isinstance(short, Fault)
    else:
        assert short == long


@given(
    st.lists(
        st.sampled_from(
            ["celery==5.4.0", " vine==5.1.0 ", "", "  ", "-r other.txt", "kombu ; python_version>'3'", "\x0c", "x\x85y"]
        )
    )
)
def test_lines_without_comments_are_read_as_they_are_among_comments(rows: list[str]) -> None:
    text = "\n".join(rows)
    assert list(logical_lines(text, {})) == list(logical_lines(f"{text}\n# a comment", {}))
