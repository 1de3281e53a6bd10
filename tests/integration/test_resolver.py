"""What a fresh install would give, asked of the real uv and of the real pip, over an index on loopback with the faults of real ones."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from distributions import listed, metadata, source_of, wheel_of
from environments import Environments, uv
from index_service import IndexService, serving
from stackaudit.audit import gather
from stackaudit.inputs.project import read_files
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.published import Resolution
from stackaudit.model.manifest import Interpreter, Manifest, Setting
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Look, Snapshot, Unseen
from stackaudit.model.wire import encode
from stackaudit.probes import interpreter as interpreter_probe
from stackaudit.probes.resolver import PROBE

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OLD, NEW = "2026-10-01T00:00:00Z", "2026-11-10T00:00:00Z"
OPTION = Place(path="option")
WHEEL = b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


class Shelf:
    """The releases that an index holds: each a wheel, or a source archive alone."""

    def __init__(self) -> None:
        self.projects: dict[str, list[dict[str, Any]] | str] = {}
        self.contents: dict[str, bytes | str] = {}

    def put(self, name: str, version: str, *lines: str, uploaded: str = OLD, source: bool = False) -> None:
        about = metadata(name, version, *lines)
        folder = f"{name}-{version}.dist-info"
        more = [(f"{folder}/WHEEL", WHEEL), (f"{folder}/RECORD", b"")]
        content = source_of(name, version, about) if source else wheel_of(name, version, about, more=more)
        filename = f"{name}-{version}.tar.gz" if source else f"{name}-{version}-py3-none-any.whl"
        self.contents |= {filename: content, f"{filename}.metadata": about}
        files = self.projects.setdefault(name, [])
        assert isinstance(files, list)
        files.append(listed(filename, content, uploaded, **({} if source else {"core-metadata": True})))


@pytest.fixture
def shelf() -> Shelf:
    """`worker` takes any `transport` below 6, of which 5.7 came last and demands, behind its extra, a `helper`."""
    made = Shelf()
    made.put("worker", "5.4.0", "Requires-Dist: transport<6", 'Requires-Dist: old; python_version < "3.9"')
    made.put("transport", "5.6.2")
    made.put("transport", "5.7.0", "Provides-Extra: fast", 'Requires-Dist: helper; extra == "fast"', uploaded=NEW)
    made.put("transport", "5.8.0rc1", uploaded=NEW)
    made.put("helper", "1.0")
    made.put("archive", "1.0", source=True)
    return made


@pytest.fixture(params=["uv", "pip"])
def tool(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The installer that answers: uv, or pip where the uv that is found does not run."""
    for name in [each for each in os.environ if each.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    programs = tmp_path / "programs"
    programs.mkdir()
    if request.param == "pip":
        (programs / "uv").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        (programs / "uv").chmod(0o755)
    else:
        (programs / "uv").symlink_to(uv())
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return str(request.param)


def declared(folder: Path, text: str, day: str | None = None, files: Mapping[str, str] | None = None) -> Manifest:
    """What `requirements.txt` with `text` declares, beside other `files`."""
    for name, content in {"requirements.txt": text, **(files or {})}.items():
        (folder / name).write_text(content, encoding="utf-8")
    found = read_files((folder / "requirements.txt",), folder, {}, named=True)
    assert found.faults == ()
    return Manifest(
        requirements=found.requirements,
        sources=found.sources,
        unnamed=found.unnamed,
        terms=found.terms,
        settings=(Setting(name="exclude_newer", value=day, where=OPTION),),
    )


@contextmanager
def index(monkeypatch: pytest.MonkeyPatch, shelf: Shelf, **more: Any) -> Iterator[IndexService]:
    """Serve the shelf, and have pip configured with it."""
    with serving(IndexService(projects=shelf.projects, contents=shelf.contents, **more)) as service:
        monkeypatch.setenv("PIP_INDEX_URL", service.url)
        yield service


def ask(manifest: Manifest, seconds: float = 60) -> Snapshot:
    return gather(manifest, [PROBE], Deadline(seconds), NOW)


def look(snapshot: Snapshot) -> Look:
    (found,) = snapshot.looks
    return found


def given(snapshot: Snapshot) -> dict[str, str]:
    """The packages of a fresh install."""
    (fact,) = snapshot.facts(Resolution)
    assert fact.refusal is None
    return dict(fact.packages)


def blind(snapshot: Snapshot) -> Unseen:
    """Why nothing was seen."""
    assert snapshot.facts(Resolution) == ()
    unseen = look(snapshot).unseen
    assert unseen is not None
    return unseen


def test_what_the_files_leave_open_is_resolved_and_the_evidence_says_by_whom(
    tool: str, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with index(monkeypatch, shelf):
        snapshot = ask(declared(tmp_path, "worker==5.4.0\n"))
    assert given(snapshot) == {"worker": "5.4.0", "transport": "5.7.0"}
    (fact,) = snapshot.facts(Resolution)
    assert fact.required_by == ((("transport", ("worker",)),) if tool == "uv" else ()), "of pip it is not read"
    evidence = look(snapshot).evidence
    assert (evidence.tool, evidence.exit_status) == (tool, 0)
    assert evidence.tool_version
    assert evidence.sha256
    assert str(tmp_path) not in str(evidence.command)


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize(
    ("text", "more", "expected"),
    [
        ("worker==5.4.0\n-c bounds.txt\n", {"bounds.txt": "transport<5.7\n"}, "5.6.2"),
        ("worker==5.4.0\n-r base.txt\n", {"base.txt": "transport<5.7\n"}, "5.6.2"),
        ('worker==5.4.0\ntransport<5.7; python_version < "3.8"\n', {}, "5.7.0"),
        ("--pre\nworker==5.4.0\n", {}, "5.8.0rc1"),
        ("worker==5.4.0\ntransport>=5.8.0rc1\n", {}, "5.8.0rc1"),
    ],
    ids=["constraint", "included", "marker", "--pre", "a pre-release by name"],
)
def test_constraints_markers_and_pre_releases_count_as_in_an_install(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, more: dict[str, str], expected: str
) -> None:
    with index(monkeypatch, shelf):
        assert given(ask(declared(tmp_path, text, files=more)))["transport"] == expected


@pytest.mark.usefixtures("tool")
def test_an_extra_brings_what_it_asks_for(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with index(monkeypatch, shelf):
        assert given(ask(declared(tmp_path, "transport[fast]\n"))) == {"transport": "5.7.0", "helper": "1.0"}


@pytest.mark.usefixtures("tool")
def test_a_past_day_gives_what_there_was_then(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with index(monkeypatch, shelf):
        snapshot = ask(declared(tmp_path, "worker==5.4.0\n", day="2026-11-01"))
    assert given(snapshot)["transport"] == "5.6.2"


@pytest.mark.usefixtures("tool")
def test_an_index_that_tells_no_times_makes_a_past_day_uncheckable(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for files in shelf.projects.values():
        assert isinstance(files, list)
        for each in files:
            del each["upload-time"]
    with index(monkeypatch, shelf):
        unseen = blind(ask(declared(tmp_path, "worker==5.4.0\n", day="2026-11-01")))
    assert not unseen.knowable
    assert "tells no upload times" in unseen.cause


@pytest.mark.usefixtures("tool")
def test_no_setting_of_the_users_bends_the_answer(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.txt").write_text("transport<5.7\n", encoding="utf-8")
    for name in ("UV_CONSTRAINT", "PIP_CONSTRAINT"):
        monkeypatch.setenv(name, str(tmp_path / "mine.txt"))
    monkeypatch.setenv("UV_PRERELEASE", "allow")
    monkeypatch.setenv("PIP_PRE", "1")
    with index(monkeypatch, shelf):
        assert given(ask(declared(tmp_path, "worker==5.4.0\n")))["transport"] == "5.7.0"


@pytest.mark.usefixtures("tool")
def test_requirements_that_no_versions_keep_are_told_with_the_reason(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.put("transport", "6.0.0")
    with index(monkeypatch, shelf):
        (fact,) = ask(declared(tmp_path, "worker==5.4.0\ntransport==6.0.0\n")).facts(Resolution)
    assert fact.packages == ()
    assert fact.refusal is not None
    assert "worker" in fact.refusal
    assert "transport" in fact.refusal
    assert str(tmp_path) not in fact.refusal


@pytest.mark.usefixtures("tool")
def test_a_version_that_there_is_not_can_t_be_installed(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with index(monkeypatch, shelf):
        (fact,) = ask(declared(tmp_path, "worker==9.9.9\n")).facts(Resolution)
    assert fact.refusal is not None
    assert "worker==9.9.9" in fact.refusal


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("archive==1.0", "wheel"),
        ("nobody-knows-it", "knows no nobody-knows-it"),
    ],
)
def test_what_has_no_wheel_or_is_not_on_the_index_is_uncheckable(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, said: str
) -> None:
    with index(monkeypatch, shelf):
        unseen = blind(ask(declared(tmp_path, f"worker==5.4.0\n{line}\n")))
    assert not unseen.knowable
    assert said in unseen.cause


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("worker==5.4.0\nours @ https://example.invalid/ours-1.0-py3-none-any.whl\n", "ours (requirements.txt:2)"),
        ("worker==5.4.0\nhttps://example.invalid/main.zip\n", "requirements.txt:2"),
        ("worker==5.4.0\ntorch==2.0+cpu\n", "torch (requirements.txt:2)"),
        ("--extra-index-url https://me:hunter2@example.invalid/simple\nworker==5.4.0\n", "https://example.invalid/simple"),
    ],
    ids=["URL", "bare URL", "local version", "own index"],
)  # fmt: skip
def test_what_comes_from_elsewhere_makes_the_whole_uncheckable_and_nobody_is_asked(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    with index(monkeypatch, shelf) as service:
        unseen = blind(ask(declared(tmp_path, text)))
    assert not unseen.knowable
    assert said in unseen.cause
    assert "hunter2" not in str(unseen)
    assert service.asked == []


@pytest.mark.usefixtures("tool")
def test_files_with_hashes_leave_nothing_to_ask(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with index(monkeypatch, shelf) as service:
        snapshot = ask(declared(tmp_path, f"worker==5.4.0 --hash=sha256:{'0' * 64}\n"))
    assert snapshot.looks == ()
    assert service.asked == []


@pytest.mark.usefixtures("tool")
@pytest.mark.parametrize("fault", ["unavailable", "hang-up", "drip", "cut", "error-page"])
def test_an_index_at_fault_is_unknown_and_never_a_refusal(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    shelf.projects["transport"] = fault
    begun = time.monotonic()
    with index(monkeypatch, shelf):
        unseen = blind(ask(declared(tmp_path, "worker==5.4.0\n"), seconds=8))
    assert unseen.knowable
    assert "--allow-unknown MX210" in unseen.remedy
    # Held against a hang, not a speed: the deadline was 8 s.
    assert time.monotonic() - begun < 60


@pytest.mark.usefixtures("tool")
def test_a_dead_index_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/simple")
    assert blind(ask(declared(tmp_path, "worker==5.4.0\n"))).knowable


@pytest.mark.usefixtures("tool")
def test_an_index_that_lets_nobody_in_is_unknown_and_a_login_reaches_it_and_no_record(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = declared(tmp_path, "worker==5.4.0\n")
    with index(monkeypatch, shelf, login=("me", "hunter2")) as service:
        assert blind(ask(manifest)).knowable
        monkeypatch.setenv("PIP_INDEX_URL", service.url.replace("//", "//me:hunter2@"))
        snapshot = ask(manifest)
    assert given(snapshot)["transport"] == "5.7.0"
    assert "hunter2" not in str(encode(snapshot))


@pytest.mark.parametrize("tool", ["uv"], indirect=True)
@pytest.mark.usefixtures("tool")
def test_the_login_of_an_index_that_is_named_in_uvs_settings_reaches_it(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = IndexService(projects=shelf.projects, contents=shelf.contents, login=("me", "hunter2"))
    with serving(service):
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"ours={service.url}")
        monkeypatch.setenv("UV_INDEX_OURS_USERNAME", "me")
        monkeypatch.setenv("UV_INDEX_OURS_PASSWORD", "hunter2")
        snapshot = ask(declared(tmp_path, "worker==5.4.0\n"))
    assert given(snapshot)["transport"] == "5.7.0"
    assert "hunter2" not in str(encode(snapshot))


@pytest.mark.usefixtures("tool")
def test_an_environment_is_resolved_for_its_own_python(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environments: Environments
) -> None:
    with monkeypatch.context() as usual:
        usual.delenv("UV_CACHE_DIR")
        path = Path(environments.get("3.13"))
    # As it is where `.venv` is found: from where the command was called.
    monkeypatch.chdir(path.parents[2])
    shelf.put("young", "1.0", 'Requires-Dist: helper; python_version >= "3.13"')
    manifest = declared(tmp_path, "young\n")
    with index(monkeypatch, shelf):
        seen = Manifest(
            requirements=manifest.requirements,
            sources=manifest.sources,
            interpreter=Interpreter(path=str(path.relative_to(path.parents[2])), where=OPTION),
        )
        snapshot = gather(seen, [interpreter_probe.PROBE, PROBE], Deadline(60), NOW)
    (fact,) = snapshot.facts(Resolution)
    assert fact.python.startswith("3.13.")
    assert look(Snapshot(taken_at=NOW, host="", looks=snapshot.looks[-1:])).evidence.command[-2:] == (
        "--python",
        str(path.relative_to(path.parents[2])),
    )
    assert dict(fact.packages) == {"young": "1.0", "helper": "1.0"}
