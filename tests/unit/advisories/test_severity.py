"""How bad an advisory is comes from its vectors, else from its database's word, and from nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from stackaudit.advisories.records import Record, parse_record
from stackaudit.advisories.severity import Rating, base_score, rate, severity_of
from stackaudit.model.findings import Severity

OAK = canonicalize_name("oak")
WORST = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
MILD = "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"
NEWER = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"


def record(*vectors: str, word: str | None = None, own: tuple[str, ...] = ()) -> Record:
    affected = {"package": {"ecosystem": "PyPI", "name": "oak"}, "severity": scores(own)}
    value: dict[str, Any] = {"id": "A-1", "affected": [affected], "severity": scores(vectors)}
    return parse_record(json.dumps({**value, "database_specific": {"severity": word}}).encode())


def scores(vectors: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"type": f"CVSS_V{each[5:6]}", "score": each} for each in vectors]


@pytest.mark.parametrize(
    ("vector", "score", "severity"),
    [
        # The examples of FIRST's own documents: CVE-2021-44228's, CVE-2013-1937's, and version 4.0's.
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0, Severity.CRITICAL),
        ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1, Severity.MEDIUM),
        (NEWER, 9.3, Severity.CRITICAL),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 7.5, Severity.HIGH),
        (MILD, 1.8, Severity.LOW),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0, Severity.LOW),
    ],
)
def test_a_vector_gives_a_score_and_the_score_a_severity(vector: str, score: float, severity: Severity) -> None:
    assert rate([record(vector)], OAK) == Rating(severity=severity, score=score, vector=vector)


@pytest.mark.parametrize(
    ("score", "severity"),
    [
        (3.9, Severity.LOW),
        (4.0, Severity.MEDIUM),
        (6.9, Severity.MEDIUM),
        (7.0, Severity.HIGH),
        (9.0, Severity.CRITICAL),
    ],
)
def test_the_bounds_of_the_severities_are_those_of_the_standard(score: float, severity: Severity) -> None:
    assert severity_of(score) is severity


def test_a_vector_counts_before_the_word() -> None:
    assert rate([record(MILD, word="CRITICAL")], OAK).severity is Severity.LOW


def test_without_a_vector_the_word_counts_and_there_is_no_score() -> None:
    assert rate([record(word="MODERATE")], OAK) == Rating(severity=Severity.MEDIUM)
    assert rate([record(word="LOW"), record(word="HIGH")], OAK).severity is Severity.HIGH


def test_with_neither_there_is_no_severity() -> None:
    assert rate([record()], OAK) == rate([], OAK) == Rating()


def test_of_several_vectors_the_worst_counts() -> None:
    assert rate([record(MILD, NEWER)], OAK).vector == NEWER
    assert rate([record(MILD), record(WORST)], OAK).score == 9.8


def test_what_a_record_says_of_the_one_package_counts_before_what_it_says_of_all() -> None:
    assert rate([record(WORST, own=(MILD,))], OAK).vector == MILD
    assert rate([record(WORST, own=(MILD,))], canonicalize_name("elm")).vector == WORST


@pytest.mark.parametrize(
    "vector", ["CVSS:3.1/AV:N", "CVSS:3.1/" + "A" * 5000, "CVSS:9.0/AV:N", "7.5", "", "CVSS:4.0/AV:X"]
)
def test_a_vector_that_cannot_be_read_counts_for_nothing(vector: str) -> None:
    assert rate([record(vector, word="HIGH")], OAK) == Rating(severity=Severity.HIGH)


def test_a_severity_that_is_no_list_spoils_the_record() -> None:
    with pytest.raises(ValueError, match="severity"):
        parse_record(b'{"id": "A-1", "severity": "high"}')


@settings(max_examples=100)
@given(st.text(alphabet="ACVSNLHPRUI:/.34 x", max_size=60).map("CVSS:3.1/{}".format) | st.text(max_size=60))
def test_no_text_breaks_the_scoring(text: str) -> None:
    score = base_score(text)
    assert score is None or 0.0 <= score <= 10.0
