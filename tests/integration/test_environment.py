"""Any interpreter's environment is read as it is, and one that can't be read is never taken for an empty one."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from environments import Environments, judged, look_at, manifest, python, site_packages, write_distribution
from stackaudit.model.facts.conflicts import PipCheck
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.findings import Outcome, Verdict
from stackaudit.model.snapshot import Snapshot, Unseen
from stackaudit.target import read_environment

ADDED = ("vine==5.1.0",)


def read(interpreter: str) -> Snapshot:
    return look_at(manifest(interpreter))


def names(snapshot: Snapshot) -> dict[str, str]:
    return {each.name: each.version for each in snapshot.facts(Distribution)}


def unseen(snapshot: Snapshot) -> Unseen:
    (found,) = {each for _, each in snapshot.unseen(frozenset({"InterpreterFact"}))}
    return found


@pytest.fixture
def own(tmp_path: Path) -> str:
    """An environment of this test's own, empty."""
    return Environments(tmp_path).get(f"{sys.version_info[0]}.{sys.version_info[1]}")


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.11", "3.13"])
def test_the_environment_of_every_python_is_read_without_a_pip_in_it(environments: Environments, version: str) -> None:
    interpreter = environments.get(version, *ADDED)
    snapshot = read(interpreter)
    (fact,) = snapshot.facts(InterpreterFact)
    assert fact.version.startswith(f"{version}.")
    assert dict(fact.markers)["python_version"] == version
    assert (fact.virtual, fact.pip) == (True, None)
    assert names(snapshot) == {"vine": "5.1.0"}


@pytest.mark.parametrize("version", ["3.8", "3.11", "3.13"])
def test_the_markers_are_those_that_packaging_works_out_itself(environments: Environments, version: str) -> None:
    interpreter = environments.get(version, *ADDED, "packaging")
    (fact,) = read(interpreter).facts(InterpreterFact)
    words = "import json; from packaging.markers import default_environment as d; print(json.dumps(d()))"
    printed = subprocess.run([interpreter, "-I", "-c", words], capture_output=True, check=True).stdout
    assert dict(fact.markers) == json.loads(printed)


def test_metadata_reads_as_the_standard_library_reads_it(environments: Environments) -> None:
    interpreter = environments.get("3.11", "celery[redis]==5.4.0")
    words = (
        "import json, importlib.metadata as m; print(json.dumps(sorted([d.name, d.version, d.requires or [],"
        " d.metadata['Requires-Python'], sorted(d.metadata.get_all('Provides-Extra') or [])] for d in m.distributions())))"
    )
    printed = subprocess.run([interpreter, "-I", "-c", words], capture_output=True, check=True).stdout
    expected = {name.lower().replace("_", "-"): rest for name, *rest in json.loads(printed)}
    found = {
        each.name: [each.version, list(each.requires), each.requires_python, sorted(each.provides)]
        for each in read(interpreter).facts(Distribution)
    }
    assert found == expected
    assert len(found) > 10


def test_two_looks_at_one_environment_are_the_same(environments: Environments) -> None:
    interpreter = environments.get("3.11", "celery[redis]==5.4.0")
    one, other = read(interpreter), read(interpreter)
    assert [(look.evidence, look.facts) for look in one.looks] == [(look.evidence, look.facts) for look in other.looks]
    assert one.looks[0].evidence.sha256 is not None


def test_what_a_pth_file_adds_counts_and_the_first_of_a_name_wins(own: str, tmp_path: Path) -> None:
    site = site_packages(own)
    elsewhere = tmp_path / "elsewhere"
    write_distribution(site, "both", "1.0")
    write_distribution(elsewhere, "both", "2.0")
    write_distribution(elsewhere, "added", "3.0")
    (site / "more.pth").write_text(f"{elsewhere}\n")
    assert names(read(own)) == {"both": "1.0", "added": "3.0"}


def test_eggs_and_zip_files_on_the_import_path_are_read(own: str, tmp_path: Path) -> None:
    site = site_packages(own)
    (site / "flat-1.0-py3.11.egg-info").write_text("Name: flat\nVersion: 1.0\n")
    egg = tmp_path / "hatched-2.0-py3.11.egg"
    (egg / "EGG-INFO").mkdir(parents=True)
    (egg / "EGG-INFO" / "PKG-INFO").write_text("Name: hatched\nVersion: 2.0\n")
    (egg / "EGG-INFO" / "requires.txt").write_text("flat>=2\n")
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.writestr("packed-3.0.dist-info/METADATA", "Name: packed\nVersion: 3.0\n")
    (site / "more.pth").write_text(f"{egg}\n{tmp_path / 'packed.zip'}\n")
    snapshot = read(own)
    assert names(snapshot) == {"flat": "1.0", "hatched": "2.0", "packed": "3.0"}
    assert [each.requires for each in snapshot.facts(Distribution) if each.name == "hatched"] == [("flat>=2",)]
    assert not [each.problem for each in snapshot.facts(Distribution) if each.problem]


def test_pythonpath_and_the_working_directory_are_no_part_of_it(
    own: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_distribution(tmp_path / "stray", "stray", "1.0")
    write_distribution(site_packages(own), "vine", "5.1.0", "Requires-Dist: stray")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "stray"))
    monkeypatch.chdir(tmp_path / "stray")
    snapshot = read(own)
    assert names(snapshot) == {"vine": "5.1.0"}
    (checked,) = snapshot.facts(PipCheck)
    assert [each.line for each in checked.conflicts] == ["vine 5.1.0 requires stray, which is not installed."]


def test_leftovers_doubles_and_broken_metadata_are_all_told(own: str) -> None:
    site = site_packages(own)
    write_distribution(site, "kombu", "5.7.0")
    write_distribution(site, "kombu", "5.6.1")
    left = write_distribution(site, "elery", "5.4.0")
    left.rename(left.with_name("~" + left.name))
    (write_distribution(site, "hollow", "1.0") / "METADATA").unlink()
    (write_distribution(site, "emptied", "2.0") / "METADATA").write_bytes(b"")
    judgment = judged(manifest(own), read(own))
    told = {(each.rule, each.subject) for each in judgment.findings if each.outcome is Outcome.FAIL}
    assert told >= {
        ("DC211", "hollow==1.0"),
        ("DC211", "emptied==2.0"),
        ("DC212", "kombu==5.6.1"),
        ("DC213", f"Python {'.'.join(map(str, sys.version_info[:3]))}"),
    }
    assert judgment.verdict is Verdict.FAIL


def test_a_zip_file_that_is_none_withholds_every_pass(own: str, tmp_path: Path) -> None:
    write_distribution(site_packages(own), "vine", "5.1.0")
    torn = tmp_path / "torn.zip"
    torn.write_bytes(b"PK\x03\x04 torn")
    (site_packages(own) / "more.pth").write_text(f"{torn}\n")
    snapshot = read(own)
    judgment = judged(manifest(own), snapshot)
    assert names(snapshot) == {"vine": "5.1.0"}, "what was seen is still judged"
    assert judgment.verdict is Verdict.UNKNOWN
    assert not [each for each in judgment.findings if each.rule == "DC201" and each.outcome is Outcome.PASS]


def test_what_the_target_prints_besides_is_no_part_of_the_answer(own: str) -> None:
    site = site_packages(own)
    write_distribution(site, "vine", "5.1.0")
    chatty = "import atexit, sys; print('{}'); sys.stdout.write('no end of line'); atexit.register(print, 'bye')"
    (site / "chatty.pth").write_text(f"{chatty}\n")
    assert names(read(own)) == {"vine": "5.1.0"}


def script(path: Path, *lines: str) -> str:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        (["echo Python 3.11.7"], "{} ran, but did not answer as a Python interpreter does"),
        (["exit 3"], "{} ran, but did not answer as a Python interpreter does"),
        ([f"echo '{read_environment.BEGIN}'", "echo '{}'", f"echo '{read_environment.END}'"], "{} ran, but"),
        (["echo python 3.11"], "{} is Python 3.11, but did not list its packages, though it ended well"),
        (
            ["echo python 3.11", "exit 4"],
            "{} is Python 3.11, but did not list its packages, and ended with exit status 4",
        ),
        (["echo python 2.7"], "{} is Python 2.7; environments are read from Python 3.8 on"),
    ],
)
def test_an_interpreter_that_answers_rubbish_is_unseen(tmp_path: Path, lines: list[str], cause: str) -> None:
    fake = script(tmp_path / "python", *lines)
    snapshot = read(fake)
    assert unseen(snapshot).cause.startswith(cause.format(fake))
    assert judged(manifest(fake), snapshot).verdict is Verdict.UNKNOWN
    assert snapshot.facts(Distribution) == ()


def test_an_interpreter_that_hangs_and_ignores_being_asked_to_stop_is_killed(tmp_path: Path) -> None:
    mark = tmp_path / "alive"
    fake = script(
        tmp_path / "python", "trap '' TERM", "for i in $(seq 600); do sleep 0.1; date > " + str(mark) + "; done"
    )
    snapshot = look_at(manifest(fake), seconds=1)
    assert "did not list its packages in" in unseen(snapshot).cause
    before = mark.read_bytes() if mark.exists() else b""
    mark.unlink(missing_ok=True)
    subprocess.run(["/bin/sleep", "0.5"], check=True)
    assert not mark.exists(), f"it still ran, last at {before!r}"
    assert judged(manifest(fake), snapshot).verdict is Verdict.UNKNOWN


def test_an_interpreter_that_is_not_there_is_unseen_and_says_why(tmp_path: Path) -> None:
    missing = tmp_path / "gone" / "python"
    assert unseen(read(str(missing))).cause == f"there is no {missing}"
    link = tmp_path / "python"
    link.symlink_to(missing)
    assert unseen(read(str(link))).cause == f"{link} points to a Python that is gone"
    (tmp_path / "bin").mkdir()
    inner = tmp_path / "bin" / "python"
    inner.symlink_to(sys.executable)
    assert unseen(read(str(tmp_path))).cause == f"{tmp_path} is a folder, not an interpreter; there is one at {inner}"
    headless = script(tmp_path / "headless")
    Path(headless).write_text("#!/gone/python\n")
    assert unseen(read(headless)).cause.startswith(f"{headless} could not be started")


def test_a_file_without_the_right_to_run_is_unseen(tmp_path: Path) -> None:
    plain = tmp_path / "python"
    plain.write_text("print('hello')\n")
    assert unseen(read(str(plain))).cause == f"{plain} may not be executed by this user"


def test_the_reader_runs_on_its_own_wherever_it_is_copied(tmp_path: Path) -> None:
    copy = tmp_path / "read_environment.py"
    copy.write_text(Path(read_environment.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    printed = subprocess.run([python("3.8"), "-I", str(copy)], capture_output=True, text=True, check=True).stdout
    assert printed.splitlines()[1] == read_environment.BEGIN
    assert json.loads(printed.splitlines()[2])["version"].startswith("3.8.")
