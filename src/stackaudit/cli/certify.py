"""`stackaudit matrix certify`: the rows of a matrix, proved as far as an installer can, and the proofs written beside it."""

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
    from stackaudit.lab.certify import Cell
    from stackaudit.model.audit import Audit
    from stackaudit.model.matrix import Matrix

HELP = (
    "Prove the newest row of each series on each Python: an installer resolves it, wheels alone, nothing installed. What passes is written "
    "to NAME.proof.toml. Default: the configured matrix, else the only one."
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
    from stackaudit.lab.certify import cells, named_cells
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
    source = source_named(name)
    path = proofs.path_for(source)
    matrix = matrices.load(source)
    today = datetime.now(UTC).date()
    chosen = named_cells(matrix, cell, today) if cell else cells(matrix, today, every=every)
    audit = _audited(matrix, chosen, timeout, printing)
    _keep(path, audit, quiet)
    title = f"Certifying {len(chosen)} row{'s' * (len(chosen) != 1)} of {matrix.name} {matrix.version}"
    telling.tell(audit, Policy(), replace(printing, title=title))
    raise typer.Exit(Exit.of(audit.verdict))


def _audited(matrix: "Matrix", chosen: "tuple[Cell, ...]", seconds: float, printing: "Printing") -> "Audit":
    """The cells, tried and judged.

    Raises:
        UsageError: there is none.
    """
    from stackaudit import __version__
    from stackaudit.cli.progress import live
    from stackaudit.gate.verdict import decide, overall
    from stackaudit.lab.certify import judge_cells, try_rows
    from stackaudit.model.audit import Audit, Case, Policy
    from stackaudit.model.deadline import Deadline
    from stackaudit.model.manifest import Manifest
    from stackaudit.model.snapshot import Snapshot

    if not chosen:
        raise UsageError(f"matrix {matrix.name} has no row to prove", hint="`stackaudit matrix lint` says why")
    started = datetime.now(UTC)
    with live(wanted=printing.progress) as tick:
        looks = try_rows(chosen, Deadline(seconds), tick)
    case = Case(
        manifest=Manifest(sources=(f"matrix {matrix.name}",)),
        snapshot=Snapshot(taken_at=started, host="", looks=looks),
        matrix=matrix,
        today=started.date(),
    )
    judgments = decide(judge_cells(case), Policy())
    return Audit(
        tool_version=__version__,
        started_at=started,
        finished_at=datetime.now(UTC),
        case=case,
        judgments=judgments,
        verdict=overall(judgments),
    )


def _keep(path: Path, audit: "Audit", quiet: int) -> None:
    """Write what was proved to `path`; nothing where nothing was."""
    from stackaudit.authoring import proofs
    from stackaudit.inputs._text import shown_path
    from stackaudit.lab.certify import proofs_of

    matrix = audit.case.matrix
    new = proofs_of(audit.case, audit.judgments, audit.started_at)
    if matrix is None or not new:
        return
    kept = proofs.merged(matrix, new)
    proofs.write(path, kept.proofs)
    if quiet > 1:
        return
    for each in kept.dropped:
        versions = ", ".join(f"{name} {version}" for name, version in proofs.row_of(matrix, each))
        write(f"note: dropped what was proved of {versions} on Python {each.python}: no longer listed\n", sys.stderr)
    write(
        f"wrote {shown_path(path, Path.cwd())}: {len(new)} of {len(kept.proofs)} proofs are of this run\n", sys.stderr
    )
