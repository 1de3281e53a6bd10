"""`stackaudit check`: the audit, printed and gated."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stackaudit.cli import _audit_options as shared
from stackaudit.cli.exits import Exit, interruptible
from stackaudit.model.errors import UsageError

if TYPE_CHECKING:
    from stackaudit.cli.telling import Printing
    from stackaudit.model.manifest import SettingValue

HELP = "Audit the stack: gather facts, run every check side by side, print, and gate."


@interruptible
def check(  # noqa: PLR0913 - a command's options are its parameters
    *,
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
    from_: Annotated[
        Path | None, typer.Option("--from", metavar="RECORD", help="Judge a saved record again; ask nobody.")
    ] = None,
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
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="text (default), json, markdown, html, sarif, junit, github, gitlab or cyclonedx.",
        ),
    ] = "text",
    output: Annotated[
        list[Path] | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write to FILE, by its ending: .json, .md, .html, .sarif, .xml (JUnit) or .cdx.json; repeatable.",
        ),
    ] = None,
    exit_zero: shared.ExitZero = False,
    quiet: shared.Quiet = 0,
    verbose: shared.Verbose = 0,
    color: shared.Color = "auto",
    no_progress: shared.NoProgress = False,
) -> None:
    """Read the settings, audit, tell, and exit with the verdict's status."""
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
    status = run(options, printing, sandbox=sandbox, record=from_)
    raise typer.Exit(status)


def split(values: Sequence[str] | None) -> tuple[str, ...]:
    """`values` with comma-separated ones taken apart."""
    return tuple(part for value in values or () for part in value.split(",") if part)


def run(options: "dict[str, SettingValue]", printing: "Printing", *, sandbox: bool, record: Path | None) -> Exit:
    """The whole of `check` behind its options; returns the exit status."""
    from stackaudit.cli import telling
    from stackaudit.cli.auditing import Source, audit
    from stackaudit.inputs.settings import resolve

    telling.refuse_bad(printing)
    source = Source(folder=Path.cwd(), sandbox=sandbox, record=record)
    if record is not None and (sandbox or options["python"] or options["requirements"]):
        raise UsageError("--from judges a record: it goes with none of --python, -r and --sandbox")
    settings = resolve(options, os.environ, source.folder)
    judged, policy = audit(settings, source, progress=printing.progress)
    telling.tell(judged, policy, printing)
    return printing.status(judged.verdict)
