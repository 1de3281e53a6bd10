import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stackaudit.inputs import pipfilelock, poetrylock, pylock, requirements, sbom, uvlock
from stackaudit.inputs._closure import reached
from stackaudit.inputs._declared import Declared
from stackaudit.inputs._marker_logic import filled_in, negated
from stackaudit.outside.index_settings import default_index
from unit.inputs.reading import PROJECTS, on_python, one, pins, places, told

UV = PROJECTS / "locked-by-uv"
POETRY_1 = PROJECTS / "locked-by-poetry-1"
POETRY_2 = PROJECTS / "locked-by-poetry-2"
PIPENV = PROJECTS / "locked-by-pipenv"
BILL = PROJECTS / "billed-by-cyclonedx"


@pytest.mark.parametrize("python", ["3.9.18", "3.10.13", "3.11.2", "3.11.7", "3.12.1", "3.13.0"])
@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_the_three_locks_that_uv_writes_say_the_same_on_every_python(python: str, platform: str) -> None:
    ours = on_python(uvlock.read(UV / "uv.lock", UV), python, platform)
    assert ours == on_python(pylock.read(UV / "pylock.toml", UV), python, platform)
    assert ours == on_python(requirements.read(UV / "requirements.txt", UV, {}), python, platform)
    assert ours["celery"] == "5.4.0"
    assert ("async-timeout" in ours) == (python in {"3.9.18", "3.10.13", "3.11.2"})


def test_uv_lock_tells_direct_from_transitive_and_the_extras_in_use() -> None:
    declared = uvlock.read(UV / "uv.lock", UV)
    assert declared.faults == ()
    assert {each.name for each in declared.requirements if each.direct} == {"celery", "ffmpeg-python", "numpy"}
    assert one(declared, "celery").extras == ("redis",)
    assert "thumbnails" not in pins(declared)
    assert [str(each.where) for each in declared.pythons] == ["uv.lock:3"]
    lines = (UV / "uv.lock").read_text().splitlines()
    for each in declared.requirements:
        assert lines[(each.where.line or 0) - 1] == f'name = "{each.name}"'


@pytest.mark.parametrize(("read", "lock"), [(uvlock.read, UV / "uv.lock"), (poetrylock.read, POETRY_2 / "poetry.lock")])
def test_a_lock_says_the_same_with_and_without_the_files_of_its_releases(
    tmp_path: Path, read: Callable[[Path, Path], Declared], lock: Path
) -> None:
    path = tmp_path / lock.name
    file = '    {file = "amqp-5.3.1-py3-none-any.whl", hash = "sha256:43b3"},'
    whole = lock.read_text().replace("files = []", f"files = [\n{file}\n]")
    path.write_text(whole)
    without_files = read(path, tmp_path)
    path.write_text(f'{whole}# """ holds a reader back from passing over what could be part of a text of many lines\n')
    assert read(path, tmp_path) == without_files


def test_nothing_is_passed_over_in_a_text_of_many_lines(tmp_path: Path) -> None:
    path = tmp_path / "uv.lock"
    file = '    { url = "https://files.example/a.whl", hash = "sha256:00", size = 1 },'
    path.write_text(f"version = 1\n[[package]]\nname = '''\n{file}'''\nversion = '1'\n")
    assert told(uvlock.read(path, tmp_path).faults) == ['uv.lock:3: `{ url = "https://…` is not a package name']


def test_uv_lock_holds_extras_and_groups_only_where_they_are_asked_for() -> None:
    plain = pins(uvlock.read(UV / "uv.lock", UV))
    asked = pins(uvlock.read(UV / "uv.lock", UV, extras=["pages"], groups=["dev"]))
    assert set(asked) - set(plain) == {"jinja2", "markupsafe", "colorlog", "colorama", "ruff"} - set(plain)
    assert "ruff" not in plain


def test_uv_lock_sources_are_shown_without_secrets(tmp_path: Path) -> None:
    path = tmp_path / "uv.lock"
    path.write_text(
        'version = 1\n\n[[package]]\nname = "own"\nversion = "0"\nsource = { virtual = "." }\n'
        'dependencies = [{ name = "models" }, { name = "near" }]\n\n'
        '[[package]]\nname = "models"\nversion = "1.0"\n'
        'source = { git = "https://builder:hush-hush@git.example/models.git#0123" }\n\n'
        '[[package]]\nname = "near"\nsource = { editable = "../near" }\n'
    )
    declared = uvlock.read(path, tmp_path)
    assert pins(declared) == {"models": "1.0", "near": None}
    assert one(declared, "near").source == "../near"
    assert one(declared, "models").source == "git+https://***@git.example/models.git#0123"


OWN_INDEX = "https://index.example/simple"
FROM_INDEXES: dict[str, Callable[[str, str], str]] = {
    "uv.lock": lambda name, index: f'[[package]]\nname="{name}"\nversion="1"\nsource={{registry="{index}"}}\n',
    "pylock.toml": lambda name, index: (
        f'[[packages]]\nname="{name}"\nversion="1"\nindex="{index}"\n'
        f'sdist={{name="{name}-1.tar.gz", url="https://files.example/{name}-1.tar.gz", hashes={{sha256="00"}}}}\n'
    ),
    "poetry.lock": lambda name, index: (
        f'[[package]]\nname="{name}"\nversion="1"\ngroups=["main"]\n'
        + (f'[package.source]\ntype="legacy"\nurl="{index}"\n' if index == OWN_INDEX else "")
    ),
}
HEADERS = {
    "uv.lock": "version = 1\n",
    "pylock.toml": 'lock-version = "1.0"\ncreated-by = "x"\n',
    "poetry.lock": '[metadata]\nlock-version = "2.1"\n',
}
READERS: dict[str, Callable[[Path, Path], Declared]] = {
    "uv.lock": uvlock.read,
    "pylock.toml": pylock.read,
    "poetry.lock": poetrylock.read,
}


@pytest.mark.parametrize("lock", sorted(READERS))
def test_what_a_lock_takes_from_an_index_besides_the_public_one_is_private(tmp_path: Path, lock: str) -> None:
    path, public = tmp_path / lock, f"{default_index()}/"
    for indexes, private in (
        ({"elm": public, "own": OWN_INDEX}, {"own"}),
        ({"elm": OWN_INDEX, "own": OWN_INDEX}, set()),
        ({"elm": public, "own": public}, set()),
    ):
        packages = "".join(FROM_INDEXES[lock](name, index) for name, index in indexes.items())
        path.write_text(packages + HEADERS[lock] if lock == "poetry.lock" else HEADERS[lock] + packages)
        declared = READERS[lock](path, tmp_path)
        assert declared.faults == ()
        assert {each.name for each in declared.requirements if each.private} == private
        assert {each.source for each in declared.requirements if not each.private} <= {None, OWN_INDEX}


def test_a_pipfile_lock_names_its_indexes_once(tmp_path: Path) -> None:
    sources = [{"name": "main", "url": default_index()}, {"name": "ours", "url": OWN_INDEX}]
    entries = {"elm": {"version": "==1"}, "oak": {"index": "main", "version": "==1"}}
    own = {"own": {"index": "ours", "version": "==1"}}
    path = tmp_path / "Pipfile.lock"
    path.write_text(json.dumps({"_meta": {"sources": sources}, "default": {**entries, **own}, "develop": {}}))
    declared = pipfilelock.read(path, tmp_path)
    assert {each.name for each in declared.requirements if each.private} == {"own"}


def test_every_wrong_package_of_a_uv_lock_is_told(tmp_path: Path) -> None:
    path = tmp_path / "uv.lock"
    path.write_text(
        'version = 1\n\n[[package]]\nname = "a"\nversion = "one"\nsource = { registry = "x" }\n\n'
        '[[package]]\nname = "b c"\nversion = "1"\nsource = { registry = "x" }\n'
    )
    assert told(uvlock.read(path, tmp_path).faults) == [
        "uv.lock:4: `one` of a is not a version",
        "uv.lock:9: `b c` is not a package name",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("version = 2\n", "uv.lock:1: this version of uv's lock file format is not known here"),
        ("version = 1\npackage = 3\n", "uv.lock:2: `package` is no array of tables"),
        ("version = 1\n[[package]]\nversion = '1'\n", "uv.lock:2: this package has no name"),
        ("version = 1\n\nname = =\n", "uv.lock:3: is not TOML from here on"),
    ],
)
def test_a_uv_lock_of_another_shape_is_a_fault_at_its_line(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "uv.lock"
    path.write_text(text)
    assert told(uvlock.read(path, tmp_path).faults) == [fault]


def test_pylock_names_direct_packages_by_the_project_beside_it(tmp_path: Path) -> None:
    declared = pylock.read(UV / "pylock.toml", UV)
    assert {each.name for each in declared.requirements if each.direct} >= {"celery", "ffmpeg-python", "numpy"}
    assert not one(declared, "vine").direct
    shutil.copy(UV / "pylock.toml", tmp_path)
    alone = pylock.read(tmp_path / "pylock.toml", tmp_path)
    assert all(each.direct for each in alone.requirements)


PYLOCK = 'lock-version = "1.0"\ncreated-by = "hand"\n'
WHEEL = (
    '[[packages.wheels]]\nurl = "https://files.example/{name}-{version}-py3-none-any.whl"\nhashes = {{sha256 = "00"}}\n'
)


def test_every_wrong_package_of_a_pylock_is_told_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "pylock.toml"
    path.write_text(
        PYLOCK
        + '[[packages]]\nname = "Celery"\nversion = "5.4.0"\n'
        + WHEEL.format(name="celery", version="5.4.0")
        + '[[packages]]\nname = "kombu"\nversion = "five"\n'
        + WHEEL.format(name="kombu", version="5.3.4")
        + '[[packages]]\nname = "vine"\nversion = "5.1.0"\n'
    )
    assert told(pylock.read(path, tmp_path).faults) == [
        "pylock.toml:4: `name` of Celery is missing or not what PEP 751 asks for",
        "pylock.toml:11: `version` of kombu is missing or not what PEP 751 asks for",
        "pylock.toml:16: vine has neither files nor one source (vcs, directory or archive), or has both",
    ]


def test_a_pylock_of_another_version_or_without_its_header_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "pylock.toml"
    path.write_text('lock-version = "2.0"\ncreated-by = "x"\npackages = []\n')
    assert told(pylock.read(path, tmp_path).faults) == [
        "pylock.toml:1: this version of the lock file format is not known here"
    ]
    path.write_text('lock-version = "1.0"\n')
    assert told(pylock.read(path, tmp_path).faults) == [
        "pylock.toml:1: `created-by` is missing",
        "pylock.toml:1: `packages` is missing or no array of tables",
    ]


def test_pylock_markers_on_extras_and_groups_are_decided_here(tmp_path: Path) -> None:
    path = tmp_path / "pylock.prod.toml"
    path.write_text(
        PYLOCK
        + 'extras = ["fast"]\ndependency-groups = ["dev", "base"]\ndefault-groups = ["base"]\n'
        + "".join(
            f'[[packages]]\nname = "{name}"\nversion = "1.0"\nmarker = "{marker}"\n'
            + WHEEL.format(name=name, version="1.0")
            for name, marker in [
                ("a", "'fast' in extras and sys_platform == 'linux'"),
                ("b", "'dev' in dependency_groups"),
                ("c", "'base' in dependency_groups or sys_platform == 'win32'"),
            ]
        )
    )
    assert pins(pylock.read(path, tmp_path)) == {"c": "1.0"}
    asked = pylock.read(path, tmp_path, extras=["fast"], groups=["dev"])
    assert {each.name: each.marker for each in asked.requirements} == {
        "a": 'sys_platform == "linux"',
        "b": None,
        "c": None,
    }


def test_pylock_shows_what_comes_from_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "pylock.toml"
    path.write_text(
        PYLOCK
        + '[[packages]]\nname = "models"\n[packages.vcs]\ntype = "git"\n'
        + 'url = "https://builder:hush-hush@git.example/models.git"\ncommit-id = "0123"\n'
        + '[[packages]]\nname = "near"\n[packages.directory]\npath = "../near"\n'
        + '[[packages]]\nname = "far"\n[packages.archive]\nurl = "https://files.example/far-2.0.tar.gz"\nhashes = {sha256="00"}\n'
    )
    declared = pylock.read(path, tmp_path)
    assert declared.faults == ()
    assert {each.name: each.source for each in declared.requirements} == {
        "models": "git+https://***@git.example/models.git",
        "near": "../near",
        "far": "https://files.example/far-2.0.tar.gz",
    }
    assert pins(declared)["far"] == "2.0"


def test_poetry_1_locks_are_read_with_the_project_beside_them() -> None:
    declared = poetrylock.read(POETRY_1 / "poetry.lock", POETRY_1)
    assert declared.faults == ()
    assert pins(declared) == {
        "celery": "5.4.0",
        "backports-zoneinfo": "0.2.1",
        "ffmpeg-python": "0.2.0",
        "kombu": "5.3.4",
    }
    assert one(declared, "backports-zoneinfo").marker == 'python_version < "3.9"'
    assert [each.name for each in declared.requirements if each.direct] == ["celery", "ffmpeg-python"]
    assert str(one(declared, "kombu").where) == "poetry.lock:43"
    (claim,) = declared.pythons
    assert (str(claim.specifier), str(claim.where)) == ("<4,>=3.9", "poetry.lock:74")


def test_poetry_1_groups_and_extras_count_where_they_are_asked_for() -> None:
    dev = poetrylock.read(POETRY_1 / "poetry.lock", POETRY_1, groups=["dev"])
    assert pins(dev)["pytest"] == "8.3.0"
    assert one(dev, "colorama").marker == 'sys_platform == "win32"'
    models = poetrylock.read(POETRY_1 / "poetry.lock", POETRY_1, extras=["models"])
    assert pins(models)["thumbnail-models"] == "1.0.0"


def test_a_poetry_1_lock_alone_is_read_whole(tmp_path: Path) -> None:
    shutil.copy(POETRY_1 / "poetry.lock", tmp_path)
    declared = poetrylock.read(tmp_path / "poetry.lock", tmp_path)
    assert set(pins(declared)) == {"celery", "backports-zoneinfo", "colorama", "ffmpeg-python", "kombu", "pytest"}


def test_poetry_2_groups_and_markers_are_those_of_the_lock() -> None:
    declared = poetrylock.read(POETRY_2 / "poetry.lock", POETRY_2)
    assert pins(declared) == {"celery": "5.4.0", "colorama": "0.4.6", "private-models": "1.0.0", "tzdata": "2025.2"}
    assert one(declared, "colorama").marker == 'platform_system == "Windows"'
    assert one(declared, "private-models").source == "git+https://***@git.example/models.git"
    both = poetrylock.read(POETRY_2 / "poetry.lock", POETRY_2, groups=["dev"])
    assert on_python(both, "3.11.1", "win32")["colorama"] == "0.4.6"
    assert "colorama" not in on_python(both, "3.11.1")
    assert "hush-hush" not in repr(declared)


def test_every_wrong_package_of_a_poetry_lock_is_told(tmp_path: Path) -> None:
    path = tmp_path / "poetry.lock"
    path.write_text('[[package]]\nname = "a"\nversion = "x"\n\n[[package]]\nversion = "1"\n\n[[package]]\nname = "c"\n')
    assert told(poetrylock.read(path, tmp_path).faults) == [
        "poetry.lock:2: `x` of a is not a version",
        "poetry.lock:5: this package has no name",
        "poetry.lock:9: c has no version",
    ]


def test_pipfile_locks_are_read_with_lines_extras_and_markers() -> None:
    declared = pipfilelock.read(PIPENV / "Pipfile.lock", PIPENV)
    assert declared.faults == ()
    assert pins(declared) == {"celery": "5.4.0", "kombu": "5.3.4", "models": None}
    celery = one(declared, "celery")
    assert (celery.extras, celery.marker, str(celery.where)) == (
        ("redis",),
        'python_version >= "3.8"',
        "Pipfile.lock:13",
    )
    assert not one(declared, "kombu").direct
    assert one(declared, "models").source == "git+https://***@git.example/models.git"
    (claim,) = declared.pythons
    assert (str(claim.specifier), str(claim.where)) == ("==3.11.*", "Pipfile.lock:6")
    assert "hush-hush" not in repr(declared)


def test_pipfile_develop_counts_where_it_is_asked_for() -> None:
    declared = pipfilelock.read(PIPENV / "Pipfile.lock", PIPENV, groups=["dev"])
    assert str(one(declared, "pytest").where) == "Pipfile.lock:33"
    assert [each.where.line for each in declared.requirements if each.name == "kombu"] == [20, 30]


def test_a_pipfile_lock_without_its_project_calls_all_direct(tmp_path: Path) -> None:
    shutil.copy(PIPENV / "Pipfile.lock", tmp_path)
    assert all(each.direct for each in pipfilelock.read(tmp_path / "Pipfile.lock", tmp_path).requirements)


def test_every_wrong_entry_of_a_pipfile_lock_is_told(tmp_path: Path) -> None:
    path = tmp_path / "Pipfile.lock"
    path.write_text('{\n"default": {\n"a": {"version": ">=1"},\n"b": 3,\n"c": {"version": "one"}\n}\n}\n')
    assert told(pipfilelock.read(path, tmp_path).faults) == [
        "Pipfile.lock:3: `>=1` of a is no pin, and a lock has nothing else",
        "Pipfile.lock:4: the entry of b is no object",
        "Pipfile.lock:5: `one` of c is no version specifier",
    ]


def test_json_that_breaks_off_is_a_fault_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "Pipfile.lock"
    path.write_text('{\n"default": {\n')
    assert told(pipfilelock.read(path, tmp_path).faults) == ["Pipfile.lock:3: is not JSON from here on"]


def test_the_python_components_of_a_bill_are_pins() -> None:
    declared = sbom.read(BILL / "bom.json", BILL)
    assert declared.faults == ()
    assert [(each.name, str(each.pin), str(each.where), each.direct) for each in declared.requirements] == [
        ("celery", "5.4.0", "bom.json:14", True),
        ("kombu", "5.3.4", "bom.json:21", False),
    ]
    assert one(declared, "kombu").source == "https://***@index.example/simple"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("<?xml version='1.0'?><bom/>", "bom.json: an SBOM in XML is not read"),
        (
            '{\n"bomFormat": "CycloneDX",\n"specVersion": "9.9"}',
            "bom.json:3: its `specVersion` is none of 1.2, 1.3, 1.4, 1.5, 1.6, 1.7",
        ),
        ('{"spdxVersion": "2.3"}', "bom.json:1: is not a CycloneDX document: its `bomFormat` says something else"),
        ("[]", "bom.json:1: its outermost JSON value is not an object"),
        (
            '{\n"bomFormat": "CycloneDX",\n"specVersion": "1.5",\n"components": 3}',
            "bom.json:4: `components` is no array",
        ),
        (
            '{"bomFormat": "CycloneDX", "specVersion": "1.5",\n"components": [\n{"purl": "pkg:pypi/a@one"}]}',
            "bom.json:3: `one` of a is not a version",
        ),
    ],
)
def test_a_bill_that_is_none_is_a_fault(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "bom.json"
    path.write_text(text)
    assert told(sbom.read(path, tmp_path).faults) == [fault]


@pytest.mark.parametrize("read", [uvlock.read, pylock.read, poetrylock.read, pipfilelock.read, sbom.read])
def test_a_lock_that_is_not_utf_8_or_not_there_is_a_fault(tmp_path: Path, read: object) -> None:
    path = tmp_path / "pylock.toml"
    assert callable(read)
    assert told(read(path, tmp_path).faults) == ["pylock.toml: there is no such file"]
    path.write_bytes(b"\n\xff\xfe")
    assert places(read(path, tmp_path).faults) == ["pylock.toml:2"]
    path.unlink()
    path.mkdir()
    assert told(read(path, tmp_path).faults) == ["pylock.toml: is a folder, not a file"]


def test_what_cycles_lead_to_is_reached_once_under_the_weakest_marker() -> None:
    graph: dict[str, list[tuple[str, str | None]]] = {
        "root": [("a", "os_name == '1'"), ("b", None)],
        "a": [("b", None), ("c", None)],
        "b": [("a", "os_name == '2'"), ("c", "sys_platform == 'y'")],
        "c": [("a", None)],
    }
    assert reached(["root"], graph.__getitem__) == {
        "root": None,
        "a": 'os_name == "1" or os_name == "2" or sys_platform == "y"',
        "b": None,
        "c": 'os_name == "1" or os_name == "2" or sys_platform == "y"',
    }


@pytest.mark.parametrize(
    ("marker", "opposite"),
    [
        ("python_version < '3.10'", 'python_version >= "3.10"'),
        ("os_name == 'nt' and 'x' in platform_version", 'os_name != "nt" or "x" not in platform_version'),
        ("python_version ~= '3.10'", None),
        ("platform_version === 'say \"a\"'", None),
    ],
)
def test_the_opposite_of_a_marker_is_written_where_it_can_be(marker: str, opposite: str | None) -> None:
    assert negated(marker) == opposite


def test_unreadable_markers_are_left_as_they_are() -> None:
    assert filled_in("nonsense", [], []) == "nonsense"
    assert filled_in("python_version ~= '3.10' or 'a' in extras", ["b"], []) == 'python_version ~= "3.10"'
    assert filled_in("'a' not in extras", ["a"], []) is False


def test_a_bill_of_twenty_thousand_components_is_read_in_seconds_with_each_line(tmp_path: Path) -> None:
    rows = [f'{{"purl": "pkg:pypi/p{number}@{number}", "description": "{"x" * 300}"}}' for number in range(20_000)]
    head = '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [\n'
    (tmp_path / "bom.json").write_text(head + ",\n".join(rows) + "\n]}")
    started = time.monotonic()
    declared = sbom.read(tmp_path / "bom.json", tmp_path)
    # About a second; counting the lines before each component takes most of a minute.
    assert time.monotonic() - started < 15
    assert [each.where.line for each in declared.requirements] == list(range(2, 20_002))


def test_a_lock_tells_who_needs_whom() -> None:
    by_uv = uvlock.read(UV / "uv.lock", UV)
    assert "future" in one(by_uv, "ffmpeg-python").requires
    assert {"billiard", "kombu", "vine"} <= {each.partition(" ")[0] for each in one(by_uv, "celery").requires}
    by_poetry = poetrylock.read(POETRY_1 / "poetry.lock", POETRY_1, groups=["dev"])
    assert one(by_poetry, "pytest").requires == ('colorama ; sys_platform == "win32"',)
    assert one(sbom.read(BILL / "bom.json", BILL), "celery").requires == ("kombu",)


def test_a_need_under_a_marker_or_an_extra_is_told_with_it(tmp_path: Path) -> None:
    declared = uvlock.read(UV / "uv.lock", UV)
    assert "redis" in one(declared, "celery").requires, "the extra is in use"
    assert 'async-timeout ; python_full_version < "3.11.3"' in one(declared, "redis").requires
    path = tmp_path / "poetry.lock"
    path.write_text(
        '[[package]]\nname = "a"\nversion = "1"\n\n[package.dependencies]\nb = [\n'
        '    {version = ">=1", markers = "python_version < \\"3\\""},\n    {version = ">=2", optional = true},\n]\n\n'
        '[[package]]\nname = "b"\nversion = "2"\n'
    )
    assert one(poetrylock.read(path, tmp_path), "a").requires == ('b ; python_version < "3"',)


def test_pylock_tells_who_needs_whom_where_its_writer_says_it(tmp_path: Path) -> None:
    path = tmp_path / "pylock.toml"
    path.write_text(
        'lock-version = "1.0"\ncreated-by = "x"\n\n'
        '[[packages]]\nname = "a"\nversion = "1"\ndependencies = [{ name = "b" }]\n'
        'sdist = { url = "https://x.example/a-1.tar.gz", hashes = { sha256 = "0" } }\n\n'
        '[[packages]]\nname = "b"\nversion = "2"\n'
        'sdist = { url = "https://x.example/b-2.tar.gz", hashes = { sha256 = "0" } }\n'
    )
    declared = pylock.read(path, tmp_path)
    assert declared.faults == ()
    assert one(declared, "a").requires == ("b",)


def left_out(declared: Declared) -> list[tuple[tuple[str, ...], int]]:
    return [(each.parts, each.packages) for each in declared.terms.left_out]


def test_what_a_lock_holds_for_parts_that_are_not_in_use_is_counted(tmp_path: Path) -> None:
    plain = uvlock.read(UV / "uv.lock", UV)
    everything = uvlock.read(UV / "uv.lock", UV, extras=["pages"], groups=["dev"])
    more = len(everything.requirements) - len(plain.requirements)
    assert left_out(plain) == [(("extra pages", "group dev", "group lint"), more)]
    assert left_out(everything) == []
    lock = tmp_path / "pylock.toml"
    packages = "".join(
        f'[[packages]]\nname = "{name}"\nversion = "1.0"\nmarker = "\'{name}\' in {where}"\n'
        + WHEEL.format(name=name, version="1.0")
        for name, where in [("fast", "extras"), ("dev", "dependency_groups"), ("base", "dependency_groups")]
    )
    head = 'extras = ["fast"]\ndependency-groups = ["dev", "base"]\ndefault-groups = ["base"]\n'
    lock.write_text(PYLOCK + head + packages)
    assert left_out(pylock.read(lock, tmp_path)) == [(("extra fast", "group dev"), 2)]
    assert left_out(pylock.read(lock, tmp_path, extras=["fast"], groups=["dev"])) == []


def test_poetry_and_pipenv_locks_tell_what_is_not_in_use_as_far_as_they_name_it() -> None:
    every = len((POETRY_2 / "poetry.lock").read_text().split("[[package]]")) - 1
    poetry = poetrylock.read(POETRY_2 / "poetry.lock", POETRY_2)
    assert left_out(poetry) == [(("group dev",), every - len(poetry.requirements))]
    old = poetrylock.read(POETRY_1 / "poetry.lock", POETRY_1)
    every = len((POETRY_1 / "poetry.lock").read_text().split("[[package]]")) - 1
    assert [count for _, count in left_out(old)] == [every - len(old.requirements)]
    assert left_out(pipfilelock.read(PIPENV / "Pipfile.lock", PIPENV)) == [(("group develop",), 1)]
    assert left_out(pipfilelock.read(PIPENV / "Pipfile.lock", PIPENV, groups=["dev"])) == []
