"""Each claim of a document is true, false, unknown or not to be checked by what was seen, and never true by default."""

from collections.abc import Sequence
from datetime import date, datetime

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit import sockets
from stackaudit.audit import judge
from stackaudit.checks._document import with_evidence
from stackaudit.checks._document_check import CHECK
from stackaudit.checks._pythons_released import released, released_after
from stackaudit.inputs.documents import claims
from stackaudit.model.audit import Case, Judgment
from stackaudit.model.claims import ClaimKind
from stackaudit.model.facts.advised import Advisory, AdvisoryCopy, Audited
from stackaudit.model.facts.deployment import SourceRead
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.published import History, Published, Upload
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.manifest import Interpreter, Manifest, Requirement
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Look, Snapshot, Unseen
from unit.checks.cases import NOW, TODAY, look, shipped_matrix

HERE = Place(path="test")


def project(name: str, *uploads: str, known: bool = True) -> History:
    """`5.4.0 2024-04-17`, one a release; no day is one that the index does not tell."""
    parts = [each.split() for each in uploads]
    return History(
        name=canonicalize_name(name),
        known=known,
        uploads=tuple(
            Upload(version=each[0], at=datetime.fromisoformat(f"{each[1]}T12:00:00+00:00") if len(each) > 1 else None)
            for each in parts
        ),
    )


def release(pin: str, *requires: str, python: str | None = None, named: Sequence[str] = ()) -> Published:
    name, _, version = pin.partition("==")
    return Published(
        name=canonicalize_name(name),
        version=version,
        requires=requires,
        requires_python=python,
        pythons=tuple(named),
    )


WORLD = (
    project("celery", "5.3.6 2023-11-22", "5.4.0 2024-04-17", "5.5.3 2025-06-01"),
    project("kombu", "5.5.4 2025-06-01", "5.6.1 2025-11-25", "5.6.2 2025-12-29", "5.7.0rc1 2026-01-01"),
)
METADATA = (
    release(
        "celery==5.4.0",
        "kombu<6.0,>=5.3.4",
        "vine==5.1.0",
        "redis<6.0; extra == 'redis'",
        python=">=3.8",
        named=["3.8", "3.11"],
    ),
    release("kombu==5.6.1", "amqp>=5", python=">=3.9"),
)


def judged(text: str, *facts: Fact, unseen: Sequence[Unseen] = ()) -> Judgment:
    """The document's claims held against `facts`; of each kind something was looked for."""
    found = claims(text, "a.md")
    kinds: tuple[type[Fact], ...] = (History, Published, Audited, AdvisoryCopy, SourceRead)
    looks: list[Look] = [
        look(kind.__name__, kind, [each for each in facts if isinstance(each, kind)]) for kind in kinds
    ]
    looks += [
        Look(probe="p", asked="p", evidence=looks[0].evidence, unseen=each, yields=each.yields) for each in unseen
    ]
    manifest = Manifest(
        requirements=tuple(
            Requirement(
                name=canonicalize_name(each.name), specifier=SpecifierSet(), pin=Version(each.version), where=each.where
            )
            for each in found
            if each.kind is ClaimKind.PIN
        ),
        claims=found,
    )
    case = Case(
        manifest=manifest,
        snapshot=Snapshot(taken_at=NOW, host="", looks=tuple(looks)),
        matrix=shipped_matrix(),
        today=TODAY,
    )
    return with_its_evidence(case)


def with_its_evidence(case: Case) -> Judgment:
    (judgment,) = judge(case, (CHECK,))
    findings = with_evidence(judgment.findings, sockets.rules_of(CHECK), case)
    return Judgment(
        check=judgment.check, title="", verdict=judgment.verdict, summary=judgment.summary, findings=findings
    )


def of(judgment: Judgment, rule: str) -> dict[str, Finding]:
    return {each.subject: each for each in judgment.findings if each.rule == rule}


def only(judgment: Judgment, rule: str) -> Finding:
    (finding,) = of(judgment, rule).values()
    return finding


@pytest.mark.parametrize(
    ("day", "outcome"),
    [("2025-11-24", Outcome.FAIL), ("2025-11-25", Outcome.PASS), ("2025-11-26", Outcome.PASS)],
)
def test_a_version_is_impossible_before_the_day_of_its_release_and_possible_from_then_on(
    day: str, outcome: Outcome
) -> None:
    finding = only(judged(f"Date: {day}\n\nkombu==5.6.1\n", *WORLD), "DO101")
    assert finding.outcome is outcome
    assert "2025-11-25" in finding.message
    assert finding.where == Place(path="a.md", line=3)


def test_in_a_document_without_a_date_nobody_can_tell_what_there_was() -> None:
    assert only(judged("kombu==5.6.1\n", *WORLD), "DO101").outcome is Outcome.UNCHECKABLE


def test_an_index_that_tells_no_upload_times_leaves_the_days_open() -> None:
    finding = only(judged("Date: 2025-01-01\n\nkombu==5.6.1\n", project("kombu", "5.6.1")), "DO101")
    assert finding.outcome is Outcome.UNCHECKABLE


@pytest.mark.parametrize(
    ("python", "day", "outcome"),
    [
        ("3.11.14", "2025-06-18", Outcome.FAIL),
        ("3.11.14", "2025-10-09", Outcome.PASS),
        ("3.11.99", "2025-06-18", Outcome.FAIL),
        ("3.11.99", "2026-06-18", Outcome.UNCHECKABLE),
        ("3.99.1", "2025-06-18", Outcome.UNCHECKABLE),
    ],
)
def test_a_python_is_held_against_its_own_day_and_a_later_one_against_the_last_that_is_known(
    python: str, day: str, outcome: Outcome
) -> None:
    text = f"Date: {day}\n\ncelery==5.3.6, Python {python}\n"
    assert of(judged(text, *WORLD), "DO101")[f"Python {python}"].outcome is outcome


def test_the_days_of_pythons_never_go_back() -> None:
    for minor in ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"):
        days = [released(f"{minor}.{patch}") for patch in range(40)]
        known = [each for each in days if each is not None]
        assert known == sorted(known)
        assert days[: len(known)] == known
        assert released_after(f"{minor}.{len(known)}") == (f"{minor}.{len(known) - 1}", known[-1])
    assert released("3.11.14") == date(2025, 10, 9)


@pytest.mark.parametrize(
    ("day", "outcome", "words"),
    [
        ("2025-06-18", Outcome.FAIL, "was not there yet on 2025-06-18"),
        ("2025-12-28", Outcome.PASS, "was the latest from 2025-11-25 until kombu 5.6.2 of 2025-12-29"),
        ("2025-12-29", Outcome.FAIL, "on 2025-12-29 the latest kombu was 5.6.2 of 2025-12-29"),
    ],
)
def test_the_latest_is_judged_on_the_document_s_own_day(day: str, outcome: Outcome, words: str) -> None:
    judgment = judged(f"Date: {day}\n\n## Kombu 5.6.1\n\nThe latest stable version.\n", *WORLD)
    finding = only(judgment, "DO201")
    assert finding.outcome is outcome
    assert words in finding.message
    assert only(judgment, "DO202").outcome is Outcome.FAIL
    assert only(judgment, "DO202").severity is Severity.LOW


def test_the_latest_of_an_old_series_is_true_and_told_to_be_of_an_old_series() -> None:
    judgment = judged("Date: 2025-06-18\n\n## Celery 5.4.0\n\nLatest stable in 5.4.x.\n", *WORLD)
    assert only(judgment, "DO201").outcome is Outcome.PASS
    old = only(judgment, "DO203")
    assert (old.outcome, old.severity) == (Outcome.FAIL, Severity.LOW)
    assert (
        old.message == "on 2025-06-18 the newest celery was 5.5.3 of 2025-06-01, and 5.4.0 is the only release of 5.4"
    )
    assert "1 misleading" in judgment.summary
    assert "false" not in judgment.summary


DARK = Unseen(subject="", yields=("History", "Published"), cause="offline", remedy="ask it")


def test_where_the_index_was_not_seen_the_matrix_tells_what_it_keeps_of_it_with_its_day() -> None:
    text = "Date: 2025-06-18\n\n## Kombu 5.6.1\n\nRequired by Celery 5.4.0. Supports Python 3.8.\n\ncelery==5.4.0\n"
    judgment = judged(text, unseen=[DARK])
    for rule in ("DO301", "DO303"):
        finding = only(judgment, rule)
        assert finding.outcome is Outcome.FAIL
        assert finding.message.endswith("(the index as of 2026-11-22, by the matrix)")
    days = of(judgment, "DO101")
    assert (days["celery 5.4.0"].outcome, days["kombu 5.6.1"].outcome) == (Outcome.PASS, Outcome.FAIL)
    assert "true from then" not in judgment.summary


def test_what_is_in_no_matrix_is_unknown_where_the_index_was_not_seen() -> None:
    judgment = judged("Date: 2025-06-18\n\nSupports Python 3.8.\n\ncelery==5.4.0, kombu==5.99.1\n", unseen=[DARK])
    for rule in ("DO101", "DO102"):
        assert of(judgment, rule)["kombu 5.99.1"].outcome is Outcome.UNKNOWN
    assert only(judgment, "DO303").outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(("version", "outcome"), [("5.6.1", Outcome.FAIL), ("5.7.0", Outcome.UNKNOWN)])
def test_the_list_of_a_matrix_shows_that_something_is_newer_and_never_that_nothing_is(
    version: str, outcome: Outcome
) -> None:
    judgment = judged(f"Date: 2026-11-10\n\n## Kombu {version}\n\nLatest stable.\n", unseen=[DARK])
    for rule in ("DO201", "DO202"):
        assert only(judgment, rule).outcome is outcome


def test_a_matrix_says_nothing_of_a_release_that_the_index_was_seen_not_to_have() -> None:
    judgment = judged(
        "Date: 2026-01-01\n\n## Kombu 5.6.1\n\nSupports Python 3.11.\n", project("kombu", "5.6.2 2025-12-29")
    )
    assert only(judgment, "DO102").outcome is Outcome.FAIL
    assert not of(judgment, "DO303")


def matrix_of(*pythons: str) -> str:
    rows = "".join(f"| {each} | ✅ 5.4.0 |\n" for each in pythons)
    return f"Date: 2025-06-18\n\ncelery==5.4.0\n\n| Python | celery |\n|---|---|\n{rows}"


@pytest.mark.parametrize(
    ("pythons", "outcome", "words"),
    [
        (("3.9", "3.10", "3.11"), Outcome.FAIL, "admit Python 3.12, 3.13 too"),
        (("3.9", "3.10", "3.11", "3.12", "3.13"), Outcome.PASS, "it leaves out none"),
    ],
)
def test_a_table_of_pythons_that_stops_before_the_packages_do_is_misleading(
    pythons: tuple[str, ...], outcome: Outcome, words: str
) -> None:
    finding = only(judged(matrix_of(*pythons), *WORLD, METADATA[0]), "DO308")
    assert (finding.outcome, finding.severity) == (
        outcome,
        Severity.LOW if outcome is Outcome.FAIL else finding.severity,
    )
    assert words in finding.message
    # What was not released on the document's day is not missed.
    assert "3.14" not in finding.message


def test_a_python_that_one_package_refuses_is_not_missed_in_the_table() -> None:
    old = release("celery==5.4.0", python=">=3.8,<3.12")
    assert only(judged(matrix_of("3.9", "3.10", "3.11"), *WORLD, old), "DO308").outcome is Outcome.PASS


def test_what_the_matrix_notes_of_two_packages_makes_it_misleading_to_call_them_compatible() -> None:
    text = "redis==5.0.8\n\n## Celery {0}\n\nWorks seamlessly with Redis 5.0.8.\n"
    finding = only(judged(text.format("5.4.0"), *WORLD, *METADATA), "DO309")
    assert (finding.outcome, finding.severity) == (Outcome.FAIL, Severity.LOW)
    assert "malfunctions after restarts" in finding.message
    assert finding.source == "https://github.com/celery/celery/issues/8030"
    assert not of(judged(text.format("5.5.3"), *WORLD, *METADATA), "DO309")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("`pip check` - Validates no conflicts", "neither extras nor Requires-Python"),
        ("`pip-audit` - Ensures security compliance", "though it skipped packages"),
        ("Health check: `celery -A app.tasks inspect ping`", "as soon as one worker answers"),
        ('```bash\npip list | grep -E "(celery|redis)"\n```', "as soon as one of the names is there"),
        ("```bash\nredis-cli ping\n```", "NOAUTH"),
    ],
)
def test_a_command_that_misses_what_it_is_said_to_check_is_misleading(line: str, words: str) -> None:
    finding = only(judged(f"celery==5.4.0\n\n{line}\n", *WORLD), "DO502")
    assert (finding.outcome, finding.severity) == (Outcome.FAIL, Severity.LOW)
    assert words in finding.message


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Functionality: `python test_thumbnail_generation.py`", "nobody read what it does"),
        ("The `scripts/smoke-test.sh` script incorporates all steps.", "nobody read what it does"),
        ("```bash\ncelery -b redis://localhost inspect ping\n```", "commands are not run"),
    ],
)
def test_any_other_command_is_not_checkable_and_says_why(line: str, words: str) -> None:
    finding = only(judged(f"celery==5.4.0\n\n{line}\n", *WORLD), "DO502")
    assert finding.outcome is Outcome.UNCHECKABLE
    assert words in finding.message


def test_a_version_that_never_was_the_latest_is_told_so() -> None:
    world = (project("kombu", "5.6.2 2025-01-01", "5.6.1 2025-11-25"),)
    finding = only(judged("Date: 2025-12-01\n\n## Kombu 5.6.1\n\nLatest stable.\n", *world), "DO201")
    assert finding.outcome is Outcome.FAIL
    assert "never was the latest" in finding.message


@pytest.mark.parametrize(
    ("name", "outcome", "words"),
    [
        ("Kombu 5.6.1", Outcome.FAIL, "kombu>=5.3.4,<6.0: 5.6.1 is admitted, not required"),
        ("Kombu 6.1.0", Outcome.FAIL, "6.1.0 is not even admitted"),
        ("Vine 5.1.0", Outcome.PASS, "vine==5.1.0: just that version"),
        ("Billiard 4.2.4", Outcome.FAIL, "does not require billiard at all"),
    ],
)
def test_only_a_pin_requires_a_version_and_a_range_admits_it(name: str, outcome: Outcome, words: str) -> None:
    text = f"celery==5.4.0\n\n## {name}\n\nRequired by Celery 5.4.0.\n"
    finding = only(judged(text, *WORLD, *METADATA), "DO301")
    assert finding.outcome is outcome
    assert words in finding.message


def test_what_is_required_behind_an_extra_is_no_dependency_and_bounds_what_goes_together() -> None:
    text = "celery==5.4.0\n\n## Redis {0}\n\nA Celery dependency, compatible with Celery 5.4.\n\nredis=={0}\n"
    for version, outcome in (("5.0.8", Outcome.PASS), ("6.2.0", Outcome.FAIL)):
        seen = (project("redis", f"{version} 2024-01-01"), release(f"redis=={version}"))
        judgment = judged(text.format(version), *WORLD, *METADATA, *seen)
        assert only(judgment, "DO302").outcome is Outcome.FAIL
        assert only(judgment, "DO306").outcome is outcome


@pytest.mark.parametrize(
    ("python", "admitted", "named"),
    [("3.11", Outcome.PASS, Outcome.PASS), ("3.10", Outcome.PASS, Outcome.FAIL), ("3.7", Outcome.FAIL, None)],
)
def test_a_python_is_admitted_by_the_bound_and_named_by_the_classifiers(
    python: str, admitted: Outcome, named: Outcome | None
) -> None:
    judgment = judged(f"## Celery 5.4.0\n\nSupports Python {python}.\n", *WORLD, *METADATA)
    assert only(judgment, "DO303").outcome is admitted
    assert [each.outcome for each in of(judgment, "DO304").values()] == ([] if named is None else [named])


def test_a_claim_about_all_packages_is_false_where_one_refuses_and_unknown_where_one_was_not_seen() -> None:
    text = "celery==5.4.0, kombu==5.6.1\n\n\nSupports Python 3.8 and Python 3.11.\n"
    found = of(judged(text, *WORLD, *METADATA), "DO303")
    assert found["the packages support Python 3.8"].outcome is Outcome.FAIL
    assert found["the packages support Python 3.11"].outcome is Outcome.PASS
    hidden = Unseen(subject="zeta==1.0", yields=("Published",), cause="it was cut off", remedy="try again")
    dark = judged(text.replace("kombu==5.6.1", "zeta==1.0"), *WORLD, METADATA[0], unseen=[hidden])
    blind = of(dark, "DO303")["the packages support Python 3.11"]
    assert (blind.outcome, blind.message, blind.fix) == (Outcome.UNKNOWN, "it was cut off", "try again")


def advised(pin: str, *ids: str) -> Audited:
    name, _, version = pin.partition("==")
    advisories = tuple(
        Advisory(id=each, aliases=(), summary="a hole", fixed_in=(), severity=Severity.CRITICAL) for each in ids
    )
    return Audited(name=canonicalize_name(name), version=version, service="OSV", advisories=advisories)


CLEAN = "These have no known vulnerabilities:\n\n- celery==5.4.0\n- kombu==5.6.1\n"


def test_what_is_called_clean_is_clean_by_the_advisories_or_fails_with_theirs() -> None:
    judgment = judged(CLEAN, *WORLD, advised("celery==5.4.0"), advised("kombu==5.6.1", "PYSEC-1"))
    found = of(judgment, "DO401")
    assert found["celery 5.4.0 has no known vulnerability"].outcome is Outcome.PASS
    for subject in ("kombu 5.6.1 has no known vulnerability", "no package has a known vulnerability"):
        assert found[subject].outcome is Outcome.FAIL
        assert found[subject].severity is Severity.CRITICAL
        assert "PYSEC-1" in found[subject].message


def test_what_was_not_audited_is_not_clean() -> None:
    found = of(judged(CLEAN, *WORLD, advised("celery==5.4.0")), "DO401")
    assert found["kombu 5.6.1 has no known vulnerability"].outcome is Outcome.UNKNOWN
    assert found["no package has a known vulnerability"].outcome is Outcome.UNKNOWN
    assert found["celery 5.4.0 has no known vulnerability"].outcome is Outcome.PASS


@pytest.mark.parametrize(("as_of", "outcome"), [("2024-10-10", Outcome.UNKNOWN), ("2026-11-21", Outcome.PASS)])
def test_a_copy_of_advisories_that_is_too_old_can_t_call_anything_clean(as_of: str, outcome: Outcome) -> None:
    copy = AdvisoryCopy(name="local copy", as_of=as_of, sha256="0")
    found = of(judged(CLEAN, *WORLD, advised("celery==5.4.0"), advised("kombu==5.6.1"), copy), "DO401")
    assert {each.outcome for each in found.values()} == {outcome}


def test_a_package_that_the_index_does_not_know_is_not_clean_by_the_advisories_silence() -> None:
    found = of(
        judged(CLEAN, WORLD[0], project("kombu", known=False), advised("celery==5.4.0"), advised("kombu==5.6.1")),
        "DO401",
    )
    assert found["kombu 5.6.1 has no known vulnerability"].outcome is Outcome.UNCHECKABLE


def test_a_clean_list_of_the_whole_leaves_out_nothing_that_is_pulled_in() -> None:
    text = CLEAN.replace("These", "All of the stack")
    finding = only(judged(text, *WORLD, *METADATA), "DO402")
    assert finding.outcome is Outcome.FAIL
    assert finding.message == "it leaves out 2 that its own packages pull in: amqp (of kombu), vine (of celery)"
    whole = text + "- vine==5.1.0\n- amqp==5.3.1\n"
    more = (project("vine", "5.1.0"), project("amqp", "5.3.1"), release("vine==5.1.0"), release("amqp==5.3.1"))
    assert only(judged(whole, *WORLD, *METADATA, *more), "DO402").outcome is Outcome.PASS


def test_praise_of_security_fails_only_against_the_document_s_own_count() -> None:
    text = "celery==5.4.0\n\n{} vulnerabilities are open.\n\nAll is hardened.\n"
    assert only(judged(text.format(3), *WORLD), "DO403").outcome is Outcome.FAIL
    assert only(judged(text.format("Zero"), *WORLD), "DO403").outcome is Outcome.UNCHECKABLE


def test_a_variable_is_read_by_something_or_by_nothing_and_a_foreign_one_is_left_open() -> None:
    text = "celery==5.4.0\n\n```bash\nCELERY_A=1\nCELERY_B=1\nDJANGO_C=1\n```\n"
    seen = SourceRead(
        searched=("celery",), asked=("CELERY_A", "CELERY_B"), readers=(("CELERY_A", "celery: celery/app.py"),)
    )
    found = of(judged(text, *WORLD, seen), "DO501")
    assert {subject: each.outcome for subject, each in found.items()} == {
        "CELERY_A": Outcome.PASS,
        "CELERY_B": Outcome.FAIL,
        "DJANGO_C": Outcome.UNCHECKABLE,
    }


def test_what_is_called_asynchronous_has_coroutines() -> None:
    text = "celery==5.4.0\n\n## Celery 5.4.0\n\nNative async support.\n"
    for count, outcome in ((0, Outcome.FAIL), (3, Outcome.PASS)):
        seen = SourceRead(searched=("celery",), coroutines=(("celery", count),))
        assert only(judged(text, *WORLD, seen), "DO503").outcome is outcome


def test_a_document_is_of_no_day_to_come() -> None:
    assert only(judged("Date: 2099-01-01\n\ncelery==5.4.0\n", *WORLD), "DO103").outcome is Outcome.FAIL


def test_a_release_date_is_the_release_s_own_but_for_the_time_zone() -> None:
    table = "| Package | Version | Released |\n|---|---|---|\n| celery | 5.4.0 | {} |\n"
    for day, outcome in (("2024-04-17", Outcome.PASS), ("2024-04-18", Outcome.PASS), ("2024-04-19", Outcome.FAIL)):
        assert only(judged(table.format(day), *WORLD), "DO104").outcome is outcome


def test_with_an_environment_what_the_document_names_must_be_installed_at_that_version() -> None:
    found = claims("celery==5.4.0\nkombu==5.6.1\nvine==5.1.0\n", "a.md")
    installed = [
        Distribution(name=canonicalize_name(name), version=version)
        for name, version in (("celery", "5.4.0"), ("kombu", "5.5.4"))
    ]
    looks = (look("packages", Distribution, installed), look("history", History, WORLD))
    manifest = Manifest(claims=found, interpreter=Interpreter(path="python", where=HERE))
    case = Case(manifest=manifest, snapshot=Snapshot(taken_at=NOW, host="", looks=looks), matrix=None, today=TODAY)
    outcomes = {subject: each.outcome for subject, each in of(with_its_evidence(case), "DO307").items()}
    assert outcomes == {"celery 5.4.0": Outcome.PASS, "kombu 5.6.1": Outcome.FAIL, "vine 5.1.0": Outcome.FAIL}


def test_what_a_document_says_that_a_file_declares_need_not_be_installed() -> None:
    table = "| Question | Answer |\n|---|---|\n| Declared | celery==5.4.0 at requirements.txt:1 |\n| Installed | kombu==5.6.1 |\n"
    manifest = Manifest(claims=claims(table, "a.md"), interpreter=Interpreter(path="python", where=HERE))
    looks = (look("packages", Distribution), look("history", History, WORLD))
    case = Case(manifest=manifest, snapshot=Snapshot(taken_at=NOW, host="", looks=looks), matrix=None, today=TODAY)
    assert set(of(with_its_evidence(case), "DO307")) == {"kombu 5.6.1"}


def test_of_many_lines_the_first_are_told_and_the_record_has_all() -> None:
    text = "\n\n".join(["celery==5.4.0", *(f"We run thing 1.2.{number} there." for number in range(20))])
    (told,) = [each for each in judged(text).findings if each.rule == "DO602"]
    assert told.message == (
        "20 lines with a version held nothing that is understood here: 3, 5, 7, 9, 11 and 15 more; the record lists all (--format json)"
    )
    (unread,) = [each for each in claims(text, "a.md") if each.kind is ClaimKind.UNREAD]
    assert unread.about == ",".join(str(number) for number in range(3, 42, 2))
    (few,) = [each for each in judged("celery==5.4.0\n\nWe run thing 1.2.3 there.").findings if each.rule == "DO602"]
    assert few.message == "1 line with a version held nothing that is understood here: 3"


def test_nothing_passes_where_nobody_looked() -> None:
    found = claims("Date: 2025-06-18\n\ncelery==5.4.0 is the latest stable. Supports Python 3.11.\n", "a.md")
    manifest = Manifest(claims=found)
    case = Case(manifest=manifest, snapshot=Snapshot(taken_at=NOW, host="", looks=()), matrix=None, today=TODAY)
    passed = {each.rule for each in with_its_evidence(case).findings if each.outcome is Outcome.PASS}
    assert passed == {"DO103"}


def test_the_window_is_told_from_the_last_release_that_is_named_to_the_first_that_ends_a_claim() -> None:
    text = "Date: 2025-06-18\n\ncelery==5.4.0\n\n## Kombu 5.6.1\n\nThe latest stable version.\n"
    assert judged(text, *WORLD).summary.endswith(
        "it can't be older than 2025-11-25 (kombu 5.6.1); what it says of releases was all true from then to 2025-12-28, "
        "the day before kombu 5.6.2"
    )


def test_a_document_of_a_thousand_packages_is_judged_whole() -> None:
    names = [f"package-{number}" for number in range(1000)]
    rows = "".join(f"| {name} | 1.9 | ✅ |\n" for name in names)
    text = f"Date: 2025-06-18\n\nA solid base, no known vulnerabilities.\n\n| Package | Version | 3.11 |\n|---|---|---|\n{rows}"
    days = [f"1.{number} 2024-01-{number + 1:02}" for number in range(20)]
    facts = [fact for name in names for fact in (project(name, *days), release(f"{name}==1.9", named=["3.11"]))]
    judgment = judged(text, *facts, *(advised(f"{name}==1.9") for name in names))
    assert sum(each.outcome is Outcome.PASS for each in judgment.findings) > 4000
