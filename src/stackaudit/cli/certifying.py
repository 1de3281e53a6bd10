"""Runs what `matrix certify` was asked for, judges it, and keeps what was proved."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stackaudit.cli.output import write
from stackaudit.model.errors import UsageError

if TYPE_CHECKING:
    from stackaudit.cli.telling import Printing
    from stackaudit.inputs.matrix_source import Source
    from stackaudit.lab.cells import Cell
    from stackaudit.lab.climbing import Climb
    from stackaudit.lab.proving import Tried
    from stackaudit.model.audit import Audit
    from stackaudit.model.matrix import Matrix, Rung


def rung_of(word: str | None, matrix: "Matrix") -> "Rung":
    """The rung that `word` says; None is the highest that the lab can try `matrix` for.

    Raises:
        UsageError: there is none of that name to try, or the lab has no broker of the matrix's kind.
    """
    from stackaudit.model.matrix import Rung

    known = [each for each in Rung if each.earns_tick]
    # The lab has servers that speak the protocol of Redis, and no others.
    highest = Rung.SURVIVED if not matrix.brokers or "redis" in matrix.brokers else Rung.IMPORTED
    if word is None:
        return highest
    if word not in known:
        raise UsageError(f"--rung can't be {word!r}", hint=f"it is one of {', '.join(known)}")
    asked = Rung(word)
    if asked.rank > highest.rank:
        brokers = ", ".join(matrix.brokers)
        raise UsageError(
            f"matrix {matrix.name} is for {brokers} and drills run on Redis alone", hint=f"--rung {highest}"
        )
    return asked


def new_folder_for_logs() -> Path:
    """Where the logs of the drills of this run go that do not hold; it is not made yet."""
    from platformdirs import user_state_path

    return user_state_path("stackaudit", appauthor=False) / "drills" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}"


def audited(
    matrix: "Matrix", chosen: "tuple[Cell, ...]", how: "Climb", seconds: float, printing: "Printing"
) -> "tuple[tuple[Tried, ...], Audit]":
    """The cells of `chosen`, tried for at most `seconds`, and judged.

    Raises:
        UsageError: there is none.
    """
    from stackaudit.cli.progress import live
    from stackaudit.gate.verdict import gated
    from stackaudit.lab.certify import try_cells
    from stackaudit.lab.proving import judge_cells
    from stackaudit.model.audit import Case, Policy
    from stackaudit.model.deadline import Deadline
    from stackaudit.model.manifest import Manifest
    from stackaudit.model.matrix import Rung
    from stackaudit.model.snapshot import Snapshot

    if not chosen:
        raise UsageError(f"matrix {matrix.name} has no row to prove", hint="`stackaudit matrix lint` says why")
    started = datetime.now(UTC)
    with live(wanted=printing.progress) as tick:
        tried = try_cells(chosen, how, Deadline(seconds), tick)
    case = Case(
        manifest=Manifest(sources=(f"matrix {matrix.name}",), sandbox=how.asked is not Rung.RESOLVED),
        snapshot=Snapshot(taken_at=started, host="", looks=tuple(look for each in tried for look in each.looks)),
        matrix=matrix,
        today=started.date(),
    )
    return tried, gated(case, judge_cells(tried), Policy(), started_at=started, finished_at=datetime.now(UTC))


def keep(source: "Source", tried: "tuple[Tried, ...]", audit: "Audit", quiet: int) -> None:
    """Write what was proved beside the matrix at `source`, and no longer what was refuted; nothing where there is neither."""
    from stackaudit.authoring import proofs
    from stackaudit.inputs import matrices
    from stackaudit.inputs._text import shown_path
    from stackaudit.lab.proving import failed, proofs_of

    matrix = audit.case.matrix
    if matrix is None:
        return
    new = proofs_of(tried, audit.judgments, audit.started_at)
    fallen = [
        proofs.Fallen(python=each.cell.python, pins=each.cell.pins, rung=rung)
        for each in tried
        if (rung := failed(each)) is not None
    ]
    path = proofs.path_for(source)
    with proofs.alone(path):
        # Not what was read before the rows were tried: another run may have proved, or refuted, something meanwhile.
        kept = proofs.merged(matrices.load(source), new, fallen)
        if not new and not kept.refuted:
            return
        proofs.write(path, kept.proofs)
    if quiet > 1:
        return
    for why, dropped in (("no longer listed", kept.dropped), ("it failed now", kept.refuted)):
        for each in dropped:
            versions = ", ".join(f"{name} {version}" for name, version in proofs.row_of(matrix, each))
            write(f"note: dropped what was proved of {versions} on Python {each.python}: {why}\n", sys.stderr)
    written = sum(1 for each in kept.proofs if each in new)
    write(f"wrote {shown_path(path, Path.cwd())}: {written} of {len(kept.proofs)} proofs are of this run\n", sys.stderr)
