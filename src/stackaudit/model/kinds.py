"""Tells what an audit is of, by its checks: which document it makes, and what its first line says."""

from enum import StrEnum

from stackaudit.model.audit import Audit


class Kind(StrEnum):
    """An audit of a stack, drills of a copy of one, proofs of rows of a matrix, or an audit of a fleet or of a document.

    Drills and proofs are made in cells, a check each.
    """

    AUDIT = "audit"
    DRILLS = "drill"
    PROOFS = "certify"
    FLEET = "fleet"
    DOCUMENT = "document"


def kind_of(audit: Audit) -> Kind:
    """What `audit` is of: the same facts may be judged again by other checks."""
    looks = {each.id for each in audit.case.snapshot.looks}
    for kind in (Kind.DRILLS, Kind.PROOFS):
        if audit.judgments and all(f"{kind}.{each.check}" in looks for each in audit.judgments):
            return kind
    checks = {each.check for each in audit.judgments}
    return next((each for each in (Kind.FLEET, Kind.DOCUMENT) if checks == {each.value}), Kind.AUDIT)


def title_of(audit: Audit) -> str:
    """What was done, to what; of an audit which matrix it was held against, empty where there was none."""
    matrix, sources = audit.case.matrix, ", ".join(audit.case.manifest.sources)
    match kind_of(audit):
        case Kind.DRILLS:
            return f"Drills of a copy of {sources}"
        case Kind.PROOFS:
            return f"What was proved of {f'{matrix.name} {matrix.version}' if matrix is not None else sources}"
        case Kind.FLEET:
            from stackaudit.model.facts.workers import Broadcast

            brokers = ", ".join(each.endpoint for each in audit.case.facts(Broadcast)) or "a broker that was not asked"
            return f"What the workers of {brokers} run"
        case Kind.DOCUMENT:
            return f"What is true of {sources}"
        case Kind.AUDIT:
            return matrix.title if matrix is not None else ""
