"""What the FL rules say of version sets, whoever told them."""

from collections.abc import Sequence

import pytest

from stackaudit import audit, sockets
from stackaudit.checks._fleet_check import CHECK
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.fleet import Replaced, SettingSet, VersionSet
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.manifest import Endpoint, Manifest, Setting
from stackaudit.model.places import Place
from stackaudit.model.secret import Secret
from stackaudit.model.snapshot import Evidence, Look, Snapshot, Unseen
from unit.checks.cases import NOW, TODAY, claim, requirement, shipped_matrix

BROKER = "redis://broker.test/0"
CORE = {"celery": "5.4.0", "kombu": "5.4.2", "billiard": "4.2.1", "redis": "5.0.8"}
ALONG = {"amqp": "5.2.0", "vine": "5.1.0"}
KINDS = (Broadcast, Distribution, InterpreterFact, Replaced, SettingSet, VersionSet, Worker)


def runs(
    nodes: str, *, whole: bool = False, python: str = "3.11.9", ffmpeg: str | None = "7.1", **packages: str
) -> VersionSet:
    """The set that the workers `nodes` (names with blanks between) run: the core at its versions but for `packages`."""
    versions = {
        **CORE,
        **(ALONG if whole else {}),
        **{name.replace("_", "-"): version for name, version in packages.items()},
    }
    return VersionSet(
        id=nodes,
        nodes=tuple(nodes.split()),
        whole=whole,
        packages=tuple(sorted(versions.items())),
        python=python,
        programs=(("ffmpeg", ffmpeg),) if whole else (),
        system="Debian GNU/Linux 12 (bookworm)" if whole else None,
        platform="linux-x86_64" if whole else None,
    )


def fleet(*sets: Fact, manifest: Manifest | None = None, unseen: Unseen | None = None, expect: int = 0) -> Case:
    """The case of a fleet whose workers run `sets`, all of which answered."""
    nodes = [node for each in sets if isinstance(each, VersionSet) for node in each.nodes]
    workers = [Worker(node=node, answered=True, expected_by=("pidbox",), celery="5.4.0") for node in nodes]
    broadcast = Broadcast(endpoint=BROKER, subscribers=len(nodes), replies=len(nodes))
    look = Look(
        probe="fleet",
        asked=BROKER,
        evidence=Evidence(tool="test"),
        facts=(broadcast, *workers, *sets),
        unseen=unseen,
        yields=tuple(each.__name__ for each in KINDS),
    )
    place = Place(path="option --broker-url")
    declared = manifest or Manifest()
    return Case(
        manifest=Manifest(
            requirements=declared.requirements,
            pythons=declared.pythons,
            endpoints=(Endpoint(role="broker", url=Secret(BROKER), where=place),),
            settings=(Setting(name="expect_count", value=expect, where=place),),
        ),
        snapshot=Snapshot(taken_at=NOW, host="", looks=(look,)),
        matrix=shipped_matrix(),
        today=TODAY,
    )


def said(case: Case, code: str) -> list[Finding]:
    (rule,) = [each for each in sockets.rules() if each.code == code]
    return audit.apply(rule, case)


def failed(case: Case, code: str) -> list[tuple[str, str]]:
    return sorted((each.subject, each.severity.value) for each in said(case, code) if each.outcome is Outcome.FAIL)


def passed(case: Case, code: str) -> list[str]:
    return sorted(each.subject for each in said(case, code) if each.outcome is Outcome.PASS)


def test_a_fleet_that_runs_one_set_differs_in_nothing() -> None:
    case = fleet(runs("a b", whole=True), SettingSet(id="s", nodes=("a", "b"), settings=(("timezone", '"UTC"'),)))
    codes = [each.code for each in sockets.rules_of(CHECK)]
    assert [(code, failed(case, code)) for code in codes if failed(case, code)] == []
    assert "celery" in passed(case, "FL201")
    assert passed(case, "FL205") == ["timezone"]


def test_each_package_of_the_stack_that_differs_is_told_with_the_workers_of_each_version() -> None:
    case = fleet(runs("a b"), runs("c", celery="5.5.3"))
    assert failed(case, "FL201") == [("celery", "medium")]
    (finding,) = [each for each in said(case, "FL201") if each.outcome is Outcome.FAIL]
    assert finding.message == "the workers differ in celery: 5.4.0 on a, b; 5.5.3 on c"
    assert "kombu" in passed(case, "FL201")


def test_a_worker_of_another_image_is_one_cause_in_however_many_packages_it_differs() -> None:
    pins = declared("celery==5.4.0", "kombu==5.6.1", "redis==5.0.8")
    case = fleet(runs("a b"), runs("c", celery="5.5.3", kombu="5.5.4", redis="5.2.1"), manifest=pins)
    differ = [each for each in said(case, "FL201") if each.outcome is Outcome.FAIL]
    unpinned = [each for each in said(case, "FL301") if each.message.startswith("c: ")]
    assert len(differ) == len(unpinned) == 3
    assert len({each.cause for each in differ}) == len({each.cause for each in unpinned}) == 1


def test_other_packages_that_differ_are_told_together() -> None:
    case = fleet(runs("a", whole=True, pillow="11.0", boto3="1.0"), runs("b", whole=True, pillow="11.1"))
    assert failed(case, "FL201") == [("other packages", "medium")]
    (finding,) = [each for each in said(case, "FL201") if each.outcome is Outcome.FAIL]
    assert finding.message == (
        "the workers differ in 2 other packages: boto3 (1.0 on a; none on b), pillow (11.0 on a; 11.1 on b)"
    )


def test_what_a_worker_without_the_step_does_not_tell_is_no_difference() -> None:
    case = fleet(runs("a", whole=True, pillow="11.0"), runs("b"))
    assert failed(case, "FL201") == []
    assert failed(case, "FL203") == []
    assert "other packages" not in passed(case, "FL201"), "nor is it held to be the same"
    assert passed(case, "FL203") == []
    (told,) = said(case, "FL104")
    assert (told.outcome, told.message) == (
        Outcome.UNCHECKABLE,
        "only 1 of 2 workers have the worker step: other packages, ffmpeg, system and settings of b are not known",
    )


def test_one_worker_alone_is_held_against_nobody() -> None:
    case = fleet(runs("a", whole=True))
    assert [passed(case, code) for code in ("FL201", "FL202", "FL203", "FL204")] == [[], [], [], []]


@pytest.mark.parametrize(("python", "severity"), [("3.12.1", "medium"), ("3.11.10", "low")])
def test_another_minor_python_weighs_more_than_another_patch(python: str, severity: str) -> None:
    assert failed(fleet(runs("a"), runs("b", python=python)), "FL202") == [("Python", severity)]


@pytest.mark.parametrize(("ffmpeg", "severity"), [("6.0", "medium"), ("7.1.1", "low"), (None, "medium")])
def test_another_branch_of_ffmpeg_or_none_weighs_more_than_a_patch(ffmpeg: str | None, severity: str) -> None:
    case = fleet(runs("a", whole=True), runs("b", whole=True, ffmpeg=ffmpeg))
    assert failed(case, "FL203") == [("ffmpeg", severity)]


def test_settings_that_differ_are_told_by_name() -> None:
    one = SettingSet(id="s", nodes=("a",), settings=(("task_acks_late", "true"), ("timezone", '"UTC"')))
    other = SettingSet(id="t", nodes=("b",), settings=(("task_acks_late", "false"), ("timezone", '"UTC"')))
    case = fleet(runs("a b", whole=True), one, other)
    assert failed(case, "FL205") == [("task_acks_late", "medium")]
    assert passed(case, "FL205") == ["timezone"]


def test_what_was_replaced_under_a_worker_is_told_of_that_worker() -> None:
    case = fleet(runs("a b", whole=True), Replaced(node="a", name="redis", started_with="5.0.8", now="8.1.0"))
    assert failed(case, "FL206") == [("a", "medium")]
    assert passed(case, "FL206") == ["b"]


def declared(*lines: str, python: str | None = None) -> Manifest:
    requirements = tuple(requirement(text, line=line) for line, text in enumerate(lines, 1))
    pythons = (claim(python, f"the image python:{python}", file="Dockerfile"),) if python else ()
    return Manifest(requirements=requirements, pythons=pythons)


def test_a_version_that_is_not_the_pinned_one_is_told_at_the_pin() -> None:
    case = fleet(runs("a b"), runs("c", celery="5.5.3"), manifest=declared("celery==5.4.0", "redis>=5,<6"))
    assert failed(case, "FL301") == [("celery==5.5.3", "medium")]
    assert passed(case, "FL301") == ["celery==5.4.0", "redis==5.0.8"]
    (finding,) = [each for each in said(case, "FL301") if each.outcome is Outcome.FAIL]
    assert str(finding.where) == "requirements.txt:1"
    assert finding.message.startswith("c: ")


def test_a_pin_counts_for_the_workers_whose_python_it_is_for() -> None:
    pins = declared("redis==5.0.8; python_version < '3.12'", "redis==5.2.1; python_version >= '3.12'")
    case = fleet(runs("a"), runs("b", python="3.12.1", redis="5.2.1"), manifest=pins)
    assert failed(case, "FL301") == []
    swapped = fleet(runs("a", python="3.12.1"), manifest=pins)
    assert failed(swapped, "FL301") == [("redis==5.0.8", "medium")]


def test_what_is_pinned_and_not_there_is_told_where_all_is_known() -> None:
    pins = declared("ffmpeg-python==0.2.0")
    assert failed(fleet(runs("a", whole=True), manifest=pins), "FL301") == [("ffmpeg-python", "medium")]
    assert failed(fleet(runs("a"), manifest=pins), "FL301") == []


def test_nothing_pinned_is_nothing_to_hold_the_workers_against() -> None:
    case = fleet(runs("a"))
    assert said(case, "FL301") == []
    assert "no pins to hold them against" in CHECK.summarize(case, ())


def test_the_image_of_a_dockerfile_says_which_python_the_workers_run_on() -> None:
    pins = declared("celery==5.4.0", python="==3.11.*")
    case = fleet(runs("a"), runs("b", python="3.12.1"), manifest=pins)
    assert failed(case, "FL302") == [("Python 3.12.1", "medium")]
    assert passed(case, "FL302") == ["Python 3.11.9"]


def test_a_version_that_the_matrix_does_not_know_is_told() -> None:
    case = fleet(runs("a", celery="4.4.7"))
    assert failed(case, "FL401") == [("celery==4.4.7", "medium")]
    assert "kombu==5.4.2" in passed(case, "FL401")


def test_a_combination_that_breaks_is_told_once_with_all_its_workers() -> None:
    case = fleet(runs("a b", kombu="5.2.0", whole=True), runs("c d", kombu="5.2.0"), runs("e"))
    found = [each for each in said(case, "FL402") if each.outcome is Outcome.FAIL and each.subject == "celery==5.4.0"]
    assert len(found) == 1
    assert found[0].message.startswith("a, b, c, d: celery 5.4.0 requires kombu")
    assert passed(fleet(runs("e")), "FL402") == ["billiard==4.2.1", "celery==5.4.0", "kombu==5.4.2", "redis==5.0.8"]


def test_fewer_workers_than_expected_is_a_failure_though_all_that_are_known_answered() -> None:
    assert failed(fleet(runs("a b"), expect=2), "FL102") == []
    assert failed(fleet(runs("a b"), expect=3), "FL102") == [(BROKER, "high")]


def test_a_worker_that_would_not_say_what_it_runs_leaves_nothing_green_of_itself() -> None:
    unseen = Unseen(subject="mute", yields=("VersionSet",), cause="mute would not say", remedy="ask again")
    found = said(fleet(runs("a b"), unseen=unseen), "FL201")
    assert [(each.outcome, each.subject) for each in found if each.outcome is Outcome.UNKNOWN] == [
        (Outcome.UNKNOWN, "mute")
    ]


def test_only_advice_weighs_little() -> None:
    severities: Sequence[Severity] = [
        each.severity for each in sockets.rules_of(CHECK) if each.code in {"FL104", "FL204"}
    ]
    assert set(severities) == {Severity.LOW}
