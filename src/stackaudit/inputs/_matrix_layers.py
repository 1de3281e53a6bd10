"""Reads what machines wrote beside a matrix: the ranges derived from published metadata, and the proofs."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from stackaudit.inputs._matrix_ranges import ranges_of
from stackaudit.inputs._text import Toml
from stackaudit.inputs._toml_tables import Book, Table
from stackaudit.model.errors import Fault
from stackaudit.model.matrix import PackageRange, Proof, Rung
from stackaudit.model.sealed import seal_of
from stackaudit.model.values import dataclass

PUBLISHED_SCHEMA = "stackaudit/published/1"
PROOF_SCHEMA = "stackaudit/proof/1"

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The ranges of packages, by name, as the index showed them at moment `at` (UTC)."""

    at: datetime
    ranges: Mapping[NormalizedName, tuple[PackageRange, ...]]


def read_published(toml: Toml, faults: list[Fault]) -> Published:
    """What a `NAME.published.toml` says; its faults are added to `faults`."""
    book = Book(toml)
    root = Table(book, toml.table)
    root.choice("schema", [PUBLISHED_SCHEMA])
    at = root.moment("exclude_newer")
    inner = root.table("package", required=True)
    ranges: dict[NormalizedName, tuple[PackageRange, ...]] = {}
    for key in inner.names():
        table = inner.table(key)
        name = canonicalize_name(key)
        ranges[name] = ranges_of(name, table)
        table.close()
    root.close()
    faults += book.faults
    return Published(at=at or _NEVER, ranges=ranges)


def read_proofs(toml: Toml, faults: list[Fault]) -> tuple[Proof, ...]:
    """What a `NAME.proof.toml` says; its faults are added to `faults`."""
    book = Book(toml)
    root = Table(book, toml.table)
    root.choice("schema", [PROOF_SCHEMA])
    proofs = tuple(_proof(each) for each in root.tables("proof"))
    root.close()
    faults += book.faults
    return proofs


def _proof(table: Table) -> Proof:
    packages = table.table("packages", required=True)
    pins: list[tuple[NormalizedName, Version]] = []
    for key in packages.names():
        version = packages.version(key, packages.text(key))
        if version is not None:
            pins.append((canonicalize_name(key), version))
    rung = table.choice("rung", [each for each in Rung if each.earns_tick])
    record, seal = table.text("record"), table.text("digest")
    if record and not _DIGEST.fullmatch(record):
        table.fault("record", "a record is named by its digest: `sha256:` and 64 hexadecimal digits")
    proof = Proof(
        python=table.text("python"),
        rung=Rung(rung) if rung else Rung.STATED,
        at=table.moment("at") or _NEVER,
        by=table.text("by"),
        platform=table.text("platform"),
        packages=tuple(sorted(pins)),
        record=record,
    )
    if seal and seal != seal_of(proof):
        table.fault(
            "digest",
            "the proof was changed since it was written: its digest is of another one",
            hint="take the proof out, and prove its row again: `stackaudit matrix certify`",
        )
    table.close()
    return proof
