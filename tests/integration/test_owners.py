"""Two real packages that write `ffmpeg/__init__.py`: pip check is green in either order, and this tool is not."""

import subprocess
from pathlib import Path

import pytest

from environments import Environments, judged, look_at, manifest, run_uv
from stackaudit.model.facts.conflicts import PipCheck
from stackaudit.model.facts.environment import Distribution, ModuleClash
from stackaudit.model.findings import Outcome, Severity, Verdict

FFMPEG, WRAPPER = "ffmpeg==1.4", "ffmpeg-python==0.2.0"


@pytest.mark.parametrize(
    ("first", "second", "works", "severity"),
    [(WRAPPER, FFMPEG, False, Severity.HIGH), (FFMPEG, WRAPPER, True, Severity.MEDIUM)],
)
def test_two_owners_of_ffmpeg_are_told_whichever_came_last(
    tmp_path: Path, first: str, second: str, *, works: bool, severity: Severity
) -> None:
    interpreter = Environments(tmp_path).get("3.11", "future==1.0.0")
    for each in (first, second):
        run_uv("pip", "install", "--quiet", "--no-deps", "--python", interpreter, each)
    used = subprocess.run([interpreter, "-I", "-c", "import ffmpeg; ffmpeg.input"], capture_output=True, check=False)
    assert (used.returncode == 0) is works, "what the finding says is what happens"

    declared = manifest(interpreter, "ffmpeg-python")
    snapshot = look_at(declared)
    assert [each.conflicts for each in snapshot.facts(PipCheck)] == [()]
    (clash,) = snapshot.facts(ModuleClash)
    assert (clash.module, clash.owners, clash.intact, clash.files) == ("ffmpeg", (WRAPPER, FFMPEG), (second,), 1)
    judgment = judged(declared, snapshot)
    (found,) = [each for each in judgment.findings if each.outcome is Outcome.FAIL]
    assert (found.rule, found.subject, found.severity) == ("DC401", first, severity)
    assert ("defines there is missing" in found.message) is not works
    assert judgment.verdict is Verdict.FAIL


def test_the_fix_that_is_told_clears_it(tmp_path: Path) -> None:
    interpreter = Environments(tmp_path).get("3.11", "future==1.0.0", own_pip=True)
    pip = [interpreter, "-I", "-m", "pip", "--disable-pip-version-check", "--quiet"]
    for each in (WRAPPER, FFMPEG):
        run_uv("pip", "install", "--quiet", "--no-deps", "--python", interpreter, each)
    subprocess.run([*pip, "uninstall", "--yes", "ffmpeg"], check=True, capture_output=True)
    subprocess.run([*pip, "install", "--force-reinstall", "--no-deps", WRAPPER], check=True, capture_output=True)
    subprocess.run([interpreter, "-I", "-c", "import ffmpeg; ffmpeg.input"], check=True, capture_output=True)
    assert look_at(manifest(interpreter)).facts(ModuleClash) == ()


def test_a_stack_that_shares_nothing_has_no_finding(environments: Environments) -> None:
    declared = manifest(
        environments.get("3.11", "celery[redis]==5.4.0", "ffmpeg-python==0.2.0"), "celery", "ffmpeg-python"
    )
    snapshot = look_at(declared)
    findings = [each for each in judged(declared, snapshot).findings if each.rule == "DC401"]
    assert {each.outcome for each in findings} == {Outcome.PASS}
    assert {each.subject for each in findings} == {each.subject for each in snapshot.facts(Distribution)}
