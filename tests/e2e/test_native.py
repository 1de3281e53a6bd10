"""The native engine gives the answers of pip check and pip-audit by the same command, with nothing of theirs loaded or run."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from advised import ADVISORIES
from command import CLEAN, Run
from environments import Environments
from osv_service import FAULTS, OsvService

PINS = ("oakpress==2.0.1", "elm==1.0", "tinfoil-hat==3.1", "old-lantern==1.0", "oakpress-extra==1!2.0rc1")
THEIRS = {"pip", "pip_audit", "requests", "http.server", "pydantic", "rich", "celery", "redis", "jinja2"}
NATIVE = ("check", "--engine", "native", "--only", "vulnerabilities", "--fail-on", "high", "--format", "json")


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(CLEAN, "XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def pins(folder: Path) -> Path:
    file = folder / "requirements.txt"
    file.write_text("\n".join(PINS), encoding="utf-8")
    return file


def told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.stderr == ""
    (check,) = json.loads(done.stdout)["checks"]
    return {**check, "evidence": None}


@pytest.fixture(params=["folder", "service"])
def source(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where advisories come from: a folder of them, or a service."""
    if request.param == "folder":
        yield str(ADVISORIES)
    else:
        with OsvService(ADVISORIES) as service:
            yield service.url


def test_both_engines_find_the_same_and_each_names_itself(pins: Path, stackaudit: Run, source: str) -> None:
    options = ["check", "--only", "vulnerabilities", "--format", "json", "--advisories", source, "-r", str(pins)]
    reference, native = (stackaudit(*options, "--engine", engine) for engine in ("reference", "native"))
    assert told(native) == told(reference)
    assert len([each for each in told(native)["findings"] if each["outcome"] == "fail"]) >= 3
    assert native.returncode == reference.returncode == 1
    tools = [json.loads(each.stdout)["looks"][0]["evidence"]["tool"] for each in (reference, native)]
    assert tools == ["pip-audit", "stackaudit"]
    (setting,) = [each for each in json.loads(native.stdout)["manifest"]["settings"] if each["name"] == "engine"]
    assert setting["value"] == "native"


def test_the_engine_is_a_setting_like_any_other(folder: Path, pins: Path, stackaudit: Run) -> None:
    (folder / "stackaudit.toml").write_text('engine = "native"\n', encoding="utf-8")
    options = [
        "check",
        "--only",
        "vulnerabilities",
        "--format",
        "json",
        "--advisories",
        str(ADVISORIES),
        "-r",
        str(pins),
    ]
    assert json.loads(stackaudit(*options).stdout)["looks"][0]["evidence"]["tool"] == "stackaudit"
    wrong = stackaudit(*options, "--engine", "natve")
    assert wrong.returncode == 2
    assert "`engine` can't be 'natve'" in wrong.stderr
    assert "native" in wrong.stderr.partition("fix:")[2]


@pytest.mark.parametrize("fault", [each for each in FAULTS if each not in {"drip", "hang"}])
def test_a_service_at_fault_makes_unknown_and_nothing_passes(pins: Path, stackaudit: Run, fault: str) -> None:
    with OsvService(ADVISORIES, fault=fault) as service:
        done = stackaudit(*NATIVE, "--advisories", service.url, "-r", str(pins))
    assert done.returncode == 3
    assert {each["outcome"] for each in told(done)["findings"]} == {"unknown"}


def test_a_copy_that_cannot_be_read_makes_unknown(folder: Path, pins: Path, stackaudit: Run) -> None:
    (folder / "all.zip").write_bytes(b"PK\3\4 and no more")
    done = stackaudit(*NATIVE, "--advisories", "all.zip", "-r", str(pins))
    assert done.returncode == 3
    assert {each["outcome"] for each in told(done)["findings"]} == {"unknown"}


def test_a_thousand_pins_are_asked_about_in_two_rounds(folder: Path, stackaudit: Run) -> None:
    package = {"ecosystem": "PyPI"}
    records = [
        {
            "id": f"PYSEC-2099-{number}",
            "modified": "2099-01-01T00:00:00Z",
            "affected": [{"package": {**package, "name": f"package-{number}"}, "versions": ["1.0"]}],
        }
        for number in range(60)
    ]
    (folder / "requirements.txt").write_text(
        "".join(f"package-{each}==1.0\n" for each in range(1000)), encoding="utf-8"
    )
    with OsvService(records, latency=0.02) as service:
        done = stackaudit(*NATIVE, "--advisories", service.url, "-r", "requirements.txt")
    assert told(done)["summary"].startswith("1000 of 1,000 packages audited, 60 known vulnerabilities")
    assert dict(service.requests) == {"querybatch": 1, "vulns": 60}
    assert 2 <= service.most_in_flight <= 64


def test_a_native_check_loads_nothing_that_it_does_without(pins: Path, folder: Path) -> None:
    program = (
        "import sys\nsys.argv = ['stackaudit', *sys.argv[1:]]\nfrom stackaudit.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "sys.stderr.write(' '.join(sys.modules))\n"
    )
    options = [
        "check",
        "--engine",
        "native",
        "--only",
        "vulnerabilities",
        "--advisories",
        str(ADVISORIES),
        "-r",
        str(pins),
    ]
    done = subprocess.run(
        [sys.executable, "-c", program, *options], cwd=folder, env=CLEAN, capture_output=True, text=True, check=True
    )
    assert "known vulnerabilities" in done.stdout
    assert not THEIRS & set(done.stderr.split())


def test_an_environment_is_audited_without_pip_and_pip_audit(
    environments: Environments, folder: Path, stackaudit: Run
) -> None:
    python = environments.get("3.11", "celery==5.4.0", then=["vine==1.3.0"])
    options = [
        "check",
        "--engine",
        "native",
        "--python",
        python,
        "--only",
        "conflicts,vulnerabilities",
        "--format",
        "json",
    ]
    done = stackaudit(*options, "--advisories", str(ADVISORIES), env={"PATH": str(folder)})
    record = json.loads(done.stdout)
    assert done.returncode == 1
    assert {each["evidence"]["tool"] for each in record["looks"]} == {"python", "packaging", "stackaudit"}
    conflicts, vulnerabilities = record["checks"]
    assert {each["subject"].partition("==")[0] for each in conflicts["findings"] if each["outcome"] == "fail"} == {
        "amqp",
        "celery",
        "kombu",
    }
    assert {each["outcome"] for each in vulnerabilities["findings"] if each["rule"] == "VU101"} == {"pass"}


PROGRAM = """
import sys
started = []
sys.addaudithook(lambda event, _: started.append(event) if event == "subprocess.Popen" else None)
sys.argv = ["stackaudit", *sys.argv[1:]]
from stackaudit.__main__ import main
try:
    main()
except SystemExit:
    pass
sys.stderr.write(f"{len(started)} {' '.join(sys.modules)}")
"""


def spent(pins: Path, *options: str) -> tuple[int, set[str]]:
    """How many processes a native audit for vulnerabilities starts, and the modules that it loads itself."""
    command = [sys.executable, "-c", PROGRAM, *NATIVE[:-2], *options, "-r", str(pins)]
    done = subprocess.run(command, cwd=pins.parent, env=CLEAN, capture_output=True, text=True, check=True)
    assert "known vulnerabilities" in done.stdout
    processes, *modules = done.stderr.split()
    return int(processes), set(modules)


def test_over_a_copy_no_process_is_started_and_no_part_is_loaded_that_is_not_used(pins: Path) -> None:
    processes, modules = spent(pins, "--advisories", str(ADVISORIES))
    assert processes == 0
    loaded = {each for each in modules if each.startswith("stackaudit.probes.") and "._" not in each}
    assert loaded <= {f"stackaudit.probes.{name}" for name in ("fresh_audit", "native", "pip_audit")}
    assert not {each for each in modules if each.startswith(("stackaudit.reports.", "urllib3", "http."))}
    unused = ("inputs.pyproject", "inputs.uvlock", "inputs.sbom", "outside.http", "outside.process", "gate.changes")
    assert not {"tomllib", *(f"stackaudit.{each}" for each in unused)} & modules


def test_online_no_process_is_started_either(pins: Path) -> None:
    with OsvService(ADVISORIES) as service:
        assert spent(pins, "--advisories", service.url)[0] == 0


@pytest.mark.parametrize("fault", ["drip", "hang"])
def test_a_service_that_does_not_end_its_answer_holds_no_exit_back(pins: Path, stackaudit: Run, fault: str) -> None:
    with OsvService(ADVISORIES, fault=fault) as service:
        done = stackaudit(*NATIVE, "--timeout", "1", "--advisories", service.url, "-r", str(pins))
    assert done.returncode == 3
    record = json.loads(done.stdout)
    assert {each["outcome"] for each in record["checks"][0]["findings"]} == {"unknown"}
    assert record["measured"]["durations"]["audit"] < 1.5, "the deadline and half a second"


def test_the_engine_asks_for_no_fresh_install_where_the_matrix_is_not_chosen(pins: Path, stackaudit: Run) -> None:
    options = ("check", "--engine", "native", "--format", "json", "--advisories", str(ADVISORIES), "-r", str(pins))
    pins.write_text("oakpress\nelm==1.0\n", encoding="utf-8")
    record = json.loads(stackaudit(*options, "--only", "conflicts,vulnerabilities").stdout)
    assert {each["probe"] for each in record["looks"]} == {"native"}
