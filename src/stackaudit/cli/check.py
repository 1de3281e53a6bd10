"""`stackaudit check`: the audit, printed and gated."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stackaudit.cli.exits import Exit, interruptible
from stackaudit.model.errors import UsageError

if TYPE_CHECKING:
    from stackaudit.cli.telling import Printing
    from stackaudit.model.manifest import SettingValue

HELP = "Audit the stack: gather facts, run every check side by side, print, and gate."


@interruptible
def check(  # noqa: PLR0913 - a command's options are its parameters
    *,
    matrix: Annotated[
        str | None, typer.Option(metavar="NAME|PATH", help="The matrix: a shipped one, or a file.")
    ] = None,
    python: Annotated[str | None, typer.Option(metavar="PATH", help="Audit this interpreter's environment.")] = None,
    requirement: Annotated[
        list[str] | None,
        typer.Option("-r", "--requirement", metavar="FILE", help="Read pins from this file; repeatable."),
    ] = None,
    python_version: Annotated[
        str | None, typer.Option(metavar="X.Y", help="With -r: the Python that the pins are for.")
    ] = None,
    exclude_newer: Annotated[str | None, typer.Option(metavar="DATE", help="What the index had on that day.")] = None,
    broker_url: Annotated[
        str | None, typer.Option(metavar="URL", help="The Celery broker [CELERY_BROKER_URL].")
    ] = None,
    redis_url: Annotated[
        str | None, typer.Option(metavar="URL", help="The Redis to check; default: the broker's.")
    ] = None,
    ffmpeg: Annotated[str | None, typer.Option(metavar="PATH", help="The ffmpeg to probe; default: on PATH.")] = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Build a throwaway copy of the stack, and audit that.")
    ] = False,
    from_: Annotated[
        Path | None, typer.Option("--from", metavar="RECORD", help="Judge a saved record again; ask nobody.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="CHECK", help="Run this check and no other; repeatable.")
    ] = None,
    skip: Annotated[list[str] | None, typer.Option(metavar="CHECK", help="Leave this check out; repeatable.")] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(metavar="CHECK|RUNG", help="This check must run, or the matrix reach this rung; repeatable."),
    ] = None,
    fail_on: Annotated[
        str | None, typer.Option(metavar="SEVERITY", help="low, medium (default), high or critical.")
    ] = None,
    allow_unknown: Annotated[
        list[str] | None, typer.Option(metavar="CHECK|RULE", help="Let its unknown pass the gate; repeatable.")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="RULE|ADVISORY", help="Does not count in this run; repeatable.")
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(metavar="RECORD", help="Tell what this change brought from what the world brought since RECORD."),
    ] = None,
    gate: Annotated[
        str | None, typer.Option(metavar="all|change", help="change: only what this change brought fails.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="The most any one check may take; default 30.")
    ] = None,
    advisories: Annotated[
        str | None, typer.Option(metavar="auto|pypi|osv|URL|PATH", help="Where advisories come from.")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask only the broker, Redis and loopback services.")
    ] = False,
    engine: Annotated[
        str | None,
        typer.Option(metavar="reference|native", help="Ask pip check and pip-audit (default), or answer in process."),
    ] = None,
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
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Tell the verdict and exit 0.")] = False,
    quiet: Annotated[
        int, typer.Option("-q", "--quiet", count=True, help="Only the findings; twice: only the status.")
    ] = 0,
    verbose: Annotated[int, typer.Option("-v", "--verbose", count=True, help="More, with the evidence.")] = 0,
    color: Annotated[
        str, typer.Option(metavar="auto|always|never", help="Colours; NO_COLOR and FORCE_COLOR count too.")
    ] = "auto",
    no_progress: Annotated[bool, typer.Option("--no-progress", help="No live progress.")] = False,
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
        progress=not (no_progress or quiet),
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
    return Exit.PASSED if printing.exit_zero else Exit.of(judged.verdict)
