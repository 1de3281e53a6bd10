"""The options that commands which audit share, each with its help."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Matrix: TypeAlias = Annotated[
    str | None, typer.Option("--matrix", metavar="NAME|PATH", help="The matrix: a shipped one, or a file.")
]
Python: TypeAlias = Annotated[
    str | None, typer.Option("--python", metavar="PATH", help="Audit this interpreter's environment.")
]
Requirements: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("-r", "--requirement", metavar="FILE", help="Read pins from this file; repeatable."),
]
PythonVersion: TypeAlias = Annotated[
    str | None, typer.Option("--python-version", metavar="X.Y", help="With -r: the Python that the pins are for.")
]
ExcludeNewer: TypeAlias = Annotated[
    str | None, typer.Option("--exclude-newer", metavar="DATE", help="What the index had on that day.")
]
BrokerUrl: TypeAlias = Annotated[
    str | None, typer.Option("--broker-url", metavar="URL", help="The Celery broker [CELERY_BROKER_URL].")
]
RedisUrl: TypeAlias = Annotated[
    str | None, typer.Option("--redis-url", metavar="URL", help="The Redis to check; default: the broker's.")
]
Ffmpeg: TypeAlias = Annotated[
    str | None, typer.Option("--ffmpeg", metavar="PATH", help="The ffmpeg to probe; default: on PATH.")
]
App: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--app", metavar="MODULE:NAME", help="Import this Celery application too, in the target's interpreter."
    ),
]
Sandbox: TypeAlias = Annotated[
    bool, typer.Option("--sandbox", help="Build a throwaway copy of the stack, and audit that.")
]
Only: TypeAlias = Annotated[
    list[str] | None, typer.Option("--only", metavar="CHECK", help="Run this check and no other; repeatable.")
]
Skip: TypeAlias = Annotated[
    list[str] | None, typer.Option("--skip", metavar="CHECK", help="Leave this check out; repeatable.")
]
Require: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--require", metavar="CHECK|RUNG", help="This check must run, or the matrix reach this rung; repeatable."
    ),
]
FailOn: TypeAlias = Annotated[
    str | None, typer.Option("--fail-on", metavar="SEVERITY", help="low, medium (default), high or critical.")
]
AllowUnknown: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--allow-unknown", metavar="CHECK|RULE", help="Let its unknown pass the gate; repeatable."),
]
Ignore: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="RULE|ADVISORY", help="Does not count in this run; repeatable."),
]
Baseline: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--baseline",
        metavar="RECORD",
        help="Tell what this change brought from what the world brought since RECORD.",
    ),
]
Gate: TypeAlias = Annotated[
    str | None, typer.Option("--gate", metavar="all|change", help="change: only what this change brought fails.")
]
Timeout: TypeAlias = Annotated[
    float | None,
    typer.Option("--timeout", metavar="SECONDS", help="The most any one check may take; default 30."),
]
Advisories: TypeAlias = Annotated[
    str | None,
    typer.Option("--advisories", metavar="auto|pypi|osv|URL|PATH", help="Where advisories come from."),
]
Offline: TypeAlias = Annotated[
    bool, typer.Option("--offline", help="Ask only the broker, Redis and loopback services.")
]
Engine: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--engine", metavar="reference|native", help="Ask pip check and pip-audit (default), or answer in process."
    ),
]
Format: TypeAlias = Annotated[
    str, typer.Option("--format", metavar="FORMAT", help="text (default), json, markdown and others.")
]
Output: TypeAlias = Annotated[
    list[Path] | None, typer.Option("-o", "--output", metavar="FILE", help="Write the result to FILE; repeatable.")
]
ExitZero: TypeAlias = Annotated[bool, typer.Option("--exit-zero", help="Tell the verdict and exit 0.")]
Quiet: TypeAlias = Annotated[
    int, typer.Option("-q", "--quiet", count=True, help="Only the findings; twice: only the status.")
]
Verbose: TypeAlias = Annotated[int, typer.Option("-v", "--verbose", count=True, help="More, with the evidence.")]
Color: TypeAlias = Annotated[
    str, typer.Option("--color", metavar="auto|always|never", help="Colours; NO_COLOR and FORCE_COLOR count too.")
]
NoProgress: TypeAlias = Annotated[bool, typer.Option("--no-progress", help="No live progress.")]
