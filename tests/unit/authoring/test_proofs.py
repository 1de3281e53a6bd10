"""Proofs are kept in a file that reads back as what was written, the strongest of each row, and none of what is gone."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.authoring.proofs import Fallen, merged, path_for, text_of, write
from stackaudit.inputs._matrix_layers import read_proofs
from stackaudit.inputs._text import Toml, parse_toml
from stackaudit.inputs.matrices import find
from stackaudit.model.errors import Fault, UsageError
from stackaudit.model.matrix import Matrix, Proof, Rung
from unit.checks.cases import shipped_matrix

CELERY = canonicalize_name("celery")
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def proof(python: str = "3.11", celery: str = "5.4.0", rung: Rung = Rung.RESOLVED, days: int = 0, **more: str) -> Proof:
    packages = {"celery": celery, "redis": "5.0.8", **more}
    return Proof(
        python=python,
        rung=rung,
        at=AT + timedelta(days=days),
        by="uv 0.13.9",
        platform="linux-x86_64",
        packages=tuple(sorted((canonicalize_name(name), Version(version)) for name, version in packages.items())),
        record="sha256:" + "0" * 64,
    )


def holding(*proofs: Proof) -> Matrix:
    return replace(shipped_matrix(), proofs=proofs)


def read(text: str) -> tuple[Proof, ...]:
    toml = parse_toml(text, "x.proof.toml")
    assert isinstance(toml, Toml)
    faults: list[Fault] = []
    found = read_proofs(toml, faults)
    assert faults == []
    return found


PROOFS = st.lists(
    st.builds(
        proof,
        st.sampled_from(["3.9", "3.10", "3.11"]),
        st.sampled_from(["5.4.0", "5.3.6", "5.10.0"]),
        st.sampled_from([each for each in Rung if each.earns_tick]),
        st.integers(0, 3),
        tzdata=st.sampled_from(["2026.1", "2026.2"]),
    ),
    max_size=6,
)


@settings(max_examples=60)
@given(PROOFS)
def test_what_is_written_reads_back(proofs: list[Proof]) -> None:
    assert read(text_of(proofs)) == tuple(proofs)


SURVIVED = text_of([proof(rung=Rung.EXERCISED), proof("3.12")])


@pytest.mark.parametrize(
    ("written", "edited"),
    [
        ('rung = "exercised"', 'rung = "survived"'),
        ('redis = "5.0.8"', 'redis = "99.9"'),
        ('redis = "5.0.8"', 'redis = "5.0.8"\nRedis = "1.0"'),
        ('redis = "5.0.8"\n', ""),
        ("at = 2026-11-22", "at = 2027-11-22"),
        ('platform = "linux-x86_64"', 'platform = "macosx-14.0-arm64"'),
        ('by = "uv 0.13.9"', 'by = "uv 0.13.9, redis-server 8.0.0, 27 drills"'),
        ('python = "3.11"', 'python = "3.13"'),
        ('record = "sha256:0', 'record = "sha256:1'),
    ],
)
def test_a_proof_that_was_edited_is_believed_no_more(written: str, edited: str) -> None:
    assert read(SURVIVED)
    toml = parse_toml(SURVIVED.replace(written, edited, 1), "x.proof.toml")
    assert isinstance(toml, Toml)
    faults: list[Fault] = []
    read_proofs(toml, faults)
    (fault,) = faults
    assert "the proof was changed since it was written" in fault.message
    assert str(fault.where).startswith("x.proof.toml:")


def test_a_proof_without_a_digest_is_not_believed() -> None:
    lines = [each for each in SURVIVED.splitlines() if not each.startswith("digest")]
    toml = parse_toml("\n".join(lines), "x.proof.toml")
    assert isinstance(toml, Toml)
    faults: list[Fault] = []
    read_proofs(toml, faults)
    assert ["digest" in each.message for each in faults] == [True, True]


@settings(max_examples=60)
@given(PROOFS, st.randoms(use_true_random=False))
def test_the_order_in_which_proofs_came_changes_no_byte(proofs: list[Proof], order: random.Random) -> None:
    distinct = {(each.python, each.rung, each.at, dict(each.packages)[CELERY]): each for each in proofs}
    shuffled = list(distinct.values())
    order.shuffle(shuffled)
    assert text_of(merged(holding(), distinct.values()).proofs) == text_of(merged(holding(), shuffled).proofs)


def test_proofs_stand_in_the_order_of_the_pythons_and_then_of_the_versions() -> None:
    kept = merged(holding(), [proof("3.10", "5.6.0"), proof("3.10", "5.4.0"), proof("3.9")]).proofs
    assert [(each.python, str(dict(each.packages)[CELERY])) for each in kept] == [
        ("3.9", "5.4.0"),
        ("3.10", "5.4.0"),
        ("3.10", "5.6.0"),
    ]


def test_of_equals_the_newer_stays_and_of_others_the_stronger() -> None:
    old, new = proof(), proof(days=1, tzdata="2026.6")
    assert merged(holding(old), [new]).proofs == (new,)
    strong = proof(rung=Rung.SURVIVED)
    assert merged(holding(strong), [new]).proofs == (strong,)
    stronger = proof(rung=Rung.SURVIVED, days=1)
    assert merged(holding(old), [stronger]).proofs == (stronger,)


def test_what_a_row_fails_now_is_proved_no_longer_and_what_lies_below_still_is() -> None:
    pins = frozenset(proof().packages)
    fails_a_drill = Fallen(python="3.11", pins=pins, rung=Rung.SURVIVED)
    survived, exercised = proof(rung=Rung.SURVIVED), proof(rung=Rung.EXERCISED, days=1)
    kept = merged(holding(survived), [exercised], [fails_a_drill])
    assert (kept.proofs, kept.refuted) == ((exercised,), (survived,))
    imported = proof(rung=Rung.IMPORTED, tzdata="2026.6")
    others = (proof("3.10", rung=Rung.SURVIVED), proof(celery="5.6.0", rung=Rung.SURVIVED), imported)
    assert merged(holding(*others), [], [fails_a_drill]).refuted == ()
    fails_all = Fallen(python="3.11", pins=pins, rung=Rung.RESOLVED)
    assert merged(holding(imported), [], [fails_all]).proofs == ()


def test_proofs_of_other_rows_and_other_pythons_stay() -> None:
    others = (proof("3.10"), proof(celery="5.6.0"))
    assert set(merged(holding(*others), [proof()]).proofs) == {*others, proof()}


@pytest.mark.parametrize("gone", [proof("3.7"), proof(celery="5.1.0"), proof(redis="99.0")])
def test_proofs_of_what_the_matrix_no_longer_lists_are_dropped_and_told(gone: Proof) -> None:
    kept = merged(holding(gone), [proof()])
    assert (kept.proofs, kept.dropped) == ((proof(),), (gone,))


def test_a_matrix_that_ships_with_an_installation_is_not_written_to(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="what is installed is not written to") as told:
        path_for(find("celery-redis-ffmpeg", tmp_path))
    assert "copy " in str(told.value.hint)


def test_the_proofs_lie_beside_the_matrix(tmp_path: Path) -> None:
    (tmp_path / "stack.toml").write_text("", encoding="utf-8")
    assert path_for(find("stack.toml", tmp_path)) == tmp_path / "stack.proof.toml"


def test_a_place_that_takes_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be written"):
        write(tmp_path / "none" / "x.proof.toml", [proof()])


def test_a_proof_of_one_platform_takes_none_of_another_away() -> None:
    mac = replace(proof(rung=Rung.SURVIVED, days=1), platform="macosx-14.0-arm64")
    assert set(merged(holding(proof()), [mac]).proofs) == {proof(), mac}
