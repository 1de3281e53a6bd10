"""What the Celery rules say of who answered."""

from dataclasses import replace

import pytest
from packaging.specifiers import SpecifierSet

from asking import case_of, declared, judged, passed, told
from stackaudit.checks import celery as check
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.findings import Finding, Outcome
from stackaudit.model.manifest import Interpreter, Manifest, PythonClaim, Setting
from stackaudit.model.places import Place
from unit.checks.cases import interpreter, look, requirement

URL = "redis://broker.test:6379/0"


def answered(node: str = "a@h", **changes: object) -> Worker:
    worker = Worker(
        node=node,
        answered=True,
        expected_by=("pidbox",),
        celery="5.4.0",
        kombu="5.6.1",
        billiard="4.2.4",
        python="3.11.7",
        driver="redis",
        driver_version="5.0.8",
        pool="prefork",
        concurrency=4,
    )
    return replace(worker, **changes)  # type: ignore[arg-type]  # the callers name fields of their own types


def silent(node: str, *by: str) -> Worker:
    return Worker(node=node, answered=False, expected_by=by or ("pidbox",))


def asked(subscribers: int | None, replies: int, **changes: object) -> Broadcast:
    broadcast = Broadcast(endpoint=URL, subscribers=subscribers, replies=replies)
    return replace(broadcast, **changes)  # type: ignore[arg-type]  # the callers name fields of their own types


def case(*facts: Fact) -> Case:
    return case_of(declared(broker=URL), *facts)


def test_a_worker_that_answers_passes_what_was_seen_of_it() -> None:
    healthy = case(asked(1, 1), answered())
    assert told(healthy, "CE") == []
    assert passed(healthy, "CE") == [("CE101", URL), ("CE102", "a@h"), ("CE105", URL), ("CE106", "a@h")]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ((asked(0, 0),), "no worker answered"),
        ((asked(0, 0, elsewhere=(3,)),), "database 3"),
        ((asked(2, 0), silent("a@h"), silent("b@h")), "2 heard"),
        ((asked(0, 0), silent("a@h")), "none of them listens"),
        ((asked(None, 0),), "no worker answered"),
        ((asked(None, 0, problem="nothing listens on h"),), "nothing listens on h"),
    ],
)
def test_no_answer_fails_with_what_is_known_of_why(facts: tuple[Fact, ...], words: str) -> None:
    found = [each for each in judged(case(*facts), "CE101") if each.outcome is Outcome.FAIL]
    assert [(each.severity.value, words in each.message) for each in found] == [("high", True)]
    assert [str(each.where) for each in found] == ["option"]
    assert passed(case(*facts), "CE") == []


def missing(*facts: Fact) -> list[tuple[str, str, str]]:
    """Outcome, severity and subject of all that CE102 says and is no pass."""
    found: list[Finding] = [each for each in judged(case(*facts), "CE102") if each.outcome is not Outcome.PASS]
    return [(each.outcome.value, each.severity.value, each.subject) for each in found]


def test_a_node_that_listens_and_does_not_answer_is_high() -> None:
    assert missing(asked(2, 1), answered(), silent("b@h")) == [("fail", "high", "b@h")]


def test_a_name_that_nobody_listens_under_is_low_unless_it_is_expected() -> None:
    assert missing(asked(1, 1), answered(), silent("b@h")) == [("fail", "low", "b@h")]
    assert missing(asked(1, 1), answered(), silent("b@h", "expect", "pidbox")) == [("fail", "high", "b@h")]


def test_a_configured_node_that_the_broker_does_not_know_is_high() -> None:
    assert missing(asked(1, 1), answered(), silent("c@h", "expect")) == [("fail", "high", "c@h")]


def test_where_only_some_of_the_missing_listen_none_is_taken_for_dead() -> None:
    found = missing(asked(2, 1), answered(), silent("b@h"), silent("c@h"))
    assert found == [("fail", "high", "b@h"), ("fail", "high", "c@h")]


def test_whose_answer_may_be_one_of_those_not_decoded_is_uncheckable() -> None:
    found = missing(asked(2, 1, undecodable=1, serializations=("x",)), answered(), silent("b@h"))
    assert found == [("uncheckable", "low", "b@h")]


def test_a_broker_that_counts_nobody_calls_a_silent_one_missing() -> None:
    assert missing(asked(None, 1), answered(), silent("b@h", "expect")) == [("fail", "high", "b@h")]


def test_a_listener_with_no_name_is_told_and_gates_nothing() -> None:
    assert missing(asked(2, 1), answered()) == [("fail", "low", URL)]


def test_twins_are_told_and_are_no_strangers() -> None:
    twins = case(asked(2, 1), answered(copies=2))
    assert told(twins, "CE") == [("CE106", "medium", "a@h")]


@pytest.mark.parametrize(
    ("kind", "severity"),
    [("application/x-python-serialize", "high"), ("not JSON", "high"), ("application/x-yaml", "medium")],
)
def test_answers_that_are_not_json_are_told(kind: str, severity: str) -> None:
    found = case(asked(1, 0, undecodable=1, serializations=(kind,)))
    assert told(found, "CE") == [("CE105", severity, URL)]
    assert ("CE101", URL) in passed(found, "CE")


def pinned(*lines: str) -> Case:
    plain = case(asked(1, 1), answered())
    return replace(plain, manifest=replace(plain.manifest, requirements=tuple(requirement(each) for each in lines)))


def test_a_worker_that_runs_what_is_pinned_passes() -> None:
    assert passed(pinned("celery==5.4.0", "redis==5.0.8"), "CE103") == [("CE103", "a@h")]


def test_a_worker_that_runs_something_else_is_told_with_the_pins_place() -> None:
    drifted = pinned("celery==5.7.0", "kombu==5.6.1", "redis==8.1.0")
    found = [each for each in judged(drifted, "CE103") if each.outcome is Outcome.FAIL]
    assert [(each.subject, str(each.where)) for each in found] == [("a@h", "requirements.txt:1")]
    assert found[0].message == "it runs celery 5.4.0, and this stack has 5.7.0; redis 5.0.8, and 8.1.0"


def test_with_nothing_to_compare_nothing_is_passed() -> None:
    assert passed(case(asked(1, 1), answered()), "CE103") == []
    assert passed(pinned("django==5.0"), "CE103") == []
    silenced = pinned("celery==5.4.0")
    mute = answered(celery=None, kombu=None, billiard=None, python=None, driver=None)
    looks = (replace(silenced.snapshot.looks[0], facts=(asked(1, 1), mute)),)
    assert passed(replace(silenced, snapshot=replace(silenced.snapshot, looks=looks)), "CE103") == []


def on_python(version: str) -> Case:
    """An environment on Python `version` with no package but Celery, beside a worker on 3.11.7."""
    plain = case(asked(1, 1), answered())
    seen = (
        *plain.snapshot.looks,
        look("interpreter", InterpreterFact, [interpreter(version)]),
        look("packages", Distribution),
    )
    target = Interpreter(path="/srv/app/bin/python", where=Place(path="test"))
    manifest = replace(plain.manifest, interpreter=target)
    return replace(plain, manifest=manifest, snapshot=replace(plain.snapshot, looks=seen))


def test_a_workers_python_counts_by_its_minor_version() -> None:
    assert passed(on_python("3.11.14"), "CE103") == [("CE103", "a@h")]
    assert told(on_python("3.12.1"), "CE103") == [("CE103", "medium", "a@h")]


def test_without_an_environment_the_projects_claims_on_python_count() -> None:
    plain = case(asked(1, 1), answered())
    for specifier, expected in ((">=3.12", [("CE103", "medium", "a@h")]), (">=3.9", [])):
        claim = PythonClaim(specifier=SpecifierSet(specifier), text=specifier, where=Place(path="pyproject.toml"))
        assert told(replace(plain, manifest=replace(plain.manifest, pythons=(claim,))), "CE103") == expected


def test_workers_that_differ_among_each_other_are_told_once_with_each_package() -> None:
    differing = case(asked(2, 2), answered("a@h"), answered("b@h", celery="5.7.0", python="3.13.0"))
    found = [each for each in judged(differing, "CE104") if each.outcome is Outcome.FAIL]
    assert [each.message for each in found] == [
        "the workers differ in Python: 3.11 on a@h; 3.13 on b@h, in celery: 5.4.0 on a@h; 5.7.0 on b@h"
    ]
    assert passed(case(asked(2, 2), answered("a@h"), answered("b@h", python="3.11.9")), "CE104") == [("CE104", URL)]
    assert passed(case(asked(1, 1), answered("a@h")), "CE104") == []


def test_the_check_is_skipped_without_a_broker() -> None:
    assert check.asked_by(Manifest()) == "no broker URL"
    assert check.asked_by(declared("redis://h")) == "no broker URL"
    assert check.asked_by(declared(broker=URL)) is None


def test_the_summary_names_who_answered() -> None:
    def said(*facts: Fact) -> str:
        found = case(*facts)
        return check.summarize(found, judged(found, "CE"))

    assert said(asked(1, 1), answered("celery@web-1")) == "1 worker answered: celery@web-1 (celery 5.4.0)"
    assert said(asked(0, 0)) == "no worker answered"
    five = [answered(f"{name}@h") for name in "abcd"]
    assert said(asked(5, 4), *five, silent("e@h")).endswith("c@h (celery 5.4.0) and 1 more; 1 more should have")


def test_that_nobody_answers_is_one_thing_however_many_are_missing() -> None:
    nobody = case(asked(0, 0), silent("a@h"), silent("b@h", "expect"))
    assert len({each.cause for each in judged(nobody, "CE") if each.outcome is Outcome.FAIL}) == 1
    somebody = case(asked(1, 1), answered(), silent("b@h", "expect"))
    (missed,) = [each for each in judged(somebody, "CE") if each.outcome is Outcome.FAIL]
    assert missed.cause == f"CE102: {missed.message}", "of its own, where somebody answers"


def test_what_killed_a_sandboxs_worker_is_told_where_it_is_missed() -> None:
    manifest = declared(broker=URL, expect=("a@h",))
    trouble = Setting(name="trouble", value="the sandbox's worker ended", where=Place(path="sandbox"))
    manifest = replace(manifest, settings=(*manifest.settings, trouble))
    (dead,) = judged(case_of(manifest, asked(0, 0), silent("a@h", "expect")), "CE101")
    assert dead.message == "no worker answered: the sandbox's worker ended"
    # A worker that was late and answers all the same is a worker that answers.
    assert told(case_of(manifest, asked(1, 1), answered()), "CE") == []


def test_while_somebody_could_still_have_answered_nobody_counts_as_silent() -> None:
    cut = asked(5, 1, cut=True)
    assert missing(cut, answered()) == []
    assert check.summarize(case(cut, answered()), ()).endswith("; not all that may answer had when the time was up")


def test_many_that_are_missing_alike_have_one_cause() -> None:
    ghosts = [silent(f"w{number}@h") for number in range(9)]
    found = judged(case(asked(2, 1), answered(), *ghosts), "CE102")
    assert len({each.cause for each in found if each.outcome is Outcome.FAIL}) == 1
