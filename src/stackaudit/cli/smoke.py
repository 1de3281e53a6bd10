"""`stackaudit smoke`: is the live stack alive, from its dependencies to a task that goes through it and a picture that ffmpeg makes."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stackaudit.cli import _audit_options as shared
from stackaudit.cli.check import split
from stackaudit.cli.exits import interruptible
from stackaudit.model.errors import UsageError

if TYPE_CHECKING:
    from stackaudit.model.manifest import SettingValue

HELP = "Try the live stack, and harm nothing: dependencies, advisories, Redis, a task through broker and worker and back, ffmpeg."
CHECKS = ("conflicts", "vulnerabilities", "redis", "celery", "ffmpeg")


@interruptible
def smoke(  # noqa: PLR0913 - a command's options are its parameters
    *,
    task: Annotated[
        str | None,
        typer.Option(
            "--task",
            metavar="NAME",
            help="Send this task of yours, once; default: one that each Celery has, which only answers.",
        ),
    ] = None,
    args: Annotated[
        str | None, typer.Option("--args", metavar="JSON", help="The positional arguments of --task, a JSON list.")
    ] = None,
    queue: Annotated[
        str | None, typer.Option("--queue", metavar="NAME", help="Send through this queue alone; default: each in use.")
    ] = None,
    yes: Annotated[
        bool,
        typer.Option("-y", "--yes", help="Send tasks without asking, to a broker that is not on this machine too."),
    ] = False,
    python: shared.Python = None,
    requirement: shared.Requirements = None,
    python_version: shared.PythonVersion = None,
    broker_url: shared.BrokerUrl = None,
    redis_url: shared.RedisUrl = None,
    ffmpeg: shared.Ffmpeg = None,
    sandbox: shared.Sandbox = False,
    only: shared.Only = None,
    skip: shared.Skip = None,
    require: shared.Require = None,
    fail_on: shared.FailOn = None,
    allow_unknown: shared.AllowUnknown = None,
    ignore: shared.Ignore = None,
    timeout: shared.Timeout = None,
    advisories: shared.Advisories = None,
    offline: shared.Offline = False,
    engine: shared.Engine = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="text (default), json, markdown, junit and others.")
    ] = "text",
    output: shared.Output = None,
    exit_zero: shared.ExitZero = False,
    quiet: shared.Quiet = 0,
    verbose: shared.Verbose = 0,
    color: shared.Color = "auto",
    no_progress: shared.NoProgress = False,
) -> None:
    """Read the settings, ask before anything is sent elsewhere, try, tell, and exit with the verdict's status."""
    from stackaudit.cli import telling
    from stackaudit.cli.auditing import Source, audit
    from stackaudit.cli.round_trips import agreed, round_trip
    from stackaudit.cli.times import times
    from stackaudit.inputs.settings import resolve

    printing = telling.Printing(
        format=format_,
        outputs=tuple(output or ()),
        color=color,
        no_progress=no_progress,
        quiet=quiet,
        verbose=verbose,
        exit_zero=exit_zero,
        details=times,
    )
    telling.refuse_bad(printing)
    options: dict[str, SettingValue] = {
        "python": python,
        "requirements": tuple(requirement or ()),
        "python-version": python_version,
        "broker-url": broker_url,
        "redis-url": redis_url,
        "ffmpeg": ffmpeg,
        "only": chosen(split(only)),
        "skip": split(skip),
        "require": split(require),
        "fail-on": fail_on,
        "allow-unknown": split(allow_unknown),
        "ignore": split(ignore),
        "timeout": timeout,
        "advisories": advisories,
        "offline": offline or None,
        "engine": engine,
    }
    settings = resolve(options, os.environ, Path.cwd())
    trip = round_trip(
        {"round-trip": "task" if sandbox else agreed(settings, yes=yes), "task": task, "args": args, "queue": queue}
    )
    source = Source(folder=Path.cwd(), sandbox=sandbox, besides=trip)
    judged, policy = audit(settings.without("gate"), source, progress=printing.progress)
    telling.tell(judged, policy, printing)
    raise typer.Exit(printing.status(judged.verdict))


def chosen(named: tuple[str, ...]) -> tuple[str, ...]:
    """The checks of a smoke test that are `named`, all where none is.

    Raises:
        UsageError: one is no part of it.
    """
    strange = [each for each in named if each not in CHECKS]
    if strange:
        raise UsageError(f"smoke has no check {strange[0]}", hint=f"its checks are {', '.join(CHECKS)}")
    return named or CHECKS
