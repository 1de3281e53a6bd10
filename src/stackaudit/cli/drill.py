"""`stackaudit drill`: a throwaway copy of the stack, exercised and broken on purpose."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stackaudit.cli import _audit_options as shared
from stackaudit.cli.check import split
from stackaudit.cli.exits import interruptible
from stackaudit.cli.output import write
from stackaudit.model.errors import UsageError

if TYPE_CHECKING:
    from stackaudit.cli._drill_pins import Pinned
    from stackaudit.lab.copies import Wanted
    from stackaudit.model.audit import Observed
    from stackaudit.model.deadline import Deadline
    from stackaudit.model.manifest import SettingValue

HELP = (
    "Exercise a throwaway copy of the stack, and break it on purpose: a private server and workers at these pins; restarts, stalls, killed "
    "connections and workers. Nothing but the loopback address is touched, and no broker of yours."
)

_PATIENCE = 3600.0
_LONGEST = 86400.0
_MOST = 100


@interruptible
def drill(  # noqa: PLR0913 - a command's options are its parameters
    *,
    requirement: shared.Requirements = None,
    python: Annotated[
        str | None,
        typer.Option("--python", metavar="PATH", help="Copy this interpreter's environment; with -r, build on it."),
    ] = None,
    python_version: shared.PythonVersion = None,
    matrix: Annotated[
        str | None,
        typer.Option("--matrix", metavar="NAME|PATH", help="With neither -r nor --python: drill its newest row."),
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option("--drill", metavar="NAME", help="Only this drill; repeatable.")
    ] = None,
    slow: Annotated[
        bool, typer.Option("--slow", help="Also the drills that take minutes: redelivery, black holes.")
    ] = False,
    repeat: Annotated[int, typer.Option(metavar="N", help="Run each drill N times; it holds if all do.")] = 1,
    pool: Annotated[
        list[str] | None,
        typer.Option(metavar="POOL", help="The workers' pool: prefork (default), solo or threads; repeatable."),
    ] = None,
    jobs: Annotated[int | None, typer.Option(metavar="N", help="How many drills run side by side.")] = None,
    fail_on: shared.FailOn = None,
    allow_unknown: shared.AllowUnknown = None,
    ignore: shared.Ignore = None,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="The most that it may take.")] = _PATIENCE,
    offline: Annotated[bool, typer.Option("--offline", help="Install from the cache alone.")] = False,
    format_: shared.Format = "text",
    output: shared.Output = None,
    exit_zero: shared.ExitZero = False,
    quiet: shared.Quiet = 0,
    verbose: shared.Verbose = 0,
    color: shared.Color = "auto",
    no_progress: shared.NoProgress = False,
) -> None:
    """Copy the stack, drill it, judge, tell, and exit with the verdict's status."""
    from stackaudit.cli import telling
    from stackaudit.cli._drill_pins import pinned
    from stackaudit.cli.certifying import new_folder_for_logs
    from stackaudit.cli.choosing import choose, policy_of
    from stackaudit.cli.drilled import judged
    from stackaudit.inputs.settings import resolve
    from stackaudit.lab.copies import Wanted, refuse_unfit
    from stackaudit.lab.drill import POOLS
    from stackaudit.lab.drilling import JOBS
    from stackaudit.model.deadline import Deadline

    names, pools = split(name), split(pool) or POOLS[:1]
    _refuse_beyond("--repeat", repeat, _MOST)
    _refuse_beyond("--jobs", JOBS if jobs is None else jobs, _MOST)
    if not 0 < timeout <= _LONGEST:
        raise UsageError(f"--timeout is a number of seconds above 0 and up to a day, not {timeout}")
    for each in pools:
        if each not in POOLS:
            raise UsageError(f"--pool can't be {each}", hint=f"it is one of {', '.join(POOLS)}")
    refuse_unfit(names, pools)
    printing = telling.Printing(
        format=format_,
        outputs=tuple(output or ()),
        color=color,
        no_progress=no_progress,
        quiet=quiet,
        verbose=verbose,
        exit_zero=exit_zero,
    )
    telling.refuse_bad(printing)
    options: dict[str, SettingValue] = {
        "matrix": matrix,
        "python": python,
        "requirements": tuple(requirement or ()),
        "python-version": python_version,
        "fail-on": fail_on,
        "allow-unknown": split(allow_unknown),
        "ignore": split(ignore),
        "offline": offline or None,
    }
    folder = Path.cwd()
    settings = resolve(options, os.environ, folder)
    policy = policy_of(settings.without("gate"), folder)
    deadline = Deadline(timeout)
    stack = pinned(settings, choose(settings, folder), folder, deadline)
    logs = new_folder_for_logs()
    wanted = Wanted(
        pins=stack.lines,
        python=stack.python,
        names=names,
        slow=slow,
        pools=tuple(dict.fromkeys(pools)),
        repeat=repeat,
        jobs=jobs or JOBS,
        offline=settings.flag("offline"),
        keep=logs,
    )
    audit = judged(_observed(stack, wanted, deadline, progress=printing.progress), policy)
    if logs.exists() and not quiet:
        write(f"the logs of the drills that did not hold are in {logs}\n", sys.stderr)
    telling.tell(audit, policy, printing)
    raise typer.Exit(printing.status(audit.verdict))


def _refuse_beyond(option: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise UsageError(f"{option} is a number from 1 to {most}, not {value}")


def _observed(stack: "Pinned", wanted: "Wanted", deadline: "Deadline", *, progress: bool) -> "Observed":
    from stackaudit.cli.progress import live
    from stackaudit.cli.stacks import SANDBOX, without_place
    from stackaudit.lab.copies import drill_copy
    from stackaudit.model.audit import Observed
    from stackaudit.model.facts.environment import InterpreterFact
    from stackaudit.model.manifest import Interpreter, Manifest
    from stackaudit.model.snapshot import Snapshot

    started = datetime.now(UTC)
    with live(wanted=progress) as tick:
        snapshot = Snapshot(taken_at=started, host="", looks=drill_copy(wanted, deadline, tick))
    copied = next(iter(snapshot.facts(InterpreterFact)))
    observed = Observed(
        manifest=Manifest(
            requirements=stack.requirements,
            sources=(stack.source,),
            interpreter=Interpreter(path=copied.path, where=SANDBOX),
            sandbox=True,
        ),
        snapshot=snapshot,
        started_at=started,
        finished_at=datetime.now(UTC),
    )
    return without_place(observed)
