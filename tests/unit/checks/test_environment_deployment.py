"""What the environment's rules say of containers, their images, and the variables that files set."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from stackaudit.audit import apply, judge
from stackaudit.checks import environment as check
from stackaudit.checks import environment_images as images
from stackaudit.checks import environment_services as services
from stackaudit.gate.verdict import decide
from stackaudit.model.audit import Case, Policy
from stackaudit.model.deployment import (
    Container,
    DeclaredVariable,
    Deployment,
    Form,
    HealthCheck,
    Override,
    Said,
    Start,
)
from stackaudit.model.facts.deployment import Account, Variable
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict
from stackaudit.model.manifest import Manifest, Requirement
from stackaudit.model.parts import Rule
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Evidence, Look, Snapshot


def at(line: int, path: str = "Dockerfile") -> Place:
    return Place(path=path, line=line)


def said(text: str, line: int = 1, path: str = "Dockerfile") -> Said:
    return Said(text=text, where=at(line, path))


def broker(url: str, holder: str = "service worker", line: int = 7, path: str = "compose.yml") -> DeclaredVariable:
    return DeclaredVariable(name="CELERY_BROKER_URL", where=at(line, path), holder=holder, broker=url)


START = Start(where=at(9), form=Form.PROGRAM, runs="celery worker", time_limit=60.0)
GOOD = Container(
    name="service worker",
    where=at(3, "compose.yml"),
    composed=True,
    built=True,
    base=said("python:3.11-slim"),
    user=said("app", 5),
    start=START,
    grace=90.0,
    health=HealthCheck(where=at(8), every=60.0, addressed=True),
    programs=("ffmpeg", "ffprobe"),
    variables=(broker("redis://redis:6379/0"),),
)
RULES = (
    *(images.not_root_in_images, images.not_forced_in_files, images.holds_ffmpeg, images.versions_named),
    *(services.is_first_process, services.health_is_cheap, services.has_time_to_stop, services.one_broker),
)


def case(
    *containers: Container, deployment: Deployment | None = None, ffmpeg: bool = True, facts: tuple[Variable, ...] = ()
) -> Case:
    found = deployment or Deployment()
    bases = tuple({each.base.text: each.base for each in containers if each.base is not None}.values())
    found = replace(found, containers=containers, bases=found.bases or bases, sources=("compose.yml", "Dockerfile"))
    requirement = Requirement(
        name=canonicalize_name("ffmpeg-python"), specifier=SpecifierSet(">=0.2"), pin=None, where=at(1, "r.txt")
    )
    look = Look(
        probe="variables",
        asked="",
        evidence=Evidence(tool="os.environ"),
        facts=(Account(uid=1000, name="ann"), *facts),
        yields=("Account", "Variable"),
    )
    return Case(
        manifest=Manifest(deployment=found, requirements=(requirement,) if ffmpeg else ()),
        snapshot=Snapshot(taken_at=datetime(2026, 11, 22, tzinfo=UTC), host="", looks=(look,)),
        matrix=None,
        today=date(2026, 11, 22),
    )


def only(rule: Rule, what: Case) -> Finding:
    (finding,) = apply(rule, what)
    return finding


@pytest.mark.parametrize("rule", RULES, ids=lambda each: each.code)
def test_a_good_deployment_passes_every_rule(rule: Rule) -> None:
    assert only(rule, case(GOOD)).outcome is Outcome.PASS


@pytest.mark.parametrize("rule", RULES, ids=lambda each: each.code)
def test_of_a_project_without_deployment_files_nothing_is_said(rule: Rule) -> None:
    empty = replace(case(), manifest=Manifest())
    assert apply(rule, empty) == []


@pytest.mark.parametrize(
    ("user", "base", "outcome", "line"),
    [
        (said("root", 5), "python:3.11", Outcome.FAIL, 5),
        (said("0:0", 5), "python:3.11", Outcome.FAIL, 5),
        (said("1000:0", 5), "python:3.11", Outcome.PASS, None),
        (said("", 5), "python:3.11", Outcome.UNCHECKABLE, 5),
        (None, "python:3.11", Outcome.FAIL, 1),
        (None, "docker.io/library/debian:12@sha256:00", Outcome.FAIL, 1),
        (None, "ghcr.io/astral-sh/uv:python3.12-bookworm", Outcome.FAIL, 1),
        (None, "example.org/python:3.11", Outcome.UNCHECKABLE, 1),
        (None, "", Outcome.UNCHECKABLE, 1),
    ],
)
def test_who_runs_an_image_is_its_user_or_what_is_known_of_its_base(
    user: Said | None, base: str, outcome: Outcome, line: int | None
) -> None:
    finding = only(images.not_root_in_images, case(replace(GOOD, user=user, base=said(base))))
    assert (finding.outcome, finding.where and finding.where.line) == (outcome, line)


@pytest.mark.parametrize(
    ("user", "start", "hands_over", "outcome"),
    [
        (None, replace(START, user="app"), True, Outcome.PASS),
        (said("root", 5), replace(START, user="app"), False, Outcome.PASS),
        (None, replace(START, user="root"), True, Outcome.FAIL),
        (None, replace(START, form=Form.SCRIPT), True, Outcome.UNCHECKABLE),
        (None, replace(START, form=Form.SCRIPT), False, Outcome.FAIL),
        (None, START, True, Outcome.FAIL),
    ],
)
def test_a_command_that_hands_over_to_another_user_does_not_run_as_root(
    user: Said | None,
    start: Start,
    hands_over: bool,  # noqa: FBT001 - a column
    outcome: Outcome,
) -> None:
    container = replace(GOOD, user=user, start=start, hands_over=hands_over)
    assert only(images.not_root_in_images, case(container)).outcome is outcome


def test_what_services_share_is_told_once() -> None:
    root = replace(GOOD, user=said("root", 5))
    finding = only(images.not_root_in_images, case(replace(root, name="service beat"), root))
    assert (finding.subject, finding.severity) == ("service beat, service worker", Severity.MEDIUM)


def test_an_image_that_the_project_does_not_build_says_nothing_of_its_user() -> None:
    assert apply(images.not_root_in_images, case(replace(GOOD, built=False, user=None))) == []


def test_forced_root_is_told_with_who_gets_it() -> None:
    forced = DeclaredVariable(name="C_FORCE_ROOT", where=at(6), holder="service worker")
    finding = only(images.not_forced_in_files, case(replace(GOOD, variables=(forced,))))
    assert (finding.message, str(finding.where)) == ("it is set for service worker", "Dockerfile:6")
    unset = replace(GOOD, variables=(replace(forced, empty=True),))
    assert only(images.not_forced_in_files, case(unset)).outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("change", "outcome", "severity"),
    [
        ({"programs": ()}, Outcome.FAIL, Severity.HIGH),
        ({"programs": ("ffmpeg",)}, Outcome.FAIL, Severity.MEDIUM),
        ({"programs": (), "opaque": at(4)}, Outcome.UNCHECKABLE, Severity.LOW),
        ({"programs": (), "whole": False}, Outcome.UNCHECKABLE, Severity.LOW),
        ({"programs": (), "base": said("linuxserver/ffmpeg:7.1")}, Outcome.UNCHECKABLE, Severity.LOW),
    ],
)
def test_missing_programs_are_told_where_the_steps_tell_it(
    change: dict[str, object], outcome: Outcome, severity: Severity
) -> None:
    finding = only(images.holds_ffmpeg, case(replace(GOOD, **change)))  # type: ignore[arg-type]  # names and kinds differ
    assert (finding.outcome, finding.severity) == (outcome, severity)


def test_programs_are_asked_of_workers_alone_and_where_a_package_runs_them() -> None:
    bare = replace(GOOD, programs=())
    assert apply(images.holds_ffmpeg, case(bare, ffmpeg=False)) == []
    assert apply(images.holds_ffmpeg, case(replace(bare, start=replace(START, runs="celery beat")))) == []


@pytest.mark.parametrize(
    ("base", "outcome"),
    [
        ("python:3.11-slim", Outcome.PASS),
        ("python:3.13.1", Outcome.PASS),
        ("python@sha256:00", Outcome.PASS),
        ("example.org:5000/team/app:2024-01-01", Outcome.PASS),
        ("redis:7", Outcome.PASS),
        ("debian:bookworm-slim", Outcome.PASS),
        ("python", Outcome.FAIL),
        ("python:3", Outcome.FAIL),
        ("python:3-slim", Outcome.FAIL),
        ("python:slim-bookworm", Outcome.FAIL),
        ("redis:latest", Outcome.FAIL),
        ("example.org:5000/team/app", Outcome.FAIL),
        ("", Outcome.UNCHECKABLE),
    ],
)
def test_an_image_is_named_with_a_version_or_it_is_told(base: str, outcome: Outcome) -> None:
    assert only(images.versions_named, case(deployment=Deployment(bases=(said(base),)))).outcome is outcome


@pytest.mark.parametrize(
    ("form", "outcome"), [(Form.SHELL, Outcome.FAIL), (Form.SCRIPT, Outcome.UNCHECKABLE), (Form.PROGRAM, Outcome.PASS)]
)
def test_a_shell_before_a_worker_is_told(form: Form, outcome: Outcome) -> None:
    assert only(services.is_first_process, case(replace(GOOD, start=replace(START, form=form)))).outcome is outcome


def test_dear_health_checks_are_advised_against() -> None:
    dear = replace(GOOD, health=HealthCheck(where=at(8), every=10.0, addressed=False))
    finding = only(services.health_is_cheap, case(dear))
    assert finding.severity is Severity.LOW
    assert finding.message == "it starts Celery every 10 s; it names no node with -d, so that all workers answer"


@pytest.mark.parametrize(
    ("grace", "limit", "whole", "message"),
    [
        (None, None, True, "no stop_grace_period is set: it is killed after 10 s"),
        (
            None,
            300.0,
            True,
            "no stop_grace_period is set: it is killed after 10 s, and a task may take 300 s by its time limit",
        ),
        (30.0, 300.0, True, "it is killed after 30 s, and a task may take 300 s by its time limit"),
        (None, None, False, "whether it is given time to stop, a file says that is not read here"),
    ],
)
def test_too_little_time_to_stop_is_told(grace: float | None, limit: float | None, whole: bool, message: str) -> None:  # noqa: FBT001 - a column
    found = replace(GOOD, grace=grace, whole=whole, start=replace(START, time_limit=limit))
    finding = only(services.has_time_to_stop, case(found))
    assert finding.message == message
    assert (finding.outcome is Outcome.FAIL) == whole


@pytest.mark.parametrize(("grace", "limit"), [(None, 10.0), (300.0, 300.0), (30.0, None)])
def test_enough_time_to_stop_passes(grace: float | None, limit: float | None) -> None:
    found = replace(GOOD, grace=grace, start=replace(START, time_limit=limit))
    assert only(services.has_time_to_stop, case(found)).outcome is Outcome.PASS


def test_an_image_alone_is_not_asked_for_its_time_to_stop() -> None:
    assert apply(services.has_time_to_stop, case(replace(GOOD, composed=False, grace=None))) == []


def test_services_with_different_brokers_are_told_without_logins() -> None:
    web = replace(GOOD, name="service web", variables=(broker("redis://redis:6379/1", "service web", 4),))
    finding = only(services.one_broker, case(GOOD, web))
    assert finding.severity is Severity.MEDIUM
    assert "redis://redis:6379/1 (compose.yml:4, service web)" in finding.message


@pytest.mark.parametrize(
    ("file", "outcome"),
    [
        ("redis://redis:6379/0", Outcome.PASS),
        ("redis://localhost:6379/0", Outcome.PASS),
        ("redis://localhost:6379/1", Outcome.FAIL),
        ("redis://other:6379/0", Outcome.FAIL),
    ],
)
def test_a_file_that_names_another_broker_is_advice(file: str, outcome: Outcome) -> None:
    deployment = Deployment(variables=(broker(file, ".env", 1, ".env"),))
    finding = only(services.one_broker, case(GOOD, deployment=deployment))
    assert (finding.outcome, finding.severity) == (outcome, Severity.LOW)


def test_a_variable_that_overrides_the_code_is_told_once() -> None:
    one = Override(
        variable="CELERY_BROKER_URL",
        where=at(7, "compose.yml"),
        setting="broker_url",
        code=at(2, "app.py"),
        differs=True,
    )
    finding = only(check.code_is_in_force, case(deployment=Deployment(overrides=(one, replace(one, where=at(9))))))
    assert (finding.severity, str(finding.where)) == (Severity.LOW, "compose.yml:7")
    same = Deployment(overrides=(replace(one, differs=False),))
    assert only(check.code_is_in_force, case(deployment=same)).outcome is Outcome.PASS


def test_a_variable_of_a_file_that_nothing_reads_is_told_where_it_stands_and_is_none_of_the_shells() -> None:
    placebo = Variable(name="CELERY_X", readers=(), searched=("celery",), shell=False, places=(at(6),))
    stray = replace(placebo, name="BROKER_URL", readers=("celery",))
    forced = replace(placebo, name="C_FORCE_ROOT", readers=("celery",))
    what = case(GOOD, facts=(placebo, stray, forced))
    (finding,) = [each for each in apply(check.is_read, what) if each.outcome is Outcome.FAIL]
    assert (finding.subject, str(finding.where), finding.severity) == ("CELERY_X", "Dockerfile:6", Severity.LOW)
    for rule in (check.not_redirected, check.not_forced):
        assert [each.outcome for each in apply(rule, what)] == [Outcome.PASS]


def test_the_summary_tells_files_from_the_shell() -> None:
    (judgment,) = decide(judge(case(replace(GOOD, user=said("root", 5))), [check.CHECK]), Policy())
    assert judgment.verdict is Verdict.FAIL
    assert judgment.summary == (
        "no variable of the stack is set; run by ann; 2 deployment files read; 1 finding about deployment and code"
    )
