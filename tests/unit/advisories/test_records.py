"""A record is read as far as it is needed, and what would make pip-audit stumble is known beforehand."""

import json
from typing import Any

import pytest

from stackaudit.advisories.records import RecordError, parse_record
from stackaudit.model.findings import Severity


def record(**fields: Any) -> bytes:
    return json.dumps({"id": "PYSEC-2099-9", "modified": "2099-01-01T00:00:00Z", **fields}).encode()


def affected(**fields: Any) -> list[dict[str, Any]]:
    return [{"package": {"ecosystem": "PyPI", "name": "Oak_Press"}, **fields}]


def test_the_text_is_kept_as_it_came() -> None:
    body = b'{ "id":"PYSEC-2099-9",  "unknown": [1.0] }'
    assert parse_record(body).text.encode() == body


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-11-20T10:00:00Z", "2026-11-20"),
        ("2026-99-99T10:00:00Z", ""),
        ("2026-02-30", ""),
        ("0000-01-01", ""),
        ("soon", ""),
        (7, ""),
    ],
)
def test_a_day_that_there_is_not_is_no_day(written: object, day: str) -> None:
    assert parse_record(record(modified=written)).modified == day


def test_package_names_are_normalized_and_other_ecosystems_left_out() -> None:
    both = [*affected(versions=["1.0"]), {"package": {"ecosystem": "npm", "name": "oak"}}]
    assert [(each.name, each.versions) for each in parse_record(record(affected=both)).affected] == [
        ("oak-press", frozenset({"1.0"}))
    ]


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("LOW", Severity.LOW),
        ("MODERATE", Severity.MEDIUM),
        ("High", Severity.HIGH),
        ("CRITICAL", Severity.CRITICAL),
        ("UNKNOWN", None),
        (7, None),
    ],
)
def test_the_word_of_the_database_is_the_severity(word: object, severity: Severity | None) -> None:
    assert parse_record(record(database_specific={"severity": word})).word is severity


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'"text"',
        b"{}",
        b'{"id": 7}',
        b'{"id": "../../etc"}',
        b"[" * 100_000,
        record(affected=7),
        record(affected=[7]),
        record(affected=[{"package": {"ecosystem": "PyPI"}}]),
        record(affected=affected(ranges=[[]])),
        record(affected=affected(versions="1.0")),
        record(affected=affected(versions=["0.9", 1.0])),
        record(affected=affected(ranges=[{"type": "ECOSYSTEM", "events": [{"introduced": 0}]}])),
        record(aliases="CVE-1"),
        b'{"id": "A", "details": "\xff"}',
    ],
)
def test_what_is_no_record_is_refused_and_never_empty(body: bytes) -> None:
    with pytest.raises(RecordError):
        parse_record(body)


@pytest.mark.parametrize(
    "fields",
    [
        {"schema_version": "one"},
        {"published": "yesterday"},
        {"affected": [{"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}]},
        {"affected": affected(ranges=[{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "next"}]}])},
    ],
)
def test_what_pip_audit_would_stumble_over_is_odd(fields: dict[str, Any]) -> None:
    assert parse_record(record(**fields)).odd


def test_a_plain_record_is_not_odd() -> None:
    spans = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.0"}]}]
    assert parse_record(record(published="2099-01-01T00:00:00.5Z", affected=affected(ranges=spans))).odd is None
