"""The packages of a case are those of its pins, each with its own version."""

from unit.checks.cases import case


def test_versions_that_are_equal_keep_the_text_of_their_own_lines() -> None:
    pins = ["elm==9", "oak==9.0", "maple==9.0.0"]
    assert {each.subject for each in case(declared=pins).packages()} == set(pins)
