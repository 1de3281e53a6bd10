"""A matrix is read whole or not at all, and each fault in it is told at its line."""

import json
import tomllib
from datetime import date
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema
import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from stackaudit.inputs import fitting, matrices
from stackaudit.model.errors import Fault, InputError
from stackaudit.model.findings import Severity
from stackaudit.model.manifest import Requirement
from stackaudit.model.matrix import Matrix, Rung
from stackaudit.model.places import Place
from unit.checks.cases import requirement

SINGLE = "'3'"
GOOD = """\
schema = "stackaudit/matrix/1"
name = "small"
title = "Small"
version = "1"
looked_at = 2026-11-22
brokers = ["redis"]

[python]
source = "https://example.org/python"

[python.branches]
"3.11" = { released = 2022-10-24, end_of_life = 2027-10-31 }

[package.celery]
role = "queue"
required = true
extras = ["redis"]
source = "https://example.org/celery"

[[package.celery.range]]
versions = ">=5.4,<5.5"
releases = { "5.4.0" = 2024-04-17 }
requires_python = ">=3.8"
pythons = ["3.11"]
requires = ["kombu>=5.3.4"]
extras.redis = ["redis>=4.5.2"]

[[known_bad]]
id = "it-breaks"
severity = "high"
when.packages = ["celery==5.4.0", "future<1.0"]
when.python = ">=3.11"
symptom = "it breaks"
exposed_by = "import"
source = "https://example.org/issue"
"""


def written(tmp_path: Path, text: str) -> Matrix:
    (tmp_path / "small.toml").write_text(text, encoding="utf-8")
    return matrices.read("small.toml", tmp_path)


def faults(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(InputError) as raised:
        written(tmp_path, text)
    return [str(fault) for fault in raised.value.faults]


def test_what_a_file_says_is_what_is_read(tmp_path: Path) -> None:
    matrix = written(tmp_path, GOOD)
    celery = matrix.package("celery")
    assert (matrix.name, matrix.looked_at, str(matrix.where)) == ("small", date(2026, 11, 22), "small.toml")
    assert celery is not None
    assert celery.required
    assert celery.pin
    found = celery.range_of(Version("5.4.3"))
    assert found is not None
    assert found.releases == ((Version("5.4.0"), date(2024, 4, 17)),)
    assert found.extras == (("redis", ("redis>=4.5.2",)),)
    assert celery.range_of(Version("5.5.0")) is None
    (known,) = matrix.known_bad
    assert (known.id, known.severity, known.names) == ("it-breaks", Severity.HIGH, ("celery", "future"))
    assert str(known.where) == "small.toml:28"
    assert matrix.rung is Rung.STATED


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('role = "queue"\n', "", "small.toml:14: `role` is missing from `package.celery`"),
        ('role = "queue"', "role = 3", "small.toml:15: `package.celery.role` must be a string"),
        ('role = "queue"', 'role = " "', "small.toml:15: `package.celery.role` is empty"),
        ("required = true", 'required = "yes"', "small.toml:16: `package.celery.required` must be true or false"),
        ("required = true", "required = false", "no package is required: the matrix would fit every project"),
        ('brokers = ["redis"]', 'brokers = "redis"', "small.toml:6: `brokers` must be a list of strings"),
        ("looked_at = 2026-11-22", 'looked_at = "22 Nov"', "small.toml:5: `looked_at` must be a date, such as"),
        (
            "looked_at = 2026-11-22",
            "looked_at = 2026-11-22T10:00:00",
            "small.toml:5: `looked_at` must be a date with no",
        ),
        ('source = "https://example.org/celery"\n', "", "small.toml:14: `source` is missing from `package.celery`"),
        (
            '"5.4.0" = 2024',
            '"5.4.x" = 2024',
            'small.toml:22: `5.4.x` in `package.celery.range[1].releases."5.4.x"` is no',
        ),
        ('"5.4.0" = 2024', '"5.5.0" = 2024', "celery 5.5.0 is listed in this range, which does not cover it"),
        (">=5.4,<5.5", "~=5.4.0", "small.toml:21: a range is written `>=FIRST,<NEXT`, not `~=5.4.0`"),
        (">=5.4,<5.5", ">=5.5,<5.4", "small.toml:21: the range `>=5.5,<5.4` covers no version"),
        (
            '">=3.8"',
            '"3.8 and up"',
            "small.toml:23: `package.celery.range[1].requires_python` is `3.8 and up`, which is",
        ),
        ('pythons = ["3.11"]', 'pythons = ["3"]', "small.toml:24: `3` is no Python minor version, such as `3.11`"),
        (
            'pythons = ["3.11"]',
            "pythons = [3.11]",
            "small.toml:24: `package.celery.range[1].pythons` must be a list of st",
        ),
        (
            '"kombu>=5.3.4"',
            '"kombu >> 5"',
            "small.toml:25: `kombu >> 5` in `package.celery.range[1].requires` is no requi",
        ),
        ('"kombu>=5.3.4"', '"kombu @ https://e.org/k.whl"', "names a URL instead of versions"),
        ('extras = ["redis"]', 'extras = ["sqs"]', "small.toml:17: no range of celery has bounds for its extra `sqs`"),
        (
            'severity = "high"',
            'severity = "bad"',
            "small.toml:30: `known_bad[1].severity` is `bad`, and must",
        ),
        (
            'severity = "high"',
            'severity = "high"\nreported = true',
            "small.toml:30: what is known from reports alone is",
        ),
        ('id = "it-breaks"', 'id = "It breaks"', "small.toml:29: an id is words of small letters and digits"),
        ('"celery==5.4.0"', '"celery[redis]==5.4.0"', "small.toml:31: `celery[redis]==5.4.0` names more than versions"),
        ('when.python = ">=3.11"', 'when.pythn = ">=3.11"', "small.toml:32: unknown key `known_bad[1].when.pythn`"),
        (
            'exposed_by = "import"',
            'exposed_by = "luck"',
            "small.toml:34: `known_bad[1].exposed_by` is `luck`, and must",
        ),
        ("2027-10-31", "2021-10-31", "small.toml:12: `3.11` ended on 2021-10-31, before it was released on 2022-10-24"),
        ('"3.11" = {', '"three" = {', "small.toml:12: a branch is named by its first two numbers, such as `7.0`"),
        (
            'schema = "stackaudit/matrix/1"',
            'schema = "other/2"',
            "small.toml:1: `schema` is `other/2`, and must be one of",
        ),
    ],
)
def test_each_fault_is_told_at_its_line(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in GOOD
    assert any(expected in each for each in faults(tmp_path, GOOD.replace(old, new)))


def test_all_faults_of_a_file_are_told_at_once_in_its_order(tmp_path: Path) -> None:
    broken = GOOD.replace("required = true", "required = 1").replace('brokers = ["redis"]', 'brokers = "x"')
    lines = [each.split(":")[1] for each in faults(tmp_path, broken.replace("requires = [", "reqires = ["))]
    assert lines == sorted(lines, key=int)
    assert len(lines) >= 3


def test_an_unknown_key_names_the_nearest_known_one(tmp_path: Path) -> None:
    (tmp_path / "small.toml").write_text(GOOD.replace("requires_python", "require_python"), encoding="utf-8")
    with pytest.raises(InputError) as raised:
        matrices.read("small.toml", tmp_path)
    (fault,) = raised.value.faults
    assert str(fault) == "small.toml:23: unknown key `package.celery.range[1].require_python`"
    assert fault.hint == "did you mean `requires_python`?"


def test_two_spellings_of_one_package_are_a_fault(tmp_path: Path) -> None:
    again = GOOD[GOOD.index("[package.celery]") : GOOD.index("[[known_bad]]")].replace("celery", "Celery")
    assert any("`Celery` is here twice" in each for each in faults(tmp_path, GOOD + again))


def test_ranges_that_overlap_are_a_fault(tmp_path: Path) -> None:
    again = """
[[package.celery.range]]
versions = ">=5.4.9,<5.6"
releases = { "5.5.0" = 2025-03-31 }
pythons = ["3.11"]
"""
    expected = "small.toml:38: it overlaps with the range of celery `>=5.4,<5.5`"
    assert expected in faults(tmp_path, GOOD + again)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"schema = \nname", "small.toml:1: is not TOML from here on"),
        (b'name = "\xff"', "small.toml:1: is not UTF-8"),
        (b"#" * 1_000_001, "small.toml: is larger than 1 MB: no matrix is"),
        (b"", "`schema` is missing from the file"),
        (b'schema = "stackaudit/matrix/1"\npackage = 3\npython = []\n', "small.toml:2: `package` must be a table"),
    ],
)
def test_what_is_no_matrix_at_all_is_told_as_such(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "small.toml").write_bytes(content)
    with pytest.raises(InputError) as raised:
        matrices.read("small.toml", tmp_path)
    assert any(expected in str(fault) for fault in raised.value.faults)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('"5.4.0" = 2024', f'"{"9" * 5000}" = 2024', 22),
        ('">=3.8"', f'">={"9" * 5000}"', 23),
        ('"kombu>=5.3.4"', f'"kombu; {"(" * 3000}python_version > {SINGLE}{")" * 3000}"', 25),
        ('brokers = ["redis"]', f'brokers = ["redis"]\nx = {"9" * 5000}', 7),
        ('brokers = ["redis"]', f'brokers = ["redis"]\nx = {"[" * 5000}{"]" * 5000}', None),
    ],
)
def test_a_matrix_from_elsewhere_breaks_nothing(tmp_path: Path, old: str, new: str, line: int | None) -> None:
    assert old in GOOD
    with pytest.raises(InputError) as raised:
        written(tmp_path, GOOD.replace(old, new))
    assert [each.where.line for each in raised.value.faults] == [line]
    assert all(len(str(each)) < 300 for each in raised.value.faults)


def test_a_name_that_is_neither_shipped_nor_a_file_names_those_that_ship(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        matrices.read("celery-redis-fmpeg", tmp_path, Place(path="option --matrix"))
    (fault,) = raised.value.faults
    assert str(fault) == "option --matrix: there is no matrix and no file `celery-redis-fmpeg`"
    assert fault.hint == "did you mean `celery-redis-ffmpeg`?"
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="folder: is a folder"):
        matrices.read("folder", tmp_path)


# --- the shipped matrices -----------------------------------------------------------------------------------------------


def test_every_shipped_matrix_reads_and_is_called_as_its_file() -> None:
    assert [each.name for each in matrices.read_all()] == [each.name for each in matrices.shipped()]
    assert matrices.read_all()


def test_every_shipped_matrix_keeps_the_schema_for_editors() -> None:
    schema = json.loads(files("stackaudit.matrices").joinpath("matrix.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for matrix in matrices.read_all():
        for layer in matrix.layers:
            document = json.loads(json.dumps(tomllib.loads(layer.content), default=str))
            errors = [error.json_path for error in jsonschema.Draft202012Validator(schema).iter_errors(document)]
            assert errors == []


def test_the_schema_for_editors_refuses_what_the_reader_refuses() -> None:
    schema = json.loads(files("stackaudit.matrices").joinpath("matrix.schema.json").read_text("utf-8"))
    document = json.loads(json.dumps(tomllib.loads(GOOD), default=str))
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(document)
    document["package"]["celery"]["range"][0]["reqires"] = []
    assert not validator.is_valid(document)


@pytest.mark.parametrize(
    ("name", "version", "day"),
    [
        ("celery", "5.4.0", date(2024, 4, 17)),
        ("celery", "5.7.0", date(2026, 11, 5)),
        ("kombu", "5.6.1", date(2025, 11, 25)),
        ("kombu", "5.7.0", date(2026, 11, 3)),
        ("billiard", "4.2.4", date(2025, 11, 30)),
        ("vine", "5.1.0", date(2023, 11, 5)),
        ("amqp", "5.4.2", date(2026, 11, 2)),
        ("redis", "5.0.8", date(2024, 7, 30)),
        ("redis", "6.1.1", date(2025, 6, 2)),
        ("ffmpeg-python", "0.2.0", date(2019, 7, 6)),
    ],
)
def test_the_first_matrix_knows_when_its_versions_came_out(name: str, version: str, day: date) -> None:
    entry = matrices.read("celery-redis-ffmpeg", Path()).package(name)
    assert entry is not None
    found = entry.range_of(Version(version))
    assert found is not None
    assert dict(found.releases)[Version(version)] == day


def test_the_first_matrix_covers_the_promised_pythons_and_products() -> None:
    matrix = matrices.read("celery-redis-ffmpeg", Path())
    today = date(2026, 11, 22)
    assert {f"3.{minor}" for minor in range(9, 15)} <= {each.name for each in matrix.pythons}
    assert [each.name for each in matrix.pythons if not each.ended(today)] == ["3.11", "3.12", "3.13", "3.14"]
    redis, ffmpeg = matrix.product("redis"), matrix.product("ffmpeg")
    assert redis is not None
    assert ffmpeg is not None
    assert [each.name for each in redis.branches] == sorted(
        (each.name for each in redis.branches), key=lambda name: [int(part) for part in name.split(".")]
    )
    ended = redis.branch("7.0")
    assert ended is not None
    assert ended.ended(today)
    old = ffmpeg.branch("6.0")
    assert old is not None
    assert old.end_of_life is None
    assert old.ended(today)


# --- which matrix fits -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "fits"),
    [
        ({"celery", "redis"}, True),
        ({"celery", "redis", "django"}, True),
        ({"celery[redis]"}, True),
        ({"celery[sqs]", "kombu"}, True),
        ({"celery"}, True),
        ({"redis", "kombu"}, False),
        (set[str](), False),
        ({"not a name!"}, False),
    ],
)
def test_a_matrix_fits_where_its_required_packages_are_named_or_pulled_in(names: set[str], fits: bool) -> None:  # noqa: FBT001
    assert bool(fitting.fitting(matrices.read_all(), names)) is fits


def test_declared_extras_count_when_a_matrix_is_chosen() -> None:
    declared: tuple[Requirement, ...] = (requirement("celery[redis]==5.4.0"), requirement("ffmpeg-python==0.2.0"))
    assert fitting.names_of(declared) == {"celery[redis]", "ffmpeg-python"}


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path, *(each for key, part in inner for each in paths(part, (*path, key)))]


PLACES = paths(tomllib.loads(GOOD))[1:]
ODD: list[object] = [0, -1.5, True, "", "\x00", "[", "*", date(1, 1, 1), [], [[]], [{}], {}, {"": {}}, {"a": [1]}]


@given(st.sampled_from(PLACES), st.sampled_from(ODD))
@settings(max_examples=150)
def test_whatever_stands_in_a_file_ends_in_a_matrix_or_in_faults_with_lines(
    place: tuple[str | int, ...], odd: object
) -> None:
    document = tomllib.loads(GOOD)
    at: Any = document
    for part in place[:-1]:
        at = at[part]
    at[place[-1]] = odd
    told: tuple[Fault, ...] | None = None
    with TemporaryDirectory() as folder:
        (Path(folder) / "odd.toml").write_text(tomli_w.dumps(document), encoding="utf-8")
        try:
            matrices.read("odd.toml", Path(folder))
        except InputError as error:
            told = error.faults
    assert told is None or (told and all(fault.where.line is not None for fault in told))
