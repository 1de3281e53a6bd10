"""The appendix of the document: what was asked of whom, a group a probe, and what ran."""

from collections.abc import Iterator

from stackaudit.model.audit import Audit
from stackaudit.model.matrix import Proof
from stackaudit.model.snapshot import Look
from stackaudit.model.values import dataclass
from stackaudit.reports._amounts import seconds
from stackaudit.reports._raw import Raw, anchor, to_evidence
from stackaudit.reports._stack_rows import PROOFS


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What one probe asked: `name` is the words of the heading that evidence links lead to, `rows` what it asked and was told."""

    name: str
    rows: tuple[tuple[str, ...], ...]


HEAD = ("Look", "Asked", "Tool", "Command", "Exit status", "Took", "SHA-256", "Seen")


def groups(audit: Audit) -> Iterator[Group]:
    """A group a probe, by name; then what was proved elsewhere of the combination, where the document tells it."""
    found: dict[str, list[Look]] = {}
    for look in audit.case.snapshot.looks:
        found.setdefault(anchor(look.probe), []).append(look)
    for name in sorted(found):
        yield Group(name=name, rows=tuple(_row(look) for look in found[name]))
    proofs = tuple(_proof(each) for each in _proofs(audit))
    if proofs:
        yield Group(name=PROOFS, rows=proofs)


def _row(look: Look) -> tuple[str, ...]:
    evidence = look.evidence
    status = "-" if evidence.exit_status is None else str(evidence.exit_status)
    took = ", ".join(f"{name} {_amount(name, value)}" for name, value in sorted(look.measured)) or "-"
    took = took.removeprefix("seconds ")
    seen = f"not seen: {look.unseen.cause}" if look.unseen is not None else _facts(len(look.facts))
    return (
        look.id,
        look.asked,
        evidence.named,
        " ".join(evidence.command) or "-",
        status,
        took,
        evidence.sha256 or "-",
        seen,
    )


def _amount(name: str, value: float) -> str:
    return str(round(value)) if name.endswith(" bytes") else seconds(value)


def _facts(count: int) -> str:
    return f"{count} fact{'s' * (count != 1)}"


def _proofs(audit: Audit) -> Iterator[Proof]:
    case = audit.case
    for branch in case.matrix.pythons if case.matrix is not None else ():
        proof = case.proof_on(branch.name)
        if proof is not None:
            yield proof


def _proof(proof: Proof) -> tuple[str, ...]:
    asked = f"these versions together on Python {proof.python}, {proof.platform}"
    return proof.rung.value, asked, proof.by, "-", "-", "-", proof.record or "-", f"on {proof.at.date()}"


def runs(audit: Audit) -> Iterator[tuple[str | Raw, ...]]:
    """What this audit ran to its end: the command, its exit status, the time that it took, its evidence."""
    for look in audit.case.snapshot.looks:
        evidence = look.evidence
        if evidence.command and evidence.exit_status is not None:
            times = [value for name, value in look.measured if not name.endswith(" bytes")]
            took = seconds(max(times)) if times else "-"
            yield " ".join(evidence.command), str(evidence.exit_status), took, to_evidence([look.probe])
