"""`stackaudit report`: the audit document, from a fresh audit or from a saved record."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stackaudit.cli import _audit_options as shared
from stackaudit.cli.check import split
from stackaudit.cli.exits import interruptible

if TYPE_CHECKING:
    from stackaudit.model.manifest import SettingValue

HELP = "Write the audit document (Markdown), from a fresh audit or from a saved record."


@interruptible
def report(  # noqa: PLR0913 - a command's options are its parameters
    *,
    from_: Annotated[
        Path | None, typer.Option("--from", metavar="RECORD", help="Tell a saved record as it was; ask nobody.")
    ] = None,
    template: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A Jinja2 template of your own in the place of ours.")
    ] = None,
    quarter: Annotated[
        bool,
        typer.Option(
            "--quarter",
            help="Write AUDIT-YYYY-Qn.md and its record, with what changed since the last one in the folder `documents`.",
        ),
    ] = False,
    matrix: shared.Matrix = None,
    python: shared.Python = None,
    requirement: shared.Requirements = None,
    python_version: shared.PythonVersion = None,
    exclude_newer: shared.ExcludeNewer = None,
    broker_url: shared.BrokerUrl = None,
    redis_url: shared.RedisUrl = None,
    ffmpeg: shared.Ffmpeg = None,
    app: shared.App = None,
    sandbox: shared.Sandbox = False,
    only: shared.Only = None,
    skip: shared.Skip = None,
    require: shared.Require = None,
    fail_on: shared.FailOn = None,
    allow_unknown: shared.AllowUnknown = None,
    ignore: shared.Ignore = None,
    baseline: shared.Baseline = None,
    gate: shared.Gate = None,
    timeout: shared.Timeout = None,
    advisories: shared.Advisories = None,
    offline: shared.Offline = False,
    engine: shared.Engine = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="markdown (default), html, json and others.")
    ] = "markdown",
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "-o", "--output", metavar="FILE", help="Write to FILE, by its ending (.md, .html, .json); repeatable."
        ),
    ] = None,
    exit_zero: shared.ExitZero = False,
    quiet: shared.Quiet = 0,
    verbose: shared.Verbose = 0,
    color: shared.Color = "auto",
    no_progress: shared.NoProgress = False,
) -> None:
    """Audit or read the record, make the edition, tell it, and exit with the verdict's status."""
    options: dict[str, SettingValue] = {
        "matrix": matrix,
        "python": python,
        "requirements": tuple(requirement or ()),
        "python-version": python_version,
        "exclude-newer": exclude_newer,
        "broker-url": broker_url,
        "redis-url": redis_url,
        "ffmpeg": ffmpeg,
        "app": app,
        "only": split(only),
        "skip": split(skip),
        "require": split(require),
        "fail-on": fail_on,
        "allow-unknown": split(allow_unknown),
        "ignore": split(ignore),
        "baseline": None if baseline is None else str(baseline),
        "gate": gate,
        "timeout": timeout,
        "advisories": advisories,
        "offline": offline or None,
        "engine": engine,
    }
    from stackaudit.cli.edition import Order, write_edition
    from stackaudit.cli.telling import Printing

    printing = Printing(
        format=format_,
        outputs=tuple(output or ()),
        color=color,
        no_progress=no_progress,
        quiet=quiet,
        verbose=verbose,
        exit_zero=exit_zero,
    )
    order = Order(options=options, record=from_, template=template, quarter=quarter, sandbox=sandbox)
    raise typer.Exit(write_edition(order, printing))
