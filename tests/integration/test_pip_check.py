"""The real pip checks the target, whichever pip there is, and our own reading is held equal to it."""

import random
import sys
from pathlib import Path

import pytest

from environments import Environments, judged, look_at, manifest, site_packages, write_distribution
from stackaudit.model.facts.conflicts import PipCheck
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict
from stackaudit.model.snapshot import Snapshot

TODAYS_CELERY = "celery[redis]==5.4.0"
BROKER = "redis://localhost:6379/0"


def checked(snapshot: Snapshot) -> PipCheck:
    (found,) = snapshot.facts(PipCheck)
    return found


def failures(findings: tuple[Finding, ...], rule: str) -> list[Finding]:
    return [each for each in findings if each.rule == rule and each.outcome is Outcome.FAIL]


@pytest.mark.parametrize(
    ("version", "whose"), [("3.8", "bundled"), ("3.9", "bundled"), ("3.11", "ours"), ("3.13", "ours")]
)
def test_an_environment_without_a_pip_is_checked_by_another_one(
    environments: Environments, version: str, whose: str
) -> None:
    interpreter = environments.get(version, then=["amqp==5.1.1", "vine==1.3.0"])
    check = checked(look_at(manifest(interpreter)))
    assert check.whose == whose
    assert [each.line for each in check.conflicts] == [
        "amqp 5.1.1 has requirement vine>=5.0.0, but you have vine 1.3.0."
    ]


def test_an_environments_own_pip_is_asked_first_and_each_conflict_is_told_once(environments: Environments) -> None:
    interpreter = environments.get("3.11", "celery==5.4.0", own_pip=True, then=["billiard==3.6.4.0", "vine==1.3.0"])
    declared = manifest(interpreter, "celery")
    snapshot = look_at(declared)
    assert checked(snapshot).whose == "target"
    assert ("celery", "billiard<5.0,>=4.2.0", "3.6.4.0") in {
        (each.name, each.needs, each.found) for each in checked(snapshot).conflicts
    }
    judgment = judged(declared, snapshot)
    assert judgment.verdict is Verdict.FAIL
    assert {each.subject for each in failures(judgment.findings, "DC101")} >= {"celery==5.4.0", "amqp==5.4.2"}
    assert failures(judgment.findings, "DC201") == failures(judgment.findings, "DC302") == []
    assert not [each for each in judgment.findings if each.rule == "DC201" and each.subject == "celery==5.4.0"]


def test_extras_in_use_fail_where_pip_check_is_green(environments: Environments) -> None:
    declared = manifest(environments.get("3.11", TODAYS_CELERY), "celery[redis]", broker=BROKER)
    snapshot = look_at(declared)
    assert checked(snapshot).conflicts == ()
    judgment = judged(declared, snapshot)
    assert judgment.verdict is Verdict.FAIL
    found = failures(judgment.findings, "DC202")
    assert {each.subject.partition("==")[0] for each in found} == {"kombu"}
    assert "redis>=6.4.0,<9.0.0" in " ".join(each.message for each in found)
    assert [each.severity for each in failures(judgment.findings, "DC301")] == [Severity.LOW]


def test_a_sound_environment_passes_extras_included(environments: Environments) -> None:
    declared = manifest(environments.get("3.13", "celery[redis]", "kombu[redis]"), "celery[redis]", "kombu[redis]")
    judgment = judged(declared, look_at(declared))
    assert judgment.verdict is Verdict.PASS
    assert judgment.summary.endswith("packages agree, extras included (celery[redis], kombu[redis])")


def test_nothing_installed_is_no_pass(environments: Environments) -> None:
    for own_pip in (True, False):
        declared = manifest(environments.get("3.11", own_pip=own_pip))
        judgment = judged(declared, look_at(declared))
        assert judgment.verdict is Verdict.FAIL
        assert failures(judgment.findings, "DC214")


def test_settings_of_the_users_pip_bend_nothing(
    environments: Environments, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interpreter = environments.get("3.11", "celery==5.4.0", own_pip=True, then=["billiard==3.6.4.0", "vine==1.3.0"])
    before = checked(look_at(manifest(interpreter)))
    settings = tmp_path / "pip.conf"
    settings.write_text("[global]\nquiet = 3\npython = /gone\n[check]\nquiet = 3\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    monkeypatch.setenv("PIP_QUIET", "3")
    monkeypatch.setenv("PIP_PYTHON", environments.get("3.13"))
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    assert checked(look_at(manifest(interpreter))) == before


def broken_pip(site: Path, *lines: str) -> None:
    package = site / "pip"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text("\n".join(lines))
    write_distribution(site, "pip", "18.0")


def test_a_pip_that_cannot_run_makes_way_for_the_next(tmp_path: Path) -> None:
    interpreter = Environments(tmp_path).get("3.11", "vine==5.1.0")
    broken_pip(site_packages(interpreter), "raise SystemExit(1)")
    assert checked(look_at(manifest(interpreter))).whose == "ours"


def test_where_no_pip_could_run_nothing_passes_that_pip_would_have_passed(tmp_path: Path) -> None:
    interpreter = Environments(tmp_path).get("3.11", "vine==5.1.0")
    # Every pip that runs in this interpreter ends before it has said a word.
    (site_packages(interpreter) / "no_pip.pth").write_text(
        "import os, sys; any(each.endswith(('/pip', 'pip-runner__.py')) for each in sys.orig_argv) and os._exit(1)\n"
    )
    declared = manifest(interpreter)
    snapshot = look_at(declared)
    assert snapshot.facts(PipCheck) == ()
    judgment = judged(declared, snapshot)
    assert judgment.verdict is Verdict.UNKNOWN
    (unknown,) = [each for each in judgment.findings if each.rule == "DC101"]
    assert unknown.message.startswith("pip check could not run: the pip beside this tool (")
    assert "the pip that ships with this Python (" in unknown.message
    assert [each.subject for each in judgment.findings if each.rule == "DC201"] == ["vine==5.1.0"]


def test_a_pip_that_hangs_leaves_time_for_the_next(tmp_path: Path) -> None:
    interpreter = Environments(tmp_path).get("3.11", "vine==5.1.0")
    broken_pip(
        site_packages(interpreter), "import signal, time", "signal.signal(15, signal.SIG_IGN)", "time.sleep(600)"
    )
    assert checked(look_at(manifest(interpreter), seconds=16)).whose == "ours"


def test_requirements_that_pip_cannot_parse_are_told(tmp_path: Path) -> None:
    interpreter = Environments(tmp_path).get("3.13", "vine==5.1.0")
    write_distribution(
        site_packages(interpreter), "oldcelery", "5.2.0", "Requires-Dist: pytz>dev", "Requires-Dist: gone"
    )
    declared = manifest(interpreter)
    snapshot = look_at(declared)
    assert checked(snapshot).blind == ("oldcelery",)
    judgment = judged(declared, snapshot)
    assert {each.rule for each in judgment.findings if each.outcome is Outcome.FAIL} == {
        "DC102",
        "DC201",
        "DC211",
        "DC301",
    }
    assert not [each for each in judgment.findings if each.subject == "oldcelery==5.2.0" and each.outcome is Outcome.PASS
                and each.rule in {"DC101", "DC201", "DC302"}]  # fmt: skip


NAMES = [f"pkg-{letter}" for letter in "abcdefghijkl"]
VERSIONS = ["1.0", "1.5.2", "2.0rc1", "2.0", "2!1.0", "3.0.post1", "1.0+local.1", "0.9.dev2"]
BOUNDS = ["", "<2", ">=1.5", "==1.*", "!=2.0", "~=1.0", ">1.0,<3", "<=2.0", "===1.0", "==1.0", ">=2!0", "(>=1.5)"]
MARKERS = [
    "",
    '; extra == "x"',
    "; python_version < '3'",
    "; python_version >= '3.8'",
    "; sys_platform == 'win32'",
    "; sys_platform != 'win32' and extra == 'x'",
    "; python_full_version >= '3.8.0' and implementation_name == 'cpython'",
]


@pytest.mark.parametrize("seed", range(6))
def test_our_own_reading_finds_what_pip_finds(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    interpreter = Environments(tmp_path).get(f"{sys.version_info[0]}.{sys.version_info[1]}")
    for name in NAMES:
        if chance.random() < 0.8:
            lines = [
                f"Requires-Dist: {_spelled(chance)}{chance.choice(BOUNDS)}{chance.choice(MARKERS)}"
                for _ in range(chance.randint(0, 6))
            ]
            write_distribution(site_packages(interpreter), name, chance.choice(VERSIONS), "Provides-Extra: x", *lines)
    declared = manifest(interpreter)
    snapshot = look_at(declared)
    judgment = judged(declared, snapshot)
    assert len(checked(snapshot).conflicts) > 3, "a zoo with nothing wrong in it shows nothing"
    assert failures(judgment.findings, "DC201") == []
    assert not [each for each in failures(judgment.findings, "DC301") if "expected" in each.message]
    assert failures(judgment.findings, "DC302") == failures(judgment.findings, "DC211") == []
    assert failures(judgment.findings, "DC102") == []


def _spelled(chance: random.Random) -> str:
    name = chance.choice([*NAMES, "pkg-z"])
    return chance.choice([name, name.replace("-", "_"), name.title(), f"{name}[x]"])
