"""What a release declares, read from its metadata."""

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from distributions import metadata
from stackaudit.authoring._declared import Declared, MetadataError, declared

REDIS = canonicalize_name("redis")


def read(*lines: str, form: str = "2.1", is_source: bool = False) -> Declared:
    content = metadata("Celery", "5.4.0", *lines, form=form)
    return declared(content, canonicalize_name("celery"), Version("5.4"), is_source=is_source)


def test_pythons_are_the_minor_versions_of_the_classifiers_in_their_order() -> None:
    names = ["3 :: Only", "3.10", "3.9", "3", "3.10", "Implementation :: CPython"]
    told = read(
        "Requires-Python: >=3.9,<4", *(f"Classifier: Programming Language :: Python :: {each}" for each in names)
    )
    assert told.pythons == ("3.9", "3.10")
    assert told.requires_python.contains("3.9")


def test_lines_are_written_in_one_way_and_order_however_the_release_writes_them() -> None:
    one = read("Requires-Dist: Vine (<6.0,>=5.1)", "Requires-Dist: Click.Repl>=0.2", "Requires-Dist: click >=8.1.2,<9")
    other = read("Requires-Dist: click<9,>=8.1.2", "Requires-Dist: click_repl>=0.2", "Requires-Dist: vine >=5.1,<6.0")
    assert one.lines() == other.lines() == ("click>=8.1.2,<9", "click-repl>=0.2", "vine>=5.1,<6.0")


def test_an_extra_adds_its_own_lines_without_the_condition_on_it() -> None:
    told = read(
        "Provides-Extra: redis",
        "Requires-Dist: vine",
        "Requires-Dist: redis >=4.5.2,!=4.5.5 ; extra == 'redis'",
        "Requires-Dist: tzdata; python_version < '3.9' and extra == 'Redis'",
        "Requires-Dist: boto3; extra == 'sqs' or extra == 'redis'",
        "Requires-Dist: pycurl; extra == 'sqs'",
    )
    assert told.lines() == ("vine",)
    assert told.lines(REDIS) == ("boto3", "redis>=4.5.2,!=4.5.5", "tzdata; python_version < '3.9'")
    assert told.extras == ("redis",)


def test_markers_stay_with_the_hard_requirements() -> None:
    told = read('Requires-Dist: backports.zoneinfo[tzdata]>=0.2.1; python_version < "3.9" and sys_platform != "win32"')
    assert told.lines() == ("backports-zoneinfo[tzdata]>=0.2.1; python_version < '3.9' and sys_platform != 'win32'",)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("Requires-Dist: pytz (>dev)", r"a Requires-Dist that is no requirement, `pytz \(>dev\)`"),
        ("Requires-Dist: vine @ https://host.example/vine.whl", "a file at an address"),
        ("Requires-Dist: vine; extra > 'a'", "extras that it does not name"),
        ("Requires-Python: three", "Requires-Python that is no version specifier"),
        ("Requires-Python: >=3.8\nRequires-Python: >=3.9", "Requires-Python that can't be read"),
    ],
)
def test_what_no_installer_can_read_is_refused_and_never_guessed(line: str, why: str) -> None:
    with pytest.raises(MetadataError, match=why):
        read(line)


@pytest.mark.parametrize(("name", "version"), [("celery", "5.4.1"), ("kombu", "5.4.0")])
def test_the_metadata_of_another_release_are_refused(name: str, version: str) -> None:
    with pytest.raises(MetadataError, match="another release"):
        declared(metadata(name, version), canonicalize_name("celery"), Version("5.4.0"), is_source=False)


def test_bytes_that_are_no_metadata_are_refused() -> None:
    with pytest.raises(MetadataError, match="another release"):
        declared(b"\x00\xff\xfe", canonicalize_name("celery"), Version("5.4.0"), is_source=False)


def test_a_source_archive_counts_where_it_promises_that_its_build_changes_nothing() -> None:
    line = "Requires-Dist: vine"
    assert read(line, "Dynamic: Description", form="2.2", is_source=True).lines() == ("vine",)
    with pytest.raises(MetadataError, match="does not say what its build may change"):
        read(line, form="2.1", is_source=True)
    with pytest.raises(MetadataError, match="leave Requires-Dist to the build"):
        read(line, "Dynamic: requires-dist", form="2.4", is_source=True)
