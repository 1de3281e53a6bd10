"""What the environment's rules say of this shell."""

from datetime import UTC, date, datetime

import pytest

from stackaudit.audit import apply, judge
from stackaudit.checks import environment as check
from stackaudit.gate.verdict import decide
from stackaudit.model.audit import Case, Policy
from stackaudit.model.facts.deployment import Account, Variable
from stackaudit.model.facts.fact import Fact
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict
from stackaudit.model.manifest import Endpoint, Manifest
from stackaudit.model.parts import Rule
from stackaudit.model.places import Place
from stackaudit.model.secret import Secret
from stackaudit.model.snapshot import Evidence, Look, Snapshot, Unseen

ANN = Account(uid=1000, name="ann")
ROOT = Account(uid=0, name="root")
SEARCHED = ("celery", "kombu", "redis")
VARIABLE_RULES = (check.is_read, check.not_redirected, check.names_the_broker, check.not_forced)
BROKER = Endpoint(role="broker", url=Secret("redis://:pw@h:6379/0"), where=Place(path="option --broker-url"))


def variable(name: str, *readers: str, searched: tuple[str, ...] = SEARCHED, agrees: bool | None = None) -> Variable:
    return Variable(name=name, readers=readers, searched=searched, agrees=agrees)


def case(*facts: Fact, unseen: Unseen | None = None) -> Case:
    look = Look(
        probe="variables",
        asked="who reads them",
        evidence=Evidence(tool="os.environ"),
        facts=facts,
        unseen=unseen,
        yields=("Account", "Variable"),
        id="variables",
    )
    return Case(
        manifest=Manifest(endpoints=(BROKER,)),
        snapshot=Snapshot(taken_at=datetime(2026, 11, 22, tzinfo=UTC), host="here", looks=(look,)),
        matrix=None,
        today=date(2026, 11, 22),
    )


def failed(rule: Rule, seen: Case) -> list[str]:
    return [each.subject for each in apply(rule, seen) if each.outcome is Outcome.FAIL]


def told(rule: Rule, seen: Case) -> list[tuple[str, Outcome]]:
    return [(each.subject, each.outcome) for each in apply(rule, seen)]


def test_a_variable_that_nothing_reads_is_told_and_one_that_is_read_passes() -> None:
    seen = case(variable("REDIS_CONNECTION_POOL_MAX_CONNECTIONS"), variable("CELERY_BROKER_URL", "celery"))
    assert told(check.is_read, seen) == [
        ("REDIS_CONNECTION_POOL_MAX_CONNECTIONS", Outcome.FAIL),
        ("CELERY_BROKER_URL", Outcome.PASS),
    ]
    (finding,) = (each for each in apply(check.is_read, seen) if each.outcome is Outcome.FAIL)
    assert finding.message == "it is set, and nothing in celery, kombu, redis reads it: only code of your own could"


def test_with_no_source_to_search_nobody_can_tell_who_reads_it() -> None:
    seen = case(variable("REDIS_URL", searched=()), variable("FFREPORT", "ffmpeg", searched=()))
    assert told(check.is_read, seen) == [("REDIS_URL", Outcome.UNCHECKABLE), ("FFREPORT", Outcome.PASS)]


def test_a_stray_broker_url_is_told() -> None:
    assert failed(check.not_redirected, case(variable("BROKER_URL", "celery"))) == ["BROKER_URL"]
    assert failed(check.not_redirected, case(variable("BROKER_URL", searched=()))) == ["BROKER_URL"]
    assert failed(check.not_redirected, case(variable("BROKER_URL"))) == []
    assert told(check.not_redirected, case()) == [("BROKER_URL", Outcome.PASS)]


def test_other_common_names_are_told_only_where_celery_reads_them() -> None:
    assert failed(check.not_redirected, case(variable("APP", "celery"), variable("LOADER"))) == ["APP"]


def test_a_broker_variable_that_names_another_broker_is_told_without_any_login() -> None:
    seen = case(variable("CELERY_BROKER_URL", "celery", agrees=False), variable("BROKER_URL", "celery", agrees=True))
    assert told(check.names_the_broker, seen) == [
        ("CELERY_BROKER_URL", Outcome.FAIL),
        ("BROKER_URL", Outcome.PASS),
    ]
    (finding,) = (each for each in apply(check.names_the_broker, seen) if each.outcome is Outcome.FAIL)
    assert finding.message == "it names another broker than redis://h:6379/0, which option --broker-url names"


def test_a_worker_that_may_run_as_root_is_told() -> None:
    assert failed(check.not_forced, case(variable("C_FORCE_ROOT", "celery"))) == ["C_FORCE_ROOT"]
    assert told(check.not_forced, case()) == [("C_FORCE_ROOT", Outcome.PASS)]


def test_root_is_told_and_another_account_passes() -> None:
    assert told(check.not_root, case(ROOT)) == [("account root", Outcome.FAIL)]
    assert told(check.not_root, case(ANN)) == [("account ann", Outcome.PASS)]


@pytest.mark.parametrize("rule", VARIABLE_RULES, ids=lambda each: each.code)
def test_nothing_passes_when_the_variables_were_not_seen(rule: Rule) -> None:
    unseen = Unseen(subject="", yields=("Variable",), cause="its source can't be read", remedy="install it")
    assert told(rule, case(unseen=unseen)) == [("", Outcome.UNKNOWN)]


def test_the_summary_claims_nothing_of_variables_that_were_not_seen() -> None:
    unseen = Unseen(subject="", yields=("Variable",), cause="its source can't be read", remedy="install it")
    (judgment,) = decide(judge(case(ANN, unseen=unseen), [check.CHECK]), Policy())
    assert judgment.verdict is Verdict.UNKNOWN
    assert judgment.summary == "who reads this shell's variables could not be seen; run by ann"


def test_facts_about_the_auditors_own_shell_never_fail_the_audit() -> None:
    seen = case(
        ROOT,
        variable("REDIS_URL"),
        variable("BROKER_URL", "celery", agrees=False),
        variable("C_FORCE_ROOT", "celery"),
    )
    (judgment,) = decide(judge(seen, [check.CHECK]), Policy())
    assert judgment.verdict is Verdict.WARN
    assert {each.severity for each in judgment.findings} == {Severity.LOW}
    assert judgment.summary == "3 variables of the stack are set; run by root; 5 findings about this shell"


def test_a_quiet_shell_passes_on_evidence() -> None:
    (judgment,) = decide(judge(case(ANN), [check.CHECK]), Policy())
    assert judgment.verdict is Verdict.PASS
    assert [(each.rule, each.subject) for each in passes(judgment.findings)] == [
        ("EN102", "BROKER_URL"),
        ("EN202", "C_FORCE_ROOT"),
        ("EN301", "account ann"),
    ]
    assert judgment.summary == "no variable of the stack is set; run by ann"


def passes(findings: tuple[Finding, ...]) -> list[Finding]:
    return [each for each in findings if each.outcome is Outcome.PASS]
