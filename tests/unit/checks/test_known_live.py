"""A server's or program's known faults: the version decides, and where a distribution carries fixes back, its changelog."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from asking import case_of, declared
from stackaudit import sockets
from stackaudit.audit import apply
from stackaudit.model.audit import Case
from stackaudit.model.facts.programs import Program, ProgramState
from stackaudit.model.facts.services import Pulse, ServiceState
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.known_bad import Bound, Condition, Exposure, KnownBad
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Evidence, Look
from unit.checks.cases import requirement, shipped_matrix

URL = "redis://cache.test:6379/0"
OURS = "redis-server 5:7.0.15-1~deb12u9"
PULSE = Pulse(endpoint=URL, state=ServiceState.UP, detail="", product="redis", version="7.0.15", local=True)
FFMPEG = Program(
    name="ffmpeg", path="/usr/bin/ffmpeg", state=ProgramState.WORKS, detail="", version="8.1.1", branch="8.1"
)


def bounds(*lines: tuple[str, str]) -> tuple[Bound, ...]:
    return lines


def bad(when: Condition, *aliases: str) -> KnownBad:
    return KnownBad(
        id="it-leaks",
        when=when,
        unless=None,
        severity=Severity.HIGH,
        symptom="a crafted key ends the server",
        exposed_by=Exposure.STATIC,
        source="https://example.org/leak",
        first_seen=None,
        where=Place(path="test.toml"),
        fixed_in=bounds(("redis", ">=7.2.11")),
        aliases=aliases,
    )


SERVER = Condition(services=bounds(("redis", "<7.2.11")))


def stack(fact: Pulse | Program, known: KnownBad, *pins: str) -> Case:
    manifest = replace(declared(broker=URL), requirements=tuple(requirement(each) for each in pins))
    look = Look(probe="test", asked="", evidence=Evidence(tool=""), facts=(fact,), yields=(type(fact).__name__,))
    made = case_of(manifest)
    made = replace(made, snapshot=replace(made.snapshot, looks=(look,)))
    return replace(made, matrix=replace(shipped_matrix(), known_bad=(known,)))


def found(case: Case, rule: str) -> Sequence[Finding]:
    (chosen,) = [each for each in sockets.rules() if each.code == rule]
    return apply(chosen, case)


def test_a_server_with_a_known_fault_fails_with_its_symptom_and_what_mends_it() -> None:
    (finding,) = found(stack(PULSE, bad(SERVER)), "RD110")
    assert (finding.outcome, finding.severity, finding.subject) == (Outcome.FAIL, Severity.HIGH, URL)
    assert finding.message == "redis 7.0.15: a crafted key ends the server"
    assert finding.fix == "take redis>=7.2.11"


def test_a_server_without_it_passes() -> None:
    (finding,) = found(stack(replace(PULSE, version="7.2.11"), bad(SERVER)), "RD110")
    assert finding.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("fixes", "outcome"),
    [
        (("CVE-2025-49844",), Outcome.PASS),
        ((), Outcome.FAIL),
        (None, Outcome.UNCHECKABLE),
    ],
)
def test_the_changelog_of_the_package_that_owns_the_program_decides(
    fixes: tuple[str, ...] | None, outcome: Outcome
) -> None:
    owned = replace(PULSE, owner=OURS, fixes=fixes)
    (finding,) = found(stack(owned, bad(SERVER, "CVE-2025-49844")), "RD110")
    assert finding.outcome is outcome
    assert outcome is Outcome.PASS or OURS in finding.message


def test_of_a_server_far_away_nobody_can_tell_whether_it_was_mended() -> None:
    (finding,) = found(stack(replace(PULSE, local=False), bad(SERVER, "CVE-2025-49844")), "RD110")
    assert finding.outcome is Outcome.UNCHECKABLE
    assert "can't be seen over a connection" in finding.message


def test_a_fault_of_packages_with_a_server_needs_both() -> None:
    known = bad(Condition(packages=bounds(("redis", ">=8")), services=bounds(("redis", "<6"))))
    old = replace(PULSE, version="5.0.14")
    (failed,) = found(stack(old, known, "redis==8.1.0"), "RD110")
    assert failed.message == "redis 5.0.14 with redis 8.1.0: a crafted key ends the server"
    (fine,) = found(stack(old, known, "redis==7.4.1"), "RD110")
    assert fine.outcome is Outcome.PASS
    (open_,) = found(stack(old, known), "RD110")
    assert open_.outcome is Outcome.UNCHECKABLE


def test_a_setting_that_was_seen_counts() -> None:
    known = bad(Condition(services=bounds(("redis", "")), settings=(("redis.maxmemory_policy", ("allkeys-lru",)),)))
    evicting = replace(PULSE, info=(("maxmemory_policy", "allkeys-lru"),))
    assert [each.outcome for each in found(stack(evicting, known), "RD110")] == [Outcome.FAIL]
    keeping = replace(PULSE, info=(("maxmemory_policy", "noeviction"),))
    assert [each.outcome for each in found(stack(keeping, known), "RD110")] == [Outcome.PASS]


def test_an_exception_that_was_not_seen_leaves_it_open() -> None:
    unless = Condition(settings=(("redis.maxmemory_policy", ("noeviction",)),))
    known = replace(bad(SERVER), unless=unless)
    (open_,) = found(stack(PULSE, known), "RD110")
    assert open_.outcome is Outcome.UNCHECKABLE
    keeping = replace(PULSE, info=(("maxmemory_policy", "noeviction"),))
    assert [each.outcome for each in found(stack(keeping, known), "RD110")] == [Outcome.PASS]


def test_a_program_is_held_against_its_rules_too() -> None:
    known = bad(Condition(programs=bounds(("ffmpeg", ">=8.1,<8.1.2"))), "CVE-2026-8461")
    (failed,) = found(stack(FFMPEG, known), "FF107")
    assert (failed.outcome, failed.aliases) == (Outcome.FAIL, ("CVE-2026-8461",))
    (mended,) = found(stack(replace(FFMPEG, owner="ffmpeg 7:8.1.1-1", fixes=("CVE-2026-8461",)), known), "FF107")
    assert mended.outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("version", "fixes"),
    [("7.0.15", {"take redis>=7.2.15"}), ("6.2.19", {"take redis>=6.2.24"}), ("7.2.12", {"take redis>=7.2.15"})],
)
def test_no_release_is_advised_of_which_another_fault_is_known(version: str, fixes: set[str]) -> None:
    made = stack(replace(PULSE, version=version), bad(SERVER))
    found_here = found(replace(made, matrix=shipped_matrix()), "RD110")
    assert {each.fix for each in found_here} == fixes
