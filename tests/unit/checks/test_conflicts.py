"""What is installed fits together, or the finding says who asks for what."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from stackaudit.audit import apply, judge
from stackaudit.checks import conflicts as check
from stackaudit.checks import conflicts_installed as sound
from stackaudit.checks._metadata import extras_in_use
from stackaudit.model.audit import Case
from stackaudit.model.facts.conflicts import Conflict, PipCheck
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.facts.fact import Fact
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.manifest import Endpoint, Interpreter, Manifest, Requirement
from stackaudit.model.parts import Rule
from stackaudit.model.places import Place
from stackaudit.model.secret import Secret
from stackaudit.model.snapshot import Evidence, Look, Snapshot, Unseen

WHERE = Place(path="requirements.txt", line=3)
BROKER = Place(path="option --broker-url")
PYTHON = InterpreterFact(
    path=".venv/bin/python",
    version="3.11.7",
    implementation="CPython",
    platform="linux-x86_64",
    prefix="/srv/app/.venv",
    markers=(
        ("implementation_name", "cpython"),
        ("os_name", "posix"),
        ("platform_machine", "x86_64"),
        ("platform_system", "Linux"),
        ("platform_python_implementation", "CPython"),
        ("python_full_version", "3.11.7"),
        ("python_version", "3.11"),
        ("sys_platform", "linux"),
    ),
    site_packages=(),
    virtual=True,
    pip=None,
)
AGREED = PipCheck(pip_version="26.3", whose="ours", conflicts=())


def installed(name: str, version: str, *requires: str, provides: Sequence[str] = ()) -> Distribution:
    return Distribution(name=canonicalize_name(name), version=version, requires=requires, provides=tuple(provides))


CELERY = installed("celery", "5.4.0", "kombu>=5.3.4", 'redis<6.0.0,>=4.5.2; extra == "redis"', provides=["redis"])
KOMBU = installed(
    "kombu", "5.7.0", "vine==5.1.0", 'redis<9.0.0,>=6.4.0; extra == "redis"', 'packaging==26.3; extra == "redis"',
    provides=["redis"],
)  # fmt: skip
VINE = installed("vine", "5.1.0")
REDIS = installed("redis", "5.3.1")
PACKAGING = installed("packaging", "26.3")
TODAY = (CELERY, KOMBU, VINE, REDIS, PACKAGING)
"""`celery[redis]==5.4.0` as it resolves today."""


def asks_for(name: str, *extras: str) -> Requirement:
    return Requirement(
        name=canonicalize_name(name), specifier=SpecifierSet(), pin=None, extras=extras, where=WHERE, direct=True
    )


def case(
    *facts: Fact, requirements: Iterable[Requirement] = (), broker: str | None = None, unseen: Unseen | None = None
) -> Case:
    manifest = Manifest(
        requirements=tuple(requirements),
        endpoints=(Endpoint(role="broker", url=Secret(broker), where=BROKER),) if broker else (),
        interpreter=Interpreter(path=PYTHON.path, where=Place(path="option --python")),
    )
    look = Look(
        probe="test",
        asked="",
        evidence=Evidence(tool="test"),
        facts=facts,
        unseen=unseen,
        yields=("Distribution", "InterpreterFact", "ModuleClash", "PipCheck"),
    )
    snapshot = Snapshot(taken_at=datetime(2026, 11, 22, tzinfo=UTC), host="here", looks=(look,))
    return Case(manifest=manifest, snapshot=snapshot, matrix=None, today=date(2026, 11, 22))


def failed(rule: Rule, judged: Case) -> list[Finding]:
    return [finding for finding in apply(rule, judged) if finding.outcome is Outcome.FAIL]


def passed(rule: Rule, judged: Case) -> set[str]:
    return {finding.subject for finding in apply(rule, judged) if finding.outcome is Outcome.PASS}


def pip_says(*lines: Conflict, blind: tuple[str, ...] = ()) -> PipCheck:
    return replace(AGREED, conflicts=lines, blind=blind)


def mismatch(name: str, version: str, needs: str, found: str) -> Conflict:
    line = f"{name} {version} has requirement {needs}, but you have {needs} {found}."
    return Conflict(name=canonicalize_name(name), version=version, kind="mismatch", needs=needs, found=found, line=line)


def missing(name: str, version: str, needs: str) -> Conflict:
    line = f"{name} {version} requires {needs}, which is not installed."
    return Conflict(name=canonicalize_name(name), version=version, kind="missing", needs=needs, found=None, line=line)


def test_extras_that_pip_check_cannot_see_are_seen() -> None:
    today = case(PYTHON, AGREED, *TODAY, requirements=[asks_for("celery", "redis")], broker="redis://localhost/0")
    (finding,) = failed(check.extras_hold, today)
    assert finding.subject == "kombu==5.7.0"
    assert finding.message == "kombu[redis] 5.7.0 requires redis>=6.4.0,<9.0.0, and 5.3.1 is installed"
    assert failed(check.pip_check, today) == []
    assert "celery==5.4.0" in passed(check.extras_hold, today)
    (silent,) = failed(check.pip_sees_all, today)
    assert silent.message == "pip check says nothing of kombu[redis] 5.7.0: it does not look at extras"


def test_an_extra_that_was_asked_for_by_name_is_high_and_an_inferred_one_is_medium() -> None:
    declared = case(PYTHON, *TODAY, requirements=[asks_for("kombu", "redis")])
    (finding,) = failed(check.extras_hold, declared)
    assert (finding.severity, finding.where) == (Severity.HIGH, WHERE)
    inferred = case(PYTHON, *TODAY, broker="rediss://ann:s3cret@host/0")
    (finding,) = failed(check.extras_hold, inferred)
    assert (finding.severity, finding.where) == (Severity.MEDIUM, BROKER)
    assert finding.via == ("broker rediss://", "kombu[redis]")
    assert "s3cret" not in repr(finding)


def test_a_package_that_an_inferred_extra_misses_is_high() -> None:
    without = [each for each in TODAY if each is not PACKAGING]
    found = failed(check.extras_hold, case(PYTHON, *without, broker="sentinel://host"))
    assert {(each.severity, each.message.rpartition(", and")[2]) for each in found} == {
        (Severity.HIGH, " it is not installed"),
        (Severity.MEDIUM, " 5.3.1 is installed"),
    }


def test_a_broker_that_is_no_redis_implies_no_extra() -> None:
    assert failed(check.extras_hold, case(PYTHON, *TODAY, broker="amqp://host//")) == []


def test_celerys_extra_brings_kombus_transport_with_it() -> None:
    uses = extras_in_use(case(PYTHON, *TODAY, requirements=[asks_for("celery", "redis")]))
    assert [(use.label, use.declared) for use in uses] == [("celery[redis]", True), ("kombu[redis]", False)]


def test_extras_are_followed_through_other_extras() -> None:
    app = installed("app", "1", "lib[Fast_Io]", 'tool[dev]; extra == "x"', provides=["x"])
    lib = installed("lib", "1", 'deep[tls]; extra == "fast-io"', provides=["fast-io"])
    deep = installed("deep", "1", 'gone; extra == "tls"', provides=["tls"])
    tool = installed("tool", "1", 'gone; extra == "dev"', provides=["dev"])
    judged = case(PYTHON, app, lib, deep, tool, requirements=[asks_for("app", "x")])
    assert [use.label for use in extras_in_use(judged)] == ["app[x]", "lib[fast-io]", "deep[tls]"]
    (finding,) = failed(check.extras_hold, judged)
    assert finding.message == "deep[tls] 1 requires gone, and it is not installed"
    assert finding.via == ("app==1", "lib[fast-io]", "deep[tls]")
    assert finding.severity is Severity.HIGH


def test_an_extra_that_a_file_asks_for_counts_whatever_its_name() -> None:
    tool = installed("tool", "1", 'gone; extra == "dev"', provides=["dev"])
    assert failed(check.extras_hold, case(PYTHON, tool, requirements=[asks_for("tool", "dev")]))


def test_extras_that_feed_each_other_come_to_an_end() -> None:
    one = installed("one", "1", 'two[x]; extra == "x"', provides=["x"])
    two = installed("two", "1", 'one[x]; extra == "x"', provides=["x"])
    judged = case(PYTHON, one, two, requirements=[asks_for("one", "x")])
    assert [use.label for use in extras_in_use(judged)] == ["one[x]", "two[x]"]


def test_an_extra_that_does_not_exist_is_told() -> None:
    judged = case(PYTHON, *TODAY, requirements=[asks_for("celery", "reddis")])
    (finding,) = failed(check.extras_exist, judged)
    assert (finding.message, finding.where) == ("celery 5.4.0 has no extra `reddis`", WHERE)
    assert failed(check.extras_exist, case(PYTHON, *TODAY, requirements=[asks_for("celery", "Redis")])) == []


def test_own_reading_names_who_asks_and_what_there_is() -> None:
    celery = installed("celery", "5.4.0", "billiard<5.0,>=4.2.0", "vine", "tzdata; sys_platform == 'win32'")
    judged = case(PYTHON, celery, installed("billiard", "3.6.4.0"), requirements=[asks_for("celery")])
    assert [each.message for each in failed(check.requirements_hold, judged)] == [
        "celery 5.4.0 requires billiard>=4.2.0,<5.0, and 3.6.4.0 is installed",
        "celery 5.4.0 requires vine, and it is not installed",
    ]
    assert {each.where for each in failed(check.requirements_hold, judged)} == {WHERE}
    assert passed(check.requirements_hold, judged) == {"billiard==3.6.4.0"}


def test_what_pip_told_is_neither_told_again_nor_passed() -> None:
    celery = installed("celery", "5.4.0", "billiard<5.0,>=4.2.0", "vine<6,>=5.1")
    pip = pip_says(mismatch("celery", "5.4.0", "billiard>=4.2.0,<5.0", "3.6.4.0"), missing("celery", "5.4.0", "vine"))
    judged = case(PYTHON, pip, celery, installed("billiard", "3.6.4.0"))
    assert failed(check.requirements_hold, judged) == []
    assert passed(check.requirements_hold, judged) == {"billiard==3.6.4.0"}
    assert {each.subject for each in failed(check.pip_check, judged)} == {"celery==5.4.0"}
    assert {each.fix for each in failed(check.pip_check, judged)} == {
        "install `billiard>=4.2.0,<5.0`, or a release of celery that admits billiard 3.6.4.0",
        "install `vine>=5.1,<6`",
    }
    assert failed(check.own_reading_sees_all, judged) == failed(check.pip_sees_all, judged) == []


def test_a_conflict_that_only_pip_sees_is_told_as_a_disagreement() -> None:
    judged = case(PYTHON, pip_says(missing("celery", "5.4.0", "vine")), installed("celery", "5.4.0"))
    (finding,) = failed(check.own_reading_sees_all, judged)
    assert (finding.subject, finding.severity) == ("celery==5.4.0", Severity.MEDIUM)


def test_a_conflict_that_pip_does_not_see_is_told_as_a_disagreement() -> None:
    judged = case(PYTHON, AGREED, installed("celery", "5.4.0", "vine"))
    (finding,) = failed(check.pip_sees_all, judged)
    assert finding.message == "pip check says nothing of celery 5.4.0: it was expected to"
    assert failed(check.requirements_hold, judged)


def test_a_package_that_pip_passed_over_gets_no_pass_from_pip() -> None:
    judged = case(PYTHON, pip_says(blind=("celery",)), installed("celery", "5.2.0", "pytz>dev"), VINE)
    assert passed(check.pip_check, judged) == {"vine==5.1.0"}
    (finding,) = failed(check.pip_saw_all, judged)
    assert (finding.subject, finding.severity) == ("celery==5.2.0", Severity.LOW)
    assert passed(check.pip_saw_all, judged) == {"vine==5.1.0"}


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (installed("celery", "5.2.0", "pytz>dev"), "celery: its Requires-Dist `pytz>dev` is no valid requirement"),
        (replace(VINE, problem="its METADATA can't be opened"), "vine: its METADATA can't be opened"),
    ],
)
def test_metadata_that_cannot_be_read_is_a_finding_and_passes_no_other_rule(broken: Distribution, message: str) -> None:
    judged = case(PYTHON, AGREED, broken)
    (finding,) = failed(sound.metadata_readable, judged)
    assert finding.message == message
    for rule in (check.requirements_hold, check.python_admitted, check.extras_hold, check.own_reading_sees_all):
        assert passed(rule, judged) == set()


@pytest.mark.parametrize(
    ("bounds", "python", "fits"),
    [
        (">=3.9", "3.11.7", True),
        ("<3.8", "3.11.7", False),
        (">=3.12", "3.11.7", False),
        (">=3.14", "3.14.0rc1", True),
        (">=3.11,!=3.11.7", "3.11.7+", False),
    ],
)
def test_requires_python_is_held_on_both_ends(bounds: str, python: str, *, fits: bool) -> None:
    judged = case(replace(PYTHON, version=python), replace(VINE, requires_python=bounds))
    assert (failed(check.python_admitted, judged) == []) is fits
    assert passed(check.python_admitted, judged) == ({"vine==5.1.0"} if fits else set())


def test_a_requires_python_that_says_nothing_is_uncheckable() -> None:
    (finding,) = apply(check.python_admitted, case(PYTHON, replace(VINE, requires_python=">=3.5.*")))
    assert finding.outcome is Outcome.UNCHECKABLE


def test_two_metadata_folders_of_one_name_are_told_and_both_are_held() -> None:
    twice = case(PYTHON, VINE, installed("vine", "1.3.0"), installed("kombu", "5.7.0", "vine==5.1.0"))
    (finding,) = failed(sound.installed_once, twice)
    assert finding.subject == "vine==1.3.0"
    assert finding.severity is Severity.MEDIUM
    assert passed(sound.installed_once, twice) == {"kombu==5.7.0"}
    (finding,) = failed(check.requirements_hold, twice)
    assert finding.message == "kombu 5.7.0 requires vine==5.1.0, and 1.3.0 is installed"


def test_two_metadata_folders_of_one_version_are_told_and_hurt_nothing() -> None:
    (finding,) = failed(sound.installed_once, case(PYTHON, VINE, VINE))
    assert (finding.severity, finding.message) == (Severity.LOW, "vine has 2 metadata folders in : 5.1.0")


def test_what_an_interrupted_uninstall_left_is_told() -> None:
    left = replace(PYTHON, leftovers=("/site-packages/~elery-5.4.0.dist-info",))
    (finding,) = failed(sound.no_leftovers, case(left, VINE))
    assert finding.message == "left behind: /site-packages/~elery-5.4.0.dist-info"
    assert passed(sound.no_leftovers, case(PYTHON, VINE)) == {"Python 3.11.7"}


def test_an_environment_with_nothing_but_installers_is_no_environment() -> None:
    assert failed(sound.not_empty, case(PYTHON, AGREED, installed("pip", "24.0"), installed("setuptools", "70")))
    assert failed(sound.not_empty, case(PYTHON, AGREED))
    assert passed(sound.not_empty, case(PYTHON, AGREED, VINE)) == {"Python 3.11.7"}


def test_without_an_environment_the_check_is_skipped() -> None:
    judged = case(PYTHON)
    without = replace(judged, manifest=replace(judged.manifest, interpreter=None))
    (judgment,) = judge(without, [check.CHECK])
    assert (judgment.findings, judgment.summary) == ((), check.asked_by(without.manifest))


def test_a_pip_check_that_could_not_run_leaves_nothing_that_it_would_have_passed() -> None:
    unseen = Unseen(subject="", yields=("PipCheck",), cause="pip check could not run", remedy="install a pip")
    judged = case(PYTHON, *TODAY, unseen=unseen)
    outcomes = {finding.outcome for finding in apply(check.pip_check, judged)}
    assert outcomes == {Outcome.UNKNOWN}
    assert passed(check.requirements_hold, judged), "our own reading needs no pip"


@pytest.mark.parametrize(
    ("judged", "expected"),
    [
        (case(PYTHON, AGREED, VINE, REDIS), "2 packages agree"),
        (
            case(PYTHON, AGREED, *TODAY[:3], PACKAGING, installed("redis", "7.0"), requirements=[asks_for("kombu", "redis")]),
            "5 packages agree, extras included (kombu[redis])",
        ),
        (case(PYTHON, AGREED, *TODAY, requirements=[asks_for("kombu", "redis")]), "1 conflict among 5 packages"),
        (
            case(PYTHON, VINE, unseen=Unseen(subject="", yields=("PipCheck",), cause="no pip", remedy="")),
            "no conflict seen among 1 packages, but not everything could be looked at",
        ),
        (
            case(unseen=Unseen(subject="", yields=("InterpreterFact", "Distribution"), cause="gone", remedy="")),
            "what is installed could not be seen",
        ),
    ],
)  # fmt: skip
def test_the_summary_claims_no_more_than_was_seen(judged: Case, expected: str) -> None:
    (judgment,) = judge(judged, [check.CHECK])
    assert judgment.summary == expected


NAMES = ["a", "b", "c", "d"]
REQUIREMENTS = st.builds(
    lambda name, extra, bound, marker: f"{name}{extra}{bound}{marker}",
    st.sampled_from(NAMES),
    st.sampled_from(["", "[x]"]),
    st.sampled_from(["", "<2", ">=2", "==1.*", "!=1.0"]),
    st.sampled_from(["", '; extra == "x"', "; python_version < '3'"]),
)
ENVIRONMENTS = st.lists(
    st.builds(lambda name, version, requires: installed(name, version, *requires, provides=["x"]),
        st.sampled_from(NAMES), st.sampled_from(["1.0", "2.0", "not a version"]), st.lists(REQUIREMENTS, max_size=3)),
    unique_by=lambda each: each.name,
)  # fmt: skip


@settings(max_examples=50)
@given(st.data())
def test_neither_order_nor_chance_changes_a_finding_and_no_subject_both_passes_and_fails(data: st.DataObject) -> None:
    packages = data.draw(ENVIRONMENTS)
    mixed = data.draw(st.permutations(packages))
    asked = [asks_for("a", "x")]
    (one,) = judge(case(PYTHON, AGREED, *packages, requirements=asked), [check.CHECK])
    (other,) = judge(case(PYTHON, AGREED, *mixed, requirements=asked), [check.CHECK])
    assert one.findings == other.findings
    failures = {(each.rule, each.subject) for each in one.findings if each.outcome is Outcome.FAIL}
    passes = {(each.rule, each.subject) for each in one.findings if each.outcome is Outcome.PASS}
    assert not failures & passes


def test_metadata_with_numbers_and_markers_without_end_is_unreadable_and_breaks_nothing() -> None:
    deep = "(" * 3000 + "python_version > '3'" + ")" * 3000
    odd = installed("odd", "1", f"vine>={'9' * 5000}", f"vine; {deep}")
    judged = case(PYTHON, AGREED, odd, installed("celery", "9" * 5000), installed("vine", "5.1.0"))
    (finding,) = failed(sound.metadata_readable, judged)
    assert finding.subject == "odd==1"
