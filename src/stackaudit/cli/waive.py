"""`stackaudit waive`: accept a finding, with a reason, an owner and an end, in the configuration."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stackaudit.cli.exits import interruptible
from stackaudit.cli.output import mention
from stackaudit.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from stackaudit.inputs.settings import Settings
    from stackaudit.model.waivers import Waiver

HELP = "Accept a finding until a day: write a waiver into the configuration."

DAYS = 90
"""How long a waiver holds where no end is given."""

_BOM = "\ufeff"


@interruptible
def waive(  # noqa: PLR0913 - a command's options are its parameters
    name: Annotated[str, typer.Argument(metavar="RULE|ADVISORY", help="A rule's code, or an advisory's id.")],
    about: Annotated[
        str | None,
        typer.Argument(metavar="PACKAGE", help="A package, one version of it (redis==5.0.8), or another subject."),
    ] = None,
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why it is accepted.")],
    owner: Annotated[
        str | None, typer.Option(metavar="WHO", help="Who answers for it; default: git's user, else the account.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE|until-fixed", help="Its last day; an advisory's may be until-fixed.")
    ] = None,
    days: Annotated[int | None, typer.Option(metavar="N", help=f"Its last day, in N days; default {DAYS}.")] = None,
    path: Annotated[
        str | None, typer.Option(metavar="GLOB", help="Only where it is found in these files of the project.")
    ] = None,
) -> None:
    """Append the waiver to the file that holds the settings, else to `pyproject.toml`, else to a new `stackaudit.toml`."""
    from stackaudit.inputs.settings import resolve
    from stackaudit.inputs.waivers import is_advisory, reason_is_empty

    folder = Path.cwd()
    settings = resolve({}, {}, folder)
    if reason_is_empty(reason):
        raise UsageError("--reason says nothing", hint="say why it is accepted, for who reads it later")
    meant = name.strip()
    fields: dict[str, str | date] = {
        **({"advisory": meant} if is_advisory(meant) else {"rule": _rule(meant.upper())}),
        **(_subject(about.strip(), settings, folder) if about else {}),
        **({"path": _path(path, settings, folder)} if path else {}),
        "reason": reason.strip(),
        "owner": (owner if owner is not None else _owner(folder)).strip(),
        "until": _end(until, days),
    }
    added = _write(settings, folder, fields)
    end = "until there is a fix" if added.until is None else f"until {added.end}"
    mention(f"waived {added.title} {end}, by {added.owner}: {added.where}\n")


def _write(settings: "Settings", folder: Path, fields: "Mapping[str, str | date]") -> "Waiver":
    """Write the waiver of `fields` behind those that are there, and return it as it is read back.

    Raises:
        StackauditError: something is wrong with it, or the file can't be written; it is as it was.
    """
    from stackaudit.authoring.waive import appended
    from stackaudit.inputs import waivers
    from stackaudit.inputs._text import parse_toml, shown_path
    from stackaudit.inputs.settings import prefix_of
    from stackaudit.model.errors import Fault, InputError
    from stackaudit.outside.files import write_whole

    project = settings.root / "pyproject.toml"
    file = settings.file or (project if project.is_file() else settings.root / "stackaudit.toml")
    shown, prefix = shown_path(file, folder), prefix_of(file)
    try:
        old = file.read_bytes().decode() if file.exists() else ""
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"{shown} can't be read as text in UTF-8") from None
    before = parse_toml(old.removeprefix(_BOM), shown)
    if isinstance(before, Fault):
        raise InputError([before])
    new = appended(old, prefix, fields)
    toml = parse_toml(new.removeprefix(_BOM), shown) if new is not None else None
    if new is None or toml is None or isinstance(toml, Fault):
        hint = f"write them as [[{'.'.join([*prefix, waivers.KEY])}]] tables, or add this one by hand"
        raise UsageError(f"{shown}: its settings are written in a form that no table can be added to", hint=hint)
    found, faults = waivers.read(toml, prefix, file.parent)
    if faults:
        raise UsageError(faults[0].message, hint=faults[0].hint)
    try:
        write_whole(file, new)
    except OSError as error:
        raise UsageError(f"{shown} can't be written: {error.strerror}") from None
    return found[-1]


def _rule(code: str) -> str:
    from stackaudit import sockets
    from stackaudit.cli.choosing import nearest_rule
    from stackaudit.inputs.waivers import CODE

    if not CODE.fullmatch(code):
        hint = "a rule is such as MX207 (`stackaudit explain` lists them), an advisory such as CVE-2025-50817"
        raise UsageError(f"{code} is no rule's code and no advisory's id", hint=hint)
    if not code.startswith("AU") and code not in [each.code for each in sockets.rules()]:
        raise UsageError(f"there is no rule {code}", hint=nearest_rule(code))
    return code


def _subject(about: str, settings: "Settings", folder: Path) -> "Mapping[str, str]":
    """`about` as what a waiver calls it; a name that is almost one of the project's is taken for a slip.

    Raises:
        UsageError: it is such a name.
    """
    import difflib
    import os

    from packaging.utils import canonicalize_name

    from stackaudit.inputs.declare import Call, declared_in_files
    from stackaudit.inputs.matrices import read_all
    from stackaudit.inputs.waivers import is_package
    from stackaudit.model.errors import InputError

    if not is_package(about):
        name, equals, version = about.partition("==")
        return {"subject": f"{canonicalize_name(name)}=={version}" if equals and is_package(name) else about}
    known: set[str] = set()
    for matrix in read_all():
        known |= {each.name for each in matrix.packages} | {each.name for each in matrix.products}
    try:
        known |= {
            each.name for each in declared_in_files(settings, Call(folder=folder, environ=os.environ)).requirements
        }
    except InputError:
        # Its own command tells what is wrong with them.
        return {"package": about}
    name = canonicalize_name(about)
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.8)
    if name not in known and near:
        raise UsageError(f"nothing here is called {about}", hint=f"did you mean {near[0]}?")
    return {"package": about}


def _path(given: str, settings: "Settings", folder: Path) -> str:
    """`given`, which counts from `folder`, as it counts from the folder of the settings."""
    import posixpath

    return posixpath.normpath(posixpath.join(folder.relative_to(settings.root).as_posix(), given))


def _end(until: str | None, days: int | None) -> "date | str":
    """The last day, or `until-fixed`.

    Raises:
        UsageError: it is no day, or one that has passed.
    """
    from datetime import UTC, date, datetime, timedelta

    from stackaudit.model.findings import UNTIL_FIXED

    if until is not None and days is not None:
        raise UsageError("--until and --days both say when it ends", hint="give one of them")
    if until is not None and until.strip() == UNTIL_FIXED:
        return UNTIL_FIXED
    today = datetime.now(UTC).date()
    try:
        end = today + timedelta(days=DAYS if days is None else days) if until is None else date.fromisoformat(until)
    except (ValueError, OverflowError):
        given = f"--until {until}" if until is not None else f"--days {days}"
        raise UsageError(f"{given} is no day", hint=f"a date such as {today}, or {UNTIL_FIXED}") from None
    if end < today:
        raise UsageError(f"the waiver would have ended before it began: {end}", hint="give a day to come")
    return end


def _owner(folder: Path) -> str:
    """Git's user in `folder`, else the account.

    Raises:
        UsageError: neither has a name.
    """
    import getpass

    from stackaudit.model.deadline import Deadline
    from stackaudit.outside import process

    for key in ("user.name", "user.email"):
        told = process.run(["git", "config", key], Deadline(5.0), cwd=folder)
        if told.exit_status == 0 and told.text.strip():
            return told.text.strip()
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise UsageError("this account has no name", hint="say who answers for it, with --owner") from None
