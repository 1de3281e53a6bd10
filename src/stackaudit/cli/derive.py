"""`stackaudit matrix derive`: the published layer of a matrix, derived from the package index, and what changed in it."""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stackaudit.cli.exits import Exit, interruptible
from stackaudit.cli.output import plain, write
from stackaudit.model.errors import InputError, UsageError

if TYPE_CHECKING:
    from stackaudit.authoring.derive import Derived
    from stackaudit.inputs._matrix_layers import Published
    from stackaudit.inputs.matrix_source import Source
    from stackaudit.model.matrix import Matrix

HELP = (
    "Derive what the releases of a matrix publish of themselves from the package index into NAME.published.toml, and tell what changed. "
    "Default: the configured matrix, else the only one."
)

_PATIENCE = 120.0
_LONGEST = 86400.0


@interruptible
def derive(
    name: Annotated[str | None, typer.Argument(metavar="NAME|PATH", help="The matrix: by its name, or a file.")] = None,
    *,
    exclude_newer: Annotated[
        str | None,
        typer.Option(
            "--exclude-newer", metavar="MOMENT", help="As the index was then: a date or RFC 3339 time; default: now."
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; derive at the recorded moment, exit 1 where the file is another."),
    ] = False,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="The most that it may take.")] = _PATIENCE,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress.")] = False,
) -> None:
    """Derive, print what changed, and write; exit 3 where the index does not tell all of it: then nothing is written."""
    from stackaudit.authoring.derive import derive as derived_from_index
    from stackaudit.authoring.troubles import DeriveError
    from stackaudit.cli.matrix_source import source_named
    from stackaudit.inputs import matrix_reading
    from stackaudit.model.deadline import Deadline

    if not 0 < timeout <= _LONGEST:
        raise UsageError(f"--timeout is a number of seconds above 0 and up to a day, not {timeout}")
    if check and exclude_newer is not None:
        raise UsageError(
            "--check derives at the recorded moment, and --exclude-newer names another", hint="leave one out"
        )
    source = source_named(name)
    matrix = matrix_reading.load_written(source)
    if all(entry.derive is None for entry in matrix.packages):
        raise UsageError(
            f"{source.shown}: no package of it has its ranges derived", hint='give one `versions`, such as ">=5.2"'
        )
    path = None if check else _writable(source)
    old = _old(source, must_be=check)
    moment = old[0].at if check and old else _moment(exclude_newer, datetime.now(UTC))
    try:
        derived = derived_from_index(matrix, moment, Deadline(timeout), _silent if quiet else _say)
    except DeriveError as error:
        kept = "" if check or old is None else "; the file is as it was"
        write(f"error: {plain(str(error))}{kept}\n  = fix:  {error.hint}\n", sys.stderr)
        raise typer.Exit(Exit.UNKNOWN) from None
    for left, version, why in derived.left_out:
        write(f"note: {left} {version} is left out: {plain(why)}\n", sys.stderr)
    for remark in derived.remarks:
        write(f"note: {remark}\n", sys.stderr)
    raise typer.Exit(_settle(matrix, derived, old, path))


def _settle(matrix: "Matrix", derived: "Derived", old: "tuple[Published, str] | None", path: Path | None) -> Exit:
    """Tell what changed, and write it where there is a `path`; else it is the status that says whether the file is what was derived."""
    from stackaudit.authoring.differences import differences
    from stackaudit.authoring.published_text import text_of
    from stackaudit.inputs._text import shown_path

    published = derived.published
    if old is not None and old[1] == text_of(replace(published, at=old[0].at)):
        write(f"{matrix.name}: {_told(published)}; nothing changed since {_shown(old[0].at)}\n")
        return Exit.PASSED
    explained = {
        entry.name: (*entry.withdrawn, *(version for name, version, _ in derived.left_out if name == entry.name))
        for entry in matrix.packages
    }
    lines = differences(old[0].ranges if old else {}, published.ranges, explained)
    before = f"before: {_shown(old[0].at)}" if old else "not derived before"
    write(f"{matrix.name}: {_told(published)} at {_shown(published.at)}; {before}\n\n")
    write("".join(f"{plain(line)}\n" for line in lines or ("nothing but the way in which it is written",)))
    if path is None:
        return Exit.FAILED
    _save(path, text_of(published))
    write(f"wrote {shown_path(path, Path.cwd())}\n", sys.stderr)
    return Exit.PASSED


def _writable(source: "Source") -> Path:
    """Where the published layer of `source` is written: beside it.

    Raises:
        UsageError: it ships with stackaudit: what an installer put there is not ours to change.
    """
    from importlib.resources import files

    if source.path is None:
        written = files("stackaudit.matrices").joinpath(f"{source.name}.toml")
        raise UsageError(
            f"matrix {source.name} came with stackaudit, and what is installed is not written to",
            hint=f"copy {written} into the folder `matrices` of your project, or derive it in a checkout of stackaudit",
        )
    return source.path.with_name(f"{source.name}.published.toml")


def _old(source: "Source", *, must_be: bool) -> "tuple[Published, str] | None":
    """What was derived before, and its text; None where that is nothing, or nothing that can be read.

    Raises:
        InputError: it `must_be` there, and is not, or is wrong.
    """
    from stackaudit.inputs import matrix_reading

    try:
        old = matrix_reading.load_published(source)
    except InputError as error:
        if must_be:
            raise
        write(f"note: {error.faults[0]}: it is derived anew\n", sys.stderr)
        return None
    if old is None and must_be:
        raise UsageError(
            f"{source.shown}: nothing was derived for it yet, so there is nothing to check",
            hint="run it without --check",
        )
    return old


def _moment(text: str | None, now: datetime) -> datetime:
    """The moment that `text` means, in UTC and whole seconds; `now` where there is none.

    Raises:
        UsageError: it is none, or is still to come.
    """
    from stackaudit.probes.index import end_of

    try:
        moment = (now if text is None else end_of(text)).replace(microsecond=0)
    except ValueError:
        raise UsageError(
            f"--exclude-newer can't be {text!r}", hint="a date (2026-11-01) or a time (2026-11-01T12:00:00Z)"
        ) from None
    if moment > now:
        raise UsageError(f"--exclude-newer is {_shown(moment)}, which is still to come", hint="leave it out for now")
    return moment


def _told(published: "Published") -> str:
    ranges = [each for found in published.ranges.values() for each in found]
    releases = sum(len(each.releases) + len(each.yanked) for each in ranges)
    return f"{len(published.ranges)} packages, {releases} releases in {len(ranges)} ranges"


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _save(path: Path, text: str) -> None:
    from stackaudit.outside.files import write_whole

    try:
        write_whole(path, text)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from None


def _say(line: str) -> None:
    write(f"{line}\n", sys.stderr)


def _silent(_line: str) -> None:
    pass
