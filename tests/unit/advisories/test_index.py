"""The index says what the copy says, and is never believed where it does not fit."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from stackaudit.advisories.bundle import LocalError
from stackaudit.advisories.consultation import gist, headline
from stackaudit.advisories.index import build, open_index, place_of, read
from stackaudit.advisories.local import load
from stackaudit.advisories.mirror import folder
from stackaudit.advisories.records import Pin

ADVISORIES = Path(__file__).parents[2] / "advisories"
pytestmark = pytest.mark.usefixtures("own_cache")


def pin(name: str, version: str) -> Pin:
    return Pin(name=canonicalize_name(name), version=version)


def zipped(path: Path, **changed: str) -> Path:
    members = {file.name: file.read_text() for file in ADVISORIES.glob("*.json")}
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**members, **changed}.items():
            archive.writestr(name, text)
    return path


def told(path: Path) -> list[str]:
    return [each.id for each in open_index(path).about(pin("oakpress", "2.0.1"))]


def test_it_says_of_every_version_that_is_named_what_the_copy_says() -> None:
    copy = load(ADVISORIES)
    index = read(build(copy, "key"), "key")
    assert index is not None
    assert (index.sha256, index.as_of) == (copy.sha256, copy.as_of)
    named = {
        pin(package, version)
        for package, records in copy.by_name.items()
        for record in records
        for affected in record.affected
        for version in (*affected.versions, *(event.version for span in affected.ranges for event in span))
    }
    assert len(named) > 10
    for each in sorted(named, key=str):
        expected = [
            (record.id, record.ids, record.word, record.vectors_about(each.name)) for record in copy.about(each)
        ]
        found = index.about(each)
        assert [(record.id, record.ids, record.word, record.vectors_about(each.name)) for record in found] == expected
    assert index.about(pin("unheard-of", "1.0")) == ()


@given(st.text(st.characters(codec="utf-8")) | st.text("#. \nab", max_size=300))
def test_the_gist_of_a_text_has_the_headline_of_the_text(text: str) -> None:
    assert headline(gist(text)) == headline(text)
    assert bool(gist(text)) is bool(text.strip())
    assert len(gist(text)) <= 256


def test_a_copy_that_changed_is_indexed_anew(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "all.zip")
    assert told(archive) == ["GHSA-oak1-oak2-oak3", "PYSEC-2099-1"]
    zipped(archive, **{"PYSEC-2099-1.json": json.dumps({"id": "PYSEC-2099-1", "affected": []})})
    assert told(archive) == ["GHSA-oak1-oak2-oak3"]
    copy = tmp_path / "copy"
    shutil.copytree(ADVISORIES, copy)
    assert told(copy) == ["GHSA-oak1-oak2-oak3", "PYSEC-2099-1"]
    (copy / "PYSEC-2099-1.json").unlink()
    assert told(copy) == ["GHSA-oak1-oak2-oak3"]


def test_one_bit_that_is_wrong_anywhere_is_enough_not_to_believe_it() -> None:
    data = build(load(ADVISORIES), "key")
    for at in range(0, len(data), 7):
        damaged = bytearray(data)
        damaged[at] ^= 1
        assert read(bytes(damaged), "key") is None, at
    for length in range(0, len(data), 97):
        assert read(data[:length], "key") is None, length
    assert read(data + b"\0", "key") is None
    assert read(data, "another copy's key") is None


@pytest.mark.parametrize("content", [b"", b"no index", b"stackaudit advisories index 2\nof tomorrow"])
def test_what_is_no_index_of_ours_is_replaced_by_one(tmp_path: Path, content: bytes) -> None:
    archive = zipped(tmp_path / "all.zip")
    place = place_of(archive)
    place.parent.mkdir(parents=True)
    place.write_bytes(content)
    assert told(archive) == ["GHSA-oak1-oak2-oak3", "PYSEC-2099-1"]
    made = place.read_bytes()
    assert made != content
    told(archive)
    assert place.read_bytes() == made


def test_where_it_cannot_be_kept_the_answer_is_the_same(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "all.zip")
    place_of(archive).mkdir(parents=True)
    assert told(archive) == ["GHSA-oak1-oak2-oak3", "PYSEC-2099-1"]
    assert list(place_of(archive).parent.iterdir()) == [place_of(archive)]


def test_a_copy_that_cannot_be_read_has_none(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "all.zip")
    told(archive)
    archive.write_bytes(archive.read_bytes()[:-300])
    with pytest.raises(LocalError, match="zip"):
        open_index(archive)
    with pytest.raises(LocalError, match="no such"):
        open_index(tmp_path / "missing.zip")


def test_that_of_the_mirror_lies_beside_it_and_that_of_another_copy_in_the_cache(tmp_path: Path) -> None:
    assert place_of(folder() / "records-1.zip") == (folder() / "records-1.index").resolve()
    other = place_of(tmp_path / "all.zip")
    assert other.parent == tmp_path / "cache" / "stackaudit"
    assert other != place_of(tmp_path / "other.zip")
