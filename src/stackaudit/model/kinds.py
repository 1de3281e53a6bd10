"""Tells what an audit is of, by its checks: which document it makes, and what its first line says."""

from enum import StrEnum

from stackaudit.model.audit import Audit


class Kind(StrEnum):
    """An audit of a stack, drills of a copy of one, or the proofs of rows of a matrix; the last two are made in cells, a check each."""

    AUDIT = "audit"
    DRILLS = "drill"
    PROOFS = "certify"


def kind_of(audit: Audit) -> Kind:
    """What `audit` is of: the same facts may be judged again by other checks."""
    looks = {each.id for each in audit.case.snapshot.looks}
    for kind in (Kind.DRILLS, Kind.PROOFS):
        if audit.judgments and all(f"{kind}.{each.check}" in looks for each in audit.judgments):
            return kind
    return Kind.AUDIT


def title_of(audit: Audit) -> str:
    """What was drilled or proved, of what; of an audit which matrix it was held against, empty where there was none."""
    matrix, sources = audit.case.matrix, ", ".join(audit.case.manifest.sources)
    match kind_of(audit):
        case Kind.DRILLS:
            return f"Drills of a copy of {sources}"
        case Kind.PROOFS:
            return f"What was proved of {f'{matrix.name} {matrix.version}' if matrix is not None else sources}"
        case Kind.AUDIT:
            return matrix.title if matrix is not None else ""
