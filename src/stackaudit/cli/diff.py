"""`stackaudit diff`: what changed between two audits, and who brought it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stackaudit.cli.exits import Exit, interruptible
from stackaudit.cli.output import write
from stackaudit.model.errors import Fault, InputError, UsageError

if TYPE_CHECKING:
    from stackaudit.gate.held import Held
    from stackaudit.model.audit import Case, Saved
    from stackaudit.model.differences import Differences

HELP = "Tell what changed between two records, and what your change brought from what the world brought."

FORMATS = ("text", "json", "markdown")
ENDINGS = {".json": "json", ".md": "markdown"}


@interruptible
def diff(  # noqa: PLR0913 - a command's options are its parameters
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The earlier record, or a document beside its record.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The later one.")],
    *,
    format_: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="text (default), json or markdown.")
    ] = "text",
    output: Annotated[
        list[Path] | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write to FILE, by its ending: .json or .md; repeatable."),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 1 where the records differ, as git diff does.")
    ] = False,
    verbose: Annotated[int, typer.Option("-v", "--verbose", count=True, help="Each fact that differs, too.")] = 0,
    color: Annotated[
        str, typer.Option(metavar="auto|always|never", help="Colours; NO_COLOR and FORCE_COLOR count too.")
    ] = "auto",
) -> None:
    """Read both, compare them, and tell; the status is 0 where both could be read."""
    outputs = tuple(output or ())
    _refuse_bad(format_, outputs, color)
    found = _compared(old, new)
    if outputs:
        _save(found, outputs)
    else:
        write(_told(found, format_, color, verbose=verbose > 0))
    raise typer.Exit(Exit.FAILED if exit_code and found.differ else Exit.PASSED)


def _refuse_bad(format_: str, outputs: tuple[Path, ...], color: str) -> None:
    """Raises UsageError where a format or a colour is unknown, or a file's name chooses no format."""
    from stackaudit.cli.telling import COLORS

    if format_ not in FORMATS:
        raise UsageError(f"there is no format {format_!r} for differences", hint=f"formats are {', '.join(FORMATS)}")
    if color not in COLORS:
        raise UsageError(f"--color can't be {color!r}", hint=f"it is one of {', '.join(COLORS)}")
    for path in outputs:
        if path.suffix not in ENDINGS:
            raise UsageError(f"{path}: no format ends in that", hint=f"known endings are {', '.join(ENDINGS)}")


def _compared(old: Path, new: Path) -> "Differences":
    """The differences between the records that the two files are or name; every fault in either is told."""
    faults: list[Fault] = []
    read = [_read(path, faults) for path in (old, new)]
    if faults:
        raise InputError(faults)
    old_audit, new_audit = [each for each in read if each is not None]
    return compared(old_audit, new_audit)


def compared(old: "tuple[str, Saved]", new: "tuple[str, Saved]") -> "Differences":
    """What differs between two audits, each with what its file is called."""
    from stackaudit.gate.differences import compare

    return compare(_held(*old, new[1].audit.case), _held(*new, old[1].audit.case))


def _read(path: Path, faults: list[Fault]) -> "tuple[str, Saved] | None":
    """The audit in the record that `path` is or names, and what it is called; its faults are added to `faults`."""
    from stackaudit.inputs import records
    from stackaudit.inputs.record_files import find_record

    folder = Path.cwd()
    try:
        record = find_record(path, folder)
        name = str(path) if record == path else f"{path} (record {record.name})"
        return name, records.read_saved(record, folder)
    except InputError as error:
        faults += error.faults
        return None


def _held(name: str, saved: "Saved", other: "Case") -> "Held":
    """The audit with what today's rules say of its facts by the matrix and on the day of `other`, and with all that it asked."""
    from stackaudit import __version__, sockets
    from stackaudit.audit import judge
    from stackaudit.gate.changes import case_before
    from stackaudit.gate.held import Held
    from stackaudit.model.findings import Verdict

    ran = {each.check for each in saved.audit.judgments if each.verdict is not Verdict.SKIPPED}
    checks = [each for each in sockets.checks() if each.id in ran]
    manifest = saved.audit.case.manifest
    # What another version of the tool asked is not known but by what it said.
    own = saved.audit.tool_version == __version__
    asked = frozenset(
        rule.code
        for check in checks
        for rule in sockets.rules_of(check)
        if own and (rule.asked_by is None or rule.asked_by(manifest) is None)
    )
    return Held(name=name, saved=saved, asked=asked, again=judge(case_before(saved.recorded, other), checks))


def _told(found: "Differences", format_: str, color: str, *, verbose: bool) -> str:
    if format_ == "json":
        from stackaudit.reports import diff_json

        return diff_json.render(found)
    if format_ == "markdown":
        from stackaudit.reports import diff_markdown

        return diff_markdown.render(found)
    from stackaudit.cli.telling import wants_color
    from stackaudit.cli.text import painted
    from stackaudit.reports.diff_text import segments

    return painted(segments(found, verbose=verbose), color=wants_color(color, sys.stdout))


def _save(found: "Differences", outputs: tuple[Path, ...]) -> None:
    """Write the files, and sum up in one line on standard error."""
    from stackaudit.model.secret import redact
    from stackaudit.outside.files import write_whole
    from stackaudit.reports._diff_words import conclusion

    for path in outputs:
        try:
            write_whole(path, redact(_told(found, ENDINGS[path.suffix], "never", verbose=True)))
        except OSError as error:
            raise UsageError(f"{path} can't be written: {error.strerror}") from None
    write(f"{conclusion(found)}; wrote {', '.join(map(str, outputs))}\n", sys.stderr)
