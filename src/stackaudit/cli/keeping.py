"""Reads what people wrote into a document that is about to be written again."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from stackaudit.model.audit import Audit
from stackaudit.model.errors import Fault, InputError
from stackaudit.model.places import Place

if TYPE_CHECKING:
    from stackaudit.model.edition import Kept


def kept_in(path: Path) -> "tuple[Kept, ...]":
    """The kept blocks of the document at `path`; none where there is no such file yet.

    Raises:
        InputError: it is no UTF-8 text, can't be read, or a marker in it is broken.
    """
    from stackaudit.reports._keep import kept_of

    if not path.is_file():
        return ()
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        told = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else f"it can't be read: {error.strerror}"
        message = f"{told}, so what people wrote into it can't be kept"
        raise InputError([Fault(where=Place(path=str(path)), message=message, hint="move it away")]) from None
    return kept_of(text, str(path))


def for_document(audit: Audit, path: Path) -> Audit:
    """`audit` with what people wrote into the document at `path`, where there is one."""
    from stackaudit.model.edition import Edition

    if not path.is_file():
        return audit
    return replace(audit, edition=replace(audit.edition or Edition(), kept=kept_in(path)))
