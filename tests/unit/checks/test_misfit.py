"""One thing that does not fit is told once, whichever of the rules see it, the symptom first and with one remedy."""

from collections import defaultdict

from packaging.utils import canonicalize_name

from stackaudit.audit import judge
from stackaudit.checks import conflicts, matrix
from stackaudit.model.audit import Case
from stackaudit.model.facts.conflicts import Conflict, PipCheck
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.findings import Finding, Outcome, Severity
from unit.checks.cases import case, interpreter, look

CELERY = ("redis<6.0.0,>=4.5.2; extra == 'redis'", "kombu<6.0,>=5.3.4", "vine<6.0,>=5.1.0")
KOMBU = ("vine==5.1.0", "redis<9.0.0,>=6.4.0; extra == 'redis'", "packaging==26.3; extra == 'redis'")


def seen(installed: dict[str, str], *, python: str = "3.11.7", pip: tuple[Conflict, ...] = ()) -> Case:
    requires = {"celery": CELERY, "kombu": KOMBU}
    base = case(installed=installed, declared=["celery[redis]==5.4.0"], python=python)
    found = [
        Distribution(
            name=each.name,
            version=each.version,
            requires=requires.get(each.name, ()),
            provides=("redis",),
            requires_python=">=3.10" if each.name == "kombu" else None,
        )
        for each in base.facts(Distribution)
    ]
    looks = (
        look("interpreter", InterpreterFact, [interpreter(python)]),
        look("packages", Distribution, found),
        look("pip", PipCheck, [PipCheck(pip_version="26", whose="target", conflicts=pip, blind=())]),
    )
    snapshot = type(base.snapshot)(taken_at=base.snapshot.taken_at, host="", looks=looks)
    return Case(manifest=base.manifest, snapshot=snapshot, matrix=base.matrix, today=base.today)


def causes(judged: Case) -> dict[str, list[Finding]]:
    told: dict[str, list[Finding]] = defaultdict(list)
    for judgment in judge(judged, (matrix.CHECK, conflicts.CHECK)):
        for each in judgment.findings:
            if each.cause is not None and each.outcome is Outcome.FAIL:
                told[each.cause].append(each)
    return told


RESOLVED = {
    "celery": "5.4.0",
    "kombu": "5.7.0",
    "redis": "5.3.1",
    "vine": "5.1.0",
    "billiard": "4.3.2",
    "amqp": "5.4.2",
}


def test_what_the_code_refuses_is_told_before_what_the_metadata_says_of_it() -> None:
    group = causes(seen(RESOLVED))["kombu 5.7.0 with redis 5.3.1"]
    assert {each.rule for each in group} == {"MX207", "MX206", "DC202"}
    # The first of those that are equally bad is the one that is told whole.
    worst = max(sorted(group, key=lambda each: each.rule), key=lambda each: each.severity.rank)
    assert (worst.rule, worst.severity) == ("MX206", Severity.HIGH)
    assert {each.fix for each in group} == {"pin kombu==5.6.2"}


def test_a_missing_package_behind_an_extra_has_one_cause_and_one_remedy() -> None:
    group = causes(seen(RESOLVED))["kombu 5.7.0 without packaging"]
    assert {each.rule for each in group} == {"MX207", "MX208", "DC202"}
    assert {(each.severity, each.fix) for each in group} == {(Severity.HIGH, "pin kombu==5.6.2")}


def test_pip_check_and_the_matrix_tell_one_conflict_with_one_cause() -> None:
    conflict = Conflict(
        name=canonicalize_name("kombu"),
        version="5.7.0",
        kind="mismatch",
        needs="vine==5.1.0",
        found="5.0.0",
        line="kombu 5.7.0 has requirement vine==5.1.0, but you have vine 5.0.0.",
    )
    group = causes(seen({**RESOLVED, "vine": "5.0.0"}, pip=(conflict,)))["kombu 5.7.0 with vine 5.0.0"]
    assert {each.rule for each in group} == {"MX205", "DC101"}
    assert len({each.fix for each in group}) == 1


def test_a_package_that_is_not_for_this_python_is_told_once() -> None:
    group = causes(seen(RESOLVED, python="3.9.18"))["kombu 5.7.0 on Python 3.9"]
    assert {each.rule for each in group} == {"MX203", "DC204"}
