"""Metadata out of wheels and source archives, whatever these hold."""

import contextlib
import gzip
import io
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributions import metadata, source_of, wheel_of
from stackaudit.outside import metadata_archives
from stackaudit.outside.index_pages import IndexFile
from stackaudit.outside.metadata import chosen
from stackaudit.outside.metadata_archives import MOST_METADATA, ArchiveError, metadata_in

ABOUT = metadata("celery", "5.4.0", "Requires-Dist: vine")
WHEEL = "celery-5.4.0-py3-none-any.whl"
SOURCE = "celery-5.4.0.tar.gz"


def test_a_wheel_and_a_source_archive_give_their_own_metadata() -> None:
    vendored = [("celery/_vendor/vine-5.1.0.dist-info/METADATA", b"other"), ("vine-5.1.0.dist-info/METADATA", b"other")]
    assert metadata_in(WHEEL, wheel_of("celery", "5.4.0", ABOUT, more=vendored)) == ABOUT
    assert metadata_in(SOURCE, source_of("celery", "5.4.0", ABOUT, before=100_000)) == ABOUT


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is broken"),
        (b"<html>", "is broken"),
        (wheel_of("celery", "5.4.0", ABOUT)[:-40], "is broken"),
        (wheel_of("kombu", "5.4.0", ABOUT), "holds no metadata of its own"),
        (wheel_of("celery", "5.4.0", ABOUT, more=[("celery-5.4.1.dist-info/METADATA", ABOUT)]), "more than once"),
        (wheel_of("celery", "5.4.0", bytes(MOST_METADATA + 1)), "too long to be any"),
    ],
)
def test_a_wheel_that_is_none_is_told_in_words(content: bytes, words: str) -> None:
    with pytest.raises(ArchiveError, match=words):
        metadata_in(WHEEL, content)


def test_a_wheel_that_claims_to_be_short_and_is_not_is_not_believed() -> None:
    honest = wheel_of("celery", "5.4.0", bytes(64 * 1024 * 1024))
    size = (64 * 1024 * 1024).to_bytes(4, "little")
    with pytest.raises(ArchiveError):
        metadata_in(WHEEL, honest.replace(size, (100).to_bytes(4, "little")))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no metadata of its own|is broken"),
        (gzip.compress(b"no archive" * 200, mtime=0), "is broken"),
        (source_of("celery", "5.4.0", ABOUT, before=100_000)[:-60], "is broken"),
        (source_of("celery", "5.4.0", bytes(MOST_METADATA + 1)), "too long to be any"),
        (source_of("celery", "5.4.0", ABOUT, before=metadata_archives.MOST_UNPACKED), "longer, unpacked"),
    ],
)
def test_a_source_archive_that_is_none_is_told_in_words(content: bytes, words: str) -> None:
    with pytest.raises(ArchiveError, match=words):
        metadata_in(SOURCE, content)


@given(st.data())
def test_no_damage_ends_in_anything_but_the_metadata_or_a_sentence(data: st.DataObject) -> None:
    name, whole = data.draw(
        st.sampled_from([(WHEEL, wheel_of("celery", "5.4.0", ABOUT)), (SOURCE, source_of("celery", "5.4.0", ABOUT))])
    )
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for position in data.draw(st.lists(st.integers(0, max(0, len(damaged) - 1)), max_size=4)):
        if damaged:
            damaged[position] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(ArchiveError):
        metadata_in(name, bytes(damaged))


def test_an_encrypted_wheel_is_told_in_words() -> None:
    file = io.BytesIO(wheel_of("celery", "5.4.0", ABOUT))
    with zipfile.ZipFile(file) as archive:
        offset = archive.start_dir
    locked = bytearray(file.getvalue())
    for start in range(offset, len(locked) - 4):
        if locked[start : start + 4] == b"PK\x01\x02":
            locked[start + 8] |= 1
    with pytest.raises(ArchiveError, match="is broken"):
        metadata_in(WHEEL, bytes(locked))


def file(name: str, size: int | None = None, *, beside: bool = False) -> IndexFile:
    return IndexFile(version="5.4.0", filename=name, size=size, has_metadata=beside)


def test_the_cheapest_file_that_can_be_read_is_chosen_whatever_the_order() -> None:
    source, egg = file(SOURCE, 1), file("celery-5.4.0-py3.8.egg")
    large, small = file("celery-5.4.0-py2-none-any.whl", 9), file(WHEEL, 5)
    native, told = (
        file("celery-5.4.0-cp311-cp311-linux_x86_64.whl", 1),
        file("celery-5.4.0-cp311-cp311-win32.whl", 99, beside=True),
    )
    everything = [source, egg, large, small, native]
    assert chosen(everything) == chosen(everything[::-1]) == small
    assert chosen([*everything, told]) == told
    assert chosen([source, egg]) == source
    assert chosen([replace(told, yanked=True), source]) == source
    assert chosen([egg, file("celery-5.4.0.zip")]) is None
