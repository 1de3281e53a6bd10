"""Nothing passes by absence: a pass needs a subject that was asked about, seen, and not failed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from stackaudit.audit import apply, gather
from stackaudit.model.audit import Case
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.deployment import Account, Variable
from stackaudit.model.facts.fact import Fact
from stackaudit.model.findings import Finding, Outcome
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Probe, Rule, Visit, rule
from stackaudit.model.snapshot import Evidence, Look, Snapshot, Unseen

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@rule("ZZ101", "No account is root", severity="high", reads=[Account], why="-", fix="-")
def not_root(rule: Rule, case: Case) -> Iterator[Finding]:
    for account in case.facts(Account):
        if account.uid == 0:
            yield rule.fails(account.subject, "it is root")


def look(*facts: Fact, unseen: Unseen | None = None, yields: tuple[str, ...] = ("Account",)) -> Look:
    return Look(probe="p", asked="who", evidence=Evidence(tool="t"), facts=facts, unseen=unseen, yields=yields)


def unseen(subject: str = "", *, knowable: bool = True) -> Unseen:
    return Unseen(subject=subject, yields=("Account",), cause="it was dark", remedy="light", knowable=knowable)


def case_with(*looks: Look) -> Case:
    return Case(
        manifest=Manifest(),
        snapshot=Snapshot(taken_at=NOW, host="", looks=looks),
        matrix=None,
        today=date(2026, 11, 22),
    )


def outcomes(*looks: Look) -> list[tuple[str, str]]:
    return [(finding.outcome.value, finding.subject) for finding in apply(not_root, case_with(*looks))]


ROOT, ANN = Account(uid=0, name="root"), Account(uid=1, name="ann")


def test_what_was_seen_and_did_not_fail_passes() -> None:
    assert outcomes(look(ANN, ROOT)) == [("fail", "account root"), ("pass", "account ann")]


def test_nobody_looked_is_unknown_and_never_a_pass() -> None:
    assert outcomes() == [("unknown", "")]


def test_what_nobody_looked_for_is_told_without_a_word_of_the_code() -> None:
    (told,) = apply(not_root, case_with())
    assert told.message == f'"{not_root.title}" was not asked: nothing looked for that when the stack was observed'
    assert told.fix == "audit the stack itself anew: a record answers only what was asked when it was made"


def test_a_look_that_found_nothing_passes_nothing() -> None:
    assert outcomes(look()) == []


def test_what_blinds_a_whole_look_withholds_every_pass_and_hides_no_failure() -> None:
    assert outcomes(look(ANN, ROOT), look(unseen=unseen())) == [("fail", "account root"), ("unknown", "")]


def test_one_unseen_subject_does_not_take_the_others_passes() -> None:
    assert outcomes(look(ANN), look(unseen=unseen("account bob"))) == [
        ("unknown", "account bob"),
        ("pass", "account ann"),
    ]


def test_what_nobody_could_see_is_uncheckable() -> None:
    assert outcomes(look(unseen=unseen("account bob", knowable=False))) == [(Outcome.UNCHECKABLE.value, "account bob")]


def seeing(_visit: Visit) -> list[Look]:
    return [look(ANN, yields=())]


def crashing(_visit: Visit) -> list[Look]:
    raise RuntimeError("redis://:s3cret@host")


def probe(
    name: str, collect: object, *, reads: tuple[type[Fact], ...] = (), yields: tuple[type[Fact], ...] = (Account,)
) -> Probe:
    assert callable(collect)
    return Probe(name=name, title=name, reads=reads, yields=yields, collect=collect)


def test_a_probe_that_crashes_is_unseen_with_no_word_of_its_exception() -> None:
    snapshot = gather(Manifest(), [probe("a", crashing)], Deadline(5), NOW)
    assert snapshot.looks[0].unseen is not None
    assert "s3cret" not in str(snapshot)


def test_a_probe_whose_facts_are_unseen_inherits_the_cause_and_is_not_run() -> None:
    visited: list[Visit] = []

    def dependent(visit: Visit) -> list[Look]:
        visited.append(visit)
        return []

    probes = [probe("b", dependent, reads=(Account,), yields=(Variable,)), probe("a", crashing)]
    snapshot = gather(Manifest(), probes, Deadline(5), NOW)
    causes = {each.unseen.cause for each in snapshot.looks if each.unseen}
    assert len(snapshot.looks) == 2
    assert len(causes) == 1
    assert visited == []


def test_a_probe_that_sees_a_part_of_what_it_reads_inherits_what_was_not_seen() -> None:
    def partial(_visit: Visit) -> list[Look]:
        return [look(ANN, unseen=unseen(), yields=())]

    def counting(visit: Visit) -> list[Look]:
        return [look(Variable(name=each.name, readers=()), yields=()) for each in visit.facts(Account)]

    probes = [probe("a", partial), probe("b", counting, reads=(Account,), yields=(Variable,))]
    snapshot = gather(Manifest(), probes, Deadline(5), NOW)
    assert snapshot.facts(Variable) == (Variable(name="ann", readers=()),)
    assert [each.unseen.cause for each in snapshot.looks if each.probe == "b" and each.unseen] == ["it was dark"]


def test_a_probe_with_nothing_to_ask_for_want_of_what_it_reads_says_so() -> None:
    def blind(_visit: Visit) -> list[Look]:
        return [look(unseen=unseen("account bob"), yields=())]

    def idle(_visit: Visit) -> list[Look]:
        return []

    probes = [probe("a", blind), probe("b", idle, reads=(Account,), yields=(Variable,))]
    (told,) = [each for each in gather(Manifest(), probes, Deadline(5), NOW).looks if each.probe == "b"]
    assert told.unseen is not None
    assert (told.unseen.subject, told.unseen.cause, told.yields) == ("", "it was dark", ("Variable",))


def test_a_probe_sees_the_facts_that_it_reads_and_no_others() -> None:
    seen: list[tuple[Fact, ...]] = []

    def reader(visit: Visit) -> list[Look]:
        seen.append(visit.facts(Account))
        return []

    def stranger(visit: Visit) -> list[Look]:
        seen.append(visit.facts(Account))
        return []

    gather(
        Manifest(),
        [probe("a", seeing), probe("b", reader, reads=(Account,), yields=(Variable,)), probe("c", stranger, yields=())],
        Deadline(5),
        NOW,
    )
    assert sorted(seen, key=len) == [(), (ANN,)]


def test_looks_come_in_the_order_of_their_probes_names() -> None:
    snapshot = gather(Manifest(), [probe("b", seeing, yields=(Variable,)), probe("a", seeing)], Deadline(5), NOW)
    assert [each.id for each in snapshot.looks] == ["a", "b"]
