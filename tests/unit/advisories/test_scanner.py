"""pip-audit refuses a package in two versions: they are asked about one after the other."""

from packaging.utils import canonicalize_name

from stackaudit.advisories.records import Pin
from stackaudit.advisories.scanner import rounds

A1, A2, B1 = (
    Pin(name=canonicalize_name(name), version=version) for name, version in (("a", "1"), ("a", "2"), ("b", "1"))
)


def test_each_package_is_in_a_round_once_and_nothing_is_lost() -> None:
    assert rounds([B1, A2, A1]) == [[A1, B1], [A2]]


def test_nothing_to_audit_needs_no_round() -> None:
    assert rounds([]) == []
