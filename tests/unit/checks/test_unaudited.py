"""What no source of advisories was asked about is named, gates nothing, and passes nothing."""

from dataclasses import replace

from packaging.utils import canonicalize_name

from stackaudit.audit import apply
from stackaudit.checks._audited import summarize
from stackaudit.checks.unaudited import bundles_told, closure_told, left_out_told
from stackaudit.model.facts.published import Resolution
from stackaudit.model.findings import Outcome
from stackaudit.model.manifest import LeftOut, Terms
from unit.checks.test_vulnerabilities import HERE, audited, case, declared, installed


def test_what_a_wheel_bundles_is_named_as_not_audited_and_gates_nothing() -> None:
    files = (
        "libavcodec-1b2c3d4e.so.61.3.100",
        "libssl-0a1b2c3d4e5f.so.3",
        "libssl.3.dylib",
        "ffmpeg-linux-x86_64-v7.0.2",
    )
    wheel = replace(installed("opencv-python"), bundled=files)
    (found,) = apply(bundles_told, case([wheel, installed("celery"), audited("opencv-python", "1.0")]))
    assert (found.outcome, found.subject) == (Outcome.UNCHECKABLE, "opencv-python==1.0")
    assert found.message == (
        "opencv-python 1.0 bundles ffmpeg-linux-x86_64-v7.0.2, libavcodec, libssl, libssl.3: "
        "no advisory service was asked about what is inside"
    )
    many = replace(wheel, bundled=tuple(f"lib{number}-1b2c3d4e.so.1" for number in range(10, 42)))
    assert ", lib38, lib39 and 2 more: " in apply(bundles_told, case([many]))[0].message


def test_a_file_that_need_not_name_all_is_told_as_such_and_a_lock_is_not() -> None:
    pins = case([audited("elm", "1.0")], (), declared("elm", "1.0"))
    (found,) = apply(closure_told, pins)
    assert (found.outcome, found.subject, found.where) == (Outcome.UNCHECKABLE, "requirements.txt", HERE)
    assert "what its packages pull in besides was not audited" in found.message
    locked = replace(pins, manifest=replace(pins.manifest, terms=Terms(closed=("requirements.txt",))))
    assert apply(closure_told, locked) == []
    assert apply(closure_told, case([], (), declared("elm", "1.0"))) == [], (
        "where nothing was audited, that is what is told"
    )
    environment = case([audited("elm", "1.0"), installed("elm")], (), declared("elm", "1.0"))
    assert apply(closure_told, environment) == []


def test_what_a_fresh_install_brings_along_is_named_where_that_is_known() -> None:
    def told(*packages: tuple[str, str]) -> list[str]:
        fresh = Resolution(
            files=("requirements.txt",),
            python="3.11.7",
            packages=tuple((canonicalize_name(name), version) for name, version in packages),
        )
        return [
            each.message
            for each in apply(closure_told, case([audited("elm", "1.0"), fresh], (), declared("elm", "1.0")))
        ]

    assert told(("elm", "1.0")) == []
    (message,) = told(("elm", "1.0"), ("future", "1.0.0"), *((f"leaf{number}", "1") for number in range(5)))
    assert message.endswith(
        " brings along 6 packages that were not audited: future==1.0.0, leaf0==1, leaf1==1, leaf2==1, leaf3==1 and 1 more"
    )


def test_what_a_file_holds_for_parts_that_are_not_in_use_is_told_with_its_number_and_gates_nothing() -> None:
    pins = case([audited("elm", "1.0")], (), declared("elm", "1.0"))
    parts = ("extra fast", "extra slow", "group dev", "group docs")
    left = LeftOut(path="uv.lock", parts=parts, packages=12)
    given = replace(pins, manifest=replace(pins.manifest, terms=Terms(closed=("uv.lock",), left_out=(left,))))
    (found,) = apply(left_out_told, given)
    told = "12 more packages of uv.lock not audited: for parts that are not in use (extra fast, extra slow, group dev and 1 more)"
    assert (found.outcome, found.subject, found.message) == (Outcome.UNCHECKABLE, "uv.lock", told)
    assert summarize(given, []).startswith("1 of 1 package audited, no known vulnerabilities, by OSV, " + told)
    assert apply(left_out_told, pins) == []
    environment = case([audited("elm", "1.0"), installed("elm")], (), declared("elm", "1.0"))
    seen = replace(environment, manifest=replace(environment.manifest, terms=given.manifest.terms))
    assert apply(left_out_told, seen) == [], "what is installed is audited, whatever it was installed for"
    assert "not in use" not in summarize(seen, [])
