"""What an index's page is read as, and what is no page."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackaudit.model.secret import Secret
from stackaudit.outside.index_pages import IndexFile, PageError, read_page, version_in

JSON = "application/vnd.pypi.simple.v1+json"


def page(*files: object, **more: object) -> bytes:
    return json.dumps({"meta": {"api-version": "1.1"}, "name": "celery", "files": files, **more}).encode()


def test_a_json_file_keeps_its_time_its_python_and_its_withdrawal() -> None:
    body = page(
        {
            "filename": "celery-5.2.5-py3-none-any.whl",
            "upload-time": "2022-04-03T17:45:15.548250Z",
            "requires-python": ">=3.7,",
            "yanked": "a regression",
        },
        {"filename": "celery-5.4.0.tar.gz", "yanked": False},
        {"filename": "celery-5.5.0.tar.gz", "yanked": True},
    )
    read = read_page("celery", JSON, body)
    assert read.form == "PEP 691 1.1"
    assert read.files == (
        IndexFile(
            version="5.2.5",
            uploaded_at=datetime(2022, 4, 3, 17, 45, 15, 548250, tzinfo=UTC),
            requires_python=">=3.7,",
            yanked=True,
            yanked_reason="a regression",
            filename="celery-5.2.5-py3-none-any.whl",
        ),
        IndexFile(version="5.4.0", filename="celery-5.4.0.tar.gz"),
        IndexFile(version="5.5.0", yanked=True, filename="celery-5.5.0.tar.gz"),
    )


@pytest.mark.parametrize("key", ["core-metadata", "dist-info-metadata"])
def test_a_json_file_keeps_where_it_lies_its_digests_and_whether_its_metadata_lie_beside_it(key: str) -> None:
    name = "celery-1.0-py3-none-any.whl"
    files = read_page(
        "celery",
        JSON,
        page(
            {"filename": name, "url": "../1", "size": 3, "hashes": {"sha256": "AB", "md5": "0"}, key: {"sha256": "cd"}},
            {"filename": name, "url": "../2", "hashes": {}, key: True},
            {"filename": name, "url": "../3", key: False},
        ),
    ).files
    whole = IndexFile(version="1.0", filename=name)
    assert files == (
        replace(whole, url=Secret("../1"), size=3, sha256="ab", has_metadata=True, metadata_sha256="cd"),
        replace(whole, url=Secret("../2"), has_metadata=True),
        replace(whole, url=Secret("../3")),
    )


def test_times_in_other_zones_are_told_in_utc() -> None:
    (file,) = read_page(
        "celery", JSON, page({"filename": "celery-1.0.zip", "upload-time": "2024-01-01T01:00:00+02:00"})
    ).files
    assert file.uploaded_at == datetime(2023, 12, 31, 23, tzinfo=UTC)
    assert file.uploaded_at.utcoffset() == UTC.utcoffset(None)


def test_an_html_page_tells_of_withdrawals_and_of_no_times() -> None:
    body = (
        b"<!DOCTYPE html><body>"
        b'<a href="../../celery-5.2.5-py3-none-any.whl#sha256=00" data-yanked="a &amp; b">celery-5.2.5-py3-none-any.whl</a>'
        b'<a href="x" data-requires-python="&gt;=3.8">celery-5.4.0.tar.gz</a></body>'
    )
    read = read_page("celery", "text/html; charset=utf-8", body)
    assert read.form == "HTML"
    assert read.files == (
        IndexFile(
            version="5.2.5",
            yanked=True,
            yanked_reason="a & b",
            filename="celery-5.2.5-py3-none-any.whl",
            url=Secret("../../celery-5.2.5-py3-none-any.whl"),
        ),
        IndexFile(version="5.4.0", requires_python=">=3.8", filename="celery-5.4.0.tar.gz", url=Secret("x")),
    )


def test_an_html_page_tells_digests_and_where_metadata_lie_beside_the_file() -> None:
    digest = "0123456789abcdef" * 4
    body = (
        f'<a href="../1#sha256={digest}" data-core-metadata="sha256={digest.upper()}">celery-1.0-py3-none-any.whl</a>'
        '<a href="../2" data-dist-info-metadata="true">celery-2.0-py3-none-any.whl</a>'
        '<a href="../3" data-core-metadata="false">celery-3.0-py3-none-any.whl</a>'
    )
    files = read_page("celery", "text/html", body.encode()).files
    assert [(each.sha256, each.has_metadata, each.metadata_sha256) for each in files] == [
        (digest, True, digest),
        (None, True, None),
        (None, False, None),
    ]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, b"<html>"),
        (JSON, b'{"status": "ok"}'),
        (JSON, b"[]"),
        (JSON, page(name="kombu")),
        (JSON, page(meta={"api-version": "2.0"})),
        (JSON, page("celery-5.4.0.tar.gz")),
        (JSON, page(files="none")),
        (JSON, page({"filename": "celery-5.4.0.tar.gz", "upload-time": "yesterday"})),
        ("text/html", b"<html><a href='/login'>Please log in</a></html>"),
        ("text/plain", page()),
        ("", b""),
    ],
)
def test_what_is_no_page_of_the_project_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(PageError):
        read_page("celery", kind, body)


def test_a_project_without_files_is_a_page() -> None:
    assert read_page("celery", JSON, page()).files == ()


@pytest.mark.parametrize(
    ("filename", "name", "version"),
    [
        ("celery-5.4.0-py3-none-any.whl", "celery", "5.4.0"),
        ("ruamel.yaml-0.18.6-cp312-cp312-linux_x86_64.whl", "ruamel-yaml", "0.18.6"),
        ("ruamel_yaml-0.18.6-1-cp312-cp312-linux_x86_64.whl", "ruamel-yaml", "0.18.6"),
        ("ffmpeg-python-0.2.0.tar.gz", "ffmpeg-python", "0.2.0"),
        ("backports.zoneinfo-0.2.1.tar.gz", "backports-zoneinfo", "0.2.1"),
        ("celery-4.0.0rc1-2.tar.gz", "celery", "4.0.0rc1-2"),
        ("celery-1.0-py2.6.egg", "celery", "1.0"),
        ("celery-1.0.win32.exe", "celery", None),
        ("celery_tools-1.0.tar.gz", "celery", None),
        ("other-1.0-py3-none-any.whl", "celery", None),
        ("celery.whl", "celery", None),
        ("celery-.tar.gz", "celery", None),
        ("Please log in", "celery", None),
    ],
)
def test_a_file_name_tells_the_version_of_its_own_project_only(filename: str, name: str, version: str | None) -> None:
    assert version_in(filename, name) == version


@settings(max_examples=60)
@given(st.binary(max_size=200), st.sampled_from([JSON, "text/html", "", "application/octet-stream"]))
def test_no_garbage_breaks_the_reader_and_none_is_taken_for_a_page(body: bytes, kind: str) -> None:
    with pytest.raises(PageError, match=r"^the answer"):
        read_page("celery", kind, body)
