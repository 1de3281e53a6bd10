"""One waiver more, and every other byte as it was."""

import tomllib
from collections.abc import Mapping
from datetime import date

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from stackaudit.authoring.waive import appended

TABLE = ("tool", "stackaudit")
FIELDS: Mapping[str, str | date] = {
    "rule": "MX207",
    "package": "kombu",
    "reason": 'it "waits"\nfor # [them]',
    "owner": "Zoë",
    "until": date(2027, 1, 31),
}
PROJECT = """# the app
[project]
name = "app"  # a name

[tool.stackaudit]
fail-on = "high"
# timeout = 30

# how we lint
[tool.ruff]
line-length = 100
"""


def added(text: str, prefix: tuple[str, ...] = TABLE) -> str:
    new = appended(text, prefix, FIELDS)
    assert new is not None
    return new


def test_it_comes_behind_our_own_table_and_before_the_comment_of_the_next() -> None:
    new = added(PROJECT)
    assert new.startswith(PROJECT[: PROJECT.index("\n# how we lint")] + "\n[[tool.stackaudit.waiver]]\nrule = ")
    assert new.endswith("until = 2027-01-31\n" + PROJECT[PROJECT.index("\n# how we lint") :])


def test_the_second_comes_behind_the_first() -> None:
    twice = added(added(PROJECT))
    assert [each["rule"] for each in tomllib.loads(twice)["tool"]["stackaudit"]["waiver"]] == ["MX207", "MX207"]
    assert twice.endswith(PROJECT[PROJECT.index("\n# how we lint") :])


def test_a_file_without_our_table_gets_it_at_its_end() -> None:
    new = added('[project]\nname = "app"')
    assert new.startswith('[project]\nname = "app"\n\n[[tool.stackaudit.waiver]]\n')


def test_a_file_of_our_own_needs_no_prefix() -> None:
    assert added("timeout = 5\n", ()).startswith("timeout = 5\n\n[[waiver]]\n")
    assert added("", ()).startswith("[[waiver]]\n")


def test_line_ends_and_the_byte_order_mark_stay() -> None:
    windows = "\ufeff" + PROJECT.replace("\n", "\r\n")
    new = added(windows)
    assert new.startswith("\ufeff# the app\r\n")
    assert "\n" not in new.replace("\r\n", "")


def test_what_looks_like_a_table_inside_a_string_is_none() -> None:
    text = '[tool.stackaudit]\nmatrix = """\n[other]\n"""\n'
    assert tomllib.loads(added(text))["tool"]["stackaudit"]["matrix"] == "[other]\n"


@pytest.mark.parametrize(
    "text",
    [
        '[tool.stackaudit]\nwaiver = [{ rule = "MX207" }]\n',
        "tool = { stackaudit = { timeout = 5 } }\n",
        "[tool.stackaudit]\nwaiver = 5\n",
        "[tool]\nstackaudit = 5\n",
        "no toml",
    ],
)
def test_a_form_that_takes_no_table_more_is_left_alone(text: str) -> None:
    assert appended(text, TABLE, FIELDS) is None


_KEYS = st.text("abcz-_09. \"'#[]ö\n", min_size=1, max_size=6)
_VALUES = st.recursive(
    st.one_of(st.integers(-9, 9), st.booleans(), st.text(max_size=8), st.dates()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=3)),
    max_leaves=8,
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=4), st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_whatever_the_file_holds_it_holds_it_still_and_one_waiver(
    ours: dict[str, object], others: dict[str, object]
) -> None:
    ours.pop("waiver", None)
    whole = {**others, "tool": {"stackaudit": ours, "zz": others}}
    text = tomli_w.dumps(whole)
    new = appended(text, TABLE, FIELDS)
    if new is None:
        assert "[tool.stackaudit]" not in text
        return
    waiver = dict(FIELDS)
    assert tomllib.loads(new) == {**others, "tool": {"stackaudit": {**ours, "waiver": [waiver]}, "zz": others}}
    assert [line for line in text.splitlines() if line and line not in new] == []
