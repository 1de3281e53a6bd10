"""The local mirror of advisories: one verified zip of OSV records about PyPI packages, and a note beside it that says what it is."""

import contextlib
import fcntl
import hashlib
import json
import time
import zipfile
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TypeAlias
from uuid import uuid4

from stackaudit.advisories import fetch
from stackaudit.advisories.bundle import LocalError, members
from stackaudit.advisories.local import Digest, read
from stackaudit.advisories.sources import Source
from stackaudit.model.deadline import Deadline
from stackaudit.model.secret import Secret
from stackaudit.model.wire import decode, encode
from stackaudit.outside.files import write_whole, writing_whole

Say: TypeAlias = Callable[[str], None]
"""Called with a line about what is going on."""

MAKE = "make one with `stackaudit advisories sync`"
_AGAIN = "sync it again: `stackaudit advisories sync`"
_OTHER = "try again, or name another source: a URL, a zip or a folder of OSV records"
_ROOM = "see that there is room, and that the folder is yours to write to"
_LONGER = "give it more time with --timeout SECONDS"
_NOTE = "mirror.json"
_RECORDS = "records-"
_SCHEMA = "stackaudit/mirror/1"


class MirrorError(Exception):
    """The mirror can't be used or made; the message says why, in our words after its name, and `hint` what to do."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class SourceError(MirrorError):
    """What the mirror was to be made of can't be had, or is not to be trusted; the mirror is as it was."""


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
class _Note:
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
        (folder() / _NOTE).stat()
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
    note = folder() / _NOTE
    try:
        known = decode(_Note, json.loads(note.read_bytes()))
        path = note.with_name(known.file)
        size = path.stat().st_size
    except (OSError, ValueError, RecursionError) as error:
        raise MirrorError("it can't be read", hint=_AGAIN) from error
    if known.schema != _SCHEMA or size != known.size:
        raise MirrorError("it is damaged", hint=_AGAIN)
    return Mirror(
        path=path,
        synced_at=known.synced_at,
        source=known.source,
        count=known.count,
        newest=known.newest,
        sha256=known.sha256,
    )


def located(source: Source) -> Source:
    """`source`, with the place of the records in it where it is the mirror.

    Raises:
        MirrorError: it is the mirror, and there is none, or none that can be used.
    """
    if not source.mirror:
        return source
    found = current()
    if found is None:
        raise MirrorError("there is none", hint=MAKE)
    return replace(source, address=Secret(str(found.path)))


def verify(mirror: Mirror) -> None:
    """Read all of `mirror` and hold it against its digest.

    Raises:
        MirrorError: it is not what was synced.
    """
    total = Digest()
    try:
        for name, body in members(mirror.path):
            total.add(name, body)
    except LocalError as error:
        raise MirrorError(f"it is damaged: {error}", hint=_AGAIN) from error
    if total.hexdigest() != mirror.sha256:
        raise MirrorError("it is damaged: it is not what was synced", hint=_AGAIN)


def sync(source: str, deadline: Deadline, now: datetime, say: Say) -> Mirror:
    """Make the mirror anew from `source`: a URL of a zip, or the path of a zip or a folder. `now` is in UTC.

    All of it is read and verified before it takes the place of the old one; until then, and after any failure, the old one stays. Two at
    once wait for each other.

    Raises:
        SourceError: the source is at fault.
        MirrorError: the mirror can't be written, or time was up.
    """
    try:
        with _alone(deadline, say):
            try:
                if fetch.is_url(source):
                    say(f"fetching {fetch.named(source)}")
                bundle = fetch.fetch(source, deadline)
                return _made(bundle, fetch.named(source), deadline, now, say)
            except (LocalError, fetch.FetchError) as error:
                raise SourceError(f"{fetch.named(source)}: {error}", hint=_OTHER) from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise MirrorError(f"it can't be written to {folder()}: {why}", hint=_ROOM) from error


def _made(bundle: Path | BinaryIO, source: str, deadline: Deadline, now: datetime, say: Say) -> Mirror:
    """The mirror of the records in `bundle`, which is the current one from now on."""
    before = _kept()
    path = folder() / f"{_RECORDS}{uuid4().hex}.zip"
    try:
        with writing_whole(path) as stream:
            say("reading the records")
            count, newest = _copied(members(bundle), stream, deadline)
            say(f"verifying {count:,} records")
            digest = _verified(stream, deadline)
        note = _Note(
            schema=_SCHEMA,
            file=path.name,
            size=path.stat().st_size,
            synced_at=now,
            source=source,
            count=count,
            newest=newest,
            sha256=digest,
        )
        write_whole(folder() / _NOTE, json.dumps(encode(note), indent=2) + "\n")
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    _clear(keep={path.name, before})
    found = current()
    if found is None:
        raise MirrorError("it was taken away while it was made", hint=_AGAIN)
    return found


def _copied(records: Iterator[tuple[str, bytes]], stream: BinaryIO, deadline: Deadline) -> tuple[int, str]:
    """How many of `records` are about PyPI packages, and the day of the newest change; these are written to `stream` as a zip."""
    written: dict[str, bytes] = {}
    newest = ""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in records:
            _in_time(deadline)
            record = read(name, body)
            if not record.affected:
                continue
            digest = hashlib.sha256(body).digest()
            if record.id in written:
                if written[record.id] != digest:
                    raise LocalError(f"it holds two different records {record.id}")
                continue
            written[record.id] = digest
            newest = max(newest, record.modified)
            archive.writestr(f"{record.id}.json", body)
    if not written:
        raise LocalError("it holds no advisory about any PyPI package")
    return len(written), newest


def _verified(stream: BinaryIO, deadline: Deadline) -> str:
    """The digest of the records, as they are read back from the zip that was written to `stream`."""
    total = Digest()
    for name, body in members(stream):
        _in_time(deadline)
        total.add(name, body)
    return total.hexdigest()


def _in_time(deadline: Deadline) -> None:
    if deadline.remaining() <= 0:
        raise MirrorError("it was not made in time", hint=_LONGER)


def _kept() -> str | None:
    """The name of the current records' file: who is reading it right now may go on reading it."""
    with contextlib.suppress(MirrorError):
        found = current()
        return found.path.name if found is not None else None
    return None


def _clear(keep: Container[str | None]) -> None:
    """Take away older records, with what was made of them, and what a sync that was killed left."""
    for each in folder().iterdir():
        ours = each.name.lstrip(".").startswith((_RECORDS, _NOTE)) and each.name != _NOTE
        if ours and each.with_suffix(".zip").name not in keep:
            with contextlib.suppress(OSError):
                each.unlink()


@contextlib.contextmanager
def _alone(deadline: Deadline, say: Say) -> Iterator[None]:
    """While inside, no other sync of this user's is at work. The lock ends with the process, however that ends."""
    folder().mkdir(parents=True, exist_ok=True)
    with (folder() / "lock").open("ab") as lock:
        waiting = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not waiting:
                    say("waiting for another sync to end")
                    waiting = True
                if deadline.remaining() <= 0:
                    raise MirrorError("another sync is at work", hint="wait until it is done") from None
                time.sleep(min(0.1, deadline.remaining()))
        yield
