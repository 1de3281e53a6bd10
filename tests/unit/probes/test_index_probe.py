"""What the index's answers amount to."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.facts.published import Release
from stackaudit.model.manifest import Interpreter, Manifest, Requirement, Setting
from stackaudit.model.parts import Visit
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Evidence, Look, Snapshot
from stackaudit.outside.index import Absent, Trouble
from stackaudit.outside.index_pages import IndexFile, Page
from stackaudit.probes._wanted import Wanted, wanted_packages
from stackaudit.probes.index import Target, collect, end_of, looks_of, release

ADDRESS = "https://index.example/simple"
PY311 = Target(python="3.11.7")
NOWHERE = Trouble(cause="the package index could not be asked: it refused the connection", remedy="look")


def at(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def file(version: str, day: str | None = None, needs: str | None = None, *, yanked: bool = False) -> IndexFile:
    return IndexFile(
        version=version, uploaded_at=None if day is None else at(day), requires_python=needs, yanked=yanked
    )


def wanted(name: str, version: str) -> Wanted:
    return Wanted(name=canonicalize_name(name), version=version)


def page(*files: IndexFile) -> Page:
    return Page(form="PEP 691 1.1", files=files)


CELERY = page(
    file("5.4.0", "2024-04-17", ">=3.8"),
    file("5.5.0", "2025-03-31", ">=3.8"),
    file("5.4.2", "2025-04-02", ">=3.8"),
    file("5.4.9", "2025-04-03", ">=3.8", yanked=True),
    file("5.7.0", "2026-11-05", ">=3.12"),
    file("5.8.0rc1", "2026-11-20", ">=3.12"),
)


def test_a_release_has_its_date_and_what_is_newer_by_version_and_not_by_date() -> None:
    found = release(wanted("celery", "5.4.0"), CELERY, PY311)
    assert found.exists
    assert found.uploaded_at == at("2024-04-17")
    assert (found.newest_in_series, found.newest_in_series_at) == ("5.4.2", at("2025-04-02"))
    assert found.newest == "5.7.0"
    assert (found.newest_for_python, found.newest_for_python_at) == ("5.5.0", at("2025-03-31"))
    assert found.last_release == at("2026-11-20")


def test_a_newer_python_is_offered_the_newest() -> None:
    assert release(wanted("celery", "5.4.0"), CELERY, Target(python="3.13.0")).newest_for_python == "5.7.0"


def test_versions_are_compared_as_versions() -> None:
    assert release(wanted("celery", "5.4"), CELERY, PY311).exists
    assert not release(wanted("celery", "5.4.1"), CELERY, PY311).exists


def test_a_version_is_yanked_when_all_its_files_are() -> None:
    half = page(file("1.0", yanked=True), file("1.0"))
    assert not release(wanted("x", "1.0"), half, PY311).yanked
    assert release(wanted("x", "5.4.9"), page(file("5.4.9", yanked=True)), PY311).yanked


def test_nothing_exists_that_was_uploaded_later_than_the_day_looked_at() -> None:
    found = release(wanted("celery", "5.5.0"), CELERY, Target(python="3.13.0", cutoff=end_of("2025-03-30")))
    assert not found.exists
    assert (found.newest, found.last_release) == ("5.4.0", at("2024-04-17"))


def test_a_day_lasts_until_its_end_and_a_moment_is_itself() -> None:
    assert end_of("2025-03-31") == datetime(2025, 3, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert end_of("2025-03-31T10:00:00+02:00") == datetime(2025, 3, 31, 8, tzinfo=UTC)


def test_a_python_bound_that_nobody_can_read_keeps_nobody_out() -> None:
    assert release(wanted("x", "1"), page(file("1"), file("2", needs="3.x")), PY311).newest_for_python == "2"


def test_versions_of_another_age_are_compared_as_written() -> None:
    found = release(wanted("x", "2004b-hm"), page(file("2004b-hm"), file("1.0")), PY311)
    assert (found.exists, found.newest_in_series) == (True, None)


@settings(max_examples=50)
@given(st.permutations(CELERY.files))
def test_the_order_of_files_changes_nothing(files: list[IndexFile]) -> None:
    assert release(wanted("celery", "5.4.0"), page(*files), PY311) == release(wanted("celery", "5.4.0"), CELERY, PY311)


def test_one_unknown_project_among_known_ones_is_a_fact() -> None:
    (look,) = looks_of(
        [wanted("celery", "5.4.0"), wanted("inhouse", "1.0")],
        {"celery": CELERY, "inhouse": Absent()},
        PY311,
        ADDRESS,
    )
    assert look.unseen is None
    assert [(each.subject, each.known) for each in look.facts if isinstance(each, Release)] == [
        ("celery==5.4.0", True),
        ("inhouse==1.0", False),
    ]
    assert look.evidence.tool_version == "PEP 691 1.1"


def test_an_index_that_knows_nothing_blinds_the_whole_look() -> None:
    (look,) = looks_of(
        [wanted("celery", "5.4.0"), wanted("kombu", "5.3")], {"celery": Absent(), "kombu": Absent()}, PY311, ADDRESS
    )
    assert look.facts == ()
    assert look.unseen is not None
    assert look.unseen.subject == ""
    assert "knows none of the 2 packages" in look.unseen.cause


def test_a_failure_that_hit_all_is_told_once() -> None:
    (look,) = looks_of(
        [wanted("celery", "5.4.0"), wanted("kombu", "5.3")], {"celery": NOWHERE, "kombu": NOWHERE}, PY311, ADDRESS
    )
    assert look.unseen is not None
    assert (look.unseen.subject, look.unseen.cause) == ("", NOWHERE.cause)


def test_no_facts_remain_where_all_that_answered_was_a_no() -> None:
    (look,) = looks_of(
        [wanted("celery", "5.4.0"), wanted("kombu", "5.3")], {"celery": Absent(), "kombu": NOWHERE}, PY311, ADDRESS
    )
    assert look.facts == ()
    assert look.unseen is not None
    assert look.unseen.subject == ""


def test_a_failure_that_hit_one_package_blinds_that_one() -> None:
    first, second = looks_of(
        [wanted("celery", "5.4.0"), wanted("kombu", "5.3")], {"celery": CELERY, "kombu": NOWHERE}, PY311, ADDRESS
    )
    assert [each.subject for each in first.facts] == ["celery==5.4.0"]
    assert second.unseen is not None
    assert (second.unseen.subject, second.unseen.knowable) == ("kombu==5.3", True)


def test_an_index_without_times_can_not_tell_of_the_past() -> None:
    target = replace(PY311, cutoff=end_of("2025-01-01"))
    (look,) = looks_of([wanted("celery", "5.4.0")], {"celery": page(file("5.4.0"))}, target, ADDRESS)
    assert look.unseen is not None
    assert "no upload times" in look.unseen.cause
    assert not look.unseen.knowable


def pin(name: str, version: str | None, **more: object) -> Requirement:
    base = Requirement(
        name=canonicalize_name(name),
        specifier=SpecifierSet(f"=={version}" if version else ""),
        pin=None if version is None else Version(version),
        where=Place(path="requirements.txt", line=1),
    )
    return replace(base, **more)  # type: ignore[arg-type]  # a test's few keywords, checked by the dataclass itself


def visit(manifest: Manifest, *facts: Distribution) -> Visit:
    look = Look(probe="interpreter", asked="", evidence=Evidence(tool="python"), facts=facts)
    return Visit(
        manifest=manifest, seen=Snapshot(taken_at=at("2026-11-22"), host="", looks=(look,)), deadline=Deadline(5)
    )


def test_pins_are_asked_about_where_there_is_no_environment() -> None:
    manifest = Manifest(
        requirements=(
            pin("kombu", "5.3.4"),
            pin("celery", "5.4.0"),
            pin("redis", None),
            pin("inhouse", "1.0", source="https://files.example/inhouse.zip"),
            pin("win", "1.0", marker='sys_platform == "win32"'),
        )
    )
    asked = wanted_packages(visit(manifest))
    assert [(each.subject, each.elsewhere is None) for each in asked] == [
        ("celery==5.4.0", True),
        ("inhouse==1.0", False),
        ("kombu==5.3.4", True),
    ]


def test_what_is_installed_is_asked_about_where_there_is_an_environment() -> None:
    place = Place(path="option --python")
    manifest = Manifest(
        requirements=(pin("celery", "5.5.0"), pin("inhouse", None, source="https://git.example/x")),
        interpreter=Interpreter(path="python", where=place),
    )
    asked = wanted_packages(
        visit(
            manifest,
            Distribution(name=canonicalize_name("celery"), version="5.4.0"),
            Distribution(name=canonicalize_name("inhouse"), version="1.0"),
            Distribution(name=canonicalize_name("mine"), version="0.1", url="file:///src", editable=True),
        )
    )
    assert [(each.subject, each.elsewhere is None) for each in asked] == [
        ("celery==5.4.0", True),
        ("inhouse==1.0", False),
        ("mine==0.1", False),
    ]


@pytest.mark.parametrize("offline", [True, False])
def test_nothing_is_asked_offline_or_about_nothing(*, offline: bool) -> None:
    settings = (Setting(name="offline", value=offline, where=Place(path="option --offline")),)
    requirements = (pin("celery", "5.4.0"),) if offline else ()
    assert collect(visit(Manifest(requirements=requirements, settings=settings))) == []


def test_what_comes_from_elsewhere_is_told_and_never_gates() -> None:
    (look,) = collect(
        visit(Manifest(requirements=(pin("inhouse", "1.0", source="https://files.example/inhouse.zip"),)))
    )
    assert look.unseen is not None
    assert (look.unseen.subject, look.unseen.knowable) == ("inhouse==1.0", False)
