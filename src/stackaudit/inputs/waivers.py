"""Reads the waivers of a settings file, and refuses what nobody could answer for later: no reason, no owner, no end."""

import re
from datetime import date
from pathlib import Path, PurePosixPath

from packaging.utils import NormalizedName, canonicalize_name

from stackaudit.inputs._text import Toml
from stackaudit.inputs._toml_lines import KeyPath
from stackaudit.inputs._toml_tables import Book, Table
from stackaudit.model.errors import Fault
from stackaudit.model.findings import UNTIL_FIXED
from stackaudit.model.waivers import Waiver

KEY = "waiver"
"""The name of the array of tables."""

CODE = re.compile(r"[A-Z]{2}\d{3}")
_ID = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9.:]+)+")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_EMPTY = frozenset(
    {"asdf", "because", "fixme", "later", "na", "nil", "none", "noreason", "nothing", "null", "pending", "reason"}
    | {"tba", "tbd", "test", "todo", "unknown", "wip", "xxx"}
)
"""Words that stand where a reason should, without blanks and signs."""


def read(toml: Toml, prefix: KeyPath, root: Path) -> tuple[tuple[Waiver, ...], list[Fault]]:
    """The waivers in the table at `prefix` of the settings file `toml`, which lies in folder `root`; and all that is wrong with them."""
    book = Book(toml)
    settings: object = toml.table
    for part in prefix:
        settings = settings.get(part) if isinstance(settings, dict) else None
    value = settings.get(KEY) if isinstance(settings, dict) else None
    if value is None:
        return (), []
    if isinstance(value, dict):
        header = f"[[{'.'.join([*map(str, prefix), KEY])}]]"
        book.note((*prefix, KEY), f"`{KEY}` must be an array of tables", hint=f"write {header}, with two brackets")
        return (), book.faults
    found = []
    for index, table in enumerate(Table(book, {KEY: value}, prefix).tables(KEY)):
        before = len(book.faults)
        waiver = _waiver(table, toml, (*prefix, KEY, index), root)
        if len(book.faults) == before:
            found.append(waiver)
    for waiver in found:
        twin = next(each for each in found if _scope(each) == _scope(waiver))
        if twin is not waiver:
            message = f"a second waiver of {waiver.title}: the first is at line {twin.where.line}"
            book.faults.append(Fault(where=waiver.where, message=message, hint="keep one of the two"))
    return tuple(found), book.faults


def reason_is_empty(text: str) -> bool:
    """Whether `text` says nothing: it is blank, or a word that only keeps the place."""
    letters = "".join(each for each in text.lower() if each.isalnum())
    return not letters or letters in _EMPTY


def _scope(waiver: Waiver) -> tuple[str | None, ...]:
    return (waiver.name.casefold(), waiver.package, waiver.subject, waiver.path)


def _waiver(table: Table, toml: Toml, at: KeyPath, root: Path) -> Waiver:
    """One waiver; what is wrong with it is in the table's book."""
    rule = _rule(table)
    advisory = _advisory(table)
    if table.has("rule") == table.has("advisory"):
        table.fault("rule", "a waiver names one `rule` or one `advisory`", hint='such as rule = "MX207"')
    package = _package(table)
    subject = table.text("subject", required=False)
    if table.has("package") and table.has("subject"):
        table.fault("subject", "a waiver has a `package` or a `subject`, not both")
    if "*" in subject:
        hint = "name what the finding names, in a waiver for each"
        table.fault("subject", f"`{subject}` covers nothing: a `subject` is no pattern", hint=hint)
    if table.has("rule") and not (table.has("package") or table.has("subject")):
        message = "a waiver of a rule names the `package`, or the `subject` as the finding calls it"
        table.fault("rule", message, hint="to leave a rule out everywhere, set `ignore`")
    path = _path(table)
    reason = table.text("reason", lines=True)
    if reason and reason_is_empty(reason):
        table.fault("reason", f"`{reason.strip()}` is no reason", hint="say why it is accepted, for who reads it later")
    owner = table.text("owner")
    until = table.day_or_word("until", UNTIL_FIXED)
    if until == UNTIL_FIXED and table.has("rule"):
        table.fault("until", f"`{UNTIL_FIXED}` is for advisories: only they say what is fixed", hint="give a date")
    table.close()
    return Waiver(
        where=toml.at(*at),
        rule=rule or None,
        advisory=advisory or None,
        package=package,
        subject=subject.strip() or None,
        path=path or None,
        root=root.absolute().as_posix(),
        reason=reason.strip(),
        owner=owner.strip(),
        until=until if isinstance(until, date) else None,
    )


def _rule(table: Table) -> str:
    rule = table.text("rule", required=False)
    if rule and not CODE.fullmatch(rule):
        table.fault("rule", f"`{rule}` is no rule's code", hint="such as MX207: `stackaudit explain` lists them all")
    elif rule.startswith("AU"):
        table.fault("rule", f"{rule} is about the waivers themselves, and can't be waived")
    return rule


def _advisory(table: Table) -> str:
    advisory = table.text("advisory", required=False).strip()
    if advisory and not is_advisory(advisory):
        table.fault("advisory", f"`{advisory}` is no advisory's id", hint="such as CVE-2025-50817, GHSA-… or PYSEC-…")
    return advisory


def is_advisory(text: str) -> bool:
    """Whether `text` has the form of an advisory's id: `CVE-2025-50817`, `GHSA-xqrq-4mgf-ff32`."""
    return _ID.fullmatch(text) is not None


def is_package(text: str) -> bool:
    """Whether `text` has the form of a package's name."""
    return _NAME.fullmatch(text) is not None


def _package(table: Table) -> NormalizedName | None:
    text = table.text("package", required=False).strip()
    if text and not is_package(text):
        hint = f'for one version alone: subject = "{text}"' if "==" in text else None
        table.fault("package", f"`{text}` is no package's name", hint=hint)
        return None
    return canonicalize_name(text) if text else None


def _path(table: Table) -> str:
    text = table.text("path", required=False)
    if text and (PurePosixPath(text).is_absolute() or ".." in PurePosixPath(text).parts):
        table.fault(
            "path", "`path` counts from the folder of this file, and stays in it", hint="services/*/requirements.txt"
        )
    return text
