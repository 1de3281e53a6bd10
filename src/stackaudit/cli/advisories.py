"""`stackaudit advisories sync, status`: the local mirror of advisories, for audits with no network."""

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stackaudit.cli.exits import Exit, interruptible
from stackaudit.cli.output import mention, write
from stackaudit.model.errors import UsageError

if TYPE_CHECKING:
    from stackaudit.advisories.mirror import Mirror, MirrorError

HELP = "The local mirror of advisories, for audits with no network."
SYNC = "Make the mirror anew; the old one stays until the new one is whole and verified."
STATUS = "Tell what the mirror holds, how old it is, and where it lies."

_PATIENCE = 300.0
_LONGEST = 86400.0


@interruptible
def sync(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE",
            help="The URL of a zip, or a zip or folder of OSV records, or a checkout of PyPA's advisory-database; "
            "default: OSV's zip for PyPI.",
        ),
    ] = None,
    *,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="The most that it may take.")] = _PATIENCE,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress.")] = False,
) -> None:
    """Sync, and print what the mirror is now; exit 2 where the path that was named is wrong, 3 where the world is."""
    from stackaudit.advisories import fetch, mirror
    from stackaudit.advisories import sync as syncing
    from stackaudit.model.deadline import Deadline

    if not 0 < timeout <= _LONGEST:
        raise UsageError(f"--timeout is a number of seconds above 0 and up to a day, not {timeout}")
    given = source or fetch.OSV_ZIP
    if not fetch.is_url(given) and not Path(given).exists():
        raise UsageError(f"there is no {given}", hint="name a URL, a zip, or a folder of OSV records")
    if not fetch.is_url(given):
        given = str(Path(given).absolute())
    now = datetime.now(UTC)
    say = _silent if quiet else _say
    try:
        old = _sound()
        made = syncing.sync(given, Deadline(timeout), now, say)
    except mirror.MirrorError as error:
        _refuse(error, kept=mirror.is_there())
        named = isinstance(error, syncing.SourceError) and not fetch.is_url(given)
        raise typer.Exit(Exit.USAGE if named else Exit.UNKNOWN) from None
    write("".join(f"warning: {each}\n" for each in lost(old, made)), sys.stderr)
    mention(told(made, now.date()))


@interruptible
def status(
    *, format_: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text (default) or json.")] = "text"
) -> None:
    """Print what the mirror is; exit 3 where there is none, or none that can be used."""
    from stackaudit.advisories import mirror

    if format_ not in {"text", "json"}:
        raise UsageError(f"--format can't be {format_!r}", hint="it is one of text, json")
    try:
        found = mirror.current()
        if found is None:
            missing = f"there is no mirror in {mirror.folder()}\n  = fix:  {mirror.MAKE}\n"
            write("null\n" if format_ == "json" else missing)
            raise typer.Exit(Exit.UNKNOWN)
        mirror.verify(found)
    except mirror.MirrorError as error:
        _refuse(error, kept=False)
        raise typer.Exit(Exit.UNKNOWN) from None
    today = datetime.now(UTC).date()
    write(as_json(found, today) if format_ == "json" else told(found, today))


def as_json(mirror: "Mirror", today: date) -> str:
    """What `mirror` is, as an object; `age_days` counts from the newest record, None where no record says when it was changed."""
    import json

    age = (today - date.fromisoformat(mirror.newest)).days if mirror.newest else None
    known = {
        "count": mirror.count,
        "newest": mirror.newest or None,
        "age_days": age,
        "synced_at": mirror.synced_at.isoformat(timespec="seconds"),
        "source": mirror.source,
        "sha256": mirror.sha256,
        "path": str(mirror.path),
    }
    return json.dumps(known, ensure_ascii=False, indent=2) + "\n"


def told(mirror: "Mirror", today: date) -> str:
    """What `mirror` is, a line for each thing that is known of it."""
    newest = f"{mirror.newest}, {days(mirror.newest, today)}" if mirror.newest else "no record says when it was changed"
    synced = f"{mirror.synced_at:%Y-%m-%d %H:%M} UTC, {days(mirror.synced_at.date().isoformat(), today)}"
    return (
        f"advisories  {mirror.count:,} about PyPI packages, withdrawn ones included\n"
        f"newest      {newest}\n"
        f"synced      {synced}, from {mirror.source}\n"
        f"digest      sha256 {mirror.sha256}\n"
        f"lies in     {mirror.path.parent}\n"
    )


def lost(old: "Mirror | None", new: "Mirror") -> list[str]:
    """What `new` lacks that `old` had: a source that gives less than the one before may not be the right one."""
    lines = []
    if old is not None and new.count < old.count:
        lines.append(f"the mirror holds {new.count:,} records now, and held {old.count:,} before, from {old.source}")
    if old is not None and new.newest < old.newest:
        lines.append(f"its newest record is of {new.newest or 'no known day'} now, and was of {old.newest} before")
    return lines


def days(since: str, today: date) -> str:
    """`since`, an ISO date, as an age: `3 days old`. A clock that went back, or a record dated ahead, makes nothing fresh."""
    age = (today - date.fromisoformat(since)).days
    if age < 0:
        return "a day that is still to come"
    return f"{age:,} {'day' if age == 1 else 'days'} old"


def _sound() -> "Mirror | None":
    """The mirror that is there, if any can be used."""
    from stackaudit.advisories import mirror

    try:
        return mirror.current()
    except mirror.MirrorError:
        return None


def _refuse(error: "MirrorError", *, kept: bool) -> None:
    stays = "; it is as it was" if kept else ""
    write(f"error: the local mirror: {error}{stays}\n  = fix:  {error.hint}\n", sys.stderr)


def _say(line: str) -> None:
    write(f"{line}\n", sys.stderr)


def _silent(_line: str) -> None:
    pass
