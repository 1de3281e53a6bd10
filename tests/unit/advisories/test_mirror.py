"""The mirror is replaced as a whole or not at all."""

import json
import os
import shutil
import stat
import threading
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stackaudit.advisories import local, mirror
from stackaudit.advisories import sync as syncing
from stackaudit.advisories.sources import Kind, Source
from stackaudit.model.deadline import Deadline
from stackaudit.model.secret import Secret

FOLDER = Path(__file__).parents[2] / "advisories"
NOW = datetime(2099, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own; the mirror lies in what is returned."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "stackaudit" / "advisories"


def quiet(_line: str) -> None:
    pass


def sync(source: Path | str = FOLDER, seconds: float = 30) -> mirror.Mirror:
    return syncing.sync(str(source), Deadline(seconds), NOW, quiet)


def record(identifier: str, name: str = "oak", **fields: str) -> str:
    affected = [{"package": {"ecosystem": "PyPI", "name": name}, "versions": ["1.0"]}]
    return json.dumps({"id": identifier, "affected": affected, **fields})


def zipped(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def files(home: Path) -> set[str]:
    return {each.name for each in home.iterdir()}


def test_there_is_none_before_the_first_sync(home: Path) -> None:
    assert mirror.current() is None
    assert not mirror.is_there()
    assert mirror.folder() == home


def test_what_was_synced_is_what_is_read() -> None:
    made = sync()
    assert mirror.current() == made
    assert (made.synced_at, made.source, made.count) == (NOW, str(FOLDER), 5)
    copy = local.load(made.path)
    assert (made.sha256, made.newest) == (copy.sha256, copy.as_of)
    assert copy.by_name == local.load(FOLDER).by_name
    mirror.verify(made)


def test_records_about_other_ecosystems_are_left_out() -> None:
    with zipfile.ZipFile(sync().path) as archive:
        assert "GHSA-npm1-npm2-npm3.json" not in archive.namelist()


def test_a_zip_and_a_folder_make_the_same_mirror(tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "all"), "zip", FOLDER)
    assert sync(archive).sha256 == sync().sha256


def test_the_records_are_kept_byte_by_byte_as_they_came(tmp_path: Path) -> None:
    text = '{ "id":"A-1",  "affected":[{"package":{"ecosystem":"PyPI","name":"oak"}}], "odd": 1.50 }'
    made = sync(zipped(tmp_path / "all.zip", {"deep/in/a.json": text}))
    with zipfile.ZipFile(made.path) as archive:
        assert archive.read("A-1.json").decode() == text


LONG = record("A-1", details="x" * (17 * 1024 * 1024))

FAULTY = {
    "an empty zip": ({}, "no advisory"),
    "nothing about PyPI": ({"a.json": '{"id": "A-1"}'}, "no advisory"),
    "a record that is none": ({"a.json": record("A-1"), "b.json": "<html>"}, r"b\.json in it is not an OSV record"),
    "nested deeply": ({"a.json": "[" * 1_000_000}, "not an OSV record"),
    "a way out": ({"../a.json": record("A-1")}, "leads out of the zip"),
    "a record of 17 MiB": ({"a.json": LONG}, "larger than a record can be"),
    "two of one name": ({"a.json": record("A-1"), "b.json": record("A-1", "elm")}, "two different records A-1"),
    "an id that is a path": ({"a.json": record("../../x")}, "has no id"),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_faulty_source_leaves_the_old_mirror(fault: str, tmp_path: Path, home: Path) -> None:
    old = sync()
    before = files(home)
    contents, why = FAULTY[fault]
    with pytest.raises(syncing.SourceError, match=why):
        sync(zipped(tmp_path / "all.zip", contents))
    assert mirror.current() == old
    assert files(home) == before
    mirror.verify(old)


def test_what_is_no_zip_or_a_cut_one_leaves_the_old_mirror(tmp_path: Path) -> None:
    old = sync()
    good = Path(shutil.make_archive(str(tmp_path / "all"), "zip", FOLDER)).read_bytes()
    for body in (b"", b"<!doctype html>", good[: len(good) // 2], good[:-30]):
        (tmp_path / "bad.zip").write_bytes(body)
        with pytest.raises(syncing.SourceError, match="not a zip that can be read whole"):
            sync(tmp_path / "bad.zip")
    assert mirror.current() == old


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("a.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(syncing.SourceError, match="is a link"):
        sync(tmp_path / "all.zip")


def test_a_source_that_is_not_there_leaves_the_old_mirror(tmp_path: Path) -> None:
    old = sync()
    with pytest.raises(syncing.SourceError, match="no such file or folder"):
        sync(tmp_path / "missing.zip")
    assert mirror.current() == old


def test_a_sync_that_is_out_of_time_leaves_the_old_mirror(home: Path) -> None:
    old = sync()
    before = files(home)
    with pytest.raises(mirror.MirrorError, match="not made in time"):
        sync(seconds=0)
    assert mirror.current() == old
    assert files(home) == before


def test_a_folder_that_cannot_be_written_to_is_an_error_in_words(home: Path) -> None:
    home.parent.mkdir(parents=True)
    home.write_text("a file where the folder should be")
    with pytest.raises(mirror.MirrorError, match=r"can't be written to .*: "):
        sync()
    assert mirror.current() is None


def test_an_interruption_leaves_the_old_mirror(home: Path) -> None:
    old = sync()
    before = files(home)

    def interrupt(line: str) -> None:
        if line.startswith("verifying"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        syncing.sync(str(FOLDER), Deadline(30), NOW, interrupt)
    assert mirror.current() == old
    assert files(home) == before


def test_an_interruption_once_the_new_mirror_is_there_leaves_that_one(monkeypatch: pytest.MonkeyPatch) -> None:
    sync()
    replace = os.replace

    def interrupt(one: Path, other: Path) -> None:
        replace(one, other)
        if other.name == "mirror.json":
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        sync()
    found = mirror.current()
    assert found is not None
    mirror.verify(found)


def test_the_records_before_the_last_sync_stay_for_who_is_reading_them_and_older_ones_go(home: Path) -> None:
    first, second = sync(), sync()
    assert first.path.exists()
    third = sync()
    assert not first.path.exists()
    assert files(home) == {"lock", "mirror.json", second.path.name, third.path.name}


def test_what_a_killed_sync_left_goes_with_the_next(home: Path) -> None:
    sync()
    for name in (".records-1.zip.abc", ".mirror.json.abc", "records-dead.zip", "records-dead.index"):
        (home / name).write_text("torn")
    (home / "notes.txt").write_text("somebody's own")
    sync()
    assert not [each for each in files(home) if "dead" in each or each.startswith(".")]
    assert "notes.txt" in files(home)


def test_syncs_at_once_all_end_well_and_leave_one_whole_mirror() -> None:
    made: list[mirror.Mirror] = []
    threads = [threading.Thread(target=lambda: made.append(sync())) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(made) == 4
    found = mirror.current()
    assert found in made
    mirror.verify(found)


def test_a_note_with_a_day_that_there_is_not_is_a_damaged_mirror(home: Path) -> None:
    note = home / "mirror.json"
    newest = sync().newest
    note.write_text(note.read_text().replace(newest, "2026-99-99"))
    with pytest.raises(mirror.MirrorError, match="can't be read"):
        mirror.current()


@pytest.mark.parametrize("note", ["", "<html>", "[]", "{}", '{"schema": "other/1"}', "[" * 100_000])
def test_a_note_that_cannot_be_read_is_a_damaged_mirror_and_none_is_not(home: Path, note: str) -> None:
    sync()
    (home / "mirror.json").write_text(note)
    assert mirror.is_there()
    with pytest.raises(mirror.MirrorError, match="can't be read"):
        mirror.current()
    assert sync().count == 5, "and the next sync mends it"


@pytest.mark.parametrize("name", ["../mirror.json", "/etc/passwd", "", "records-gone.zip"])
def test_a_note_that_names_another_file_is_a_damaged_mirror(home: Path, name: str) -> None:
    sync()
    note = json.loads((home / "mirror.json").read_text())
    (home / "mirror.json").write_text(json.dumps({**note, "file": name}))
    with pytest.raises(mirror.MirrorError, match="can't be read"):
        mirror.current()


def test_records_that_were_cut_are_seen_at_once_and_changed_ones_when_they_are_verified(home: Path) -> None:
    made = sync()
    os.truncate(made.path, made.path.stat().st_size - 1)
    with pytest.raises(mirror.MirrorError, match="damaged"):
        mirror.current()
    changed = zipped(home / "other.zip", {"A-1.json": record("A-1")})
    changed.replace(made.path)
    with pytest.raises(mirror.MirrorError, match="not what was synced"):
        mirror.verify(made)


def test_passwords_of_the_source_are_not_kept() -> None:
    with pytest.raises(syncing.SourceError) as caught:
        sync("http://me:hunter2@127.0.0.1:9/all.zip")
    assert "hunter2" not in str(caught.value)


def test_the_mirror_is_a_local_copy_once_it_is_there() -> None:
    source = Source(kind=Kind.LOCAL, name="the local mirror", address=Secret(""), mirror=True)
    with pytest.raises(mirror.MirrorError, match="there is none"):
        mirror.located(source)
    made = sync()
    assert mirror.located(source).address.reveal() == str(made.path)
    other = Source(kind=Kind.LOCAL, name="another", address=Secret("/elsewhere"))
    assert mirror.located(other) == other
