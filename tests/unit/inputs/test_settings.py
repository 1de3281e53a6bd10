"""Each setting has one value and one place that it came from; what is wrong is told all at once."""

from pathlib import Path

import pytest

from stackaudit import sockets
from stackaudit.cli.init import table
from stackaudit.inputs.setting_keys import CHECKS, KEYS
from stackaudit.inputs.settings import resolve, settings_file
from stackaudit.model.errors import InputError
from stackaudit.model.manifest import SettingValue


def write(folder: Path, text: str, name: str = "pyproject.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        resolve({}, environ or {}, folder)
    return [f"{fault} {fault.hint}" for fault in caught.value.faults]


def test_without_anything_every_setting_has_its_default(tmp_path: Path) -> None:
    settings = resolve({}, {}, tmp_path)
    assert {each.where.path for each in settings.settings} == {"default"}
    assert settings.text("fail-on") == "medium"
    assert settings.number("timeout") == 30


@pytest.mark.parametrize(
    ("options", "environ", "value", "where"),
    [
        ({}, {}, "low", "pyproject.toml:3"),
        ({}, {"STACKAUDIT_FAIL_ON": "high"}, "high", "environment STACKAUDIT_FAIL_ON"),
        ({"fail-on": "critical"}, {"STACKAUDIT_FAIL_ON": "high"}, "critical", "option --fail-on"),
        ({"fail-on": None}, {"STACKAUDIT_FAIL_ON": ""}, "low", "pyproject.toml:3"),
    ],
)
def test_option_beats_environment_beats_file(
    tmp_path: Path, options: dict[str, SettingValue], environ: dict[str, str], value: str, where: str
) -> None:
    write(tmp_path, '[tool.stackaudit]\n# the gate\nfail-on = "low"\n')
    setting = resolve(options, environ, tmp_path).get("fail-on")
    assert (setting.value, str(setting.where)) == (value, where)


def test_every_fault_of_the_file_and_of_the_environment_is_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, '[tool.stackaudit]\nfailon = "low"\ntimeout = "soon"\nonly = ["redis", "celry"]\noffline = 1\n')
    told = faults(tmp_path, {"STACKAUDIT_FAIL_ON": "severe", "STACKAUDIT_OFFLINE": "maybe"})
    assert len(told) == 6 - 1  # the environment's `offline` stands over the file's
    assert any(each.startswith("pyproject.toml:2: unknown key `failon`") and "`fail-on`" in each for each in told)
    assert any(each.startswith("pyproject.toml:3: `timeout` is a number") for each in told)
    assert any(each.startswith("pyproject.toml:4: `only` can't be 'celry'") and "`celery`" in each for each in told)
    assert any(each.startswith("environment STACKAUDIT_FAIL_ON") for each in told)
    assert any(each.startswith("environment STACKAUDIT_OFFLINE: 'maybe' is not true or false") for each in told)


def test_a_file_that_is_not_toml_is_told_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, "[tool.stackaudit]\ntimeout = = 3\n")
    assert faults(tmp_path)[0].startswith("pyproject.toml:2: is not TOML")


def test_the_nearest_file_that_speaks_of_us_is_read_and_none_above_the_repository(tmp_path: Path) -> None:
    outer = write(tmp_path, "[tool.stackaudit]\n")
    inner = tmp_path / "repository" / "app"
    inner.mkdir(parents=True)
    assert settings_file(inner) == outer
    write(inner, "[project]\nname = 'app'\n")
    assert settings_file(inner) == outer
    own = write(inner.parent, "timeout = 3\n", "stackaudit.toml")
    assert settings_file(inner) == own
    own.unlink()
    (inner.parent / ".git").mkdir()
    assert settings_file(inner) is None


@pytest.mark.parametrize("timeout", ["0", "-1", "nan", "1e9"])
def test_a_timeout_that_bounds_nothing_is_refused(tmp_path: Path, timeout: str) -> None:
    assert "STACKAUDIT_TIMEOUT" in faults(tmp_path, {"STACKAUDIT_TIMEOUT": timeout})[0]


def test_lists_in_the_environment_are_split_at_commas_and_spaces(tmp_path: Path) -> None:
    assert resolve({}, {"STACKAUDIT_ONLY": "redis, celery ffmpeg"}, tmp_path).texts("only") == (
        "redis",
        "celery",
        "ffmpeg",
    )


def test_the_checks_that_settings_name_are_those_that_exist() -> None:
    assert tuple(each.id for each in sockets.checks()) == CHECKS


def test_the_table_that_init_writes_is_read_back_with_every_key_commented_in(tmp_path: Path) -> None:
    lines = table("tool.stackaudit").splitlines()
    chosen = [
        line.removeprefix("# ")
        for line in lines
        if any(line.startswith(f"# {key.name} = ") for key in KEYS if key.default)
    ]
    write(tmp_path, "\n".join([lines[0], *chosen]))
    settings = resolve({}, {}, tmp_path)
    assert all(settings.get(key.name).value == key.default for key in KEYS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("python-version", "banana"),
        ("python-version", "3"),
        ("python-version", "3.11.x"),
        ("python-version", "4.0"),
        ("python-version", "3.11\n"),
        ("exclude-newer", "yesterday"),
        ("exclude-newer", "2026-02-30"),
        ("exclude-newer", "20260101"),
        ("exclude-newer", "2026-01-01T10:00:00"),
        ("exclude-newer", "2026-01-01T25:00:00Z"),
        ("broker-url", ""),
        ("python", " "),
        ("matrix", ""),
        ("advisories", "no/such/folder"),
        ("advisories", "osw"),
    ],
)
def test_a_value_that_means_nothing_is_refused_with_its_place(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(InputError) as caught:
        resolve({name: value}, {}, tmp_path)
    assert [str(fault.where) for fault in caught.value.faults] == [f"option --{name}"]
    assert f"`{name}`" in caught.value.faults[0].message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("python-version", "3.9"),
        ("python-version", "3.13.0"),
        ("exclude-newer", "2026-01-01"),
        ("exclude-newer", "2026-01-01T10:00:00Z"),
        ("exclude-newer", "2026-01-01T10:00:00.5+02:00"),
        ("advisories", "osv"),
        ("advisories", "http://127.0.0.1:1/"),
    ],
)
def test_a_value_that_means_something_is_taken_as_it_is(tmp_path: Path, name: str, value: str) -> None:
    assert resolve({name: value}, {}, tmp_path).text(name) == value


def test_a_date_needs_no_quotes_in_toml_and_a_version_does(tmp_path: Path) -> None:
    write(tmp_path, "[tool.stackaudit]\nexclude-newer = 2026-01-01\n")
    assert resolve({}, {}, tmp_path).text("exclude-newer") == "2026-01-01"
    write(tmp_path, "[tool.stackaudit]\npython-version = 3.10\n")
    assert faults(tmp_path) == ["pyproject.toml:2: `python-version` is a string, not '3.1' write it in quotes"]


def test_a_table_of_pyproject_in_a_file_of_our_own_is_told_what_to_leave_out(tmp_path: Path) -> None:
    (tmp_path / "stackaudit.toml").write_text('[tool.stackaudit]\nfail-on = "high"\n', encoding="utf-8")
    assert faults(tmp_path) == [
        "stackaudit.toml:1: unknown key `tool` leave the line [tool.stackaudit] out: in this file the keys stand in no table"
    ]


def test_a_relative_path_counts_from_where_it_was_said(tmp_path: Path) -> None:
    (tmp_path / "advisories").mkdir()
    (tmp_path / ".venv").mkdir()
    inner = tmp_path / "app"
    inner.mkdir()
    write(tmp_path, '[tool.stackaudit]\npython = ".venv"\nffmpeg = "tools/ffmpeg"\nadvisories = "advisories"\n')
    settings = resolve({}, {}, inner)
    assert settings.text("python") == str(tmp_path / ".venv")
    assert settings.text("ffmpeg") == str(tmp_path / "tools" / "ffmpeg")
    assert settings.text("advisories") == str(tmp_path / "advisories")
    said = resolve({"python": "python3.11", "ffmpeg": "bin/ffmpeg"}, {}, inner)
    assert (said.text("python"), said.text("ffmpeg")) == ("python3.11", "bin/ffmpeg")


def test_a_program_of_this_folder_is_not_looked_for_on_path(tmp_path: Path) -> None:
    """`./ffmpeg` without its `./` is a name on PATH: another program would be audited."""
    said = resolve({"python": "./python3", "ffmpeg": "./ffmpeg"}, {}, tmp_path)
    assert (said.text("python"), said.text("ffmpeg")) == ("./python3", "./ffmpeg")
    write(tmp_path, '[tool.stackaudit]\nffmpeg = "./ffmpeg"\n')
    assert resolve({}, {}, tmp_path).text("ffmpeg") == "./ffmpeg"


def test_names_on_path_and_urls_are_no_paths(tmp_path: Path) -> None:
    inner = tmp_path / "app"
    inner.mkdir()
    write(tmp_path, '[tool.stackaudit]\npython = "python3"\nffmpeg = "ffmpeg-7"\nadvisories = "https://osv.test"\n')
    settings = resolve({}, {}, inner)
    assert [settings.text(name) for name in ("python", "ffmpeg", "advisories")] == [
        "python3",
        "ffmpeg-7",
        "https://osv.test",
    ]


def test_every_key_of_the_table_that_init_writes_may_be_commented_in_as_it_stands(tmp_path: Path) -> None:
    lines = table("tool.stackaudit").splitlines()
    keys = [line.removeprefix("# ") for line in lines if any(line.startswith(f"# {key.name} = ") for key in KEYS)]
    assert len(keys) == len(KEYS)
    write(tmp_path, "\n".join([lines[0], *keys]))
    settings = resolve({}, {}, tmp_path)
    assert {each.where.path for each in settings.settings} == {"pyproject.toml"}


def test_a_rung_may_be_required_alone_or_beside_checks(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    file = tmp_path / "stackaudit.toml"
    file.write_text('require = "exercised"\n', encoding="utf-8")
    assert resolve({}, {}, tmp_path).texts("require") == ("exercised",)
    file.write_text('require = ["redis", "resolved"]\n', encoding="utf-8")
    assert resolve({}, {}, tmp_path).texts("require") == ("redis", "resolved")
    file.write_text('require = "exercized"\n', encoding="utf-8")
    with pytest.raises(InputError, match="`require` can't be 'exercized'"):
        resolve({}, {}, tmp_path)
