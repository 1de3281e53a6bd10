"""What one edition of the audit document says besides its audit: none of it is in the record."""

from datetime import datetime

from stackaudit.model.differences import Differences
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateText:
    """A Jinja2 template of the user's own: `path` is how faults in it name it."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Text that people wrote between the markers of block `name`, as it stands there; `line` is that of the opening marker, from 1."""

    name: str
    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One edition of the document.

    `label` names it (`2026-Q4`), empty where it has no name. `changes` are against the earlier record, None where there is none. `dated`
    (UTC) is what SOURCE_DATE_EPOCH sets in the place of the audit's own time. `kept` is what people wrote into the edition before.
    `digest` is that of the record that the audit was read from, None where it was not.
    """

    label: str = ""
    changes: Differences | None = None
    dated: datetime | None = None
    template: TemplateText | None = None
    kept: tuple[Kept, ...] = ()
    digest: str | None = None
