"""The matrix check passes what was looked at and holds, and nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackaudit.audit import judge
from stackaudit.checks.matrix import CHECK
from stackaudit.gate.verdict import decide
from stackaudit.model.audit import Case, Judgment, Policy
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict
from stackaudit.model.manifest import Manifest
from stackaudit.model.snapshot import Unseen
from unit.checks.cases import SEED, SEED_LINES, case, requirement

BESIDE = {"amqp": "5.4.2", "packaging": "26.3"}
AS_RESOLVED = {
    "celery": "5.4.0",
    "kombu": "5.7.0",
    "redis": "5.3.1",
    "billiard": "4.3.2",
    "vine": "5.1.0",
    **BESIDE,
}
"""What `celery[redis]==5.4.0` resolved to on the day of the matrix."""


def judged(the_case: Case) -> Judgment:
    (judgment,) = decide(judge(the_case, [CHECK]), Policy())
    return judgment


def failed(the_case: Case, rule: str = "MX") -> list[Finding]:
    findings = judged(the_case).findings
    return [each for each in findings if each.outcome is Outcome.FAIL and each.rule.startswith(rule)]


def passed(the_case: Case, rule: str) -> set[str]:
    findings = judged(the_case).findings
    return {each.subject for each in findings if each.outcome is Outcome.PASS and each.rule == rule}


# --- whole stacks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("python", "amqp"), [("3.9.18", "5.3.1"), ("3.11.7", "5.4.2"), ("3.13.0", "5.4.2")])
def test_the_seed_stack_is_fine_on_all_its_pythons(python: str, amqp: str) -> None:
    stack = case(installed={**SEED, "amqp": amqp, "packaging": "26.3"}, declared=SEED_LINES, python=python)
    judgment = judged(stack)
    assert {each.severity for each in failed(stack)} == {Severity.LOW}
    assert judgment.verdict is Verdict.WARN
    many, admitting, rung = judgment.summary.split("; ")
    assert (many, admitting) == ("6 of 6 stack packages are pinned", f"all admit Python {python.rpartition('.')[0]}")
    assert rung == "rung: published"
    assert {f"{name}=={version}" for name, version in SEED.items()} == passed(stack, "MX101")
    assert f"amqp=={amqp}" in passed(stack, "MX203")
    assert bool(failed(stack, "MX402")) is (python == "3.9.18")


def test_the_seed_stack_is_fine_as_files_alone() -> None:
    stack = case(declared=SEED_LINES, python="3.11")
    assert judged(stack).verdict is Verdict.WARN
    assert "celery==5.4.0" in passed(stack, "MX205")
    assert not passed(stack, "MX301")
    assert not passed(stack, "MX302")


@pytest.mark.parametrize("declared", [[], ["celery[redis]==5.4.0"]])
def test_celery_5_4_as_it_resolves_today_fails(declared: list[str]) -> None:
    stack = case(installed=AS_RESOLVED, declared=declared)
    assert judged(stack).verdict is Verdict.FAIL
    (dead,) = failed(stack, "MX206")
    assert (dead.subject, dead.severity) == ("kombu==5.7.0", Severity.HIGH)
    assert "redis>=6.1.0" in dead.message
    assert "redis is 5.3.1" in dead.message
    assert dead.fix == "pin kombu==5.6.2"
    (outside,) = failed(stack, "MX207")
    assert (outside.subject, outside.severity) == ("kombu==5.7.0", Severity.MEDIUM)


def test_an_environment_that_could_not_be_read_is_unknown_and_passes_nothing() -> None:
    blind = Unseen(subject="", yields=("Distribution",), cause="it printed garbage", remedy="repair it")
    judgment = judged(case(installed={}, declared=SEED_LINES, unseen=[blind]))
    assert judgment.verdict is Verdict.UNKNOWN
    assert judgment.summary == "what is installed could not be seen"
    assert {each.rule for each in judgment.findings if each.outcome is Outcome.PASS} == {"MX402"}
    assert not [each for each in judgment.findings if each.outcome is Outcome.FAIL]


def test_one_distribution_that_could_not_be_read_is_not_called_absent() -> None:
    hidden = Unseen(subject="vine", yields=("Distribution",), cause="it may not be read", remedy="allow it")
    installed = {name: version for name, version in {**SEED, **BESIDE}.items() if name != "vine"}
    judgment = judged(case(installed=installed, declared=SEED_LINES, unseen=[hidden]))
    assert judgment.verdict is Verdict.UNKNOWN
    assert "1 could not be seen" in judgment.summary
    assert not [each for each in judgment.findings if each.outcome is Outcome.FAIL and "vine" in each.message]


def test_an_environment_that_nobody_looked_at_is_unknown() -> None:
    seen = case(installed=SEED, declared=SEED_LINES)
    nobody = Case(
        manifest=seen.manifest,
        snapshot=type(seen.snapshot)(taken_at=seen.snapshot.taken_at, host="", looks=()),
        matrix=seen.matrix,
        today=seen.today,
    )
    assert judged(nobody).verdict is Verdict.UNKNOWN


def test_the_check_is_skipped_where_there_are_no_pins_and_no_environment() -> None:
    reason = CHECK.asked_by(Manifest())
    assert reason is not None
    assert "no pins" in reason
    assert CHECK.asked_by(case(declared=SEED_LINES).manifest) is None
    assert CHECK.asked_by(case(installed={}).manifest) is None


@given(st.permutations(SEED_LINES), st.permutations(sorted(AS_RESOLVED.items())))
@settings(max_examples=15)
def test_the_order_of_pins_changes_no_finding(lines: list[str], installed: list[tuple[str, str]]) -> None:
    def told(declared: list[str], there: dict[str, str]) -> tuple[str, list[tuple[str, str, str, str, str | None]]]:
        numbered = [requirement(each, line=SEED_LINES.index(each) + 1) for each in declared]
        judgment = judged(case(installed=there, declared=numbered))
        shown = [(each.rule, each.outcome.value, each.subject, each.message, each.fix) for each in judgment.findings]
        return judgment.summary, shown

    assert told(lines, dict(installed)) == told(list(SEED_LINES), AS_RESOLVED)


# --- MX101 ----------------------------------------------------------------------------------------------------------


def test_a_requirement_with_no_pin_is_told_with_its_place_and_the_pin_to_write() -> None:
    lines = [*SEED_LINES[1:], "celery>=5.4"]
    (finding,) = failed(case(installed={**SEED, **BESIDE}, declared=lines), "MX101")
    assert (finding.subject, finding.severity) == ("celery==5.4.0", Severity.MEDIUM)
    assert finding.message == "celery is not pinned: requirements.txt:6 asks for celery>=5.4"
    assert finding.fix == "pin celery==5.4.0"


def test_the_pin_to_write_keeps_what_the_files_ask_for() -> None:
    findings = {
        each.subject: each for each in failed(case(declared=["celery[redis]<5.6", "kombu", "redis<5.3"]), "MX101")
    }
    assert findings["celery"].fix == "pin celery==5.5.3"
    assert findings["redis"].fix == "pin redis==5.2.1"
    assert findings["kombu"].fix == "pin kombu==5.5.4"
    (there,) = failed(case(installed={**SEED, **BESIDE}, declared=[*SEED_LINES[1:], "celery>5.4"]), "MX101")
    assert there.fix not in {None, "pin celery==5.4.0"}


def test_what_has_no_version_is_not_said_to_refuse_the_python() -> None:
    assert judged(case(declared=["celery", "redis"])).summary.startswith("0 of 2 stack packages are pinned; 2 problems")
    some = judged(case(declared=["celery[redis]==5.4.0", "redis==5.2.1"], python="3.11"))
    assert some.summary == "2 of 5 stack packages are pinned; all 2 of known version admit Python 3.11; rung: published"


@pytest.mark.parametrize("lines", [["celery[redis]==5.5.3"], ["celery==5.5.3", "redis"]])
def test_what_is_missing_is_chosen_so_that_all_of_it_goes_together(lines: list[str]) -> None:
    """The newest redis that celery 5.5.3 takes leaves no kombu for both: its own extra bounds redis."""
    found = failed(case(declared=[*lines, "ffmpeg-python==0.2.0"]), "MX101")
    assert {each.subject: each.fix for each in found}["redis"] == "pin redis==5.2.1"
    (along,) = {each.fix for each in found if each.subject != "redis"}
    assert "kombu==5.5.4" in str(along)


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        ("git+https://git.test/f@df129c7ba30aaa9ffffb81a48f53aa7253b0b4e6", Outcome.UNCHECKABLE),
        ("git+https://git.test/f@DF129C7BA30AAA9FFFFB81A48F53AA7253B0B4E6#subdirectory=python", Outcome.UNCHECKABLE),
        ("https://git.test/o/f/archive/df129c7ba30aaa9ffffb81a48f53aa7253b0b4e6.zip", Outcome.UNCHECKABLE),
        ("https://git.test/o/f/-/archive/df129c7ba30aaa9ffffb81a48f53aa7253b0b4e6/f.tar.gz", Outcome.UNCHECKABLE),
        (f"https://files.test/f.zip#egg=f&sha256={'0a' * 32}", Outcome.UNCHECKABLE),
        ("git+https://git.test/f@main", Outcome.FAIL),
        ("git+https://git.test/f@df129c7ba30aaa9ffffb81a48f53aa7253b0b4e6-mended", Outcome.FAIL),
        (f"git+https://git.test/f@main#sha256={'0a' * 32}", Outcome.FAIL),
        ("https://git.test/o/f/archive/refs/tags/v1.zip", Outcome.FAIL),
        ("https://git.test/o/f/archive/df129c7.zip", Outcome.FAIL),
        ("https://files.test/f.zip#sha256=0a", Outcome.FAIL),
    ],
    ids=[
        "a commit",
        "in capitals",
        "its archive",
        "its archive at GitLab",
        "a hash",
        "a branch",
        "a branch like a commit",
        "a clone's hash",
        "a tag",
        "half a commit",
        "half a hash",
    ],
)
def test_what_comes_from_a_repository_is_said_to_and_a_commit_is_as_good_as_a_pin(
    source: str, outcome: Outcome
) -> None:
    line = replace(requirement("ffmpeg-python"), source=source)
    stack = case(declared=["celery==5.4.0", "redis==5.0.8", line])
    (finding,) = [each for each in judged(stack).findings if each.rule == "MX101" and each.subject == "ffmpeg-python"]
    assert (finding.outcome, source in finding.message) == (outcome, True)
    count = 3 if outcome is Outcome.UNCHECKABLE else 2
    assert judged(stack).summary.startswith(f"{count} of 6 stack packages are pinned")


def test_a_constraint_pins_what_comes_along() -> None:
    stack = case(declared=["celery[redis]==5.4.0", "redis==5.0.8", "ffmpeg-python==0.2.0"])
    terms = replace(
        stack.manifest.terms,
        constraints=(requirement("kombu==5.6.1"), requirement('vine==5.1.0; python_version < "3"')),
    )
    bound = replace(stack, manifest=replace(stack.manifest, terms=terms))
    assert {each.subject for each in failed(bound, "MX101")} == {"billiard", "vine"}
    assert all("kombu" not in str(each.fix) for each in failed(bound, "MX101"))
    assert judged(bound).summary.startswith("4 of 6 stack packages are pinned")


def test_what_is_missing_is_chosen_to_go_with_what_it_brings_along() -> None:
    """What is newer than this celery, or its kombu, takes no redis 5."""
    found = failed(case(declared=["celery[redis]", "redis==5.0.8", "ffmpeg-python==0.2.0"]), "MX101")
    assert [each.fix for each in found] == ["pin celery==5.6.2"]


@pytest.mark.parametrize(
    ("constraint", "lines", "pins"),
    [
        ("kombu==5.5.4", ["celery==5.4.0", "redis"], {"redis": "pin redis==5.2.1"}),
        ("kombu==5.5.4", ["celery", "redis"], {"celery": "pin celery==5.5.3", "redis": "pin redis==5.2.1"}),
    ],
)
def test_what_is_missing_is_chosen_to_go_with_what_constraints_pin(
    constraint: str, lines: list[str], pins: dict[str, str]
) -> None:
    stack = case(declared=[*lines, "ffmpeg-python==0.2.0"])
    terms = replace(stack.manifest.terms, constraints=(requirement(constraint),))
    bound = replace(stack, manifest=replace(stack.manifest, terms=terms))
    fixes = {each.subject: each.fix for each in failed(bound, "MX101") if each.severity is Severity.MEDIUM}
    assert fixes == pins


def test_a_pin_in_one_of_several_files_will_do() -> None:
    open_one = requirement("celery>=5.4", file="pyproject.toml")
    stack = case(installed={**SEED, **BESIDE}, declared=[open_one, *SEED_LINES])
    assert not failed(stack, "MX101")
    assert "celery==5.4.0" in passed(stack, "MX101")


def test_a_required_package_that_no_file_pins_is_medium_and_what_comes_along_is_advice() -> None:
    findings = {each.subject: each for each in failed(case(declared=["celery[redis]==5.4.0"]), "MX101")}
    assert {name: each.severity for name, each in findings.items()} == {
        "redis": Severity.MEDIUM,
        "kombu": Severity.LOW,
        "billiard": Severity.LOW,
        "vine": Severity.LOW,
    }
    assert "celery[redis] 5.4.0 takes any redis>=4.5.2,!=4.5.5,<6.0.0" in findings["redis"].message
    # Together, not each its newest: kombu 5.7.0 would not run with redis 5.3.1.
    assert findings["redis"].fix == "pin redis==5.3.1"
    along = [findings[name] for name in ("kombu", "billiard", "vine")]
    assert {each.fix for each in along} == {"pin kombu==5.6.2, billiard==4.3.2, vine==5.1.0 too, or use a lock file"}
    assert len({each.cause for each in along}) == 1


def test_an_environment_with_nothing_declared_is_told_to_be_unpinned_as_advice() -> None:
    findings = failed(case(installed={**SEED, **BESIDE}), "MX101")
    assert {each.subject for each in findings} == {f"{name}=={version}" for name, version in SEED.items()}
    assert {each.severity for each in findings} == {Severity.LOW}


def test_a_required_package_that_is_nowhere_is_medium() -> None:
    findings = {each.subject: each for each in failed(case(installed={"celery": "5.4.0"}), "MX101")}
    assert {name: each.severity for name, each in findings.items()} == {
        "celery==5.4.0": Severity.LOW,
        "redis": Severity.MEDIUM,
    }
    assert findings["redis"].message == "redis is neither declared nor installed"
