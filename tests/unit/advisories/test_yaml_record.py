"""An advisory in YAML is the same advisory in JSON, and YAML's tricks are refused."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from stackaudit.advisories.bundle import LocalError, members
from stackaudit.advisories.local import load
from stackaudit.advisories.yaml_record import YamlError, as_json

RECORD = """\
id: PYSEC-2099-1
modified: 2099-01-02T03:04:05Z
withdrawn: null
details: |
  Two
  lines.
affected:
- package: {ecosystem: PyPI, name: oak}
  ranges:
  - type: ECOSYSTEM
    events:
    - introduced: "0"
    - fixed: 1.10
  versions: [1.0, "1.1", 0777, 1_000, 1e3, yes]
"""


def test_numbers_and_dates_stay_what_was_written() -> None:
    value = json.loads(as_json(RECORD.encode()))
    assert value["modified"] == "2099-01-02T03:04:05Z"
    assert value["withdrawn"] is None
    assert value["details"] == "Two\nlines.\n"
    assert value["affected"][0]["ranges"][0]["events"] == [{"introduced": "0"}, {"fixed": "1.10"}]
    assert value["affected"][0]["versions"] == ["1.0", "1.1", "0777", "1_000", "1e3", "yes"]


def test_nothing_is_nothing_and_a_quoted_null_is_a_word() -> None:
    assert json.loads(as_json(b"a:\nb: ~\nc: 'null'\nd: ''\ne: true")) == {
        "a": None,
        "b": None,
        "c": "null",
        "d": "",
        "e": True,
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: &x [1]\nb: *x", "refers to another part of itself"),
        ("a: !!python/object/apply:os.system ['true']", "type of its own"),
        ("a: 1\n---\nb: 2", "not one document"),
        ("", "not one document"),
        ("a: 1\na: 2", "says 'a' twice"),
        ("[1]: 2", "keys is no text"),
        ("- " * 60 + "a", "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
        ("a: [", "not YAML"),
        ("\0", "not YAML"),
    ],
)
def test_what_is_no_plain_document_is_refused(text: str, why: str) -> None:
    with pytest.raises(YamlError, match=why):
        as_json(text.encode())


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(YamlError, match="not YAML"):
        as_json(b"a: \xff\xfe")


JSON = st.recursive(
    st.none() | st.booleans() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1), inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=150)
@given(JSON)
def test_what_was_written_comes_back(value: object) -> None:
    written = yaml.safe_dump(value)
    if "&id" not in written:
        assert json.loads(as_json(written.encode())) == value


# --- checkouts


def checkout(root: Path) -> Path:
    (root / "vulns" / "oak").mkdir(parents=True)
    (root / "vulns" / "oak" / "PYSEC-2099-1.yaml").write_text(RECORD)
    (root / ".github").mkdir()
    (root / ".github" / "dependabot.yml").write_text("version: 2\n")
    (root / "package.json").write_text("{}")
    (root / ".git").mkdir()
    (root / ".git" / "old.json").write_text("no record")
    return root


def test_of_a_checkout_the_records_alone_are_read(tmp_path: Path) -> None:
    root = checkout(tmp_path)
    assert [name for name, _ in members(root)] == ["vulns/oak/PYSEC-2099-1.yaml"]
    assert [name for name, _ in members(root / "vulns")] == ["oak/PYSEC-2099-1.yaml"]
    assert load(root).as_of == "2099-01-02"


def test_a_record_in_yaml_that_cannot_be_read_spoils_the_copy(tmp_path: Path) -> None:
    (checkout(tmp_path) / "vulns" / "oak" / "PYSEC-2099-2.yaml").write_text("a: [")
    with pytest.raises(LocalError, match=r"PYSEC-2099-2\.yaml in it is not an OSV record: it is not YAML"):
        load(tmp_path)


def test_a_folder_that_is_a_link_is_refused_since_what_it_holds_would_be_missing(tmp_path: Path) -> None:
    root = checkout(tmp_path / "checkout")
    (root / "vulns" / "elm").symlink_to(tmp_path)
    with pytest.raises(LocalError, match="link to a folder"):
        load(root)
