"""The cells of a matrix are its newest rows, by Python and series."""

from datetime import date

import pytest

from stackaudit.lab.cells import cells, named_cells
from stackaudit.model.errors import UsageError
from unit.checks.cases import shipped_matrix

TODAY = date(2026, 11, 22)


def test_the_cells_are_the_rows_of_each_series_on_each_python_that_has_not_ended_long_ago() -> None:
    found = cells(shipped_matrix(), TODAY)
    assert {each.python for each in found} == {"3.9", "3.10", "3.11", "3.12", "3.13", "3.14"}
    assert {each.series for each in found} == {"5.2", "5.3", "5.4", "5.5", "5.6", "5.7"}
    assert not [each for each in found if each.id == "3.9:5.7"]
    for each in found:
        assert each.row[0].startswith(f"celery[redis]=={each.series}.")
    assert "3.8" in {each.python for each in cells(shipped_matrix(), TODAY, every=True)}


def test_cells_are_named_by_python_or_by_python_and_series() -> None:
    named = named_cells(shipped_matrix(), ["3.11:5.4", "3.8", "3.8:5.5"], TODAY)
    assert [each.id for each in named if each.python == "3.11"] == ["3.11:5.4"]
    assert len([each for each in named if each.python == "3.8"]) > 1
    assert len(named) == len({each.id for each in named})


@pytest.mark.parametrize("name", ["3.9:5.7", "2.7", "", "3.11:", "celery"])
def test_a_cell_that_there_is_not_is_refused_with_those_that_there_are(name: str) -> None:
    with pytest.raises(UsageError, match="has no row for") as told:
        named_cells(shipped_matrix(), [name], TODAY)
    assert "3.11:5.4" in str(told.value.hint)


def test_a_cell_says_the_packages_of_its_row_without_their_extras() -> None:
    (cell,) = named_cells(shipped_matrix(), ["3.11:5.4"], TODAY)
    assert cell.names[:2] == ("celery", "kombu")
    assert ("celery", "5.4.0") in {(name, str(version)) for name, version in cell.pins}
    assert len(cell.pins) == len(cell.row)
