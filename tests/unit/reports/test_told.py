"""Nothing that was not checked is missing from what is told, and findings are known again."""

from dataclasses import replace

from hypothesis import given, settings

from stackaudit.model.audit import Policy
from stackaudit.model.findings import Outcome, Severity, Verdict, Waived
from stackaudit.model.manifest import Manifest
from stackaudit.model.places import Place
from stackaudit.reports._identity import fingerprints
from stackaudit.reports._told import file_of, home_of, line, told
from tellings import Parts, a_finding, judged, parts, texts

UNKNOWN = a_finding(Outcome.UNKNOWN, advisory=None)
PASS = a_finding(Outcome.PASS, advisory=None)


@given(parts)
@settings(max_examples=200)
def test_nothing_is_told_only_where_all_that_ran_passed_and_something_ran(parts: Parts) -> None:
    audit = parts.audit()
    assert bool(told(audit)) == (audit.verdict is not Verdict.PASS)
    if audit.verdict is Verdict.UNKNOWN:
        assert any(each.finding.outcome is Outcome.UNKNOWN and not each.passes for each in told(audit))
    if audit.verdict is Verdict.FAIL:
        assert any(each.finding.outcome is Outcome.FAIL and not each.passes for each in told(audit))
    if audit.verdict is Verdict.WARN:
        assert all(each.passes for each in told(audit))


def test_a_check_that_was_required_and_did_not_run_is_told() -> None:
    audit = judged([PASS], skipped="no broker URL", policy=Policy(require=frozenset({"skipped"})))
    assert [(each.finding.rule, each.sentence) for each in told(audit)] == [("skipped", "unknown: no broker URL")]


def test_an_audit_in_which_nothing_ran_is_told() -> None:
    assert [each.sentence for each in told(judged(skipped="offline"))] == ["unknown: nothing was checked: offline"]


def test_what_the_gate_lets_pass_is_known_by_its_checks_verdict() -> None:
    low = a_finding(severity=Severity.LOW)
    waived = replace(a_finding(), waiver=Waived(reason="not reachable"))
    assert [each.passes for each in told(judged([low, waived]))] == [True, True]
    assert [each.passes for each in told(judged([UNKNOWN], policy=Policy(allow_unknown=frozenset({"a"}))))] == [True]
    assert [each.passes for each in told(judged([a_finding(), UNKNOWN]))] == [False, False]


def test_a_sentence_names_its_subject_and_says_what_it_is_if_no_failure() -> None:
    foreign = replace(a_finding(), subject="vine==5.1.0", outcome=Outcome.UNCHECKABLE)
    assert [each.sentence for each in told(judged([a_finding(), foreign]))] == [
        "celery 5.4.0 has it",
        "uncheckable: vine==5.1.0: celery 5.4.0 has it",
    ]


def test_a_subject_that_is_a_part_of_a_word_of_the_message_is_named_all_the_same() -> None:
    (said,) = told(judged([replace(a_finding(), subject="own", message="which version is not known")]))
    assert said.sentence == "own: which version is not known"


def test_of_a_sandbox_each_sentence_says_so() -> None:
    audit = judged([a_finding(), UNKNOWN])
    case = replace(audit.case, manifest=replace(audit.case.manifest, sandbox=True))
    assert all(each.sentence.startswith("sandbox: ") for each in told(replace(audit, case=case)))


def test_a_place_is_a_file_where_it_has_a_line_or_was_read_as_one() -> None:
    audit = judged([a_finding()])
    assert file_of(audit, Place(path="requirements.txt")) == "services/api/requirements.txt"
    assert file_of(audit, Place(path="../../uv.lock", line=3)) == "uv.lock"
    assert file_of(audit, Place(path="environment CELERY_BROKER_URL")) is None
    assert home_of(audit) == "services/api/requirements.txt"
    assert home_of(replace(audit, case=replace(audit.case, manifest=Manifest()))) == "services/api"


def test_a_matrix_that_a_sandbox_was_built_from_is_no_file() -> None:
    audit = judged([a_finding()])
    where = Place(path="matrix celery-redis-ffmpeg")
    requirements = tuple(replace(each, where=where) for each in audit.case.manifest.requirements)
    manifest = replace(audit.case.manifest, sandbox=True, sources=(where.path,), requirements=requirements)
    sandbox = replace(audit, case=replace(audit.case, manifest=manifest))
    assert file_of(sandbox, where) is None
    assert home_of(sandbox) == "services/api"


def test_a_finding_is_the_same_when_its_line_its_version_or_its_words_change() -> None:
    before = a_finding()
    after = replace(before, subject="celery==5.4.2", message="new words", where=Place(path="requirements.txt", line=9))
    renamed = replace(before, aliases=("GHSA-x", "CVE-2099-1")), replace(before, aliases=("CVE-2099-1", "PYSEC-2099-1"))
    audit = judged([before])
    assert fingerprints(audit, told(judged([before]))) == fingerprints(audit, told(judged([after])))
    assert len({fingerprints(audit, told(judged([each]))) for each in renamed}) == 1


def test_findings_of_two_advisories_or_files_or_rules_are_two() -> None:
    other = Place(path="other.txt", line=2)
    alike = [
        a_finding(),
        a_finding(advisory="PYSEC-2099-2"),
        replace(a_finding(), where=other),
        replace(a_finding(), rule="VU102"),
    ]
    audit = judged([*alike, *alike])
    assert len(set(fingerprints(audit, told(audit)))) == 2 * len(alike)


@given(texts)
def test_a_line_is_one_line_that_prints(text: str) -> None:
    assert len(line(text)) == len(text)
    assert all(each.isprintable() for each in line(text))
    assert line(line(text)) == line(text)


def test_what_a_failure_kept_from_being_asked_is_told_with_it_and_not_as_a_second_fault() -> None:
    dead = replace(a_finding(), rule="FF101", cause="ffmpeg does not work")
    blind = replace(UNKNOWN, rule="FF104", cause="ffmpeg does not work")
    other = replace(UNKNOWN, rule="FF108", cause="no answer in time")
    first, second = told(judged([dead, blind, other]))
    assert (first.finding, second.finding) == (dead, other)
    assert "not asked, by the same cause: FF104" in first.details
    assert second.details == told(judged([other]))[0].details


def test_what_was_not_asked_is_told_by_itself_where_the_failure_does_not_count() -> None:
    dead = replace(a_finding(), rule="FF101", cause="ffmpeg does not work")
    blind = replace(UNKNOWN, rule="FF104", cause="ffmpeg does not work")
    accepted = replace(dead, waiver=Waived(reason="no media here"))
    high = Policy(fail_on=Severity.CRITICAL)
    assert [each.finding.rule for each in told(judged([accepted, blind]))] == ["FF101", "FF104"]
    assert [each.finding.rule for each in told(judged([replace(dead, severity=Severity.LOW), blind], policy=high))] == [
        "FF101",
        "FF104",
    ]
