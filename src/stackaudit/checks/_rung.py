"""Finds how strong the evidence for the combination of a case is: what was proved of exactly it, else what its ranges stand on."""

from collections.abc import Callable

from stackaudit.checks._stack import row
from stackaudit.model.audit import Case
from stackaudit.model.matrix import Proof, Rung
from stackaudit.model.versions import parse_version


def proof_here(case: Case) -> Proof | None:
    """The strongest proof of all the stack's packages at their versions on this Python, or None.

    None too where a version is none by PEP 440: no proof is of it.
    """
    here, there = row(case), case.stack_packages()
    if here is None or any(parse_version(each.version) is None for each in there):
        return None
    return here.matrix.proof_of(here.minor, ((each.name, here.versions[each.name]) for each in there))


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
    other = case.interpreter is not None and case.interpreter.platform != proof.platform
    words = [str(proof.at.date()), proof.by, *([f"on {proof.platform}"] if other else [])]
    return f"{proof.rung} ({', '.join(words)})"
