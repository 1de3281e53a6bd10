"""Whoever follows an advice to the letter is rid of what it was given for, and has nothing worse instead."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from stackaudit.checks._row import Row
from stackaudit.checks._stack import row
from stackaudit.checks.combinations import about_packages, remedy
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.known_bad import KnownBad, admits
from stackaudit.model.matrix import Matrix
from stackaudit.model.versions import lowest
from unit.checks.cases import case
from unit.checks.test_known_combinations import MATRICES
from unit.checks.test_matrix import BESIDE, failed


def followed(advice: str, pins: Mapping[str, Version]) -> Iterator[dict[str, Version]]:
    """The pins after `advice` was followed, in each of the ways that it leaves."""
    words = advice.partition(": ")[0]
    if one := re.fullmatch(r"keep one of (\S+) and (\S+), and take the other out", words):
        yield from ({name: version for name, version in pins.items() if name != out} for out in one.groups())
    elif words.startswith("pin "):
        yield {**pins, **{name: Version(version) for name, version in re.findall(r"([\w-]+)==([\w.]+)", words)}}
    else:
        assert words.startswith(("take ", "install "))
        for each in words.partition(" ")[2].replace("`", "").split(" or "):
            wanted = Requirement(each)
            yield {**pins, wanted.name: lowest(str(wanted.specifier))}


def bad_rows(matrix: Matrix, known: KnownBad) -> Iterator[Row]:
    """Rows that `known` fires on: its oldest listed versions on the oldest Python, its newest on the newest, and what fits them."""
    listed = {str(entry.name): sorted(version for version, _ in entry.listed()) for entry in matrix.packages}
    minors = [each.name for each in matrix.pythons]
    python = known.when.python or ""
    pythons = [each for each in minors if admits(python, Version(f"{each}.9"))] or ["3.7"]
    for at in (0, -1):
        pins: dict[str, str] = {}
        for name, versions in known.when.packages:
            here = [each for each in listed.get(name, ()) if admits(versions, each)]
            pins[name] = str(here[at] if here else lowest(versions))
        made = replace(case(installed=pins, python=f"{pythons[at]}.9"), matrix=matrix)
        found = row(made)
        assert found is not None
        yield found.completed([bound.name for bound in found.bounds() if bound.kind == "hard"], {})


@pytest.mark.parametrize(
    ("matrix", "known"),
    [
        pytest.param(matrix, known, id=f"{matrix.name} {known.id}")
        for matrix in MATRICES
        for known in matrix.known_bad
        if about_packages(known)
    ],
)
def test_the_advice_on_every_known_fault_clears_it_and_breaks_nothing(matrix: Matrix, known: KnownBad) -> None:
    met = [each for each in bad_rows(matrix, known) if known.fires(each.combination())]
    assert met
    for here in met:
        advice = remedy(here, known)
        assert advice is not None
        for pins in followed(advice, here.versions):
            then = replace(here, versions=pins)
            assert not known.fires(then.combination()), advice
            assert then.all_troubles() <= here.all_troubles(), advice


def bad(python: str, /, **pins: str) -> tuple[dict[str, str], str]:
    """A stack that broke somebody, whole: `celery`, `kombu` and the rest at their versions."""
    return {name.replace("_", "-"): version for name, version in pins.items()}, python


# One that fits its makers' bounds each, as it was met; what runs beside it is what an installer took then.
MET = [
    bad("3.11.7", celery="5.4.0", kombu="5.3.7", redis="5.0.8", billiard="4.2.1", vine="5.1.0", amqp="5.2.0"),
    bad("3.11.7", celery="5.4.0", kombu="5.6.1", redis="4.3.6", billiard="4.2.4", vine="5.1.0", **BESIDE),
    bad("3.11.7", celery="5.6.3", kombu="5.6.2", redis="4.6.0", billiard="4.2.4", vine="5.1.0", **BESIDE),
    bad("3.9.18", celery="5.2.0", kombu="5.2.0", redis="3.3.11", billiard="3.6.4.0", vine="5.0.0", amqp="5.0.6"),
    bad("3.12.1", celery="5.2.7", kombu="5.2.4", redis="4.6.0", billiard="3.6.4.0", vine="5.0.0", amqp="5.1.1"),
    bad(
        "3.12.1",
        celery="5.4.0",
        kombu="5.4.2",
        redis="5.0.8",
        billiard="4.2.1",
        vine="5.1.0",
        amqp="5.2.0",
        ffmpeg_python="0.2.0",
        future="0.18.2",
    ),
    bad(
        "3.11.7",
        celery="5.4.0",
        kombu="5.4.2",
        redis="5.0.8",
        billiard="4.2.1",
        vine="5.1.0",
        amqp="5.2.0",
        ffmpeg_python="0.2.0",
        ffmpeg="1.4",
    ),
    bad("3.11.7", celery="5.4.0", kombu="5.7.0", redis="5.3.1", billiard="4.3.2", vine="5.1.0", amqp="5.4.2"),
    bad("3.11.7", celery="5.7.0", kombu="5.7.0", redis="8.1.0", billiard="4.3.2", vine="5.1.0", amqp="5.4.2"),
    bad("3.11.7", celery="5.3.0", kombu="5.3.0", redis="4.5.5", billiard="4.1.0", vine="5.0.0", amqp="5.1.1"),
    # What is missing is not put there by another release that asks for it as well.
    bad("3.11.7", celery="5.4.0", kombu="5.3.7", redis="5.0.8"),
    bad("3.9.18", celery="5.6.3", kombu="5.6.2", redis="6.4.0", billiard="4.2.4", vine="5.1.0", amqp="5.4.2"),
]


def said(finding: Finding) -> tuple[str, str, str]:
    """What `finding` says, without the versions: it says the same of others."""
    return finding.rule, finding.subject.partition("==")[0], re.sub(r"[\d.<>=!~,]+", "", finding.message)


@pytest.mark.parametrize(("pins", "python"), MET)
def test_an_audit_after_an_advice_misses_what_it_was_given_for_and_finds_nothing_else(
    pins: dict[str, str], python: str
) -> None:
    def found(there: Mapping[str, str]) -> dict[tuple[str, str, str], Finding]:
        told = failed(
            case(installed=there, declared=[f"{name}=={version}" for name, version in there.items()], python=python)
        )
        return {said(each): each for each in told if each.severity is not Severity.LOW}

    before = found(pins)
    assert before
    for told, finding in before.items():
        assert finding.fix is not None
        for then in followed(finding.fix, {name: Version(version) for name, version in pins.items()}):
            after = found({name: str(version) for name, version in then.items()})
            assert told not in after, finding.fix
            # What a package requires comes along with it.
            assert {each for each in after if not each[-1].endswith("not installed")} <= before.keys(), finding.fix


def test_where_no_version_goes_with_the_pins_it_is_said_which_of_them_to_change() -> None:
    (open_line,) = failed(
        case(declared=["celery==5.4.0", "kombu==5.3.7", "redis", "billiard==4.2.1", "vine==5.1.0"]), "MX101"
    )
    assert open_line.fix == "pin redis==5.3.1 and kombu==5.4.2: no listed redis goes with kombu 5.3.7"
    (bounded,) = failed(
        case(declared=["celery==5.6.3", "kombu==5.6.2", "redis<5", "billiard==4.2.1", "vine==5.1.0"]), "MX101"
    )
    assert bounded.fix == "pin redis==4.6.0 and celery==5.6.2: no listed redis<5 goes with celery 5.6.3"


def test_a_known_fault_is_no_bound_that_the_pins_break() -> None:
    (rabbit,) = (each for each in MATRICES if each.name == "celery-rabbitmq")
    churning = replace(case(declared=["celery==5.5.2", "kombu==5.5.1"]), matrix=rabbit)
    assert [each.message for each in failed(churning, "MX205")] == [
        "celery 5.5.2 requires kombu>=5.5.2,<5.6, and kombu is 5.5.1"
    ]
