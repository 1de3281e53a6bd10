"""Finds how strong the evidence for the combination of a case is: what was proved of exactly it, else what its ranges stand on."""

from collections.abc import Callable

from stackaudit.checks._stack import row
from stackaudit.model.audit import Case
from stackaudit.model.matrix import Proof, Rung


def proof_here(case: Case) -> Proof | None:
    """The strongest proof of all the stack's packages at their versions on this Python, or None."""
    here = row(case)
    return case.proof_on(here.minor) if here is not None else None


def rungs(case: Case) -> Callable[[str], Rung | None]:
    """How strong the evidence behind a pass of a subject is, by subject; None where there is no matrix."""
    matrix, proof = case.matrix, proof_here(case)

    def rung(subject: str) -> Rung | None:
        if matrix is None or proof is not None:
            return proof.rung if proof is not None else None
        entry = matrix.package(subject.partition("==")[0])
        return entry.rung if entry is not None else matrix.rung

    return rung


def rung_told(case: Case) -> str:
    """`resolved (2026-11-22, uv 0.13.9)`, with the platform where the proof is of another than the target's; else the rung alone."""
    proof = proof_here(case)
    if proof is None:
        return str(case.matrix.rung) if case.matrix is not None else ""
    return proof.told(case.interpreter.platform if case.interpreter is not None else None)
