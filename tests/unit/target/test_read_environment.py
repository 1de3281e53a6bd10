"""Metadata is read from its headers alone, as far as its first blank line."""

import zipfile
from collections.abc import Mapping
from email.parser import HeaderParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackaudit.target.read_environment import (
    Folder,
    distribution,
    headers,
    normalized,
    read_distributions,
    requires_txt,
)


class Shelf(Folder):
    """A folder of files that are values."""

    def __init__(self, files: Mapping[str, str]) -> None:
        super().__init__("/site-packages")
        self._files = files

    def names(self) -> list[str]:
        return sorted({name.partition("/")[0] for name in self._files})

    def read(self, name: str) -> bytes:
        if name not in self._files:
            raise FileNotFoundError(name)
        return self._files[name].encode()

    def head(self, name: str) -> bytes:
        return self.read(name)


def test_headers_end_at_the_first_blank_line() -> None:
    text = b"Name: celery\r\nVersion: 5.4.0\r\n\r\nRequires-Dist: no-header\r\n"
    assert list(headers(text)) == [("name", "celery"), ("version", "5.4.0")]


def test_folded_values_are_unfolded() -> None:
    text = b"Name: celery\nDescription: one\n        |two\nRequires-Dist: vine\n   (>=5)\n"
    assert list(headers(text))[1:] == [("description", "one |two"), ("requires-dist", "vine (>=5)")]


WORDS = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=12)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(["Name", "Requires-Dist", "requires-dist", "X-Y"]), WORDS), max_size=8), WORDS
)
def test_headers_read_as_the_standard_library_reads_them(fields: list[tuple[str, str]], body: str) -> None:
    text = "".join(f"{name}: {value}\n" for name, value in fields) + "\n" + body
    expected = [(name.lower(), value) for name, value in HeaderParser().parsestr(text).items()]
    assert list(headers(text.encode())) == expected


def test_an_eggs_requires_txt_says_the_same_as_requires_dist() -> None:
    text = "vine>=5\n\n[:python_version<'3.9']\nbackports\n\n[redis]\nredis>=4\n\n[tls:sys_platform=='linux']\ncryptography\n"
    assert requires_txt(text) == (
        [
            "vine>=5",
            "backports ; (python_version<'3.9')",
            'redis>=4 ; extra == "redis"',
            "cryptography ; (sys_platform=='linux') and extra == \"tls\"",
        ],
        ["redis", "tls"],
    )


def test_a_folder_without_metadata_is_told_under_the_name_it_has() -> None:
    found = distribution(Shelf({}), "my_pkg-1.0.dist-info")
    assert (found["name"], found["version"]) == ("my_pkg", "1.0")
    assert found["problem"] == "its metadata folder holds no METADATA"


def test_metadata_without_a_version_is_a_problem() -> None:
    shelf = Shelf({"my_pkg-1.0.dist-info/METADATA": "Name: My-Pkg\nRequires-Dist: vine\n"})
    found = distribution(shelf, "my_pkg-1.0.dist-info")
    assert (found["name"], found["version"], found["problem"]) == ("My-Pkg", "1.0", "its metadata has no Version")


def test_an_egg_info_folder_is_read_with_its_requires_txt() -> None:
    files = {"PKG-INFO": "Name: old\nVersion: 2.0\n", "requires.txt": "vine\n[redis]\nredis\n"}
    shelf = Shelf({f"old-2.0-py3.8.egg-info/{name}": text for name, text in files.items()})
    found = distribution(shelf, "old-2.0-py3.8.egg-info")
    assert (found["version"], found["provides"]) == ("2.0", ["redis"])
    assert found["requires"] == ["vine", 'redis ; extra == "redis"']


def test_where_a_package_came_from_is_read() -> None:
    direct = '{"url": "file:///src/app", "dir_info": {"editable": true}}'
    files = {"METADATA": "Name: app\nVersion: 1\n", "direct_url.json": direct, "INSTALLER": "uv\n"}
    shelf = Shelf({f"app-1.dist-info/{name}": text for name, text in files.items()})
    found = distribution(shelf, "app-1.dist-info")
    assert (found["url"], found["editable"], found["installer"]) == ("file:///src/app", True, "uv")


def test_a_direct_url_that_is_no_object_is_a_problem() -> None:
    files = {"METADATA": "Name: app\nVersion: 1\n", "direct_url.json": "[]"}
    shelf = Shelf({f"app-1.dist-info/{name}": text for name, text in files.items()})
    found = distribution(shelf, "app-1.dist-info")
    assert found["problem"] == "its direct_url.json is no JSON object"


def test_names_are_compared_as_the_index_does() -> None:
    assert normalized("Click_Did.you--mean") == "click-did-you-mean"


METADATA = "kombu-5.4.0.dist-info/METADATA"


def packed(path: Path, files: Mapping[str, str]) -> bytes:
    """A zip of `files` at `path`, and its bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path.read_bytes()


@pytest.mark.parametrize(
    ("sign", "offset", "written"),
    [
        (METADATA.encode(), len(METADATA), b"\xff\xff\xff"),
        (b"PK\x01\x02", 8, b"\x01"),
        (b"PK\x01\x02", 10, b"\x4d"),
    ],
    ids=["torn", "encrypted", "packed in an unknown way"],
)
def test_a_member_of_a_zip_that_cannot_be_read_is_a_problem_of_that_package_alone(
    tmp_path: Path, sign: bytes, offset: int, written: bytes
) -> None:
    bad, good = tmp_path / "bad.whl", tmp_path / "good.whl"
    content = bytearray(packed(bad, {METADATA: "Name: kombu\nVersion: 5.4.0\n" + "Classifier: none\n" * 9}))
    place = content.find(sign) + offset
    content[place : place + len(written)] = written
    bad.write_bytes(content)
    packed(good, {"vine-5.1.0.dist-info/METADATA": "Name: vine\nVersion: 5.1.0\n"})
    found = read_distributions([str(bad), str(good)])
    assert [(each["name"], each["version"], each["problem"]) for each in found["distributions"]] == [
        ("kombu", "5.4.0", "its METADATA can't be opened"),
        ("vine", "5.1.0", None),
    ]


def test_a_zip_whose_list_of_names_is_torn_was_not_listed(tmp_path: Path) -> None:
    path = tmp_path / "torn.zip"
    content = packed(path, {"é": ""})
    path.write_bytes(content.replace("é".encode(), b"\xff\xff"))
    assert read_distributions([str(path)]) == {"distributions": [], "leftovers": [], "unlisted": [str(path)]}


def test_a_folder_inside_a_zip_was_not_listed(tmp_path: Path) -> None:
    packed(tmp_path / "all.zip", {f"lib/{METADATA}": "Name: kombu\nVersion: 5.4.0\n"})
    inside = str(tmp_path / "all.zip" / "lib")
    assert read_distributions([inside])["unlisted"] == [inside]


def test_an_egg_with_no_metadata_is_a_problem_and_goes_by_its_name(tmp_path: Path) -> None:
    egg = tmp_path / "hatched-2.0-py3.11.egg"
    packed(egg, {"hatched.py": ""})
    (found,) = read_distributions([str(egg)])["distributions"]
    assert (found["name"], found["version"]) == ("hatched", "2.0")
    assert found["problem"] == "its metadata folder holds no PKG-INFO"


def test_an_egg_that_is_gone_is_no_problem(tmp_path: Path) -> None:
    gone = str(tmp_path / "hatched-2.0-py3.11.egg")
    assert read_distributions([gone]) == {"distributions": [], "leftovers": [], "unlisted": []}


def test_what_a_wheel_on_the_import_path_wrote_is_read_from_its_record(tmp_path: Path) -> None:
    wheel = tmp_path / "kombu-5.4.0-py3-none-any.whl"
    packed(wheel, {METADATA: "Name: kombu\nVersion: 5.4.0\n", "kombu-5.4.0.dist-info/RECORD": "kombu/__init__.py,,\n"})
    (found,) = read_distributions([str(wheel)])["distributions"]
    assert found["record"] == "kombu/__init__.py,,\n"
