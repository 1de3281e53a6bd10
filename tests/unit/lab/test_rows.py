"""The newest row of a matrix is the newest that holds together, on the Python that was asked for."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.inputs.matrices import read
from stackaudit.lab.rows import newest_row, series_of
from stackaudit.model.findings import Severity
from stackaudit.model.known_bad import Condition, Exposure, KnownBad
from stackaudit.model.matrix import Demand, Layer, Matrix, PackageEntry, PackageRange
from stackaudit.model.places import Place

DAY = date(2026, 1, 1)
PLACE = Place(path="test.toml")


def one(
    version: str,
    *requires: str,
    python: str = "",
    redis_extra: tuple[str, ...] = (),
    yanked: bool = False,
) -> PackageRange:
    """A range of a single release."""
    return PackageRange(
        versions=SpecifierSet(f"=={version}"),
        releases=((Version(version), DAY),),
        requires_python=SpecifierSet(python),
        pythons=(),
        requires=requires,
        extras=(("redis", redis_extra),) if redis_extra else (),
        yanked=(Version(version),) if yanked else (),
    )


def package(
    name: str,
    *ranges: PackageRange,
    required: bool = True,
    extras: tuple[str, ...] = (),
    runtime: tuple[str, str] | None = None,
) -> PackageEntry:
    """`runtime` is a version and what its code demands."""
    demands = (
        ()
        if runtime is None
        else (Demand(versions=SpecifierSet(runtime[0]), source="", where=PLACE, runtime=(runtime[1],)),)
    )
    return PackageEntry(
        name=canonicalize_name(name),
        role="",
        source="",
        required=required,
        ranges=ranges,
        extras=extras,
        demands=demands,
        where=PLACE,
    )


def matrix(*packages: PackageEntry) -> Matrix:
    return Matrix(
        name="test",
        title="Test",
        version="1",
        looked_at=DAY,
        pythons=(),
        packages=packages,
        products=(),
        where=PLACE,
        sha256="",
        layers=(Layer(name="", sha256="", content=""),),
    )


def test_the_newest_of_each_is_taken_where_they_agree() -> None:
    found = newest_row(
        matrix(package("celery", one("5.6"), one("5.7")), package("redis", one("7.9"), one("7.10"))), "3.11"
    )
    assert found == ("celery==5.7", "redis==7.10")


def test_a_hard_bound_of_an_earlier_package_holds_a_later_one_back() -> None:
    row = newest_row(
        matrix(package("celery", one("5.7", "kombu<5.7")), package("kombu", one("5.6"), one("5.7"))), "3.11"
    )
    assert row == ("celery==5.7", "kombu==5.6")


def test_a_bound_of_a_later_package_sends_the_search_back() -> None:
    row = newest_row(
        matrix(package("celery", one("5.6"), one("5.7")), package("kombu", one("5.6", "celery<5.7"))), "3.11"
    )
    assert row == ("celery==5.6", "kombu==5.6")


def test_the_bounds_of_the_extras_in_use_count_and_those_of_others_do_not() -> None:
    redis = package("redis", one("5.2"), one("6.4"))
    kombu = one("5.5", redis_extra=("redis<6",))
    assert newest_row(matrix(package("kombu", kombu, extras=("redis",)), redis), "3.11") == (
        "kombu[redis]==5.5",
        "redis==5.2",
    )
    assert newest_row(matrix(package("kombu", kombu), redis), "3.11") == ("kombu==5.5", "redis==6.4")


def test_what_the_code_refuses_to_run_with_counts() -> None:
    redis = package("redis", one("5.2"))
    kombu = package("kombu", one("5.6"), one("5.7"), runtime=("==5.7", "redis>=6.1"))
    assert newest_row(matrix(kombu, redis), "3.11") == ("kombu==5.6", "redis==5.2")


def test_the_python_counts_and_so_do_markers() -> None:
    celery = package("celery", one("5.6"), one("5.7", python=">=3.10"))
    assert newest_row(matrix(celery), "3.9") == ("celery==5.6",)
    assert newest_row(matrix(celery), "3.10") == ("celery==5.7",)
    bound = package("celery", one("5.7", "redis<6; python_version < '3.11'"))
    redis = package("redis", one("5.2"), one("6.4"))
    assert newest_row(matrix(bound, redis), "3.10")[1] == "redis==5.2"
    assert newest_row(matrix(bound, redis), "3.11")[1] == "redis==6.4"


def test_yanked_and_pre_releases_are_never_taken() -> None:
    celery = package("celery", one("5.5"), one("5.6", yanked=True), one("5.7rc1"))
    assert newest_row(matrix(celery), "3.11") == ("celery==5.5",)


def test_what_the_stack_can_do_without_is_left_out_where_it_does_not_fit() -> None:
    celery = package("celery", one("5.7"))
    flower = package("flower", one("2.0", "celery<5"), required=False)
    assert newest_row(matrix(celery, flower), "3.11") == ("celery==5.7",)


def test_what_another_needs_is_never_left_out() -> None:
    celery = package("celery", one("5.6"), one("5.7", "kombu>=5.7"))
    kombu = package("kombu", one("5.7", python=">=3.10"), required=False)
    assert newest_row(matrix(celery, kombu), "3.9") == ("celery==5.6",)


def known_bad(*bounds: tuple[str, str], severity: Severity = Severity.HIGH, python: str | None = None) -> KnownBad:
    when = Condition(
        packages=bounds,
        python=python,
    )
    return KnownBad(
        id="x",
        when=when,
        unless=None,
        severity=severity,
        symptom="it hangs",
        exposed_by=Exposure.DRILL,
        source="",
        first_seen=None,
        where=Place(path="test.toml"),
    )


def test_a_combination_that_is_known_to_break_is_no_row() -> None:
    stack = matrix(package("celery", one("5.6"), one("5.7")), package("redis", one("7.0"), one("8.0")))
    both = known_bad(("celery", ">=5.7"), ("redis", ">=8"))
    assert newest_row(replace(stack, known_bad=(both,)), "3.11") == ("celery==5.7", "redis==7.0")
    on_313 = known_bad(("celery", ">=5.7"), python=">=3.13")
    assert newest_row(replace(stack, known_bad=(on_313,)), "3.13") == ("celery==5.6", "redis==8.0")
    assert newest_row(replace(stack, known_bad=(on_313,)), "3.13", "5.7") == ()
    low = known_bad(("celery", ">=5.7"), severity=Severity.LOW)
    assert newest_row(replace(stack, known_bad=(low,)), "3.11") == ("celery==5.7", "redis==8.0")


def test_a_row_of_a_series_holds_the_newest_of_that_series_or_is_none() -> None:
    celery = package("celery", one("5.5.1"), one("5.5.2"), one("5.6.0"), one("5.7.0", python=">=3.10"))
    stack = matrix(celery, package("redis", one("7.0")))
    assert series_of(stack) == ("5.5", "5.6", "5.7")
    assert newest_row(stack, "3.9", "5.5") == ("celery==5.5.2", "redis==7.0")
    assert newest_row(stack, "3.9", "5.7") == ()
    assert newest_row(stack, "3.9", "4.0") == ()


def test_there_is_no_row_where_the_stack_fits_in_no_way() -> None:
    assert newest_row(matrix(package("celery", one("5.7", "redis<1")), package("redis", one("5.0"))), "3.11") == ()


NUMBERS = st.lists(st.integers(1, 9).map(str), min_size=1, max_size=4, unique=True)
BOUNDS = st.lists(
    st.builds("{}{}{}".format, st.sampled_from("abc"), st.sampled_from(["<", ">=", "!="]), st.integers(1, 9)),
    max_size=2,
)


@st.composite
def entries(draw: st.DrawFn, name: str) -> PackageEntry:
    ranges = [one(number, *draw(BOUNDS)) for number in draw(NUMBERS)]
    return package(name, *ranges, required=draw(st.booleans()))


@settings(max_examples=150)
@given(st.tuples(entries("a"), entries("b"), entries("c")))
def test_every_bound_of_a_row_holds(packages: tuple[PackageEntry, ...]) -> None:
    row = {found.name: found for found in map(Requirement, newest_row(matrix(*packages), "3.11"))}
    if row:
        assert {each.name for each in packages if each.required} <= set(row)
    for entry in packages:
        if entry.name in row:
            version = Version(str(row[entry.name].specifier).removeprefix("=="))
            covering = entry.range_of(version)
            assert covering is not None
            for bound in map(Requirement, covering.requires):
                assert bound.name in row
                assert bound.specifier.contains(str(row[bound.name].specifier).removeprefix("=="))


@pytest.mark.parametrize("python", ["3.9", "3.11", "3.13"])
def test_the_shipped_matrix_has_a_row_for_each_python_that_is_supported(python: str) -> None:
    row = newest_row(read("celery-redis-ffmpeg", Path()), python)
    assert {"celery", "redis", "ffmpeg-python"} <= {Requirement(line).name for line in row}
