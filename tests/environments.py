"""Builds the environments that integration tests audit: real interpreters and real installs, each built once a session."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from stackaudit.audit import gather, judge
from stackaudit.checks import conflicts
from stackaudit.gate.verdict import decide
from stackaudit.model.audit import Case, Judgment, Policy
from stackaudit.model.deadline import Deadline
from stackaudit.model.manifest import Endpoint, Interpreter, Manifest, Requirement
from stackaudit.model.places import Place
from stackaudit.model.secret import Secret
from stackaudit.model.snapshot import Snapshot
from stackaudit.probes import interpreter as interpreter_probe
from stackaudit.probes import pip as pip_probe
from tools import require

TODAY = datetime(2026, 11, 22, tzinfo=UTC)


@cache
def python(version: str) -> str:
    """The path of a Python `version` (`3.9`); where there is none the test is skipped, and fails where CI promises all tools."""
    # pyenv puts a program for each Python on PATH that works for the chosen ones only.
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    on_path = shutil.which(f"python{version}")
    for candidate in [*map(str, pyenv), *([on_path] if on_path else []), sys.executable]:
        words = "import sys; print('%d.%d' % sys.version_info[:2])"
        answer = subprocess.run([candidate, "-I", "-c", words], capture_output=True, text=True, check=False)
        if answer.stdout.strip() == version:
            return candidate
    sentence = f"there is no Python {version}, and this test runs the real one"
    if os.environ.get("STACKAUDIT_REQUIRE_TOOLS") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)


@cache
def uv() -> str:
    """The path of uv: beside this interpreter, else on PATH."""
    beside = Path(sys.executable).parent / "uv"
    return str(beside) if beside.exists() else require("uv")


def run_uv(*arguments: str) -> None:
    """Run uv to its end; it never downloads a Python."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never", "UV_NO_CONFIG": "1"}
    done = subprocess.run([uv(), *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


class Environments:
    """Virtual environments under one folder, each built when it is first asked for. Treat them as read-only."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._built: dict[tuple[object, ...], str] = {}

    def get(self, version: str, *requirements: str, own_pip: bool = False, then: Sequence[str] = ()) -> str:
        """The interpreter of an environment with `requirements` resolved, then each of `then` installed with no regard for the others.

        Without `own_pip` there is no pip in it.
        """
        key = (version, requirements, own_pip, tuple(then))
        if key not in self._built:
            self._built[key] = self._build(version, requirements, own_pip=own_pip, then=then)
        return self._built[key]

    def _build(self, version: str, requirements: Sequence[str], *, own_pip: bool, then: Sequence[str]) -> str:
        folder = self._root / f"{len(self._built)}-py{version}"
        base = python(version)
        if own_pip:
            subprocess.run([base, "-I", "-m", "venv", str(folder)], check=True, capture_output=True)
        else:
            run_uv("venv", "--quiet", "--python", base, str(folder))
        interpreter = str(folder / "bin" / "python")
        if requirements:
            run_uv("pip", "install", "--quiet", "--python", interpreter, *requirements)
        if then:
            run_uv("pip", "install", "--quiet", "--no-deps", "--python", interpreter, *then)
        return interpreter


def site_packages(interpreter: str) -> Path:
    """The folder that packages of the environment of `interpreter` lie in."""
    return next((Path(interpreter).parent.parent / "lib").glob("python3.*")) / "site-packages"


def write_distribution(
    folder: Path, name: str, version: str, *headers: str, files: Mapping[str, str] | None = None
) -> Path:
    """Write the metadata folder of one installed distribution, as an installer would, and nothing else of it."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {version}",
        *headers,
        "",
        "Requires-Dist: not-a-header",
    ]
    (info / "METADATA").write_text("\n".join(lines), encoding="utf-8")
    for path, text in (files or {}).items():
        (info / path).write_text(text, encoding="utf-8")
    return info


def manifest(interpreter: str, *declared: str, broker: str | None = None) -> Manifest:
    """What a project declares that is audited at `interpreter`; `declared` are names with their extras, such as `celery[redis]`."""
    split = [each.rstrip("]").partition("[") for each in declared]
    return Manifest(
        requirements=tuple(
            Requirement(
                name=canonicalize_name(name),
                specifier=SpecifierSet(),
                pin=None,
                extras=(extra,) if extra else (),
                where=Place(path="requirements.txt", line=line),
            )
            for line, (name, _, extra) in enumerate(split, 1)
        ),
        endpoints=(Endpoint(role="broker", url=Secret(broker), where=Place(path="option --broker-url")),)
        if broker
        else (),
        interpreter=Interpreter(path=interpreter, where=Place(path="option --python")),
    )


def look_at(declared: Manifest, seconds: float = 60) -> Snapshot:
    """What the probes of the audited environment see."""
    return gather(declared, [interpreter_probe.PROBE, pip_probe.PROBE], Deadline(seconds), TODAY)


def judged(declared: Manifest, snapshot: Snapshot) -> Judgment:
    """What the conflicts check says of that, with its verdict."""
    case = Case(manifest=declared, snapshot=snapshot, matrix=None, today=TODAY.date())
    return decide(judge(case, [conflicts.CHECK]), Policy())[0]
