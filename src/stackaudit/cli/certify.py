"""`stackaudit matrix certify`: the rows of a matrix, proved by running them, and the proofs written beside it."""

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from stackaudit.cli import _audit_options as shared
from stackaudit.cli.exits import interruptible
from stackaudit.cli.output import write
from stackaudit.model.errors import UsageError

HELP = (
    "Prove the newest row of each series on each Python: an installer resolves it, wheels alone, it is installed and imported in a "
    "throwaway environment, and a throwaway stack of it is exercised and drilled. What each row reached is written to NAME.proof.toml. "
    "Rows that were drilled already, of the same packages on the same machine, are not drilled again. Default: the configured matrix, "
    "else the only one."
)

_PATIENCE = 3600.0
_MOST = 100
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
    rung: Annotated[
        str | None, typer.Option(metavar="RUNG", help="How far: resolved, imported, exercised, survived (default).")
    ] = None,
    slow: Annotated[
        bool, typer.Option("--slow", help="Also the drills that take minutes: redelivery, black holes.")
    ] = False,
    repeat: Annotated[
        int, typer.Option(metavar="N", help="Run each drill N times; a rung needs all of them to hold.")
    ] = 1,
    fresh: Annotated[bool, typer.Option("--fresh", help="Take nothing that is kept from an earlier run.")] = False,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="The most that it may take.")] = _PATIENCE,
    format_: shared.Format = "text",
    output: shared.Output = None,
    quiet: shared.Quiet = 0,
    verbose: shared.Verbose = 0,
    color: shared.Color = "auto",
    no_progress: shared.NoProgress = False,
) -> None:
    """Try the rows, write what was proved, tell, and exit with the verdict's status."""
    from stackaudit.authoring import proofs
    from stackaudit.cli import telling
    from stackaudit.cli.certifying import audited, keep, new_folder_for_logs, rung_of
    from stackaudit.cli.matrix_source import source_named
    from stackaudit.inputs import matrices
    from stackaudit.lab.cells import cells, named_cells
    from stackaudit.lab.climbing import Climb
    from stackaudit.lab.drilling import JOBS
    from stackaudit.model.audit import Policy

    if not 0 < timeout <= _LONGEST:
        raise UsageError(f"--timeout is a number of seconds above 0 and up to a day, not {timeout}")
    if not 1 <= repeat <= _MOST:
        raise UsageError(f"--repeat is a number from 1 to {_MOST}, not {repeat}")
    if cell and every:
        raise UsageError("--cell names cells, and --all means every one", hint="leave one out")
    printing = telling.Printing(
        format=format_,
        outputs=tuple(output or ()),
        color=color,
        no_progress=no_progress,
        quiet=quiet,
        verbose=verbose,
        exit_zero=False,
    )
    telling.refuse_bad(printing)
    source = source_named(name)
    proofs.path_for(source)
    matrix = matrices.load(source)
    today = datetime.now(UTC).date()
    chosen = named_cells(matrix, cell, today) if cell else cells(matrix, today, every=every)
    logs = new_folder_for_logs()
    how = Climb(
        asked=rung_of(rung, matrix),
        proved=matrix.proofs if changed else (),
        repeat=repeat,
        slow=slow,
        fresh=fresh,
        jobs=max(1, JOBS // max(1, min(len(chosen), os.cpu_count() or 1))),
        logs=logs,
    )
    tried, audit = audited(matrix, chosen, how, timeout, printing)
    keep(source, tried, audit, quiet)
    if logs.exists() and not quiet:
        write(f"the logs of the drills that did not hold are in {logs}\n", sys.stderr)
    title = f"Certifying {len(chosen)} row{'s' * (len(chosen) != 1)} of {matrix.name} {matrix.version}"
    telling.tell(audit, Policy(), replace(printing, title=title))
    raise typer.Exit(printing.status(audit.verdict))
