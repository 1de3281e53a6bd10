"""Makes one edition of the audit document: of a fresh audit or of a record, with what people wrote and what has changed since."""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stackaudit.cli import keeping, telling
from stackaudit.cli.auditing import Source, audit
from stackaudit.cli.exits import Exit
from stackaudit.cli.quarters import Quarter, quarter_in
from stackaudit.cli.round_trips import harmless, round_trip
from stackaudit.inputs import records
from stackaudit.inputs._text import shown_path
from stackaudit.inputs.settings import Settings, resolve
from stackaudit.model.audit import Audit, Policy, Saved
from stackaudit.model.edition import Edition, Kept, TemplateText
from stackaudit.model.errors import Fault, InputError, UsageError
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass
from stackaudit.reports.markdown import refuse_bad_template
from stackaudit.reports.record import record

if TYPE_CHECKING:
    from stackaudit.cli.telling import Printing
    from stackaudit.model.differences import Differences
    from stackaudit.model.manifest import SettingValue

EPOCH = "SOURCE_DATE_EPOCH"
_LAST = 253402300799
"""The last second that a date can have: of the year 9999."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for: the settings of the command line, the record to tell, the template, and whether it is a quarter's document."""

    options: "Mapping[str, SettingValue]"
    record: Path | None
    template: Path | None
    quarter: bool
    sandbox: bool


def write_edition(order: Order, printing: "Printing") -> Exit:
    """Make and tell the edition that is ordered; returns the exit status.

    Raises:
        StackauditError: the order, the settings, a file or the template is wrong; nothing was asked of anyone then, and nothing written.
    """
    _refuse_bad(order)
    folder = Path.cwd()
    settings = resolve(order.options, os.environ, folder)
    dated = _epoch(os.environ)
    saved = None if order.record is None else records.read_saved(order.record, folder)
    day = (saved.audit.started_at if saved is not None else dated or datetime.now(UTC)).date()
    quarter = quarter_in(_documents(settings, folder), day) if order.quarter else None
    if quarter is not None:
        printing = replace(printing, outputs=(*quarter.files, *printing.outputs))
        if quarter.last is not None and settings.text("baseline") is None:
            settings = resolve({**order.options, "baseline": str(quarter.last)}, os.environ, folder)
    template = None if order.template is None else _template(order.template)
    telling.refuse_bad(printing)
    edition = Edition(
        label=quarter.label if quarter is not None else "",
        dated=dated if saved is None else None,
        template=template,
        kept=_kept(printing, quarter),
        digest=saved.digest if saved is not None else None,
    )
    before = _before(settings, folder)
    if saved is not None:
        judged, policy = saved.audit, Policy()
    else:
        trip = round_trip({"round-trip": harmless(settings, sandbox=order.sandbox)})
        source = Source(folder=folder, sandbox=order.sandbox, measure=True, besides=trip)
        judged, policy = audit(settings, source, progress=printing.progress)
    judged = replace(judged, edition=replace(edition, changes=_changes(before, judged, edition)))
    telling.tell(judged, policy, printing)
    return printing.status(judged.verdict)


def _refuse_bad(order: Order) -> None:
    given = [name for name, value in order.options.items() if value not in {None, ()} and name != "baseline"]
    given += ["sandbox"] if order.sandbox else []
    if order.record is not None and given:
        names = ", ".join(f"--{'requirement' if each == 'requirements' else each}" for each in sorted(given))
        raise UsageError(
            f"--from tells a record as it was judged: it goes with none of {names}",
            hint="judge it again with: stackaudit check --from RECORD -o FILE.md",
        )


def _epoch(environ: Mapping[str, str]) -> datetime | None:
    """The time that SOURCE_DATE_EPOCH sets, None where it is not set.

    Raises:
        UsageError: it is no number of seconds.
    """
    text = environ.get(EPOCH, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(_LAST)) and int(text) <= _LAST):
        raise UsageError(
            f"environment {EPOCH}: {text[:40]!r} is no number of seconds since 1970",
            hint="unset it, or set it to a date's `date +%s`",
        )
    return datetime.fromtimestamp(int(text), UTC)


def _documents(settings: Settings, folder: Path) -> Path:
    named = settings.text("documents")
    return folder if named is None else settings.base_of("documents", folder) / named


def _template(path: Path) -> TemplateText:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise _bad_template(path, f"it can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _bad_template(path, "it is not UTF-8") from None
    template = TemplateText(path=str(path), text=text)
    refuse_bad_template(template)
    return template


def _bad_template(path: Path, message: str) -> InputError:
    return InputError([Fault(where=Place(path=str(path)), message=message, hint="name a Jinja2 template")])


def _kept(printing: "Printing", quarter: Quarter | None) -> tuple[Kept, ...]:
    """What people wrote: into the document that is replaced, else into that of the last quarter."""
    documents = [each for each in printing.outputs if each.suffix == ".md" and each.is_file()]
    if documents:
        return keeping.kept_in(documents[0])
    return keeping.kept_in(quarter.last.with_suffix(".md")) if quarter is not None and quarter.last is not None else ()


def _before(settings: Settings, folder: Path) -> tuple[str, Saved] | None:
    """The record that changes are told against, with what its file is called."""
    named = settings.text("baseline")
    return None if named is None else (shown_path(Path(named), folder), records.read_saved(Path(named), folder))


def _changes(before: tuple[str, Saved] | None, judged: Audit, edition: Edition) -> "Differences | None":
    from stackaudit.cli.diff import compared

    if before is None:
        return None
    digest = edition.digest or str(record(judged)["digest"])
    return compared(before, ("this audit", Saved(audit=judged, digest=digest)))
