"""Which environment is audited: the one that is named, else the project's, and never the tool's own by accident."""

import sys
from pathlib import Path

import pytest

from stackaudit.inputs.declare import Call, declare, find_interpreter
from stackaudit.inputs.settings import resolve
from stackaudit.model.errors import InputError, StackauditError, UsageError
from stackaudit.model.manifest import Interpreter, SettingValue


def venv(folder: Path) -> Path:
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    return python


def found(folder: Path, environ: dict[str, str] | None = None, **options: SettingValue) -> Interpreter | None:
    return find_interpreter(resolve(options, {}, folder), Call(folder=folder, environ=environ or {}))


def refused(folder: Path, environ: dict[str, str] | None = None, **options: SettingValue) -> str:
    with pytest.raises(StackauditError) as caught:
        found(folder, environ, **options)
    return str(caught.value)


def test_the_active_environment_comes_before_the_projects_own(tmp_path: Path) -> None:
    venv(tmp_path / ".venv")
    venv(tmp_path / "active")
    own, active = found(tmp_path), found(tmp_path, {"VIRTUAL_ENV": str(tmp_path / "active")})
    assert own is not None
    assert active is not None
    assert (own.path, str(own.where)) == (".venv/bin/python", ".venv")
    assert (active.path, str(active.where)) == ("active/bin/python", "environment VIRTUAL_ENV")


def test_an_active_environment_that_is_gone_or_the_tools_own_is_not_taken_and_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert f"the active environment {gone} is gone, and there is no ./.venv" in refused(
        tmp_path, {"VIRTUAL_ENV": str(gone)}
    )
    assert "is the one of stackaudit itself" in refused(tmp_path, {"VIRTUAL_ENV": sys.prefix})
    assert "no virtual environment is active" in refused(tmp_path)


def test_without_an_environment_the_file_with_the_pins_is_named(tmp_path: Path) -> None:
    assert hint(tmp_path) == "name one with --python PATH, read pins from a file with -r FILE, or try --sandbox"
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "all"\nversion = "1"\n')
    (tmp_path / "uv.lock").write_text("version = 1\n")
    assert "with -r uv.lock," in str(hint(tmp_path))
    member = tmp_path / "packages" / "api"
    member.mkdir(parents=True)
    (tmp_path / "stackaudit.toml").write_text("")
    assert "with -r ../../uv.lock," in str(hint(member))


def test_a_command_that_copies_the_stack_anyway_is_not_told_to_ask_for_a_copy(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no environment to copy") as caught:
        find_interpreter(resolve({}, {}, tmp_path), Call(folder=tmp_path, environ={}, copying=True))
    assert "--sandbox" not in str(caught.value.hint)


def hint(folder: Path) -> str | None:
    with pytest.raises(UsageError) as caught:
        found(folder)
    return caught.value.hint


def test_a_folder_within_a_project_has_its_own_environment_and_pins_before_those_of_the_root(tmp_path: Path) -> None:
    (tmp_path / "stackaudit.toml").write_text("")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "all"\nversion = "1"\ndependencies = ["redis==5.2.1"]\n'
    )
    service = tmp_path / "services" / "tasks"
    venv(tmp_path / ".venv")
    venv(service / ".venv")
    (service / "requirements.txt").write_text("celery==5.4.0\n")

    def seen(folder: Path) -> tuple[str, tuple[str, ...]]:
        manifest = declare(resolve({}, {}, folder), Call(folder=folder, environ={})).manifest
        assert manifest.interpreter is not None
        return manifest.interpreter.path, manifest.sources

    assert seen(service) == (".venv/bin/python", ("requirements.txt",))
    assert seen(service.parent) == (str(tmp_path / ".venv" / "bin" / "python"), (str(tmp_path / "pyproject.toml"),))
    assert seen(tmp_path) == (".venv/bin/python", ("pyproject.toml",))


def test_the_lock_of_a_workspace_comes_before_the_member_that_says_nothing_of_pins(tmp_path: Path) -> None:
    (tmp_path / "stackaudit.toml").write_text("")
    member = tmp_path / "packages" / "tasks"
    venv(member / ".venv")
    (member / "pyproject.toml").write_text('[project]\nname = "tasks"\nversion = "1"\ndependencies = ["celery"]\n')
    (tmp_path / "requirements.txt").write_text("celery==5.4.0\n")
    manifest = declare(resolve({}, {}, member), Call(folder=member, environ={})).manifest
    assert [str(each.pin) for each in manifest.requirements] == ["5.4.0"]


def test_a_folder_stands_for_the_environment_in_it_and_the_tools_own_may_be_named(tmp_path: Path) -> None:
    python = venv(tmp_path / "env")
    for value, path in (
        (str(tmp_path / "env"), str(python)),
        (str(python), str(python)),
        (sys.executable, sys.executable),
    ):
        named = found(tmp_path, python=value)
        assert named is not None
        assert (named.path, str(named.where)) == (path, "option --python")


def test_a_name_is_looked_for_on_path(tmp_path: Path) -> None:
    named = found(tmp_path, python="sh")
    assert named is not None
    assert Path(named.path).is_absolute()


@pytest.mark.parametrize("value", ["no-such-python", "no/such/python", "empty"])
def test_an_interpreter_that_is_not_there_is_a_fault_at_its_place(tmp_path: Path, value: str) -> None:
    (tmp_path / "empty").mkdir()
    told = refused(tmp_path, python=str(tmp_path / value) if value == "empty" else value)
    assert told.startswith("option --python: ")
    assert value in told


def test_an_environment_whose_python_is_gone_is_left_to_the_probe_to_tell(tmp_path: Path) -> None:
    python = tmp_path / "env" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to("/no/python")
    named = found(tmp_path, python=str(tmp_path / "env"))
    assert named is not None
    assert named.path == str(python)


def test_a_python_version_is_for_files_and_not_for_an_environment(tmp_path: Path) -> None:
    venv(tmp_path / ".venv")
    (tmp_path / "requirements.txt").write_text("celery==5.4.0\n")
    call = Call(folder=tmp_path, environ={})
    with pytest.raises(InputError, match=r"option --python-version: .* \.venv/bin/python has its own"):
        declare(resolve({"python-version": "3.9"}, {}, tmp_path), call)
    files: dict[str, SettingValue] = {"python-version": "3.9", "requirements": (str(tmp_path / "requirements.txt"),)}
    assert declare(resolve(files, {}, tmp_path), call).manifest.text("python_version") == "3.9"
    (tmp_path / "stackaudit.toml").write_text('python-version = "3.9"\n')
    assert declare(resolve({}, {}, tmp_path), call).manifest.interpreter is not None
