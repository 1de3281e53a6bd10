"""What changed between two published layers, in lines for readers."""

from datetime import date

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.authoring.differences import differences
from stackaudit.model.matrix import PackageRange

KOMBU, VINE = canonicalize_name("kombu"), canonicalize_name("vine")
DAY = date(2026, 11, 3)


def span(versions: str, *releases: str, requires: tuple[str, ...] = (), yanked: tuple[str, ...] = ()) -> PackageRange:
    return PackageRange(
        versions=SpecifierSet(versions),
        releases=tuple((Version(each), DAY) for each in releases),
        requires_python=SpecifierSet(">=3.10"),
        pythons=("3.10",),
        requires=requires,
        yanked=tuple(Version(each) for each in yanked),
    )


def test_releases_that_are_new_gone_or_yanked_are_told() -> None:
    old = {KOMBU: (span(">=5.6.0,<5.7", "5.6.0", "5.6.1", "5.6.2", "5.6.3"),)}
    new = {KOMBU: (span(">=5.6.0,<5.8", "5.6.0", "5.7.0", yanked=("5.6.1",)),)}
    assert differences(old, new, {KOMBU: [Version("5.6.3")]}) == (
        "kombu",
        "  + 5.7.0, 2026-11-03",
        "  - 5.6.2: the index no longer has it; list it as `withdrawn`",
        "  - 5.6.3",
        "  5.6.1: yanked, before released 2026-11-03",
    )


def test_bounds_that_changed_are_told_once_for_neighbours() -> None:
    old = {KOMBU: (span(">=5.6.0,<5.7", "5.6.0", "5.6.1", "5.6.2", requires=("vine",)),)}
    new = {
        KOMBU: (
            span(">=5.6.0,<5.6.2", "5.6.0", "5.6.1", requires=("vine>=5",)),
            span(">=5.6.2,<5.7", "5.6.2", requires=("vine",)),
        )
    }
    assert differences(old, new, {}) == ("kombu", "  5.6.0 to 5.6.1", "    + requires vine>=5", "    - requires vine")


def test_packages_that_came_or_went_are_told() -> None:
    ranges = (span(">=5.6.0,<5.7", "5.6.0"),)
    assert differences({KOMBU: ranges}, {VINE: ranges}, {}) == ("vine: new, 1 release", "kombu: no longer derived")


def test_the_same_bounds_cut_otherwise_are_a_difference() -> None:
    told = differences({KOMBU: (span(">=5.6.0,<5.7", "5.6.0"),)}, {KOMBU: (span(">=5.6.0,<5.6.1", "5.6.0"),)}, {})
    assert told == ("kombu", "  the same releases and bounds, cut into other ranges or in another order")
