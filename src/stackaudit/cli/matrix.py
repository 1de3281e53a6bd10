"""`stackaudit matrix list, show, lint`: the compatibility matrices themselves: which there are, one drawn, any judged."""

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stackaudit.cli.exits import Exit, interruptible
from stackaudit.cli.output import write
from stackaudit.model.errors import Fault, InputError, UsageError

if TYPE_CHECKING:
    from stackaudit.model.matrix import Matrix

HELP = "The compatibility matrices: which there are, one drawn, any judged, one derived from the index."
LIST = "List the matrices: those in ./matrices of the project, and those that ship."
SHOW = "Draw a matrix as a grid of Python by package. Default: the configured one, else the only one that ships."
LINT = "Judge matrices themselves. Default: the configured one, else all that ship."

Color = Annotated[str, typer.Option(metavar="auto|always|never", help="Colours; NO_COLOR and FORCE_COLOR count too.")]


Format = Annotated[str, typer.Option("--format", metavar="FORMAT", help="text (default) or json.")]


@interruptible
def list_(*, format_: Format = "text") -> None:
    """Print a table with a line for each matrix."""
    from stackaudit.cli.drawing import summary, table
    from stackaudit.inputs.matrices import read_all
    from stackaudit.inputs.settings import resolve

    found = read_all(resolve({}, os.environ, Path.cwd()).root)
    write(_json([summary(each) for each in found]) if _wants_json(format_) else table(found))


@interruptible
def show(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME|PATH", help="The matrix: a shipped one, or a file.")
    ] = None,
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write the picture to FILE, an .svg.")
    ] = None,
    color: Color = "auto",
) -> None:
    """Print the grid, or write it to a file: then standard output stays empty."""
    from stackaudit.cli.drawing import drawn
    from stackaudit.cli.text import painted
    from stackaudit.reports.heatmap import heatmap
    from stackaudit.reports.heatmap_svg import svg

    colored = _colored(color)
    if output is not None and output.suffix != ".svg":
        raise UsageError(f"{output}: no picture ends in that", hint="name it .svg")
    found = _read([name] if name else [])
    if len(found) > 1:
        raise UsageError(f"which matrix? there are {', '.join(each.name for each in found)}", hint="name one of them")
    grid = heatmap(found[0], datetime.now(UTC).date())
    if output is None:
        write(painted(drawn(grid), color=colored))
        return
    _save(output, svg(grid))
    write(f"wrote {output}\n", sys.stderr)


@interruptible
def lint(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME|PATH", help="Shipped matrices, or files.")] = None,
    *,
    format_: Format = "text",
    color: Color = "auto",
) -> None:
    """Tell what is wrong with the matrices, and exit with the verdict's status."""
    from stackaudit.checks._lint import lint as judge
    from stackaudit.checks._lint import verdict_of
    from stackaudit.cli.drawing import linted, summary
    from stackaudit.cli.text import painted
    from stackaudit.model.wire import encode

    colored, today = _colored(color), datetime.now(UTC).date()
    judged = [(each, judge(each, today)) for each in _read(names or [])]
    verdict = verdict_of(finding for _, findings in judged for finding in findings)
    if _wants_json(format_):
        told = [{**summary(each), "findings": encode(findings)} for each, findings in judged]
        write(_json({"verdict": verdict.value, "matrices": told}))
    else:
        write(painted(linted(judged), color=colored))
    raise typer.Exit(Exit.of(verdict))


def _wants_json(choice: str) -> bool:
    if choice not in {"text", "json"}:
        raise UsageError(f"--format can't be {choice!r}", hint="it is one of text, json")
    return choice == "json"


def _json(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _colored(choice: str) -> bool:
    from stackaudit.cli.telling import COLORS, wants_color

    if choice not in COLORS:
        raise UsageError(f"--color can't be {choice!r}", hint=f"it is one of {', '.join(COLORS)}")
    return wants_color(choice, sys.stdout)


def _read(names: Sequence[str]) -> "list[Matrix]":
    """The matrices of these names or paths; where there is none: the configured one, else all that ship.

    Raises:
        InputError: some are wrong: every fault of all of them.
    """
    from stackaudit.inputs import matrices
    from stackaudit.inputs.settings import resolve

    folder = Path.cwd()
    settings = resolve({}, os.environ, folder)
    if not names:
        configured = settings.get("matrix")
        if isinstance(configured.value, str):
            return [
                matrices.read(configured.value, settings.base_of("matrix", folder), configured.where, settings.root)
            ]
        return list(matrices.read_all(settings.root))
    found: list[Matrix] = []
    faults: list[Fault] = []
    for name in dict.fromkeys(names):
        try:
            found.append(matrices.read(name, folder, project=settings.root))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return found


def _save(path: Path, text: str) -> None:
    from stackaudit.model.secret import redact
    from stackaudit.outside.files import write_whole

    try:
        write_whole(path, redact(text))
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from None
