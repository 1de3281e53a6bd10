"""`stackaudit matrix certify`: the rows of a matrix, proved by running them, and the proofs written beside it."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stackaudit.cli.exits import Exit, interruptible
from stackaudit.cli.output import write
from stackaudit.model.errors import UsageError

if TYPE_CHECKING:
    from stackaudit.cli.telling import Printing
    from stackaudit.lab.cells import Cell
    from stackaudit.lab.certify import Climb
    from stackaudit.lab.proving import Tried
    from stackaudit.model.audit import Audit
    from stackaudit.model.matrix import Matrix, Rung

HELP = (
    "Prove the newest row of each series on each Python: an installer resolves it, wheels alone, and it is installed and imported in a "
    "throwaway environment. What passes is written to NAME.proof.toml. Default: the configured matrix, else the only one."
)

_PATIENCE = 600.0
_LONGEST = 86400.0


@interruptible
def certify(  # noqa: PLR0913 - a command's options are its parameters
    name: Annotated[str | None, typer.Argument(metavar="NAME|PATH", help="The matrix: by its name, or a file.")] = None,
    *,
    cell: Annotated[
        list[str] | None, typer.Option(metavar="PYTHON[:SERIES]", help="Only this cell, such as 3.11:5.4; repeatable.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also the Pythons whose support ended more than two years ago.")
    ] = False,
    changed: Annotated[
        bool,
        typer.Option("--changed", help="Only the cells whose packages, as installed today, are not proved so far."),
    ] = False,
    rung: Annotated[str, typer.Option(metavar="RUNG", help="How far: resolved, imported (default).")] = "imported",
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="The most that it may take.")] = _PATIENCE,
    format_: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="text (default), json, markdown and others.")
    ] = "text",
    output: Annotated[
        list[Path] | None, typer.Option("-o", "--output", metavar="FILE", help="Write the result to FILE; repeatable.")
    ] = None,
    quiet: Annotated[
        int, typer.Option("-q", "--quiet", count=True, help="Only the findings; twice: only the status.")
    ] = 0,
    verbose: Annotated[int, typer.Option("-v", "--verbose", count=True, help="More, with the evidence.")] = 0,
    color: Annotated[
        str, typer.Option(metavar="auto|always|never", help="Colours; NO_COLOR and FORCE_COLOR count too.")
    ] = "auto",
    no_progress: Annotated[bool, typer.Option("--no-progress", help="No live progress.")] = False,
) -> None:
    """Try the rows, write what was proved, tell, and exit with the verdict's status."""
    from stackaudit.authoring import proofs
    from stackaudit.cli import telling
    from stackaudit.cli.matrix_source import source_named
    from stackaudit.inputs import matrices
    from stackaudit.lab.cells import cells, named_cells
    from stackaudit.lab.certify import Climb
    from stackaudit.model.audit import Policy
    from stackaudit.reports._certificate import render

    if not 0 < timeout <= _LONGEST:
        raise UsageError(f"--timeout is a number of seconds above 0 and up to a day, not {timeout}")
    if cell and every:
        raise UsageError("--cell names cells, and --all means every one", hint="leave one out")
    printing = telling.Printing(
        format=format_,
        outputs=tuple(output or ()),
        color=color,
        progress=not (no_progress or quiet),
        quiet=quiet,
        verbose=verbose,
        exit_zero=False,
        document=render,
    )
    telling.refuse_bad(printing)
    asked = _rung(rung)
    source = source_named(name)
    path = proofs.path_for(source)
    matrix = matrices.load(source)
    today = datetime.now(UTC).date()
    chosen = named_cells(matrix, cell, today) if cell else cells(matrix, today, every=every)
    climb = Climb(asked=asked, proved=matrix.proofs if changed else ())
    tried, audit = _audited(matrix, chosen, climb, timeout, printing)
    _keep(path, tried, audit, quiet)
    title = f"Certifying {len(chosen)} row{'s' * (len(chosen) != 1)} of {matrix.name} {matrix.version}"
    telling.tell(audit, Policy(), replace(printing, title=title))
    raise typer.Exit(Exit.of(audit.verdict))


def _rung(word: str) -> "Rung":
    from stackaudit.model.matrix import Rung

    known = (Rung.RESOLVED, Rung.IMPORTED)
    if word not in known:
        raise UsageError(f"--rung can't be {word!r}", hint=f"it is one of {', '.join(known)}")
    return Rung(word)


def _audited(
    matrix: "Matrix", chosen: "tuple[Cell, ...]", climb: "Climb", seconds: float, printing: "Printing"
) -> "tuple[tuple[Tried, ...], Audit]":
    """The cells, tried and judged.

    Raises:
        UsageError: there is none.
    """
    from stackaudit import __version__
    from stackaudit.cli.progress import live
    from stackaudit.gate.verdict import decide, overall
    from stackaudit.lab.certify import try_cells
    from stackaudit.lab.proving import judge_cells
    from stackaudit.model.audit import Audit, Case, Policy
    from stackaudit.model.deadline import Deadline
    from stackaudit.model.manifest import Manifest
    from stackaudit.model.snapshot import Snapshot

    if not chosen:
        raise UsageError(f"matrix {matrix.name} has no row to prove", hint="`stackaudit matrix lint` says why")
    started = datetime.now(UTC)
    with live(wanted=printing.progress) as tick:
        tried = try_cells(chosen, climb, Deadline(seconds), tick)
    case = Case(
        manifest=Manifest(sources=(f"matrix {matrix.name}",)),
        snapshot=Snapshot(taken_at=started, host="", looks=tuple(look for each in tried for look in each.looks)),
        matrix=matrix,
        today=started.date(),
    )
    judgments = decide(judge_cells(case, tried), Policy())
    audit = Audit(
        tool_version=__version__,
        started_at=started,
        finished_at=datetime.now(UTC),
        case=case,
        judgments=judgments,
        verdict=overall(judgments),
    )
    return tried, audit


def _keep(path: Path, tried: "tuple[Tried, ...]", audit: "Audit", quiet: int) -> None:
    """Write what was proved to `path`, and no longer what was refuted; nothing where there is neither."""
    from stackaudit.authoring import proofs
    from stackaudit.inputs._text import shown_path
    from stackaudit.lab.proving import failed, proofs_of

    matrix = audit.case.matrix
    if matrix is None:
        return
    new = proofs_of(tried, audit.judgments, audit.started_at)
    fallen = [
        proofs.Fallen(python=each.cell.python, pins=each.cell.pins, rung=rung)
        for each in tried
        if (rung := failed(audit.case, each)) is not None
    ]
    kept = proofs.merged(matrix, new, fallen)
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
