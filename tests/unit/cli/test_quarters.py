"""A quarter's document has one name, and finds the last one before it."""

from datetime import date
from pathlib import Path

import pytest

from stackaudit.cli.quarters import quarter_in
from stackaudit.reports._upkeep import next_quarter


@pytest.mark.parametrize(
    ("day", "label", "following"),
    [
        (date(2026, 1, 1), "2026-Q1", date(2026, 4, 1)),
        (date(2026, 6, 30), "2026-Q2", date(2026, 7, 1)),
        (date(2026, 7, 1), "2026-Q3", date(2026, 10, 1)),
        (date(2026, 12, 31), "2026-Q4", date(2027, 1, 1)),
    ],
)
def test_the_name_and_the_next_date_follow_from_the_day(tmp_path: Path, day: date, label: str, following: date) -> None:
    found = quarter_in(tmp_path, day)
    assert found.label == label
    assert [each.name for each in found.files] == [f"AUDIT-{label}.md", f"AUDIT-{label}.json"]
    assert next_quarter(day) == following


def test_the_last_record_is_the_newest_of_an_earlier_quarter(tmp_path: Path) -> None:
    names = (
        "AUDIT-2025-Q4.json",
        "AUDIT-2026-Q2.json",
        "AUDIT-2026-Q4.json",
        "AUDIT-2027-Q1.json",
        "AUDIT-2026-Q3x.json",
    )
    for name in names:
        (tmp_path / name).touch()
    last = quarter_in(tmp_path, date(2026, 11, 22)).last
    assert last is not None
    assert last.name == "AUDIT-2026-Q2.json"
    assert quarter_in(tmp_path, date(2025, 11, 22)).last is None
