"""Without pip, the native engine finds in the same environments what the real pip check finds."""

import platform
import random
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from environments import TODAY, Environments, judged, manifest, site_packages, write_distribution
from stackaudit import sockets
from stackaudit.audit import gather
from stackaudit.checks import conflicts
from stackaudit.model.audit import Judgment
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.conflicts import PipCheck
from stackaudit.model.facts.environment import Build
from stackaudit.model.findings import Finding, Outcome, Verdict
from stackaudit.model.manifest import Manifest, Setting
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Snapshot

HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
TAG = f"cp{sys.version_info[0]}{sys.version_info[1]}"
LINUX = f"linux_{platform.machine()}"
NAMES = [f"pkg-{letter}" for letter in "abcdefghijkl"]
VERSIONS = ["1.0", "1.5.2", "2.0rc1", "2.0", "2!1.0", "3.0.post1", "1.0+local.1", "0.9.dev2"]
BOUNDS = [
    "",
    "<2",
    ">=1.5",
    "==1.*",
    "!=2.0",
    "~=1.0",
    "<=2.0",
    "===1.0",
    ">=2!0",
    " @ https://user:secret@example.org/a.zip",
]
MARKERS = ["", "; extra == 'x'", "; python_version < '3'", "; sys_platform != 'win32'", "; python_version >= '3.8'"]
TAGS = [
    ["py3-none-any"],
    ["py2.py3-none-any"],
    ["py2-none-any"],
    [f"{TAG}-{TAG}-{LINUX}"],
    [f"{TAG}-abi3-manylinux_2_5_{platform.machine()}.manylinux1_{platform.machine()}"],
    ["cp38-abi3-manylinux2014_" + platform.machine()],
    ["cp37-cp37m-" + LINUX],
    [f"{TAG}-{TAG}-win_amd64"],
    [f"{TAG}-{TAG}-macosx_11_0_arm64", f"{TAG}-none-{LINUX}"],
    [f"py{sys.version_info[0]}{sys.version_info[1]}-none-{LINUX}"],
    ["cp399-cp399-" + LINUX],
    [],
]


def by_engine(declared: Manifest, engine: str) -> tuple[Snapshot, Judgment]:
    """What an audit by this engine sees and says."""
    setting = Setting(name="engine", value=engine, where=Place(path="option --engine"))
    given = replace(declared, settings=(*declared.settings, setting))
    snapshot = gather(given, sockets.needed([conflicts.CHECK], given), Deadline(60), TODAY)
    return snapshot, judged(given, snapshot)


def wheel(tags: Sequence[str]) -> dict[str, str]:
    lines = ["Wheel-Version: 1.0", "Root-Is-Purelib: true", *(f"Tag: {each}" for each in tags), ""]
    return {"WHEEL": "\n".join(lines)}


def failed(judgment: Judgment, *rules: str) -> list[Finding]:
    return [each for each in judgment.findings if each.rule in rules and each.outcome is Outcome.FAIL]


def zoo(folder: Path, chance: random.Random) -> None:
    """Packages that ask for each other at random, built for this Python and for others."""
    for name in NAMES:
        if chance.random() < 0.8:
            asked = [chance.choice([each, each.replace("-", "_"), each.title()]) for each in [*NAMES, "pkg-z"]]
            lines = [
                f"Requires-Dist: {chance.choice(asked)}{chance.choice(BOUNDS)}{' ' + marker if marker else ''}"
                for marker in (chance.choice(MARKERS) for _ in range(chance.randint(0, 5)))
            ]
            files = wheel(chance.choice(TAGS)) if chance.random() < 0.9 else {}
            write_distribution(folder, name, chance.choice(VERSIONS), "Provides-Extra: x", *lines, files=files)


@pytest.mark.parametrize("seed", range(5))
def test_it_finds_what_pip_check_finds_in_an_environment_of_all_kinds(tmp_path: Path, seed: int) -> None:
    interpreter = Environments(tmp_path).get(HERE)
    zoo(site_packages(interpreter), random.Random(seed))
    declared = manifest(interpreter)
    _, pips = by_engine(declared, "reference")
    seen, ours = by_engine(declared, "native")
    reference, native = failed(pips, "DC101"), failed(ours, "DC201")
    unfit = {each.subject for each in reference if "is not supported on this platform" in each.message}
    assert unfit
    assert len(reference) > len(unfit) + 3, "a zoo with nothing wrong in it shows nothing"
    assert {each.subject for each in failed(ours, "DC205")} == unfit
    assert {(each.subject, each.cause) for each in native} == {
        (each.subject, each.cause) for each in reference if each.cause is not None
    }
    assert sum(each.cause is None for each in reference) == len(unfit)
    assert seen.facts(PipCheck) == ()
    assert seen.facts(Build)


def test_another_python_takes_what_pip_says_that_it_takes(tmp_path: Path) -> None:
    interpreter = Environments(tmp_path).get("3.13")
    for index, tags in enumerate([*TAGS, [f"cp313-cp313-{LINUX}"], ["cp313-none-any"]]):
        write_distribution(site_packages(interpreter), f"pkg-{index}", "1.0", files=wheel(tags))
    _, pips = by_engine(manifest(interpreter), "reference")
    _, ours = by_engine(manifest(interpreter), "native")
    unfit = {each.subject for each in failed(pips, "DC101")}
    assert len(unfit) > 3
    assert {each.subject for each in failed(ours, "DC205")} == unfit


def test_a_sound_environment_passes_and_no_rule_says_that_pip_check_agreed(environments: Environments) -> None:
    declared = manifest(environments.get("3.13", "celery[redis]", "kombu[redis]"), "celery[redis]", "kombu[redis]")
    snapshot, judgment = by_engine(declared, "native")
    assert judgment.verdict is Verdict.PASS
    assert judgment.summary.endswith(
        "packages agree, extras included (celery[redis], kombu[redis]) by their own metadata; pip check was not run"
    )
    assert not {"DC101", "DC102", "DC301", "DC302"} & {each.rule for each in judgment.findings}
    assert {look.evidence.tool for look in snapshot.looks} == {"python", "packaging"}
