"""The local mirror of advisories: one verified zip of OSV records about PyPI packages, and a note beside it that says what it is."""

import json
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

from stackaudit.advisories.sources import Source
from stackaudit.model.secret import Secret
from stackaudit.model.values import dataclass

MAKE = "make one with `stackaudit advisories sync`"
AGAIN = "sync it again: `stackaudit advisories sync`"
NOTE = "mirror.json"
SCHEMA = "stackaudit/mirror/1"


class MirrorError(Exception):
    """The mirror can't be used or made; the message says why, in our words after its name, and `hint` what to do."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """The mirror as it lies on disk.

    `path` is a zip of OSV JSON, a record a file, all about PyPI packages; `local.load` reads it. `synced_at` is in UTC, `source` where it
    came from, redacted. `count` records are in it, withdrawn ones too; `newest` is the day of the newest change among them (ISO, empty
    where no record says). `sha256` is the digest of the records, `local.load(path).sha256`: it is the same for the same records.
    """

    path: Path
    synced_at: datetime
    source: str
    count: int
    newest: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is written beside the zip: `file` is its name, `size` its bytes."""

    schema: str
    file: str
    size: int
    synced_at: datetime
    source: str
    count: int
    newest: str
    sha256: str


def folder() -> Path:
    """Where the mirror lies, whether or not it is there: in the user's own data folder."""
    from platformdirs import user_data_path

    return user_data_path("stackaudit", appauthor=False) / "advisories"


def is_there() -> bool:
    """Whether there is a mirror, sound or not."""
    try:
        (folder() / NOTE).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        # It can't be looked at: whoever needs it must be told so, not that there is none.
        return True
    return True


def current() -> Mirror | None:
    """The mirror, None where there is none. Its records are not read here.

    Raises:
        MirrorError: there is one, and it can't be read or is damaged.
    """
    if not is_there():
        return None
    from stackaudit.model.wire import decode

    note = folder() / NOTE
    try:
        known = decode(Note, json.loads(note.read_bytes()))
        if known.newest:
            date.fromisoformat(known.newest)
        path = note.with_name(known.file)
        size = path.stat().st_size
    except (OSError, ValueError, RecursionError) as error:
        raise MirrorError("it can't be read", hint=AGAIN) from error
    if known.schema != SCHEMA or size != known.size:
        raise MirrorError("it is damaged", hint=AGAIN)
    return Mirror(
        path=path,
        synced_at=known.synced_at,
        source=known.source,
        count=known.count,
        newest=known.newest,
        sha256=known.sha256,
    )


def located(source: Source) -> Source:
    """`source`, with the place and the digest of its records where it is the mirror.

    Raises:
        MirrorError: it is the mirror, and there is none, or none that can be used.
    """
    if not source.mirror:
        return source
    found = current()
    if found is None:
        raise MirrorError("there is none", hint=MAKE)
    return replace(source, address=Secret(str(found.path)), sha256=found.sha256)


def verify(mirror: Mirror) -> None:
    """Read all of `mirror` and hold it against its digest.

    Raises:
        MirrorError: it is not what was synced.
    """
    from stackaudit.advisories.bundle import LocalError, members
    from stackaudit.advisories.local import Digest

    total = Digest()
    try:
        for name, body in members(mirror.path):
            total.add(name, body)
    except LocalError as error:
        raise MirrorError(f"it is damaged: {error}", hint=AGAIN) from error
    if total.hexdigest() != mirror.sha256:
        raise MirrorError("it is damaged: it is not what was synced", hint=AGAIN)
