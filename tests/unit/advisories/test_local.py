"""A local copy is read whole or not at all, and is never trusted."""

import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from stackaudit.advisories.bundle import Limits, LocalError, members
from stackaudit.advisories.local import ask, load, newest_day
from stackaudit.advisories.records import Pin

FOLDER = Path(__file__).parents[2] / "advisories"
GOOD = json.dumps({"id": "A-1", "affected": [{"package": {"ecosystem": "PyPI", "name": "oak"}, "versions": ["1.0"]}]})


def packed() -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(FOLDER.glob("*.json")):
            archive.write(file, file.name)
    return body.getvalue()


GOOD_ZIP = packed()


def pin(name: str, version: str) -> Pin:
    return Pin(name=canonicalize_name(name), version=version)


def zipped(path: Path, members: dict[str, str], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def test_a_folder_and_its_zip_say_the_same(tmp_path: Path) -> None:
    members = {file.name: file.read_text() for file in FOLDER.glob("*.json")}
    folder, archive = load(FOLDER), load(zipped(tmp_path / "all.zip", members))
    assert folder.sha256 == archive.sha256
    for asked in (pin("oakpress", "2.0.1"), pin("tinfoil-hat", "3.1"), pin("old-lantern", "2012-autumn")):
        assert [each.id for each in folder.about(asked)] == [each.id for each in archive.about(asked)] != []


def test_withdrawn_advisories_are_left_out() -> None:
    assert [each.id for each in load(FOLDER).about(pin("oakpress", "2.0.1"))] == ["GHSA-oak1-oak2-oak3", "PYSEC-2099-1"]
    assert load(FOLDER).about(pin("oakpress", "2.1.0")) == ()


def test_the_digest_changes_with_any_record(tmp_path: Path) -> None:
    first = load(zipped(tmp_path / "a.zip", {"a.json": GOOD})).sha256
    assert load(zipped(tmp_path / "b.zip", {"a.json": GOOD + " "})).sha256 != first


@pytest.mark.parametrize("name", ["../a.json", "/a.json", "x/../../a.json", "..\\a.json", "\\a.json"])
def test_a_zip_whose_names_lead_out_of_it_is_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "all.zip", {"good.json": GOOD, name: GOOD})
    with pytest.raises(LocalError, match="leads out"):
        load(path)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = zipped(tmp_path / "all.zip", {"bomb.json": "0" * 5_000_000})
    assert path.stat().st_size < 50_000
    with pytest.raises(LocalError, match="larger than a record"):
        load(path, Limits(record=1_000_000))


def test_many_records_together_are_bounded_too(tmp_path: Path) -> None:
    path = zipped(tmp_path / "all.zip", {f"{index}.json": GOOD for index in range(100)})
    with pytest.raises(LocalError, match="larger than advisories"):
        load(path, Limits(total=50 * len(GOOD)))


def test_sizes_that_the_zip_claims_are_not_believed(tmp_path: Path) -> None:
    path = zipped(tmp_path / "all.zip", {"a.json": GOOD + " " * 100_000}, zipfile.ZIP_STORED)
    body = path.read_bytes()
    real = (len(GOOD) + 100_000).to_bytes(4, "little")
    path.write_bytes(body.replace(real, (10).to_bytes(4, "little")))
    with pytest.raises(LocalError):
        load(path)


def test_a_cut_zip_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "all.zip", {f"{index}.json": GOOD for index in range(20)})
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(LocalError, match="zip"):
        load(path)


def test_a_damaged_member_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "all.zip", {"a.json": GOOD}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"1.0", b"9.0"))
    with pytest.raises(LocalError, match="zip"):
        load(path)


@pytest.mark.parametrize("text", ["", "<html>", '{"name": "no record"}', GOOD[:-1]])
def test_one_record_that_cannot_be_read_spoils_the_copy(tmp_path: Path, text: str) -> None:
    (tmp_path / "good.json").write_text(GOOD)
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(LocalError, match=r"bad\.json in it is not an OSV record"):
        load(tmp_path)


def test_a_copy_without_advisories_is_none(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="no advisory"):
        load(tmp_path)
    (tmp_path / "npm.json").write_text((FOLDER / "GHSA-npm1-npm2-npm3.json").read_text())
    with pytest.raises(LocalError, match="no advisory"):
        load(tmp_path)


def test_a_copy_that_is_not_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="no such"):
        load(tmp_path / "missing.zip")


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "secret.json", tmp_path / "copy"
    outside.write_text(GOOD)
    folder.mkdir()
    (folder / "a.json").symlink_to(outside)
    with pytest.raises(LocalError, match="leads out"):
        load(folder)


def test_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(LocalError, match="no regular file"):
        load(tmp_path)


def test_names_with_control_characters_are_not_printed(tmp_path: Path) -> None:
    path = zipped(tmp_path / "all.zip", {"\x1b[31m.json": "no"})
    with pytest.raises(LocalError, match="not an OSV record") as caught:
        load(path)
    assert str(caught.value).isprintable()


def test_a_copy_says_which_day_it_knows_the_world_of(tmp_path: Path) -> None:
    dated = {
        f"{day}.json": GOOD.replace("{", f'{{"modified": "{day}T10:00:00Z", ', 1)
        for day in ("2099-01-31", "2099-03-02")
    }
    copy = zipped(tmp_path / "all.zip", {**dated, "undated.json": GOOD})
    assert load(copy).as_of == ask(copy, [pin("oak", "1.0")]).as_of == "2099-03-02"
    assert load(zipped(tmp_path / "undated.zip", {"a.json": GOOD})).as_of == ""


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255)), min_size=1, max_size=4), st.booleans())
def test_a_zip_with_damaged_bytes_is_read_whole_or_not_at_all(damage: list[tuple[int, int]], directory: bool) -> None:  # noqa: FBT001
    body = bytearray(GOOD_ZIP)
    # Most damage to what lists the records, since what is in them has a checksum.
    first = GOOD_ZIP.index(b"PK\x01\x02") if directory else 0
    for place, byte in damage:
        body[first + place % (len(body) - first)] = byte
    try:
        found = list(members(io.BytesIO(bytes(body))))
    except LocalError:
        return
    assert found == list(members(io.BytesIO(GOOD_ZIP)))


def test_a_record_that_is_dated_ahead_does_not_hide_how_old_a_copy_is() -> None:
    assert newest_day(["2024-05-01", "9999-01-01", "2024-04-01", ""]) == "2024-05-01"
    assert newest_day(["9999-01-01", "9998-01-01", ""]) == "9999-01-01"
    assert newest_day(["", ""]) == newest_day([]) == ""
