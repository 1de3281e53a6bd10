"""A person is told each cause once, worst first, with place and source line, and nothing from the world steers the terminal."""

from dataclasses import replace

from stackaudit import sockets
from stackaudit.cli.text import Telling, render
from stackaudit.model.audit import Audit, Gate, Judgment, Policy
from stackaudit.model.findings import Finding, Lane, Outcome, Severity, Verdict, Waived
from stackaudit.model.places import Place
from stories import an_audit

WHERE = Place(path="requirements.txt", line=3)


def finding(rule: str = "MX101", **words: object) -> Finding:
    base = Finding(
        rule=rule,
        outcome=Outcome.FAIL,
        severity=Severity.HIGH,
        subject="redis==4.5.3",
        message="it is broken",
        where=WHERE,
    )
    return replace(base, **words)  # type: ignore[arg-type]  # the tests name its fields


def told(*findings: Finding, telling: Telling | None = None) -> str:
    judgment = Judgment(
        check="matrix", title="Matrix", verdict=Verdict.FAIL, summary="one is broken", findings=findings
    )
    audit: Audit = replace(an_audit(), judgments=(judgment,), verdict=Verdict.FAIL)
    return render(audit, sockets.rules(), Policy(), telling or Telling())


def test_a_finding_is_told_with_code_place_source_line_and_what_to_do() -> None:
    text = told(finding(fix="redis==8.1.0"), telling=Telling(line=lambda place: f"redis==4.5.3  # line {place.line}"))
    assert (
        "error[MX101]: redis==4.5.3: it is broken\n --> requirements.txt:3\n  |\n3 | redis==4.5.3  # line 3\n" in text
    )
    assert "  = fix:  redis==8.1.0\n" in text
    assert "stackaudit explain MX101" in text


def test_what_one_cause_made_is_told_once() -> None:
    dark = {"outcome": Outcome.UNKNOWN, "cause": "it was dark", "message": "it was dark", "subject": ""}
    text = told(finding(**dark), finding("RD101", **dark), finding("CE101", **dark))
    assert text.count("it was dark") == 1
    assert "also: RD101, CE101" in text


def test_what_was_not_asked_for_a_failure_of_its_own_check_is_told_with_that() -> None:
    dead = finding("FF101", cause="ffmpeg is dead", message="it is dead")
    blind = finding(
        "FF104", outcome=Outcome.UNKNOWN, cause="ffmpeg is dead", message="not asked: it is dead", subject=""
    )
    text = told(dead, blind)
    assert "unknown[" not in text
    assert "  = also: FF104 not asked (the same cause)\n" in text
    elsewhere = told(dead, replace(blind, rule="CE101"))
    assert "unknown[CE101]: not asked: it is dead" in elsewhere
    # Where the failure is let through the unknown is what gates.
    assert "unknown[FF104]" in told(replace(dead, severity=Severity.LOW), blind)


def test_a_subject_that_is_a_part_of_a_word_of_the_message_is_named_all_the_same() -> None:
    open_ = {"outcome": Outcome.UNCHECKABLE, "cause": "x", "message": "which version is not known"}
    text = told(finding(**open_, subject="own"), finding(**open_, subject="redis"))
    assert "note[MX101]: own, redis: which version is not known" in text


def test_the_worst_comes_first() -> None:
    text = told(finding("RE103", severity=Severity.LOW), finding("MX201", outcome=Outcome.UNKNOWN), finding("VU101"))
    assert text.index("error[VU101]") < text.index("unknown[MX201]") < text.index("note[RE103]")


def test_control_characters_from_the_world_never_reach_the_terminal() -> None:
    assert "\x1b" not in told(finding(message="\x1b[31mred\x07"))


def test_a_waived_finding_is_told_with_its_reason() -> None:
    text = render(an_audit(Policy(ignore=frozenset({"VU101"}))), sockets.rules(), Policy(), Telling())
    assert "ignored for this run: --ignore VU101" in text


def test_quiet_leaves_the_passes_out_and_twice_quiet_everything() -> None:
    assert "Auditing" not in told(finding(), telling=Telling(quiet=1))
    assert "error[MX101]" in told(finding(), telling=Telling(quiet=1))
    assert told(finding(), telling=Telling(quiet=2)) == ""


def test_colour_is_only_there_when_it_is_wanted() -> None:
    assert "\x1b[" in told(finding(), telling=Telling(color=True))
    assert "\x1b[" not in told(finding())


def test_of_many_rules_with_one_cause_the_first_are_named_and_the_rest_counted() -> None:
    dark = {"outcome": Outcome.UNKNOWN, "cause": "it was dark", "message": "it was dark", "subject": ""}
    text = told(*(finding(f"MX{100 + number}", **dark) for number in range(20)))
    assert "also: MX101, MX102, MX103, MX104, MX105, MX106, MX107, MX108 and 11 more rules (the same cause)" in text


def test_what_is_accepted_is_told_apart_from_what_counts_though_the_cause_is_one() -> None:
    waiver = Waived(reason="it is mended in spring", owner="ann", until="2027-03-01")
    text = told(finding(cause="c", waiver=waiver), finding("MX206", cause="c"))
    assert "error[MX206]" in text
    assert (
        "note[MX101]: redis==4.5.3: it is broken\n  = accepted: it is mended in spring, by ann, until 2027-03-01\n"
        in text
    )
    assert "also:" not in text


def test_the_lane_of_a_finding_stands_beside_its_rule() -> None:
    assert "error[MX101] (your change): " in told(finding(lane=Lane.CHANGE))
    assert "error[MX101] (the world): " in told(finding(lane=Lane.WORLD))
    assert "error[MX101] (known): " in told(finding(lane=Lane.KNOWN))


def test_what_the_gate_lets_through_is_a_warning_and_is_counted() -> None:
    judgment = Judgment(
        check="matrix", title="Matrix", verdict=Verdict.WARN, summary="", findings=(finding(lane=Lane.WORLD),)
    )
    audit = replace(an_audit(), judgments=(judgment,), verdict=Verdict.WARN)
    text = render(audit, sockets.rules(), Policy(gate=Gate.CHANGE), Telling())
    assert "warning[MX101] (the world): " in text
    assert text.splitlines()[-1].endswith("; 1 let through, not of this change")
