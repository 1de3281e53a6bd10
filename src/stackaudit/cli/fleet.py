"""`stackaudit fleet`: what every live worker really runs, and where the workers differ from each other, the pins and the matrix."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stackaudit.cli import _audit_options as shared
from stackaudit.cli.check import split
from stackaudit.cli.exits import Exit, interruptible

if TYPE_CHECKING:
    from stackaudit.model.manifest import SettingValue

HELP = (
    "Ask every worker of the broker what it really runs, and tell where the workers differ from each other, from the pins and from what is "
    "known to work. Nothing is needed on the workers; with the worker step they tell all."
)


@interruptible
def fleet(  # noqa: PLR0913 - a command's options are its parameters
    *,
    broker_url: shared.BrokerUrl = None,
    expect: Annotated[
        list[str] | None,
        typer.Option("--expect", metavar="NODE|N", help="A worker that must answer, or how many in all; repeatable."),
    ] = None,
    worker_step: Annotated[
        bool, typer.Option("--worker-step", help="Print the file that lets workers tell all that they run, and exit.")
    ] = False,
    matrix: shared.Matrix = None,
    python: Annotated[
        str | None, typer.Option(metavar="PATH", help="Hold the workers against this interpreter's environment.")
    ] = None,
    requirement: shared.Requirements = None,
    fail_on: shared.FailOn = None,
    allow_unknown: shared.AllowUnknown = None,
    ignore: shared.Ignore = None,
    timeout: shared.Timeout = None,
    format_: shared.Format = "text",
    output: shared.Output = None,
    exit_zero: shared.ExitZero = False,
    quiet: shared.Quiet = 0,
    verbose: shared.Verbose = 0,
    color: shared.Color = "auto",
    no_progress: shared.NoProgress = False,
) -> None:
    """Ask all at once, judge, tell, and exit with the verdict's status."""
    if worker_step:
        _print_step()
        raise typer.Exit(Exit.PASSED)
    from stackaudit.cli import telling
    from stackaudit.cli._fleet_audit import audit, call_of
    from stackaudit.cli.choosing import policy_of
    from stackaudit.inputs.settings import resolve
    from stackaudit.reports._fleet import text

    printing = telling.Printing(
        format=format_,
        outputs=tuple(output or ()),
        color=color,
        no_progress=no_progress,
        quiet=quiet,
        verbose=verbose,
        exit_zero=exit_zero,
        details=text,
        keeps=False,
    )
    telling.refuse_bad(printing)
    options: dict[str, SettingValue] = {
        "matrix": matrix,
        "python": python,
        "requirements": tuple(requirement or ()),
        "broker-url": broker_url,
        "expect": split(expect),
        "fail-on": fail_on,
        "allow-unknown": split(allow_unknown),
        "ignore": split(ignore),
        "timeout": timeout,
    }
    settings = resolve(options, os.environ, Path.cwd())
    policy = policy_of(settings.without("gate"), Path.cwd())
    call = call_of(settings)
    judged = audit(call, policy, progress=printing.progress)
    telling.tell(judged, policy, replace(printing, title=f"Asking the workers of {call.broker.subject}"))
    raise typer.Exit(printing.status(judged.verdict))


def _print_step() -> None:
    from importlib.resources import files

    from stackaudit.cli.output import write

    write((files("stackaudit.target") / "worker_step.py").read_text(encoding="utf-8"))
