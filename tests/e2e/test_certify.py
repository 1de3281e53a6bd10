"""`stackaudit matrix certify`: what an installer takes is proved and kept, what it refuses fails, what could not be asked is unknown."""

import hashlib
import json
import os
import signal
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from command import CLEAN, COMMAND, Run
from distributions import listed, metadata, wheel_of
from environments import uv
from index_service import IndexService, serving
from matrices_of_one import HEAD, HERE
from stackaudit.authoring.proofs import text_of
from stackaudit.model.matrix import Proof, Rung

SCHEMA = Path(__file__).parents[2] / "src" / "stackaudit" / "reports" / "record.schema.json"
WHEEL = b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
UPLOADED = "2026-10-01T00:00:00Z"
MATRIX = f"""{HEAD.replace("NAME", "small")}
[package.worker]
role = "worker"
required = true
source = "https://example.org/worker"

[[package.worker.range]]
versions = ">=5.4,<5.6"
releases = {{ "5.4.0" = 2026-10-01, "5.5.0" = 2026-10-01 }}
requires_python = ">=3.8"
pythons = ["{HERE}"]
"""

RESOLVED = ("--rung", "resolved")

Installer = Callable[[str], dict[str, str]]


def release(name: str, version: str, needs: str = "", module: bytes = b"") -> tuple[bytes, bytes]:
    """The metadata and the wheel of a release, with a module `NAME_own`."""
    about = metadata(name, version, *([f"Requires-Dist: transport{needs}"] if needs else []))
    folder = f"{name}-{version}.dist-info"
    files = (f"{name}/__init__.py", f"{name}_own.py", f"{folder}/METADATA", f"{folder}/WHEEL", f"{folder}/RECORD")
    recorded = "".join(f"{each},,\n" for each in files).encode()
    more = [(f"{name}_own.py", module), (f"{folder}/WHEEL", WHEEL), (f"{folder}/RECORD", recorded)]
    return about, wheel_of(name, version, about, more=more)


@pytest.fixture
def index() -> Iterator[IndexService]:
    """An index of two releases of `worker`, of which 5.5.0 asks for what nobody has."""
    projects: dict[str, list[dict[str, Any]] | str] = {"worker": [], "transport": []}
    contents: dict[str, bytes | str] = {}
    for name, version, needs in (("worker", "5.4.0", "<6"), ("worker", "5.5.0", ">=9"), ("transport", "5.6.2", "")):
        about, wheel = release(name, version, needs)
        filename = f"{name}-{version}-py3-none-any.whl"
        contents |= {filename: wheel, f"{filename}.metadata": about}
        files = projects[name]
        assert isinstance(files, list)
        files.append(listed(filename, wheel, UPLOADED, **{"core-metadata": True}))
    with serving(IndexService(projects, contents=contents)) as running:
        yield running


@pytest.fixture(params=["uv", "pip"])
def asking(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Installer:
    """The environment in which that installer answers, asking the index at a URL; the uv that pip stands in for does not run."""
    programs = tmp_path_factory.mktemp("programs")
    if request.param == "uv":
        (programs / "uv").symlink_to(uv())
    else:
        (programs / "uv").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        (programs / "uv").chmod(0o755)
    return lambda url: {
        "PATH": f"{programs}{os.pathsep}{CLEAN['PATH']}",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": url,
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "0",
        "UV_CACHE_DIR": str(programs / "cache"),
        "PIP_CACHE_DIR": str(programs / "cache"),
    }


@pytest.fixture
def own(folder: Path) -> Path:
    path = folder / "matrices" / "small.toml"
    path.parent.mkdir()
    path.write_text(MATRIX, encoding="utf-8")
    return path


def proofs(own: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(_beside(own).read_text(encoding="utf-8"))["proof"]
    return found


def _beside(own: Path) -> Path:
    return own.with_name("small.proof.toml")


def test_a_row_that_resolves_is_proved_shown_and_kept(
    stackaudit: Run, own: Path, index: IndexService, asking: Installer
) -> None:
    done = stackaudit("matrix", "certify", "small", "--cell", f"{HERE}:5.4", *RESOLVED, env=asking(index.url))
    assert (done.returncode, "rung: resolved" in done.stdout) == (0, True), done.stdout + done.stderr
    (proof,) = proofs(own)
    assert proof["packages"] == {"transport": "5.6.2", "worker": "5.4.0"}
    assert (proof["python"], proof["rung"]) == (HERE, "resolved")
    again = stackaudit("matrix", "certify", "small", "--cell", f"{HERE}:5.4", *RESOLVED, env=asking(index.url))
    assert again.returncode == 0
    assert len(proofs(own)) == 1
    assert ", 1 proof, the newest of " in stackaudit("matrix", "show", "small").stdout
    assert sorted(each.name for each in own.parent.iterdir()) == ["small.proof.toml", "small.toml"]


def test_a_row_that_is_installed_and_imported_is_proved_so_and_not_again_while_nothing_changed(
    stackaudit: Run, own: Path, index: IndexService, folder: Path
) -> None:
    wanted = ("matrix", "certify", "small", "--cell", f"{HERE}:5.4", "--rung", "imported")
    environment = {**_with_uv(index.url, own), "TMPDIR": str(folder / "tmp")}
    (folder / "tmp").mkdir()
    done = stackaudit(*wanted, env=environment)
    assert (done.returncode, "rung: imported" in done.stdout) == (0, True), done.stdout + done.stderr
    (proof,) = proofs(own)
    assert (proof["rung"], "cpython" in proof["by"]) == ("imported", True)
    assert proof["packages"] == {"transport": "5.6.2", "worker": "5.4.0"}
    assert list((folder / "tmp").iterdir()) == []
    again = stackaudit(*wanted, "--changed", env=environment)
    assert (again.returncode, "unchanged since it was proved imported" in again.stdout) == (0, True), again.stdout
    assert proofs(own) == [proof]
    assert ", 1 proof, the newest of " in stackaudit("matrix", "show", "small").stdout


def test_what_an_earlier_run_saw_of_the_same_packages_is_not_done_again_and_told_with_its_date(
    stackaudit: Run, own: Path, index: IndexService, folder: Path
) -> None:
    wanted = ("matrix", "certify", "small", "--cell", f"{HERE}:5.4", "--rung", "imported", "-o", "c.json")
    environment = _with_uv(index.url, own)
    first = stackaudit(*wanted, env=environment)
    assert (first.returncode, "kept from" in first.stdout) == (0, False), first.stdout + first.stderr
    (proof,) = proofs(own)
    _beside(own).unlink()
    again = stackaudit(*wanted, env=environment)
    assert again.returncode == 0, again.stdout + again.stderr
    (kept,) = proofs(own)
    assert kept["at"] >= proof["at"]
    (check,) = json.loads((folder / "c.json").read_text(encoding="utf-8"))["checks"]
    assert f"kept from {kept['at']:%Y-%m-%d %H:%M} UTC" in check["summary"]
    refused = stackaudit("check", "--from", "c.json")
    assert (refused.returncode, "c.json is the record of rows of a matrix" in refused.stderr) == (2, True)
    document = stackaudit("report", "--from", "c.json").stdout
    assert document.startswith("# What was proved of small ")
    assert f"| {HERE}:5.4 | ✅ pass (imported) |" in document
    assert "| worker | The packages of the row can be imported on its Python | ✅ held |" in document
    assert "ependency audit" not in document
    fresh = stackaudit(*wanted, "--fresh", env=environment)
    assert (fresh.returncode, "kept from" in fresh.stdout) == (0, False), fresh.stdout


def test_a_python_that_is_not_here_is_not_run_and_not_ticked(stackaudit: Run, own: Path, index: IndexService) -> None:
    own.write_text(MATRIX.replace(f'"{HERE}" = {{}}', '"3.99" = {}'), encoding="utf-8")
    done = stackaudit("matrix", "certify", "small", "--cell", "3.99:5.4", env=_with_uv(index.url, own))
    assert done.returncode == 3, done.stdout + done.stderr
    assert "????  3.99:5.4" in done.stdout
    assert "not run: there is no Python 3.99 on this machine" in done.stdout
    assert [each["rung"] for each in proofs(own)] == ["resolved"]


def test_what_fails_now_is_no_longer_proved(stackaudit: Run, own: Path, index: IndexService) -> None:
    wanted = ("matrix", "certify", "small", "--cell", f"{HERE}:5.4", "--rung", "imported")
    environment = _with_uv(index.url, own)
    assert stackaudit(*wanted, env=environment).returncode == 0
    about, wheel = release("worker", "5.4.0", "<6", b"import what_nobody_has")
    filename = "worker-5.4.0-py3-none-any.whl"
    index.contents = {**index.contents, filename: wheel, f"{filename}.metadata": about}
    index.projects = {**index.projects, "worker": [listed(filename, wheel, UPLOADED, **{"core-metadata": True})]}
    done = stackaudit(*wanted, "--fresh", env={**environment, "UV_CACHE_DIR": environment["UV_CACHE_DIR"] + "-2"})
    assert done.returncode == 1, done.stdout + done.stderr
    assert "`import worker_own` ends in ModuleNotFoundError of what_nobody_has" in done.stdout
    assert f"note: dropped what was proved of worker 5.4.0 on Python {HERE}: it failed now" in done.stderr
    assert [each["rung"] for each in proofs(own)] == ["resolved"]


def test_a_row_that_does_not_resolve_fails_and_the_others_are_kept(
    stackaudit: Run, own: Path, index: IndexService
) -> None:
    environment = _with_uv(index.url, own)
    done = stackaudit("matrix", "certify", "small", *RESOLVED, env=environment)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"FAIL  {HERE}:5.5" in done.stdout
    assert f"ok    {HERE}:5.4" in done.stdout
    assert [each["packages"]["worker"] for each in proofs(own)] == ["5.4.0"]


def test_the_record_holds_the_looks_that_the_proofs_name(
    stackaudit: Run, own: Path, index: IndexService, folder: Path
) -> None:
    done = stackaudit(
        "matrix", "certify", "small", *RESOLVED, "-o", "c.json", "-o", "c.md", env=_with_uv(index.url, own)
    )
    assert done.returncode == 1, done.stderr
    record = json.loads((folder / "c.json").read_text(encoding="utf-8"))
    jsonschema.validate(record, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert [each["id"] for each in record["checks"]] == [f"{HERE}:5.4", f"{HERE}:5.5"]
    canonical = (
        json.dumps(each, sort_keys=True, ensure_ascii=False, separators=(",", ":")) for each in record["looks"]
    )
    digests = {"sha256:" + hashlib.sha256(each.encode()).hexdigest() for each in canonical}
    assert {each["record"] for each in proofs(own)} <= digests
    document = (folder / "c.md").read_text(encoding="utf-8")
    assert f"| {HERE}:5.4 | ✅ pass (resolved) |" in document
    assert f"| {HERE}:5.5 | ❌ fail |" in document


def _with_uv(url: str, own: Path) -> dict[str, str]:
    cache = str(own.parent.parent / ".git" / "cache")
    folder = str(Path(uv()).parent)
    return {
        "PATH": f"{folder}{os.pathsep}{CLEAN['PATH']}",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": url,
        "UV_CACHE_DIR": cache,
        "XDG_CACHE_HOME": f"{cache}-kept",
        "HOME": cache,
    }


def test_an_index_that_is_not_there_proves_nothing_and_is_unknown(
    stackaudit: Run, own: Path, asking: Installer
) -> None:
    done = stackaudit(
        "matrix", "certify", "small", "--cell", f"{HERE}:5.4", *RESOLVED, env=asking("http://127.0.0.1:9/simple")
    )
    assert done.returncode == 3, done.stdout + done.stderr
    assert f"????  {HERE}:5.4" in done.stdout
    assert not _beside(own).exists()


@pytest.mark.parametrize("page", ["worker", "transport"])
def test_a_login_page_in_place_of_an_index_refutes_nothing(
    stackaudit: Run, own: Path, index: IndexService, asking: Installer, page: str
) -> None:
    wanted = ("matrix", "certify", "small", "--cell", f"{HERE}:5.4", *RESOLVED)
    environment = asking(index.url)
    assert stackaudit(*wanted, env=environment).returncode == 0
    proved = proofs(own)
    index.projects = {**index.projects, page: "error-page"}
    own_cache = f"{environment['UV_CACHE_DIR']}-2"
    done = stackaudit(*wanted, env={**environment, "UV_CACHE_DIR": own_cache, "PIP_CACHE_DIR": own_cache})
    assert done.returncode == 3, done.stdout + done.stderr
    assert proofs(own) == proved


def test_what_ships_is_refused_before_anybody_is_asked(stackaudit: Run, index: IndexService, own: Path) -> None:
    done = stackaudit("matrix", "certify", "celery-redis-ffmpeg", env=_with_uv(index.url, own))
    assert (done.returncode, done.stdout, index.asked) == (2, "", [])
    assert "error: matrix celery-redis-ffmpeg came with stackaudit" in done.stderr
    assert "  = fix:  copy " in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("small", "--cell", "2.7"), "matrix small has no row for Python 2.7"),
        (("small", "--cell", f"{HERE}:9.9"), f"matrix small has no row for Python {HERE} with worker 9.9"),
        (("small", "--cell", HERE, "--all"), "leave one out"),
        (("small", "--rung", "published"), "--rung can't be 'published'"),
        (("small", "--repeat", "0"), "--repeat is a number from 1 to 100, not 0"),
        (("celery-rabbitmq.toml", "--rung", "survived"), "drills run on Redis alone"),
        (("small", "--timeout", "0"), "--timeout is a number of seconds"),
        (("small", "--format", "pdf"), "there is no format 'pdf'"),
        (("smal",), "there is no matrix and no file `smal`"),
    ],
)
@pytest.mark.usefixtures("own")
def test_a_wrong_call_is_told_and_ends_in_2(
    stackaudit: Run, folder: Path, arguments: tuple[str, ...], told: str
) -> None:
    for shipped in (Path(__file__).parents[2] / "matrices").glob("celery-rabbitmq.*"):
        (folder / shipped.name).write_bytes(shipped.read_bytes())
    done = stackaudit("matrix", "certify", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


@contextmanager
def _running(folder: Path, env: Mapping[str, str], *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [COMMAND, "matrix", "certify", "small", *options]
    with subprocess.Popen(
        command, cwd=folder, env={**CLEAN, **env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process


def test_an_interruption_kills_all_that_runs_and_writes_nothing(own: Path, index: IndexService, folder: Path) -> None:
    index.latency = 60.0
    with _running(folder, _with_uv(index.url, own)) as process:
        while not index.asked and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (130, "")
    assert err == "stackaudit: interrupted; nothing was concluded\n"
    assert not _beside(own).exists()
    assert _left_behind(own.parent.parent) == []


OTHERS = Proof(
    python=HERE,
    rung=Rung.RESOLVED,
    at=datetime(2026, 11, 22, 12, tzinfo=UTC),
    by="uv 0.9.1",
    platform="linux-x86_64",
    packages=((canonicalize_name("transport"), Version("9.0.0")), (canonicalize_name("worker"), Version("5.5.0"))),
    record="sha256:" + "0" * 64,
)


def test_what_another_run_proved_meanwhile_is_kept(own: Path, index: IndexService, folder: Path) -> None:
    index.latency = 1.0
    with _running(folder, _with_uv(index.url, own), "--cell", f"{HERE}:5.4", *RESOLVED) as process:
        while not index.asked and process.poll() is None:
            time.sleep(0.02)
        _beside(own).write_text(text_of([OTHERS]), encoding="utf-8")
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert [each["packages"]["worker"] for each in proofs(own)] == ["5.4.0", "5.5.0"]


def _left_behind(folder: Path) -> list[str]:
    """The processes that still know the cache in `folder`, by their environment; where there is no /proc nothing can be said."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            if str(folder / ".git" / "cache") in entry.read_bytes().decode(errors="replace"):
                found.append(entry.parent.name)
        except OSError:
            continue
    return found


@pytest.mark.parametrize("required", ["matrix", "resolved"])
@pytest.mark.parametrize("choice", [("--only", "environment"), ("--skip", "matrix", "--only", "environment,matrix")])
def test_what_is_required_does_not_pass_by_being_left_out(
    stackaudit: Run, folder: Path, required: str, choice: tuple[str, ...]
) -> None:
    (folder / "requirements.txt").write_text("celery==5.4.0\nredis==5.0.8\n", encoding="utf-8")
    arguments = ("check", "-r", "requirements.txt", "--offline", *choice)
    assert stackaudit(*arguments).returncode == 0
    done = stackaudit(*arguments, "--require", required)
    assert done.returncode == 3, done.stdout
    assert "????  matrix          the policy requires it, and --only or --skip left it out" in done.stdout
